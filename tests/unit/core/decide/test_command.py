"""The therapist's commands: what a token brings about, and when it brings nothing about but a word back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.core.decide.arrival import decide
from gateway.core.decide.command import (
    LONGEST_REASON,
    Done,
    carry_out,
    not_carried_out,
    not_proven,
    order_in,
    reason_in,
    takes_back,
)
from gateway.core.decide.decision import Order, Setting
from gateway.core.decide.tokens import Signer, Token
from gateway.core.effects import ActionTold, NoteKept
from gateway.core.events import Event, Expect, Recategorised, Waived
from gateway.core.history import Story
from gateway.core.message.facts import Envelope, Facts
from gateway.core.news import Action
from gateway.core.policy.client import Client
from tests.unit.core.billing.lives import story
from tests.unit.core.decide.cases import NOW, QUIET_HISTORY, facts, setting

CONTROL, KEY = "ana+handrail@hopestreet.example", "5f" * 32
SIGNER = Signer(bytes(32))
CLEO = Client(address="cleo@client.example", name="Cleo")
VERIFIED = {"Authentication_Results": "mx.hopestreet.example; dmarc=pass header.from=hopestreet.example"}


def ours(**changes: Any) -> Setting:
    usual = {"control": CONTROL, "signer": SIGNER, "authserv": "mx.hopestreet.example"}
    return setting({"answer": {"promise": "within 24h"}}, None, **usual | changes)


def mail(subject: str, text: str = "", **fields: str) -> Facts:
    """A mail to the control address, by SMTP."""
    usual = {"From": "ana@hopestreet.example", "To": CONTROL, "Subject": subject}
    return replace(facts(text, **usual | fields), envelope=Envelope("ana@hopestreet.example", (CONTROL,)))


def link(action: Action, key: str = KEY) -> str:
    return SIGNER.link("ana", action, key, NOW + timedelta(days=14), "digest").token


def order(text: str = "", subject: str = "Waive") -> Order:
    return Order("ab" * 32, "", subject, text, NOW)


def done(action: Action, text: str = "", *after: Event, client: Client | None = CLEO, **changes: Any) -> Done:
    token = Token(action, KEY, NOW + timedelta(days=1), "id")
    return carry_out(ours(), order(text), token, story(*after, key=KEY, **changes), client)


def told(found: Done) -> ActionTold:
    (effect,) = found.effects
    assert isinstance(effect, ActionTold)
    return effect


def test_a_waiver_is_noted_with_its_reason() -> None:
    found = done(Action.WAIVE, "Reason: the first one is on me\n\nAna")
    assert found.events == (Waived(at=NOW, by="digest", note="the first one is on me"),)
    assert (told(found).fate, told(found).author, told(found).reason) == (
        "done",
        "cleo@client.example",
        "the first one is on me",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("Reason:", ""),
        ("Grund: Umzug", "Umzug"),
        ("Motif : déménagement", "déménagement"),
        ("Ana Hope\nPsychologist, phone: 030 1", ""),
        ("\n\nReason:   two \t words ", "two words"),
        ("Reason: " + "x" * 300, "x" * LONGEST_REASON),
    ],
)
def test_a_reason_stands_behind_the_colon_of_the_first_line(text: str, reason: str) -> None:
    assert reason_in(text) == reason


def test_what_was_waived_already_is_told_and_not_noted_again() -> None:
    found = done(Action.WAIVE, "", Waived(at=NOW, by="command"))
    assert (found.events, told(found).fate) == ((), "before")


def test_a_message_is_put_among_appointments_and_back() -> None:
    found = done(Action.SCHEDULING, category="stressor")
    assert found.events == (Recategorised(at=NOW, category="scheduling", by="digest"),)
    undo = told(found).undo
    assert undo is not None
    token = SIGNER.read(undo.token, "ana")
    assert token is not None
    assert (token.action, token.message) == (Action.AS_FOUND, KEY)
    back = done(Action.AS_FOUND, "", *found.events, category="stressor")
    assert back.events == (Recategorised(at=NOW, category="stressor", by="digest"),)


@pytest.mark.parametrize(("action", "category"), [(Action.SCHEDULING, "scheduling"), (Action.AS_FOUND, "stressor")])
def test_what_is_of_the_category_already_stays(action: Action, category: str) -> None:
    found = done(action, category=category)
    assert (found.events, told(found).fate) == ((), "before")


def test_somebody_is_muted_and_the_word_back_has_the_way_back() -> None:
    found = done(Action.MUTE)
    assert found.client == CLEO.model_copy(update={"acks": False})
    undo = told(found).undo
    assert undo is not None
    assert undo.action is Action.UNMUTE
    assert done(Action.UNMUTE, client=found.client).client == CLEO


def test_who_is_on_no_roster_comes_to_stand_there() -> None:
    assert done(Action.MUTE, client=None).client == Client(address="cleo@client.example", acks=False)


def test_where_the_author_is_not_verified_those_are_muted_whom_an_ack_would_go_to() -> None:
    found = done(Action.MUTE, client=None, author_verified=False, reverse_path="relay@client.example")
    assert found.client == Client(address="relay@client.example", acks=False)
    assert told(found).author == "relay@client.example"


def test_nobody_can_be_muted_where_no_ack_goes_to_anybody() -> None:
    found = done(Action.MUTE, client=None, author_verified=False, reverse_path="")
    assert (found.client, told(found).fate) == (None, "gone")


def test_who_is_muted_already_stays_so() -> None:
    found = done(Action.MUTE, client=CLEO.model_copy(update={"acks": False}))
    assert (found.client, told(found).fate) == (None, "before")


@pytest.mark.parametrize("gone", [None, Story(story(key=KEY).ref, ())])
def test_a_message_that_is_on_record_no_more_is_told(gone: Story | None) -> None:
    found = carry_out(ours(), order(), Token(Action.WAIVE, KEY, NOW, "id"), gone, None)
    assert (found.events, told(found).fate) == ((), "gone")


def test_a_presence_note_is_left_with_its_words_and_until_when() -> None:
    token = Token(Action.NOTE, "", NOW, "id")
    found = carry_out(ours(), order("I am by the sea.", "Note 0..9 until 2027-01-04"), token, None, None)
    assert found.note is not None
    assert found.note.text == "I am by the sea."
    assert f"{found.note.expires:%Y-%m-%d}" == "2027-01-04"
    assert isinstance(found.effects[0], NoteKept)


def test_a_presence_note_without_words_takes_none_back() -> None:
    found = carry_out(ours(), order("  \n"), Token(Action.NOTE, "", NOW, "id"), None, None)
    assert (found.note, told(found).fate) == (None, "empty")


def test_an_order_is_a_mail_to_the_control_address_alone_with_a_token() -> None:
    subject = f"Waive {link(Action.WAIVE)}"
    assert order_in(mail(subject), ours(), NOW) is not None
    assert order_in(mail(subject, In_Reply_To="<digest@hopestreet.example>"), ours(), NOW) is not None
    assert order_in(mail(subject, Cc="carla@client.example"), ours(), NOW) is None
    assert order_in(mail(subject, To="carla@client.example"), ours(), NOW) is None
    assert order_in(mail("Away until 2027-01-04"), ours(), NOW) is None
    assert order_in(mail(subject), ours(control=""), NOW) is None


def test_a_verified_order_of_the_therapists_counts_nowhere_and_gets_no_ack() -> None:
    decision = decide(mail(f"Re: Waive {link(Action.WAIVE)}", **VERIFIED), ours(), QUIET_HISTORY, NOW)
    assert decision.order is not None
    assert decision.order.token == link(Action.WAIVE)
    assert decision.effects == ()
    assert decision.note is None
    assert (decision.received.expect, decision.received.answer_by) == (Expect.NONE, None)
    assert "command" in {reason.code for reason in decision.received.reasons}


def test_an_order_that_lost_part_of_its_token_is_no_presence_note() -> None:
    decision = decide(mail(f"Waive {link(Action.WAIVE)[:70]}", **VERIFIED), ours(), QUIET_HISTORY, NOW)
    assert decision.order is not None
    assert decision.order.token == ""
    assert decision.note is None


def test_an_order_that_is_not_proven_is_told_to_the_therapist_alone_and_later() -> None:
    decision = decide(mail(f"Waive {link(Action.WAIVE)}"), ours(), QUIET_HISTORY, NOW)
    assert decision.order is None
    (effect,) = decision.effects
    assert isinstance(effect, ActionTold)
    assert (effect.to, effect.fate) == ("ana@hopestreet.example", "unproven")
    assert effect.due > NOW


def test_the_proof_of_an_order_takes_back_that_it_was_not_proven() -> None:
    assert takes_back(ours(), order()) == not_carried_out(ours(), order(), "before", None, NOW).key
    by_smtp = order_in(mail(f"Waive {link(Action.WAIVE)}"), ours(), NOW)
    assert by_smtp is not None
    assert not_proven(ours(), by_smtp, NOW).key == takes_back(ours(), by_smtp)


def test_strangers_who_guess_at_tokens_are_told_of_once_a_day() -> None:
    other = Signer(bytes([1]) * 32)
    guesses = [
        Order(f"{number:064x}", other.link("ana", Action.MUTE, KEY, NOW, f"{number}").token, "", "", NOW)
        for number in range(3)
    ]
    assert len({not_proven(ours(), one, NOW).key for one in guesses}) == 1
    assert not_proven(ours(), guesses[0], NOW).key != not_proven(ours(), guesses[0], NOW + timedelta(days=1)).key
