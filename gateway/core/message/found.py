"""A message found in a mailbox: to which address it came, and when, as the servers on its way noted it.

In go the content and what the mailbox says of it, out come the facts that the envelope and the clock would have told.
Dates are the sender's word, and a mailbox dates what a program copies into it as that program likes: so no single one
is believed to be young. Never raises, on any bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.core import addresses
from gateway.core.message.headers import Headers, as_text, parse, people
from gateway.core.message.trace import stamps

#: Fields in which servers note the address that they delivered to: Postfix and Gmail, Postfix's pipe, Exim, Fastmail,
#: others. Each may be there several times, the last delivery on top.
_NOTED = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "x-envelope-to", "x-apparently-to")
_MOST_NOTED = 50


@dataclass(frozen=True, slots=True)
class Times:
    """When a message was written and when it came, as late as can be believed; aware, UTC."""

    written: datetime
    came: datetime


def recipient_of(content: bytes, ours: Callable[[str], bool]) -> str:
    """The first address of ours that it was delivered or written to; empty where it names none (a blind copy)."""
    headers, _ = parse(content)
    return next((one for one in (*_noted(headers), *_written(headers)) if ours(one)), "")


def without_detail(address: str) -> str:
    """The address without what stands behind a `+` before the @ (RFC 5233), as most providers take it."""
    local, domain = addresses.split(address)
    return f"{local.partition('+')[0]}@{domain}"


def times_of(content: bytes, sent_at: datetime | None, at: datetime, now: datetime) -> Times:
    """`sent_at` is its Date, `at` what the mailbox has noted (INTERNALDATE).

    It came no later than the newest `Received:` says: an import may well be dated today. Where Date is missing, or
    lies ahead, the oldest `Received:` tells its age.
    """
    passed = [stamp for stamp in stamps(content) if stamp <= now]
    came = min(at, now, *passed[:1])
    dated = sent_at if sent_at is not None and sent_at <= came else min((*passed, came))
    return Times(dated, came)


def _noted(headers: Headers) -> Iterator[str]:
    for name in _NOTED:
        for value in headers.raw(name)[:_MOST_NOTED]:
            yield as_text(value).partition(";")[0].strip().strip("<>")


def _written(headers: Headers) -> Iterator[str]:
    for name in ("to", "cc"):
        for person in people([as_text(value) for value in headers.raw(name)]):
            yield person.address
