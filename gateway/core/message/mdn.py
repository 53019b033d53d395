"""Receipts as programs read them: message disposition notifications (RFC 8098).

The action mode is `manual-action`, since a person opened the message in a mail program; the sending mode is
`MDN-sent-automatically`, since nobody was asked about this very receipt (RFC 8098 3.2.6.1). `displayed` is what the
RFC calls a message that was opened; it does not say that it was read or understood (3.2.6.2), and the text part may
not say so either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from gateway.core.message.compose import Outgoing, header, leaf, multipart
from gateway.core.message.fields import flat, ids_field, text_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What the receipt is about. `reporting_ua` is `host; product` (RFC 8098 3.2.1)."""

    reporting_ua: str
    #: The recipient whose mailbox it was opened in.
    final_recipient: str
    #: The client's Message-ID, with its angle brackets; empty where it had none (3.2.5).
    original_message_id: str
    #: The value of Original-Recipient, with its type; empty where no server noted one (3.2.3).
    original_recipient: str = ""
    #: When the client sent it, aware; None where it does not say.
    original_date: datetime | None = None


def compose_mdn(mail: Outgoing, disposition: Disposition) -> bytes:
    """The receipt: words for people, the notification, and of the original its date and id (RFC 8098 3).

    No more of it goes back: who gets a receipt has it, and whoever else reads it need not (6.2). `mail.html` is not
    used.
    """
    parts = [
        leaf("text/plain; charset=utf-8", mail.text),
        text_field("Content-Type", "message/disposition-notification") + b"\r\n" + _notification(disposition),
    ]
    if original := _original(disposition):
        parts.append(text_field("Content-Type", "text/rfc822-headers") + b"\r\n" + original)
    return header(mail) + multipart("report", parts, mail.message_id, " report-type=disposition-notification;")


def _original(disposition: Disposition) -> bytes:
    date = disposition.original_date
    dated = text_field("Date", format_datetime(date)) if date is not None else b""
    return dated + ids_field("Message-ID", [disposition.original_message_id])


def _notification(disposition: Disposition) -> bytes:
    fields = [text_field("Reporting-UA", disposition.reporting_ua)]
    if disposition.original_recipient:
        fields.append(text_field("Original-Recipient", disposition.original_recipient))
    fields += [
        text_field("Final-Recipient", _typed(disposition.final_recipient)),
        ids_field("Original-Message-ID", [disposition.original_message_id]),
        text_field("Disposition", "manual-action/MDN-sent-automatically; displayed"),
    ]
    return b"".join(fields)


def _typed(address: str) -> str:
    """The address with its type; beyond ASCII as RFC 6533 3 writes it in 7-bit reports."""
    if address.isascii():
        return f"rfc822; {flat(address)}"
    return "utf-8; " + "".join(
        letter if "!" <= letter <= "~" and letter not in "\\+=" else f"\\x{{{ord(letter):X}}}" for letter in address
    )
