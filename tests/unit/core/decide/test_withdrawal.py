"""Taking back: who is understood, who is heard, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.decide.arrival import decide
from gateway.core.decide.case import examine
from gateway.core.decide.decision import Decision
from gateway.core.decide.withdrawal import (
    WORDS,
    asks_to_withdraw,
    came_of,
    offers,
    settled,
    why_it_stays,
    withdrawal_for,
    word_for,
)
from gateway.core.effects import Cancel, Withdrawal, nudge_key, receipt_key
from gateway.core.events import (
    Acknowledged,
    Answered,
    Event,
    Expect,
    Level,
    NotWithdrawn,
    ReceiptSent,
    Seen,
    Unseen,
    Withdrawn,
)
from gateway.core.history import History, Story
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read
from gateway.core.policy.schema import Policy
from tests.unit.core.decide.cases import CARLA, NOW, QUIET_HISTORY, facts, setting

TOKEN = "0123456789abcdef0123456789abcdef"
OUR_ACK = f"<{TOKEN}@hopestreet.example>"
UNREAD = {"withdraw": "unread"}
LATER = NOW + timedelta(minutes=10)
ANSWERING = {"Message_ID": "<two@client.example>", "In_Reply_To": OUR_ACK, "Subject": "Re: Your message has arrived"}


def written(text: str = "I hate my brother.", *more: Event, **fields: str) -> Story:
    """A message of Carla's that was acked."""
    decision = decide(facts(text, **fields), setting(UNREAD), QUIET_HISTORY, NOW)
    return Story(decision.ref, (decision.received, Acknowledged(at=NOW, message_id=OUR_ACK), *more))


def about(story: Story | None) -> History:
    return replace(QUIET_HISTORY, refers_to_ours=True, about=story)


def decided(text: str = "WITHDRAW", story: Story | None = None, **fields: str) -> Decision:
    """What is decided about an answer to the ack."""
    return decide(facts(text, **{**ANSWERING, **fields}), setting(UNREAD), about(story or written()), LATER)


def is_taken(decision: Decision) -> bool:
    return any(isinstance(effect, Withdrawal) for effect in decision.effects)


# What is understood.


@pytest.mark.parametrize("word", sorted({*WORDS.values(), "ZURUECKZIEHEN", "ZURUCKZIEHEN"}))
@pytest.mark.parametrize("form", ["{}", "{}.", "«{}»!", "  *{}*\n", "{}\n\nCarla", "{}, please\n\nThanks\nCarla Reyes"])
def test_every_languages_word_is_understood_from_everybody(word: str, form: str) -> None:
    for spelt in (word, word.lower(), word.capitalize()):
        assert asks_to_withdraw(facts(form.format(spelt), From="Carla Reyes <carla@client.example>"))


@pytest.mark.parametrize("subject", ["WITHDRAW", "Withdraw!", "Re: withdraw", "AW: Re: Zurückziehen"])
def test_the_word_may_be_the_subject(subject: str) -> None:
    encoded = "=?utf-8?B?QVc6IFJlOiBadXLDvGNremllaGVu?=" if not subject.isascii() else subject
    assert asks_to_withdraw(facts("", Subject=encoded))
    assert asks_to_withdraw(facts("Thanks\nCarla", Subject=encoded))


@pytest.mark.parametrize(
    "text",
    [
        "WITHDRAW\n\nI can't go on.",
        "WITHDRAW it",
        "Don't WITHDRAW",
        "I want to withdraw from therapy",
        "No, withdraw",
        "withdraw and retirer",
        "Hello\nWITHDRAW",
        "WITHDRAWAL",
        "STOP",
        "",
        "Thanks",
        "withdraw " * 31,
        "withdraw" + " " * 2000 + ".",
    ],
)
def test_whatever_says_more_or_less_is_a_message_to_somebody(text: str) -> None:
    assert not asks_to_withdraw(facts(text))


def test_a_subject_says_nothing_where_the_text_says_something() -> None:
    assert not asks_to_withdraw(facts("Please call me.", Subject="WITHDRAW"))


def test_what_is_quoted_is_not_said() -> None:
    assert asks_to_withdraw(facts("WITHDRAW\n\nOn Monday, Ana wrote:\n> Your message has arrived.\n> Please wait."))
    assert not asks_to_withdraw(facts("> WITHDRAW"))


def test_an_attached_text_is_more_than_the_word() -> None:
    content = (
        b"From: carla@client.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nWITHDRAW\r\n'
        b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nA long letter.\r\n--b--\r\n"
    )
    assert not asks_to_withdraw(read(content, Envelope("carla@client.example", ("ana@hopestreet.example",))))


@given(st.binary(max_size=300))
def test_any_bytes_are_understood_or_not(content: bytes) -> None:
    assert asks_to_withdraw(read(content, Envelope("", ()))) in (True, False)


@pytest.mark.parametrize(
    ("language", "word"), [("de", "ZURÜCKZIEHEN"), ("de-AT", "ZURÜCKZIEHEN"), ("sv", "WITHDRAW"), ("", "WITHDRAW")]
)
def test_a_text_names_the_word_of_its_language(language: str, word: str) -> None:
    assert word_for(language) == word


@pytest.mark.parametrize(
    ("knob", "watched", "offered"), [("unread", True, True), ("unread", False, False), ("never", True, False)]
)
def test_it_is_offered_where_the_policy_has_it_and_somebody_sees_what_was_read(
    knob: str, watched: bool, offered: bool
) -> None:
    assert offers(Policy.model_validate({"withdraw": knob}), watched=watched) is offered


# Who is heard.


def test_who_answers_the_ack_of_a_message_takes_that_message_back() -> None:
    story = written()
    decision = decided(story=story)
    [effect] = decision.effects
    assert isinstance(effect, Withdrawal)
    assert effect.ref == story.ref
    assert effect.to == "carla@client.example"
    assert effect.in_reply_to == "<two@client.example>"
    assert effect.request == decision.ref.key
    assert (effect.received, effect.staying) == (NOW, "")


def test_the_mail_that_asks_waits_for_nobody_and_gets_no_ack() -> None:
    received = decided(Disposition_Notification_To="carla@client.example").received
    assert received.request == "withdraw"
    assert received.expect is Expect.NONE
    assert (received.read_by, received.answer_by, received.receipt_to) == (None, None, "")
    assert not received.answerable
    assert any(reason.code == "withdraw" for reason in received.reasons)


def test_a_trusted_clients_word_causes_no_alarm() -> None:
    trusted = setting({**UNREAD, "urgency": {"alert": "urgent"}}, CARLA.model_copy(update={"trusted": True}))
    decision = decide(facts("WITHDRAW", **ANSWERING), trusted, about(written()), LATER)
    assert [effect.kind for effect in decision.effects] == ["withdrawal"]
    assert decision.received.level is Level.ROUTINE


def test_without_a_message_that_it_is_about_it_is_mail_like_any_other() -> None:
    decision = decide(facts("WITHDRAW", **ANSWERING), setting(UNREAD), QUIET_HISTORY, LATER)
    assert [effect.kind for effect in decision.effects] == ["ack"]
    assert decision.received.request == ""


def test_nobody_takes_back_what_somebody_else_wrote() -> None:
    """Who has neither the token of the ack nor a verified address is not heard, whatever From says."""
    assert not is_taken(decided(In_Reply_To="<one@client.example>"))
    assert not is_taken(decided(In_Reply_To=f"<{'f' * 32}@hopestreet.example>"))
    assert not is_taken(decided(In_Reply_To=f"<{TOKEN}0@hopestreet.example>"))


def test_a_server_that_replaces_ids_leaves_the_token_in_references() -> None:
    assert is_taken(
        decided(In_Reply_To="<AM0PR01@outlook.example>", References=f"<one@client.example> <{TOKEN}.ref@x.example>")
    )


VERIFIED = {"Authentication_Results": "mx.hopestreet.example; dkim=pass header.d=client.example; dmarc=pass"}


@pytest.mark.parametrize(("author", "heard"), [("carla@client.example", True), ("mallory@client.example", False)])
def test_a_verified_author_is_heard_of_their_own_messages(author: str, heard: bool) -> None:
    fields = {**ANSWERING, "In_Reply_To": "<one@client.example>", "From": author, **VERIFIED}
    believing = setting(UNREAD, authserv="mx.hopestreet.example")
    decision = decide(facts("WITHDRAW", author, **fields), believing, about(written()), LATER)
    assert is_taken(decision) is heard


@pytest.mark.parametrize(
    "changes",
    [
        {"reverse_path": ""},
        {"Auto_Submitted": "auto-replied"},
        {"reverse_path": "ana@hopestreet.example"},
    ],
)
def test_whom_no_machine_may_answer_takes_nothing_back(changes: dict[str, str]) -> None:
    reverse_path = changes.pop("reverse_path", "carla@client.example")
    told = facts("WITHDRAW", reverse_path, **{**ANSWERING, **changes})
    assert not is_taken(decide(told, setting(UNREAD), about(written()), LATER))


def test_who_is_to_be_left_in_silence_is() -> None:
    quiet = setting(UNREAD, CARLA.model_copy(update={"quiet": True}))
    decision = decide(facts("WITHDRAW", **ANSWERING), quiet, about(written()), LATER)
    assert decision.effects == ()


def test_words_of_urgency_in_the_subject_are_for_somebody_to_read() -> None:
    assert not is_taken(decided(Subject="I want to end my life"))


def test_unless_the_ack_has_repeated_them() -> None:
    story = written(Subject="this is urgent")
    assert is_taken(decided(story=story, Subject='Re: Your message "this is urgent" has arrived'))


def test_a_request_is_not_taken_back_by_another() -> None:
    asking = Story(decided().ref, (decided().received, Acknowledged(at=NOW, message_id=OUR_ACK)))
    assert not is_taken(decided(story=asking))


def test_who_is_not_known_gets_a_word_that_tells_of_no_relation() -> None:
    told = facts("WITHDRAW", "tom@client.example", **{**ANSWERING, "From": "tom@client.example"})
    case, _ = examine(told, setting(UNREAD, None), about(written()), LATER)
    effect = withdrawal_for(case)
    assert effect is not None
    assert not effect.known


# What follows.


def reading(grace: str = "2m") -> Policy:
    return Policy.model_validate({**UNREAD, "receipt": {"grace": grace}})


@pytest.mark.parametrize(
    ("events", "staying"),
    [
        ((), ""),
        ((Seen(at=NOW),), "seen"),
        ((Seen(at=NOW, bulk=True),), "seen"),
        ((Seen(at=NOW), Unseen(at=NOW + timedelta(minutes=1))), ""),
        ((Seen(at=NOW), Unseen(at=NOW + timedelta(minutes=2))), "seen"),
        ((Seen(at=NOW), Unseen(at=NOW + timedelta(minutes=1)), Seen(at=NOW + timedelta(minutes=5))), "seen"),
        ((ReceiptSent(at=NOW, by="program", form="mdn"),), "seen"),
        ((Answered(at=NOW, witness="flag", words=None, answer=""),), "seen"),
    ],
)
def test_what_was_read_for_the_time_of_grace_stays(events: tuple[Event, ...], staying: str) -> None:
    assert why_it_stays(written("Hello.", *events), reading(), LATER) == staying


def test_what_words_of_a_crisis_were_found_in_stays_unread_or_not() -> None:
    assert why_it_stays(written("I want to end my life."), reading(), LATER) == "crisis"


def test_taken_back_nothing_is_said_of_it_any_more() -> None:
    ref = written().ref
    outcome = came_of(ref, "", LATER)
    assert outcome.events == (Withdrawn(at=LATER),)
    assert set(outcome.effects) == {
        Cancel(ref=ref, target=nudge_key(ref)),
        Cancel(ref=ref, target=receipt_key(ref)),
    }


def test_what_stays_goes_on_as_it_was() -> None:
    outcome = came_of(written().ref, "gone", LATER)
    assert outcome.events == (NotWithdrawn(at=LATER, why="gone"),)
    assert outcome.effects == ()


@pytest.mark.parametrize(
    ("events", "found"),
    [((), None), ((Withdrawn(at=LATER),), ""), ((NotWithdrawn(at=LATER, why="seen"),), "seen")],
)
def test_what_came_of_it_once_is_so_for_good(events: tuple[Event, ...], found: str | None) -> None:
    assert settled(written("Hello.", *events)) == found


def test_a_message_has_one_withdrawal_however_often_it_is_asked_for() -> None:
    keys = {_taken(decided(Message_ID=f"<{number}@client.example>")).key for number in range(3)}
    assert len(keys) == 1


def _taken(decision: Decision) -> Withdrawal:
    (effect,) = (one for one in decision.effects if isinstance(one, Withdrawal))
    return effect
