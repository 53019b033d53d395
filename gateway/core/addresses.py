"""Addr-specs as they stand in envelopes and header fields (RFC 5321 4.1.2, RFC 5322 3.4.1).

Addresses travel through Handrail as plain strings, byte for byte as a peer wrote them;
this file says when two of them name the same mailbox.
The null reverse-path (RFC 5321 4.5.5) is the empty string, everywhere.
"""

from __future__ import annotations

NULL = ""


def split(address: str) -> tuple[str, str]:
    """Local-part and domain; the domain is empty where there is no `@`."""
    local, at, domain = address.rpartition("@")
    return (local, domain) if at else (address, "")


def key(address: str) -> str:
    """What two spellings of one address have in common.

    Domains compare without case (RFC 5321 2.4). Local-parts may differ by case in theory;
    no provider in use tells them apart, so they are folded too.
    """
    return address.strip().strip("<>").casefold()


def same(one: str, other: str) -> bool:
    """Whether both name the same mailbox; the null reverse-path names none."""
    return bool(one) and key(one) == key(other)


def matches(pattern: str, address: str) -> bool:
    """Whether a route's pattern (`ana@x.example`, `*@x.example`, `ana+*@x.example`, `*`) covers the address."""
    wanted, given = key(pattern), key(address)
    if "*" not in wanted:
        return wanted == given
    head, _, tail = wanted.partition("*")
    return len(given) >= len(head) + len(tail) and given.startswith(head) and given.endswith(tail)
