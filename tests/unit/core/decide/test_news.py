"""What a digest tells beside what is open, and the links that it bears."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.core.decide.digest import Desk, due, is_due
from gateway.core.decide.tokens import LIFETIME, Signer
from gateway.core.effects import Digest
from gateway.core.events import Event, Expect, Level, Origin, Recategorised, Waived, Withdrawn
from gateway.core.history import Story
from gateway.core.news import Action, Beyond, Charging, Link, Noted, Unacked
from gateway.core.policy.client import Client
from gateway.core.reasons import because
from tests.unit.core.billing.lives import story
from tests.unit.core.decide.cases import setting

#: Tuesday 24 November 2026, 07:30 in Berlin.
MORNING = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
CLEO = Client(address="cleo@client.example", name="Cleo")
SIGNER, CONTROL = Signer(bytes(32)), "ana+handrail@hopestreet.example"
DAILY: dict[str, Any] = {"hours": {"days": "mon-fri"}, "answer": {"when": "always"}, "digest": {"at": "07:30"}}
CHARGED: dict[str, Any] = DAILY | {
    "billing": {
        "rate": "45.00 EUR",
        "free": "15m",
        "cluster": {"messages": 4, "within": "24h"},
        "exempt": ["scheduling"],
    }
}


def letter(hours: float, *after: Event, **changes: Any) -> Story:
    """A message that came so many hours before the morning; its key is of 64 digits."""
    usual = {"key": f"{int(hours * 10):064x}", "at": MORNING - timedelta(hours=hours), "expect": Expect.NONE}
    return story(*after, **usual | changes)  # type: ignore[arg-type]


def digest(*recent: Story, policy: dict[str, Any] = DAILY, client: Client = CLEO, **changes: Any) -> Digest | None:
    """What goes out in the morning; what is to be answered is open."""
    opened = tuple(one for one in recent if one.received and one.received.expect is Expect.ANSWER)
    given_up = changes.pop("given_up", ())
    desk = Desk(
        setting(policy, None, **changes),
        ((client, setting(policy, client, **changes)),),
        opened,
        recent=recent,
        given_up=given_up,
    )
    assert is_due(desk, MORNING)
    found = [effect for effect in due(desk, MORNING) if isinstance(effect, Digest)]
    return found[0] if found else None


def told(*recent: Story, **changes: Any) -> Digest:
    found = digest(*recent, **changes)
    assert found is not None
    return found


def sign(name: str) -> tuple[Any, ...]:
    return (because("automatic", sign=name),)


def test_what_was_taken_back_since_the_last_digest_is_told_once() -> None:
    taken = letter(30, Withdrawn(at=MORNING - timedelta(hours=3)))
    assert told(taken).withdrawn == (Noted("cleo@client.example", MORNING - timedelta(hours=30)),)
    assert digest(letter(60, Withdrawn(at=MORNING - timedelta(hours=50)))) is None


def test_the_mail_that_asked_to_take_a_message_back_is_not_news() -> None:
    assert digest(letter(2, Withdrawn(at=MORNING - timedelta(hours=2)), request="withdraw")) is None


def test_what_was_taken_back_is_open_no_more() -> None:
    taken = letter(30, Withdrawn(at=MORNING - timedelta(hours=3)), expect=Expect.ANSWER)
    assert told(taken).messages == ()


def test_after_a_weekend_the_news_begin_on_friday() -> None:
    friday_evening = letter(0, at=MORNING - timedelta(days=3, hours=14), reasons=(because("client-quiet"),))
    monday = MORNING - timedelta(days=1)
    desk = Desk(setting(DAILY, None), (), (), recent=(friday_evening,))
    (found,) = due(desk, monday)
    assert isinstance(found, Digest)
    assert [one.why for one in found.unacked] == ["quiet"]
    assert due(desk, MORNING) == ()


def test_a_clients_own_absence_note_is_told_as_such() -> None:
    note = letter(5, origin=Origin.MACHINE, reasons=sign("a subject as absence notes have it"))
    assert told(note).away == (Noted("cleo@client.example", MORNING - timedelta(hours=5)),)


@pytest.mark.parametrize(
    "changes",
    [
        {"author": "shop@elsewhere.example", "reasons": sign("Auto-Submitted")},
        {"reasons": sign("multipart/report")},
        {"origin": Origin.PERSON},
    ],
    ids=["nobody on the roster", "a bounce", "a person"],
)
def test_other_mail_of_machines_is_no_absence_note(changes: dict[str, Any]) -> None:
    assert digest(letter(5, **{"origin": Origin.MACHINE} | changes)) is None


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("answering-unsafe", "unsafe"),
        ("client-quiet", "quiet"),
        ("client-no-acks", "muted"),
    ],
)
def test_who_got_no_ack_and_why(code: str, why: str) -> None:
    (one,) = told(letter(5, reasons=(because(code),))).unacked
    assert (one.author, one.why) == ("cleo@client.example", why)


def test_a_capped_address_is_one_line_however_many_messages_came_of_it() -> None:
    capped = (because("ack-person-cap", count=20),)
    found = told(*(letter(hours, reasons=capped) for hours in (9, 8, 7)))
    assert [(one.why, one.received) for one in found.unacked] == [("often", MORNING - timedelta(hours=7))]


def test_what_matters_most_comes_first_among_those_without_an_ack() -> None:
    reasons = ("client-no-acks", "answering-unsafe")
    found = told(*(letter(5 - at, reasons=(because(code),)) for at, code in enumerate(reasons)))
    assert [one.why for one in found.unacked] == ["unsafe", "muted"]


def test_an_unsure_message_says_which_field_made_it_so() -> None:
    unsure = letter(
        5, origin=Origin.UNSURE, expect=Expect.ANSWER, reasons=(because("maybe-automatic", sign="Precedence"),)
    )
    assert told(unsure).messages[0].sign == "Precedence"
    listed = replace(
        unsure,
        events=letter(
            5,
            origin=Origin.UNSURE,
            expect=Expect.ANSWER,
            reasons=(because("maybe-automatic", sign="a field that lists set"),),
        ).events,
    )
    assert told(listed).messages[0].sign == "List-*"


def test_open_messages_are_ordered_by_urgency_and_promise() -> None:
    def waiting(hours: float, level: Level = Level.ROUTINE, by: float | None = None, **more: Any) -> Story:
        answer_by = None if by is None else MORNING + timedelta(hours=by)
        return letter(hours, expect=Expect.ANSWER, level=level, answer_by=answer_by, **more)

    found = told(
        waiting(50),
        waiting(40, by=9),
        waiting(30, by=3),
        waiting(20, Level.URGENT),
        waiting(15, Level.MENTION, by=1),
        waiting(10, origin=Origin.UNSURE),
        waiting(5, Level.CRISIS),
    )
    assert [(MORNING - one.received) / timedelta(hours=1) for one in found.messages] == [5, 10, 20, 15, 30, 40, 50]


#: At 238 words a minute, about 13 minutes; 15 are free.
LONG = 3100


def test_who_comes_close_to_what_is_free_is_told_before_it_costs() -> None:
    found = told(letter(5, new_words=LONG), policy=CHARGED)
    assert found.charging == (
        Charging(
            author="cleo@client.example", over=False, minutes=13, free=timedelta(minutes=15), messages=1, cluster=4
        ),
    )


def test_who_is_beyond_what_is_free_is_told() -> None:
    found = told(letter(6, new_words=LONG), letter(5, new_words=LONG), policy=CHARGED)
    assert [(one.over, one.minutes, one.messages) for one in found.charging] == [(True, 26, 2)]


def test_the_message_before_a_cluster_is_close_however_brief() -> None:
    found = told(*(letter(hours, new_words=20) for hours in (7, 6, 5)), policy=CHARGED)
    assert [(one.over, one.messages) for one in found.charging] == [(False, 3)]


@pytest.mark.parametrize(
    "stories",
    [
        (letter(5, new_words=300),),
        (letter(5, Waived(at=MORNING, by="digest"), new_words=LONG),),
        (letter(5, Recategorised(at=MORNING, by="digest", category="scheduling"), new_words=LONG),),
        (letter(5, new_words=LONG, level=Level.CRISIS),),
        (letter(30, new_words=LONG),),
        (letter(5, Withdrawn(at=MORNING - timedelta(days=4)), new_words=LONG),),
    ],
    ids=["short", "waived", "about an appointment", "crisis", "told yesterday", "taken back"],
)
def test_who_costs_nothing_is_not_told_of(stories: tuple[Story, ...]) -> None:
    assert digest(*stories, policy=CHARGED) is None


def test_who_is_free_of_charge_is_not_told_of() -> None:
    assert digest(letter(5, new_words=LONG), policy=CHARGED, client=CLEO.model_copy(update={"exempt": True})) is None


def test_who_wrote_more_than_the_allowance_is_told_until_the_period_ends() -> None:
    policy = DAILY | {"allowance": {"messages": 1, "minutes": 2}}
    found = told(letter(6, new_words=300), letter(5, new_words=300), policy=policy)
    assert found.beyond == (
        Beyond(author="cleo@client.example", used=2, allowed=1, unit="messages", per="week"),
        Beyond(author="cleo@client.example", used=3, allowed=2, unit="minutes", per="week"),
    )
    assert digest(letter(60, new_words=300), letter(5, new_words=300), policy=policy) is None, "that was last week"


def test_mail_of_our_own_that_was_given_up_stands_in_the_next_digest_and_causes_one_once() -> None:
    found = told(given_up=(MORNING - timedelta(hours=4), MORNING - timedelta(days=40)))
    assert found.given_up == 2
    assert digest(given_up=(MORNING - timedelta(days=40),)) is None


def test_the_practices_own_mail_is_no_news() -> None:
    mine = letter(5, author="ana@hopestreet.example", reasons=(because("client-quiet"),))
    assert digest(mine) is None


# Links.


def linked(*recent: Story, **changes: Any) -> Digest:
    return told(*recent, **{"signer": SIGNER, "control": CONTROL, "policy": CHARGED} | changes)


def actions(links: tuple[Link, ...]) -> list[Action]:
    return [one.action for one in links]


def test_a_message_that_may_cost_bears_links_and_acks_are_switched_off_once_a_person() -> None:
    found = linked(letter(6, expect=Expect.ANSWER), letter(5, expect=Expect.ANSWER))
    assert [actions(one.links) for one in found.messages] == [
        [Action.WAIVE, Action.SCHEDULING, Action.MUTE],
        [Action.WAIVE, Action.SCHEDULING],
    ]
    assert found.control == CONTROL
    token = SIGNER.read(found.messages[0].links[0].token, "ana")
    assert token is not None
    assert (token.message, token.until) == (f"{60:064x}", MORNING + LIFETIME)


@pytest.mark.parametrize("missing", [{"control": ""}, {"signer": None}])
def test_without_an_address_for_commands_there_are_none(missing: dict[str, Any]) -> None:
    found = linked(letter(6, expect=Expect.ANSWER), letter(5, reasons=(because("client-no-acks"),)), **missing)
    assert (found.messages[0].links, found.unacked[0].links, found.note_link, found.control) == ((), (), None, "")


@pytest.mark.parametrize(
    ("after", "changes", "expected"),
    [
        ((Waived(at=MORNING, by="digest"),), {}, [Action.MUTE]),
        ((), {"category": "scheduling"}, [Action.MUTE]),
        ((), {"level": Level.CRISIS}, [Action.MUTE]),
        (
            (Recategorised(at=MORNING, by="digest", category="stressor"),),
            {},
            [Action.WAIVE, Action.SCHEDULING, Action.MUTE],
        ),
    ],
)
def test_what_changes_nothing_is_not_offered(after: Any, changes: dict[str, Any], expected: list[Action]) -> None:
    found = linked(letter(6, *after, expect=Expect.ANSWER, **changes))
    assert actions(found.messages[0].links) == expected


def test_a_muted_client_bears_the_link_that_takes_it_back() -> None:
    muted = CLEO.model_copy(update={"acks": False})
    found = linked(letter(6, expect=Expect.ANSWER, reasons=(because("client-no-acks"),)), client=muted, policy=DAILY)
    assert actions(found.messages[0].links) == []
    (one,) = found.unacked
    assert isinstance(one, Unacked)
    assert actions(one.links) == [Action.UNMUTE]


def test_a_presence_note_is_offered_where_acks_carry_one() -> None:
    assert linked(letter(6, expect=Expect.ANSWER)).note_link is not None
    without = CHARGED | {"presence": {"carry": False}}
    assert linked(letter(6, expect=Expect.ANSWER), policy=without).note_link is None
