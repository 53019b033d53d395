"""The envelope of a message that lies in a mailbox already, as far as final delivery wrote it down (RFC 5321 4.4)."""

from __future__ import annotations

import re

from gateway.core.message.facts import Envelope

_RETURN_PATH = re.compile(rb"^return-path:[ \t]*<?([^<>\r\n]*)>?", re.IGNORECASE | re.MULTILINE)
#: Final delivery writes Return-Path on top; one far below is somebody else's.
_HEAD = 256 * 1024


def delivered(content: bytes, address: str) -> Envelope:
    """The envelope for `address`; the reverse-path is null where no Return-Path tells it."""
    head = content[:_HEAD]
    ends = [end for mark in (b"\r\n\r\n", b"\n\n") if (end := head.find(mark)) >= 0]
    found = _RETURN_PATH.search(head[: min(ends)] if ends else head)
    return Envelope(found[1].strip().decode("utf-8", "replace") if found else "", (address,))
