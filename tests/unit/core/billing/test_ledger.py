"""Each message is a line whose minutes say how they were come by."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.core.billing.ledger import Line, ledger, total
from gateway.core.events import Origin, Recategorised, Seen, Unseen, Waived, Withdrawn
from gateway.core.history import Story
from gateway.core.policy.schema import Billing, Policy
from gateway.core.reasons import because
from tests.unit.core.billing.lives import MONDAY, answered, seen, story

BILLED = Policy(billing=Billing(exempt=("scheduling",)))


def lines(*stories: Story, policy: Policy = BILLED) -> tuple[Line, ...]:
    return ledger(stories, lambda name, _: {"mornings-billed": policy}.get(name))


def one(given: Story, policy: Policy = BILLED) -> Line:
    (line,) = lines(given, policy=policy)
    return line


def test_a_line_derives_its_minutes_in_words() -> None:
    line = one(story(seen(), answered(), quoted_words=540))
    assert line.derivation == (
        "312 new words ÷ 238 words a minute = 1.3 min to read; "
        "120 words written ÷ 19 words a minute = 6.3 min to answer; "
        "quoted words (540) not counted"
    )
    assert (line.read_minutes, line.answer_minutes, line.counted_minutes) == (
        Decimal("1.3"),
        Decimal("6.3"),
        Decimal("7.6"),
    )
    assert (line.author, line.subject, line.received_at) == ("cleo@client.example", "Tuesday", MONDAY)
    assert not line.exempt


def test_an_unread_message_is_listed_and_counts_nothing() -> None:
    line = one(story())
    assert (line.counted_minutes, line.derivation) == (Decimal(0), "not read yet")


def test_a_message_marked_unread_again_counts_once_it_is_read() -> None:
    unseen = Unseen(at=MONDAY + timedelta(hours=2))
    assert one(story(seen(1), unseen)).derivation == "marked unread again: counts once it is read"
    assert one(story(seen(1), unseen, seen(3))).counted_minutes == Decimal("1.3")


def test_a_message_marked_as_read_with_many_others_counts_once_it_is_opened_by_itself_or_answered() -> None:
    marked = Seen(at=MONDAY, bulk=True)
    line = one(story(marked))
    assert (line.read, line.counted_minutes) == (False, Decimal("0.0"))
    assert (
        line.derivation == "marked as read together with many others: counts once it is opened by itself, or answered"
    )
    assert one(story(marked, Unseen(at=MONDAY), seen())).read
    assert one(story(marked, answered())).read


def test_an_answer_without_a_look_shows_that_it_was_read() -> None:
    assert one(story(answered())).read_minutes == Decimal("1.3")


def test_an_answer_known_by_its_flag_alone_has_no_words_to_count() -> None:
    line = one(story(seen(), answered(None)))
    assert line.counted_minutes == Decimal("1.3")
    assert line.derivation.endswith("; answered; words unknown")


def test_a_flag_beside_the_letter_changes_nothing() -> None:
    assert one(story(seen(), answered(None), answered())).counted_minutes == Decimal("7.6")


def test_an_answer_to_several_messages_is_timed_once_with_the_oldest() -> None:
    later = MONDAY + timedelta(minutes=10)
    second, first = story(seen(), answered(), key="k2", at=later), story(seen(), answered())
    older, newer = lines(second, first)
    assert (older.counted_minutes, newer.counted_minutes) == (Decimal("7.6"), Decimal("1.3"))
    assert "timed with another message" in newer.derivation


def test_an_answer_is_timed_with_the_oldest_message_that_counts() -> None:
    later = MONDAY + timedelta(minutes=10)
    exempt, counts = lines(
        story(seen(), answered(), category="scheduling"), story(seen(), answered(), key="k2", at=later)
    )
    assert (exempt.counted_minutes, counts.counted_minutes) == (Decimal(0), Decimal("7.6"))


def test_the_same_answer_in_two_mailboxes_is_two_answers() -> None:
    assert total(lines(story(answered()), story(answered(), mailbox="ben"))) == Decimal("15.2")


def test_two_answers_to_one_message_are_both_timed_and_a_repeated_one_once() -> None:
    line = one(story(answered(19, "a1"), answered(38, "a2"), answered(19, "a1")))
    assert line.answer_minutes == Decimal("3.0")


@pytest.mark.parametrize(
    ("changes", "billing", "reason"),
    [
        ({"origin": Origin.MACHINE}, Billing(), "written by a machine: never counted"),
        ({}, Billing(counts="nothing"), "the policy counts no time"),
        ({"category": "scheduling"}, Billing(exempt=("scheduling",)), "scheduling is exempt by the policy"),
        ({"policy": "gone"}, Billing(), "the policy gone is not in the settings any more"),
    ],
)
def test_what_does_not_count_is_listed_with_its_reason(
    changes: dict[str, object], billing: Billing, reason: str
) -> None:
    line = one(story(seen(), answered(), **changes), policy=Policy(billing=billing))
    assert line.counted_minutes == Decimal(0)
    assert line.exempt.startswith(reason)
    assert line.derivation.endswith(f"not counted: {line.exempt}")


@pytest.mark.parametrize(("note", "told"), [("", "waived by the therapist"), ("a gift", "waived: a gift")])
def test_what_the_therapist_waives_is_a_line_of_nothing_with_the_reason(note: str, told: str) -> None:
    line = one(story(seen(), answered(), Waived(at=MONDAY, by="digest", note=note)))
    assert (line.counted_minutes, line.exempt) == (Decimal(0), told)
    assert line.derivation.endswith(f"not counted: {told}")


def test_a_waiver_moves_no_answer_to_a_message_that_costs() -> None:
    later = MONDAY + timedelta(minutes=10)
    waived = story(seen(), answered(), Waived(at=later, by="digest"))
    free, costs = lines(waived, story(seen(), answered(), key="k2", at=later))
    assert (free.counted_minutes, costs.counted_minutes) == (Decimal(0), Decimal("1.3"))


def test_the_category_that_the_therapist_said_last_counts() -> None:
    scheduling, back = (Recategorised(at=MONDAY, by="digest", category=one) for one in ("scheduling", ""))
    exempting = Policy(billing=Billing(exempt=("scheduling",)))
    line = one(story(seen(), scheduling), policy=exempting)
    assert (line.category, line.exempt) == ("scheduling", "scheduling is exempt by the policy")
    assert one(story(seen(), scheduling, back, category="scheduling"), policy=exempting).exempt == ""


@pytest.mark.parametrize(
    "codes", [("command",), ("note-kept",), ("note-taken-back",), ("own-address", "control-not-proven")]
)
def test_commands_of_the_therapists_and_in_their_name_have_no_line(codes: tuple[str, ...]) -> None:
    assert lines(story(seen(), reasons=tuple(because(code) for code in codes))) == ()


def test_what_a_client_sends_to_the_control_address_has_its_line() -> None:
    assert len(lines(story(seen(), reasons=(because("control-not-proven"),)))) == 1


def test_unsure_who_wrote_it_counts_as_a_person() -> None:
    assert one(story(seen(), origin=Origin.UNSURE)).counted_minutes == Decimal("1.3")


def test_a_policy_that_counts_reading_shows_answering_and_leaves_it_out() -> None:
    line = one(story(seen(), answered()), policy=Policy(billing=Billing(counts="read")))
    assert (line.answer_minutes, line.counted_minutes) == (Decimal("6.3"), Decimal("1.3"))
    assert line.derivation.endswith("writing the answer is not counted by the policy")


def test_a_message_recorded_in_part_has_no_line() -> None:
    whole = story(seen())
    assert lines(Story(whole.ref, whole.events[1:])) == ()


def test_what_was_taken_back_counts_nothing_though_somebody_reads_it_where_it_lies() -> None:
    line = one(story(Withdrawn(at=MONDAY), seen(), answered()))
    assert line.counted_minutes == Decimal(0)
    assert line.exempt == "taken back by its writer while it was unread: never counted"


def test_the_mail_that_asked_for_that_has_no_line() -> None:
    assert lines(story(seen(), request="withdraw")) == ()
