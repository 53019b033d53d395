"""Our own mail, read back by the standard library as any program would."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from gateway.core.message.compose import Outgoing, compose
from gateway.core.message.facts import Envelope
from gateway.core.message.fields import our_fields
from gateway.core.message.read import read

AT = datetime(2026, 11, 2, 21, 10, tzinfo=UTC)
LONG_ID = f"<{'A' * 90}@PROD.OUTLOOK.example>"


def mail(**changes: object) -> Outgoing:
    given: dict[str, object] = {
        "sender": "ana@hopestreet.example",
        "sender_name": "Ana Reed",
        "to": "client@client.example",
        "subject": "Re: Tuesday",
        "text": "It arrived.",
        "message_id": "<1234@hopestreet.example>",
        "date": AT,
        "auto_submitted": "auto-replied",
    }
    return Outgoing(**{**given, **changes})  # type: ignore[arg-type]


def test_an_ack_says_that_it_is_automatic_and_what_it_answers() -> None:
    ack = message_from_bytes(compose(mail(in_reply_to=LONG_ID, references=(LONG_ID, "<1234@hopestreet.example>"))))
    assert ack["Auto-Submitted"] == "auto-replied"
    assert ack["X-Auto-Response-Suppress"] == "All"
    assert ack["In-Reply-To"].split() == [LONG_ID]
    assert ack["References"].split() == [LONG_ID, "<1234@hopestreet.example>"]
    assert ack["Precedence"] is None


def test_text_and_html_are_alternatives_in_seven_bits() -> None:
    content = compose(mail(text="Schöne Grüße\n" + "x" * 2000, html="<p>Schöne Grüße</p>", language="de"))
    parts = message_from_bytes(content).get_payload()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert parts[0].get_payload(decode=True).decode() == "Schöne Grüße\r\n" + "x" * 2000 + "\r\n"


def test_the_same_mail_is_the_same_bytes() -> None:
    assert compose(mail(html="<p>x</p>")) == compose(mail(html="<p>x</p>"))


def test_no_value_can_begin_another_field() -> None:
    evil = "x\r\nBcc: evil@evil.example\r\n\r\nbody"
    content = compose(
        mail(sender_name=evil, subject=evil, to=f"a@b.example{evil}", in_reply_to=evil, references=(evil,))
    )
    found = message_from_bytes(content)
    assert found["Bcc"] is None
    assert found.get_payload() == "It arrived.\r\n"


def test_names_and_subjects_beyond_ascii_come_back_whole() -> None:
    subject = "Grüße, " * 30
    found = message_from_bytes(compose(mail(sender_name="Praxis Müller, Köln", subject=subject)))
    assert str(make_header(decode_header(found["Subject"]))) == subject.strip()
    facts = read(compose(mail(sender_name="Praxis Müller, Köln")), Envelope("", ("x@y.example",)))
    assert facts.author.name == "Praxis Müller, Köln"


def test_a_quoted_name_is_read_back() -> None:
    facts = read(compose(mail(sender_name='Reed, "Ana" \\')), Envelope("", ("x@y.example",)))
    assert facts.author.name == 'Reed, "Ana" \\'


def test_our_own_mail_is_seen_as_a_machine_s() -> None:
    facts = read(compose(mail()), Envelope("", ("client@client.example",)))
    assert (facts.automation.origin.value, facts.automation.answerable) == ("machine", False)


def test_a_naive_date_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        compose(mail(date=AT.replace(tzinfo=None)))


def test_our_fields_are_folded_ascii_and_stand_one_a_line() -> None:
    fields = our_fields([("Urgency", "crisis; words found: möchte nicht\r\nX-Evil: 1 " + "mehr leben " * 30)])
    assert fields.isascii()
    assert all(line.startswith((b"X-Handrail-Urgency:", b" ")) for line in fields.split(b"\r\n") if line)
    assert all(len(line) <= 78 for line in fields.split(b"\r\n"))
    assert our_fields([("X-Handrail-Policy", "a")]) == our_fields([("Policy", "a")]) == b"X-Handrail-Policy: a\r\n"


def test_a_draft_has_nothing_automatic_about_it() -> None:
    draft = message_from_bytes(compose(mail(auto_submitted="")))
    assert draft["Auto-Submitted"] is None
    assert draft["X-Auto-Response-Suppress"] is None
