"""Receipts as programs read them, held against the grammar of RFC 8098 7 and read back by the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message

import pytest

from gateway.core.message.compose import Outgoing
from gateway.core.message.mdn import Disposition, compose_mdn
from tests.unit.core.message.grammar import faults_of

AT = datetime(2026, 11, 24, 7, 12, tzinfo=UTC)
DISPOSITION = Disposition(
    reporting_ua="hopestreet.example; Handrail",
    final_recipient="Ana@hopestreet.example",
    original_message_id="<first@client.example>",
)
MAIL = Outgoing(
    sender="Ana@hopestreet.example",
    sender_name="Hope Street Practice",
    to="carla@client.example",
    subject="Gelesen: nächste Woche",
    text="Ihre Nachricht wurde gelesen, am Dienstag, um 08:10 Uhr. Grüße " + "und so weiter " * 20,
    html="<p>never used</p>",
    message_id="<receipt@hopestreet.example>",
    in_reply_to="<first@client.example>",
    references=("<first@client.example>", "<receipt.ref@hopestreet.example>"),
    date=AT,
    auto_submitted="auto-replied",
    language="de",
)


def parts(disposition: Disposition = DISPOSITION) -> list[Message]:
    report = message_from_bytes(compose_mdn(MAIL, disposition))
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "disposition-notification"
    found = report.get_payload()
    assert isinstance(found, list)
    return found  # type: ignore[return-value]


def notification(disposition: Disposition = DISPOSITION) -> bytes:
    """The second part's body, as it goes over the wire."""
    content = compose_mdn(MAIL, disposition)
    _, _, rest = content.partition(b"Content-Type: message/disposition-notification\r\n\r\n")
    return rest.partition(b"\r\n--=_")[0]


def test_a_receipt_has_words_a_notification_and_the_originals_id() -> None:
    text, fields, original = parts(
        Disposition(
            reporting_ua=DISPOSITION.reporting_ua,
            final_recipient=DISPOSITION.final_recipient,
            original_message_id=DISPOSITION.original_message_id,
            original_date=AT - timedelta(days=1),
        )
    )
    assert text.get_content_type() == "text/plain"
    assert fields.get_content_type() == "message/disposition-notification"
    assert original.get_content_type() == "text/rfc822-headers"
    headers = message_from_bytes(original.get_payload(decode=True))  # type: ignore[arg-type]
    assert headers.items() == [
        ("Date", "Mon, 23 Nov 2026 07:12:00 +0000"),
        ("Message-ID", "<first@client.example>"),
    ]


def test_the_notification_says_who_opened_what_and_how_it_came_to_be_said() -> None:
    assert notification().decode().split("\r\n") == [
        "Reporting-UA: hopestreet.example; Handrail",
        "Final-Recipient: rfc822; Ana@hopestreet.example",
        "Original-Message-ID: <first@client.example>",
        "Disposition: manual-action/MDN-sent-automatically; displayed",
        "",
    ]


@pytest.mark.parametrize(
    "disposition",
    [
        DISPOSITION,
        Disposition(reporting_ua="x; Handrail", final_recipient="ana@hopestreet.example", original_message_id=""),
        Disposition(
            reporting_ua="x; Handrail",
            final_recipient="änne+post@büro.example",
            original_message_id=f"<{'A' * 200}@client.example>",
            original_recipient="rfc822;ana.reed@hopestreet.example",
        ),
    ],
)
def test_the_notification_keeps_to_the_grammar_in_seven_bits(disposition: Disposition) -> None:
    assert faults_of(notification(disposition)) == []
    assert notification(disposition).isascii()
    assert b"Content-Transfer-Encoding" not in notification(disposition)


def test_the_grammar_finds_what_is_wrong() -> None:
    whole = notification()
    assert faults_of(whole.replace(b"displayed", b"read")) == ["Disposition"]
    assert faults_of(whole.replace(b"rfc822; ", b"")) == ["Final-Recipient"]
    assert faults_of(whole.replace(b"Final-Recipient", b"X-Recipient")) == ["Final-Recipient is missing"]


def test_an_address_beyond_ascii_is_written_as_seven_bit_reports_have_it() -> None:
    found = notification(
        Disposition(reporting_ua="x; Handrail", final_recipient="änne@büro.example", original_message_id="")
    )
    assert b"Final-Recipient: utf-8; \\x{E4}nne@b\\x{FC}ro.example\r\n" in found


def test_the_original_recipient_is_repeated_where_a_server_noted_it_and_never_guessed() -> None:
    noted = Disposition(
        reporting_ua="x; Handrail",
        final_recipient="ana@hopestreet.example",
        original_message_id="",
        original_recipient="rfc822;Ana.Reed@hopestreet.example",
    )
    assert b"Original-Recipient: rfc822;Ana.Reed@hopestreet.example\r\n" in notification(noted)
    assert b"Original-Recipient" not in notification()


def test_a_message_without_an_id_is_not_given_one_in_its_receipt() -> None:
    nameless = Disposition(reporting_ua="x; Handrail", final_recipient="ana@h.example", original_message_id="")
    assert b"Original-Message-ID" not in notification(nameless)
    assert len(parts(nameless)) == 2


def test_a_receipt_asks_for_none_and_has_an_id_of_its_own() -> None:
    report = message_from_bytes(compose_mdn(MAIL, DISPOSITION))
    assert not [name for name in report if name.lower().startswith("disposition-notification")]
    assert (report["From"], report["To"]) == ("Hope Street Practice <Ana@hopestreet.example>", "<carla@client.example>")
    assert report["Message-ID"] == "<receipt@hopestreet.example>" != DISPOSITION.original_message_id
    assert report["Auto-Submitted"] == "auto-replied"


def test_the_same_receipt_is_the_same_bytes() -> None:
    assert compose_mdn(MAIL, DISPOSITION) == compose_mdn(MAIL, DISPOSITION)
