"""Our own mail as bytes: acks, receipts in plain words, alerts; and drafts of what somebody else will send.

In goes everything as values, the date and the Message-ID among them, so that a retry sends the same bytes. Out comes
7-bit mail with CRLF line ends that says that it is automatic (RFC 3834 3.1.8, 5) and asks Exchange for silence.
`Precedence` is left out: RFC 3834 replaces it, and spam filters hold it against mail.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from gateway.core.message.fields import address_field, ids_field, text_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message of ours. `date` is aware; ids have their angle brackets; `html` may be empty.

    `references` are written as they are given: the caller ends them with `in_reply_to` and our token.
    """

    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    html: str = ""
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: datetime
    #: Empty for a draft: what a person sends is not automatic.
    auto_submitted: Literal["auto-replied", "auto-generated", ""]
    language: str = ""


def compose(mail: Outgoing) -> bytes:
    """The message: plain text, with HTML as an alternative where there is any."""
    if not mail.html:
        return header(mail) + leaf("text/plain; charset=utf-8", mail.text)
    parts = [leaf("text/plain; charset=utf-8", mail.text), leaf("text/html; charset=utf-8", mail.html)]
    return header(mail) + multipart("alternative", parts, mail.message_id)


def header(mail: Outgoing) -> bytes:
    """The header fields, without those of the body. Raises ValueError for a naive date."""
    if mail.date.tzinfo is None:
        raise ValueError("a date needs its zone")
    fields = [
        address_field("From", mail.sender, mail.sender_name),
        address_field("To", mail.to),
        text_field("Subject", mail.subject),
        text_field("Date", format_datetime(mail.date)),
        ids_field("Message-ID", [mail.message_id]),
        ids_field("In-Reply-To", [mail.in_reply_to]),
        ids_field("References", mail.references),
        text_field("Auto-Submitted", mail.auto_submitted) if mail.auto_submitted else b"",
        text_field("X-Auto-Response-Suppress", "All") if mail.auto_submitted else b"",
        text_field("Content-Language", mail.language) if mail.language else b"",
        text_field("MIME-Version", "1.0"),
    ]
    return b"".join(fields)


def leaf(content_type: str, text: str) -> bytes:
    """A part of text with its header fields: as it is where that is safe, else quoted-printable (RFC 2045 6.7)."""
    octets = "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")).encode()
    safe = octets.isascii() and b"\0" not in octets and all(len(line) <= 78 for line in octets.split(b"\r\n"))
    encoding = "7bit" if safe else "quoted-printable"
    body = octets if safe else binascii.b2a_qp(octets, istext=True)
    head = text_field("Content-Type", content_type) + text_field("Content-Transfer-Encoding", encoding)
    return head + b"\r\n" + body + b"\r\n"


def multipart(kind: str, parts: list[bytes], seed: str, parameters: str = "") -> bytes:
    """Parts with their header fields put together. The boundary comes from `seed`: the same mail, the same bytes.

    Its `=_` can't stand in quoted-printable (RFC 2045 6.7).
    """
    digest = hashlib.sha256(f"{kind}\0{seed}".encode("utf-8", "replace")).hexdigest()
    boundary = f"=_{digest[:32]}"
    head = text_field("Content-Type", f'multipart/{kind};{parameters} boundary="{boundary}"')
    opened = b"".join(f"\r\n--{boundary}\r\n".encode() + part for part in parts)
    return head + opened + f"\r\n--{boundary}--\r\n".encode()
