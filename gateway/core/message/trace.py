"""Our `Received:` trace field, and what those that a message carries tell (RFC 5321 4.4, 6.3).

It says who spoke to us, how, and when: no more of a person than the recipient, and that only where there is one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from gateway.core.message.facts import Envelope
from gateway.core.message.headers import as_text, parse

#: More hops than this mean a loop (RFC 5321 6.3: "at least 100").
MAX_HOPS = 100

_RECEIVED = re.compile(rb"(?im)^received[ \t]*:")
_HEADER_END = re.compile(rb"\r\n\r\n|\A\r\n")
#: What may stand as a word outside comments and quotes: no parentheses, brackets, quotes, semicolons.
_HELO = re.compile(r"[\w.:\[\]-]{1,255}")


def received_field(envelope: Envelope, hostname: str, now: datetime, id: str) -> bytes:  # noqa: A002 - RFC 5321's word
    """The field with its final CRLF, folded. `id` is any atom that finds the message in our log."""
    lines = [
        f"Received: from {_helo(envelope)} ({_literal(envelope.peer)})",
        f" by {hostname} with {protocol(envelope)} id {id}",
    ]
    recipient = _recipient(envelope)
    lines += [f" for <{recipient}>"] if recipient else []
    lines[-1] += ";"
    lines.append(f" {format_datetime(now)}")
    return "".join(f"{line}\r\n" for line in lines).encode()


def protocol(envelope: Envelope) -> str:
    """The `with` value (RFC 3848; RFC 6531 4.3 for UTF8SMTP)."""
    name = "UTF8SMTP" if envelope.smtputf8 else "ESMTP" if envelope.esmtp else "SMTP"
    return f"{name}S" if envelope.tls and name != "SMTP" else name


def hops(content: bytes) -> int:
    """How many Received fields the content carries."""
    end = _HEADER_END.search(content)
    return len(_RECEIVED.findall(content, 0, end.start() if end else len(content)))


def stamps(content: bytes) -> tuple[datetime, ...]:
    """When servers took the message, the last of them first, as far as can be read; aware, UTC."""
    headers, _ = parse(content)
    read = (instant(as_text(value).rpartition(";")[2].strip()) for value in headers.raw("received")[:MAX_HOPS])
    return tuple(one for one in read if one is not None)


def instant(value: str) -> datetime | None:
    """A date (RFC 5322 3.3) in UTC; a zone that is not told (-0000) is read as UTC. None for what is none."""
    try:
        found = parsedate_to_datetime(value[:200])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _helo(envelope: Envelope) -> str:
    fits = _HELO.fullmatch(envelope.helo) and (envelope.helo.isascii() or envelope.smtputf8)
    return envelope.helo if fits else "unknown"


def _literal(peer: str) -> str:
    """An address literal (RFC 5321 4.1.3)."""
    if not re.fullmatch(r"[0-9a-fA-F.:]+", peer):
        return "[unknown]"
    return f"[IPv6:{peer}]" if ":" in peer else f"[{peer}]"


def _recipient(envelope: Envelope) -> str:
    """The recipient where there is one: two in one field would tell each of the other (RFC 5321 7.2)."""
    if len(envelope.recipients) != 1:
        return ""
    recipient = envelope.recipients[0]
    if not recipient.isprintable():
        return ""
    return recipient if recipient.isascii() or envelope.smtputf8 else ""
