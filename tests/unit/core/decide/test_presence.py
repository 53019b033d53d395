"""The presence note: who may write one, until when it holds, what acks carry of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.decide.arrival import decide
from gateway.core.decide.decision import Decision
from gateway.core.decide.presence import LONGEST, expires, note_from
from gateway.core.effects import Ack
from gateway.core.history import Note
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read
from tests.unit.core.decide.cases import NOW, QUIET_HISTORY, content, facts, setting

ANA = "ana@hopestreet.example"
CONTROL = "ana+handrail@hopestreet.example"
PROVEN = {"Authentication-Results": "mx.hopestreet.example; dkim=pass header.d=hopestreet.example"}
WITH_CONTROL = setting(client=None, control=CONTROL, authserv="mx.hopestreet.example")


def written(text: str = "I think of you while I am away.", author: str = ANA, **fields: str) -> Decision:
    head = {"From": author, "To": CONTROL, "Message-ID": "<note@hopestreet.example>", **fields}
    return decide(read(content(text, head), Envelope(author, (CONTROL,))), WITH_CONTROL, QUIET_HISTORY, NOW)


def test_a_verified_mail_of_the_therapist_to_the_control_address_is_a_note_and_causes_nothing_else() -> None:
    decision = written(**PROVEN)
    assert decision.note is not None
    assert decision.note.text == "I think of you while I am away."
    assert decision.effects == ()


@pytest.mark.parametrize(
    ("author", "fields"),
    [
        (ANA, {}),
        ("carla@client.example", {}),
        (ANA, {"Authentication-Results": "mx.hopestreet.example; dkim=pass header.d=client.example"}),
        (ANA, {"Authentication-Results": "mx.evil.example; dkim=pass header.d=hopestreet.example"}),
    ],
)
def test_nobody_else_can_write_one(author: str, fields: dict[str, str]) -> None:
    decision = written(author=author, **fields)
    assert decision.note is None
    assert "control-not-proven" in {reason.code for reason in decision.reasons}


@pytest.mark.parametrize(
    "fields",
    [
        {"To": "carla@client.example", "Cc": CONTROL},
        {"To": f"carla@client.example, {CONTROL}"},
        {"To": "carla@client.example"},
        {"In-Reply-To": "<hers@client.example>"},
        {"References": "<hers@client.example>"},
    ],
)
def test_what_was_written_to_a_client_is_no_note_wherever_it_goes_as_well(fields: dict[str, str]) -> None:
    assert written("Dear Carla, about your sister:", **PROVEN | fields).note is None


def test_an_answer_to_an_earlier_note_takes_it_back() -> None:
    decision = written("stop", **PROVEN, **{"In-Reply-To": "<earlier@hopestreet.example>"})
    assert decision.note is not None
    assert decision.note.text == ""


@pytest.mark.parametrize(("text", "subject"), [("stop", "presence"), ("", "presence"), ("whatever", "Stop")])
def test_a_note_is_taken_back_by_a_word_or_by_nothing(text: str, subject: str) -> None:
    decision = written(text, **PROVEN, Subject=subject)
    assert decision.note is not None
    assert decision.note.text == ""


@pytest.mark.parametrize(
    ("subject", "until"),
    [
        ("presence", NOW + timedelta(days=14)),
        ("presence for 10d", NOW + timedelta(days=10)),
        ("presence until 2027-01-04", datetime(2027, 1, 4, 23, tzinfo=UTC)),
        ("presence until 2027-02-30", NOW + timedelta(days=14)),
        ("presence until 9999-12-31", NOW + timedelta(days=14)),
    ],
)
def test_it_holds_until_its_last_day_is_over_in_the_practices_zone(subject: str, until: datetime) -> None:
    assert expires(subject, WITH_CONTROL, NOW) == until


def test_a_long_note_is_cut_to_what_an_ack_can_carry() -> None:
    assert len(note_from(facts("word " * 1000), WITH_CONTROL, NOW).text) <= LONGEST


def ack_with(note: Note, text: str = "hello", **changes: object) -> Ack:
    history = replace(QUIET_HISTORY, note=note)
    effects = decide(facts(text), setting(**changes), history, NOW).effects  # type: ignore[arg-type]
    return next(effect for effect in effects if isinstance(effect, Ack))


HELD = Note("I think of you.", NOW - timedelta(days=1), NOW + timedelta(days=1))


def test_an_ack_to_a_client_carries_the_note_with_its_date() -> None:
    ack = ack_with(HELD)
    assert (ack.note, ack.note_written) == (HELD.text, HELD.written)


def test_no_ack_carries_a_note_that_has_expired() -> None:
    assert ack_with(replace(HELD, expires=NOW)).note == ""


def test_no_ack_carries_a_note_in_a_crisis_to_a_stranger_or_against_the_policy() -> None:
    assert ack_with(HELD, "I want to end my life").note == ""
    assert ack_with(HELD, client=None).note == ""
    assert ack_with(HELD, policy={"presence": {"carry": False}}).note == ""
