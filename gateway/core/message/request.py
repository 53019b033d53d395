"""What a message asks for in the way of a receipt (RFC 8098 2), read from it and taken off it.

In go field values and content as bytes, out come addresses, options, and the content without the request. Knows no
policy: whether a receipt goes, and whether the request is taken off, is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.core import addresses
from gateway.core.message.facts import Facts
from gateway.core.message.fields import flat
from gateway.core.message.headers import parse, pieces

#: What makes mail programs ask whether to send a receipt. Thunderbird and Roundcube take the second, which asks mail
#: servers for something else, for the first, and Roundcube the third as well. The last says how to answer the first.
REQUESTS = (
    b"Disposition-Notification-To",
    b"Return-Receipt-To",
    b"X-Confirm-Reading-To",
    b"Disposition-Notification-Options",
)

_FIELD = re.compile(rb"(?im)^(?:" + b"|".join(REQUESTS) + rb")[ \t]*:[^\n]*(?:\n(?:[ \t][^\n]*(?:\n|\Z))*|\Z)")
_COMMENT = re.compile(r"[ \t]*\((?:[^()\\]|\\.)*\)[ \t]*")
#: An address-type is an Atom (RFC 5321 4.1.2).
_RECIPIENT = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)\s*;\s*(\S.*)")


def without_request(content: bytes) -> bytes:
    """The content without the fields that ask for a receipt; every other byte, attached messages too, stays."""
    _, body = parse(content)
    if not _FIELD.search(content, 0, body):
        return content
    return _FIELD.sub(b"", content[:body]) + content[body:]


def receipt_address(facts: Facts) -> str | None:
    """Where a receipt may go without asking anybody: to one address, and that the reverse-path (RFC 8098 2.1).

    None as well where the request requires what we don't know (2.2), or where nobody noted the reverse-path.
    """
    asked = {_addr_spec(address) for address in facts.receipt_to}
    if asked != {_addr_spec(facts.envelope.reverse_path)} or facts.envelope.assumed or facts.receipt_requires:
        return None
    return facts.receipt_to[0]


def required_options(values: Iterable[str]) -> tuple[str, ...]:
    """Names of the options that a receipt may not go without (RFC 8098 2.2): none is registered, so we know none."""
    found = []
    for piece in (piece for value in values for piece in pieces(value)):
        name, equals, given = piece.partition("=")
        if equals and given.partition(",")[0].strip().lower() == "required":
            found.append(flat(name).lower()[:100])
    return tuple(dict.fromkeys(found))


def original_recipient(values: Iterable[str]) -> str:
    """Original-Recipient as a receipt repeats it (RFC 8098 3.2.3): the topmost, as the last server wrote it.

    Comments are left out (2.3). Empty where there is none, or where it is not to be read.
    """
    found = _RECIPIENT.fullmatch(flat(_COMMENT.sub("", next(iter(values), "")[:1000])))
    return f"{found[1]};{found[2]}" if found and found[2].isascii() else ""


def _addr_spec(address: str) -> tuple[str, str]:
    """Local-part and domain as RFC 8098 2.1 compares them: without route, quotes and escapes, the domain folded."""
    bare = address.strip().strip("<>")
    local, domain = addresses.split(bare.rpartition(":")[2] if bare.startswith("@") else bare)
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local, domain.casefold()
