"""What follows from a change of flags, and from an answer."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.core.decide.arrival import decide
from gateway.core.decide.decision import Outcome, TagNames
from gateway.core.decide.observation import answer_sent, flags_changed, marked_together, tags_for
from gateway.core.effects import Cancel, Receipt
from gateway.core.events import Answered, Event, Level, ReceiptSent, Seen, Unseen
from gateway.core.history import Story
from gateway.core.message.read import identified
from gateway.core.policy.client import Client
from gateway.core.reasons import because
from gateway.core.tracking import Copy, FlagChange
from tests.unit.core.decide.cases import CARLA, NOW, QUIET_HISTORY, facts, setting

LATER = NOW + timedelta(hours=10)
ASKED = {"Disposition_Notification_To": "carla@client.example"}


def story(*events: Event, text: str = "hello", **fields: str) -> Story:
    decision = decide(facts(text, **fields), setting(), QUIET_HISTORY, NOW)
    return Story(decision.ref, (decision.received, *events))


def change(before: set[str], now: set[str]) -> FlagChange:
    return FlagChange(Copy("INBOX", "1", frozenset(before)), Copy("INBOX", "1", frozenset(now)))


READ = change(set(), {"\\Seen"})


def test_becoming_seen_is_an_event_with_the_time_we_last_knew_better() -> None:
    outcome = flags_changed(story(), READ, setting(), NOW, LATER)
    assert outcome.events == (Seen(at=LATER, since=NOW),)


def test_seen_on_a_second_device_is_nothing_new() -> None:
    assert flags_changed(story(Seen(at=LATER)), READ, setting(), NOW, LATER).events == ()


def test_a_requested_receipt_is_an_mdn_due_after_the_grace_period() -> None:
    policy = {"receipt": {"send": "on-request", "grace": "2m"}}
    outcome = flags_changed(story(**ASKED), READ, setting(policy), NOW, LATER)
    (receipt,) = outcome.effects
    assert isinstance(receipt, Receipt)
    assert (receipt.form, receipt.to, receipt.due) == ("mdn", CARLA.address, LATER + timedelta(minutes=2))


@pytest.mark.parametrize(
    ("send", "fields", "text", "form"),
    [
        ("never", ASKED, "hello", None),
        ("on-request", {}, "hello", None),
        ("always", {}, "hello", "plain"),
        ("always", ASKED, "hello", "mdn"),
        ("important", {}, "hello", None),
        ("important", {"Importance": "high"}, "hello", "plain"),
        ("important", ASKED, "hello", "mdn"),
        ("if-urgent", {}, "hello", None),
        ("if-urgent", {}, "this is urgent", "plain"),
        ("on-request", {"Disposition_Notification_To": "mallory@elsewhere.example"}, "hello", None),
        ("always", {"Auto_Submitted": "auto-replied"}, "hello", None),
        ("always", {}, "please don't reply to this address", None),
    ],
)
def test_the_policy_says_who_gets_a_receipt_and_in_which_form(
    send: str, fields: dict[str, str], text: str, form: str | None
) -> None:
    outcome = flags_changed(story(text=text, **fields), READ, setting({"receipt": {"send": send}}), NOW, LATER)
    forms = [effect.form for effect in outcome.effects if isinstance(effect, Receipt)]
    assert forms == ([form] if form else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"Content_Type": 'multipart/report; report-type=disposition-notification; boundary="x"'},
        {"Content_Type": 'multipart/report; report-type=delivery-status; boundary="x"'},
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"List_Id": "<circle.client.example>"},
        {"Newsgroups": "soc.support.example"},
    ],
)
@pytest.mark.parametrize("send", ["always", "on-request"])
def test_what_a_machine_or_a_list_sends_gets_no_receipt_though_it_asks(fields: dict[str, str], send: str) -> None:
    outcome = flags_changed(story(**ASKED, **fields), READ, setting({"receipt": {"send": send}}), NOW, LATER)
    assert outcome.effects == ()


def test_a_receipt_says_when_only_where_somebody_looked_shortly_before() -> None:
    for since, exact in ((LATER - timedelta(minutes=1), True), (NOW - timedelta(days=3), False)):
        outcome = flags_changed(story(**ASKED), READ, setting(), since, LATER)
        (receipt,) = outcome.effects
        assert isinstance(receipt, Receipt)
        assert receipt.exact is exact


#: Of the server before us, and of anybody who writes the same field.
REFUTED = {"Authentication_Results": "mx.hopestreet.example; dmarc=fail header.from=client.example"}


@pytest.mark.parametrize("asked", [{}, ASKED])
def test_who_is_not_whom_they_claim_to_be_gets_no_receipt_in_any_form(asked: dict[str, str]) -> None:
    policy = {"receipt": {"send": "always"}}
    believing = setting(policy, authserv="mx.hopestreet.example")
    decision = decide(facts(**asked, **REFUTED), believing, QUIET_HISTORY, NOW)
    outcome = flags_changed(Story(decision.ref, (decision.received,)), READ, believing, NOW, LATER)
    assert outcome.effects == ()
    assert because("forged-author", how="DMARC") in outcome.reasons
    trusting_nobody = decide(facts(**asked, **REFUTED), setting(policy), QUIET_HISTORY, NOW)
    story_of = Story(trusting_nobody.ref, (trusting_nobody.received,))
    assert flags_changed(story_of, READ, setting(policy), NOW, LATER).effects != ()


BULK = {"receipt": {"send": "always", "bulk": 3}}


@pytest.mark.parametrize(("together", "receipts"), [(1, 1), (3, 1), (4, 0), (500, 0)])
def test_more_than_are_opened_one_by_one_get_no_receipt(together: int, receipts: int) -> None:
    outcome = flags_changed(story(**ASKED), READ, setting(BULK), NOW, LATER, together)
    assert len(outcome.effects) == receipts
    assert outcome.events == (Seen(at=LATER, since=NOW, bulk=not receipts),)
    assert (because("seen-in-bulk", count=together) in outcome.reasons) is not receipts


def test_a_policy_may_give_each_its_receipt_however_many_were_marked() -> None:
    each = setting({"receipt": {"send": "always", "bulk": 0}})
    outcome = flags_changed(story(), READ, each, NOW, LATER, 500)
    assert len(outcome.effects) == 1
    assert outcome.events == (Seen(at=LATER, since=NOW),)


def test_found_to_be_one_of_many_its_receipt_is_taken_back() -> None:
    seen = story(Seen(at=LATER, since=NOW))
    outcome = marked_together(seen, setting(BULK), 4)
    assert outcome.events == (Seen(at=LATER, since=NOW, bulk=True),)
    assert outcome.effects == (Cancel(ref=seen.ref, target=f"receipt:ana:{seen.ref.key}"),)
    assert Story(seen.ref, (*seen.events, *outcome.events)).read is None


@pytest.mark.parametrize(
    "events",
    [
        (),
        (Seen(at=LATER), Unseen(at=LATER)),
        (Seen(at=LATER, bulk=True),),
        (Seen(at=LATER), ReceiptSent(at=LATER, by="gateway", form="mdn")),
        (Seen(at=LATER), Answered(at=LATER, witness="sent", words=3, answer="a")),
    ],
)
def test_what_is_unread_told_answered_or_one_of_many_already_stays_as_it_is(events: tuple[Event, ...]) -> None:
    assert marked_together(story(*events), setting(BULK), 4) == Outcome()


def test_one_of_fewer_stays_read() -> None:
    assert marked_together(story(Seen(at=LATER)), setting(BULK), 3) == Outcome()


def test_opened_by_itself_after_it_was_one_of_many_it_gets_its_receipt() -> None:
    again = story(Seen(at=NOW, bulk=True), Unseen(at=NOW))
    outcome = flags_changed(again, READ, setting(BULK), NOW, LATER, 1)
    assert [type(effect) for effect in outcome.effects] == [Receipt]


def test_a_receipt_repeats_what_identifies_the_message_and_no_id_that_we_made() -> None:
    noted = story(**ASKED, Original_Recipient="rfc822;reed@hopestreet.example")
    (receipt,) = flags_changed(noted, READ, setting(), NOW, LATER).effects
    assert isinstance(receipt, Receipt)
    assert (receipt.original_recipient, receipt.named_by_us) == ("rfc822;reed@hopestreet.example", False)
    nameless = identified(facts(**ASKED, Message_ID=""), "mx.hopestreet.example")
    decision = decide(nameless, setting(), QUIET_HISTORY, NOW)
    (receipt,) = flags_changed(Story(decision.ref, (decision.received,)), READ, setting(), NOW, LATER).effects
    assert isinstance(receipt, Receipt)
    assert (receipt.in_reply_to, receipt.named_by_us) == (nameless.message_id, True)


def test_a_receipt_is_said_once_however_often_it_is_opened() -> None:
    told = story(Seen(at=NOW), ReceiptSent(at=NOW, by="gateway", form="mdn"), Unseen(at=NOW), **ASKED)
    outcome = flags_changed(told, READ, setting(), NOW, LATER)
    assert outcome.effects == ()
    assert because("receipt-said") in outcome.reasons


def test_a_quiet_client_gets_no_receipt() -> None:
    quiet = setting({"receipt": {"send": "always"}}, client=CARLA.model_copy(update={"quiet": True}))
    assert flags_changed(story(), READ, quiet, NOW, LATER).effects == ()


def test_marked_unread_again_takes_the_receipt_back() -> None:
    seen = story(Seen(at=LATER))
    outcome = flags_changed(seen, change({"\\Seen"}, set()), setting(), NOW, LATER)
    assert outcome.events == (Unseen(at=LATER),)
    assert outcome.effects == (Cancel(ref=seen.ref, target=f"receipt:ana:{seen.ref.key}"),)


def test_the_mail_programs_own_receipt_is_enough() -> None:
    outcome = flags_changed(story(**ASKED), change(set(), {"\\Seen", "$MDNSent"}), setting(), NOW, LATER)
    assert ReceiptSent(at=LATER, by="program", form="mdn") in outcome.events
    assert outcome.effects == ()


def test_the_answered_flag_is_one_witness() -> None:
    outcome = flags_changed(story(), change(set(), {"\\Answered"}), setting(), NOW, LATER)
    assert outcome.events == (Answered(at=LATER, witness="flag", words=None, answer=""),)


def test_an_answer_found_in_sent_tells_its_words_once() -> None:
    outcome = answer_sent(story(), LATER, 40, "a", setting(), LATER)
    assert outcome.events == (Answered(at=LATER, witness="sent", words=40, answer="a"),)
    assert answer_sent(story(*outcome.events), LATER, 40, "a", setting(), LATER).events == ()


GRACE = {"receipt": {"send": "always", "grace": "2m"}}


def test_who_is_answered_before_the_receipt_goes_is_told_nothing_of_answers_to_come() -> None:
    seen, soon = story(Seen(at=LATER)), LATER + timedelta(minutes=1)
    by_letter = answer_sent(seen, soon, 40, "a", setting(GRACE), soon).effects
    by_flag = flags_changed(seen, change({"\\Seen"}, {"\\Seen", "\\Answered"}), setting(GRACE), NOW, soon).effects
    for effects in (by_letter, by_flag):
        _, taken_back, again = effects
        assert isinstance(again, Receipt)
        assert taken_back == Cancel(ref=seen.ref, target=again.key)
        assert (again.answered, again.due) == (True, LATER + timedelta(minutes=2))


def test_answered_when_it_is_first_seen_the_receipt_knows_it() -> None:
    both = change(set(), {"\\Seen", "\\Answered"})
    (receipt, _) = flags_changed(story(), both, setting(GRACE), NOW, LATER).effects
    assert isinstance(receipt, Receipt)
    assert receipt.answered


@pytest.mark.parametrize(
    ("events", "after"),
    [
        ((), timedelta(0)),
        ((Seen(at=LATER),), timedelta(minutes=2)),
        ((Seen(at=LATER, bulk=True),), timedelta(0)),
        ((Seen(at=LATER), ReceiptSent(at=LATER, by="program", form="mdn")), timedelta(0)),
    ],
)
def test_an_answer_brings_about_no_receipt_that_did_not_wait(events: tuple[Event, ...], after: timedelta) -> None:
    outcome = answer_sent(story(*events), LATER + after, 40, "a", setting(GRACE), LATER + after)
    assert [type(effect) for effect in outcome.effects] == [Cancel]


@pytest.mark.parametrize(
    ("text", "changes", "tags"),
    [
        ("hello", {}, set()),
        ("this is urgent", {}, {"$label1"}),
        ("I want to end my life", {}, {"$label1"}),
        ("this is urgent", {"tags": TagNames()}, set()),
    ],
)
def test_urgency_becomes_a_tag(text: str, changes: dict[str, Any], tags: set[str]) -> None:
    received = story(text=text).received
    assert received is not None
    assert tags_for(received, setting(**changes)) == tags


def test_a_forged_author_learns_from_no_receipt_that_the_client_is_trusted() -> None:
    mallory, policy = "mallory@elsewhere.example", {"receipt": {"send": "if-urgent"}}
    client = Client(address=CARLA.address, trusted=True)
    decision = decide(facts(reverse_path=mallory), setting(policy, client), QUIET_HISTORY, NOW)
    outcome = flags_changed(Story(decision.ref, (decision.received,)), READ, setting(policy, client), NOW, LATER)
    assert decision.received.level is Level.URGENT
    assert outcome.effects == ()
