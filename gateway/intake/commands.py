"""The arguments of MAIL and RCPT, read strictly: text in, values or a refusal out (RFC 5321 4.1.1.2, 4.1.1.3, 4.1.2).

aiosmtpd takes addresses without angle brackets and lets control characters through; what passes here can be
written into a command to a downstream as it is. Local-parts that break the grammar (`a..b@`) do pass: some
providers have given them out, and whoever has one is a client all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.core.replies import Reply, permanent

_PATH = re.compile(
    r"""
    <(?:@[^<>\s:]+:)?                                    # a source route, to be ignored (RFC 5321 appendix C)
    (?P<address>(?:"(?:[^"\\]|\\.)*"|[^\s<>"@\\]+)@[^\s<>"@]+|[^\s<>"@\\]*)>
    (?:[ ]+(?P<params>.*))?
    """,
    re.VERBOSE,
)
#: RFC 5321 4.5.3.1.3.
_MAX_PATH = 254
_KNOWN_BODIES = ("7BIT", "8BITMIME")

NON_ASCII = permanent(553, "6.7", "Non-ASCII addresses need SMTPUTF8")
_UNKNOWN_PARAMETER = permanent(555, "5.4", "Parameters not recognized or not implemented")
_MAIL_SYNTAX = permanent(501, "5.4", "Syntax: MAIL FROM:<address> [SP parameters]")
_RCPT_SYNTAX = permanent(501, "5.4", "Syntax: RCPT TO:<address>")
_BAD_REVERSE_PATH = permanent(501, "1.7", "Malformed reverse-path")
_BAD_RECIPIENT = permanent(501, "1.3", "Malformed recipient")


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL: the reverse-path (empty for the null one) and what the peer said of the message."""

    reverse_path: str
    size: int = 0
    eightbit: bool = False
    smtputf8: bool = False


def mail(argument: str, extended: bool) -> Mail | Reply:
    """Read what follows `MAIL `. Parameters are for peers that greeted with EHLO."""
    found = _split(argument, "FROM:")
    if found is None:
        return _MAIL_SYNTAX
    address, params = found
    if not _sound(address) or (address and "@" not in address):
        return _BAD_REVERSE_PATH
    if params and not extended:
        return _UNKNOWN_PARAMETER
    return _with_parameters(address, params)


def rcpt(argument: str, smtputf8: bool) -> str | Reply:
    """Read what follows `RCPT `. `postmaster` needs no domain (RFC 5321 4.1.1.3)."""
    found = _split(argument, "TO:")
    if found is None:
        return _RCPT_SYNTAX
    address, params = found
    if not address or not _sound(address) or ("@" not in address and address.lower() != "postmaster"):
        return _BAD_RECIPIENT
    if params:
        return _UNKNOWN_PARAMETER
    return address if address.isascii() or smtputf8 else NON_ASCII


def _split(argument: str, keyword: str) -> tuple[str, str] | None:
    if argument[: len(keyword)].upper() != keyword:
        return None
    path = _PATH.fullmatch(argument[len(keyword) :].strip(" "))
    return (path["address"], path["params"] or "") if path else None


def _sound(address: str) -> bool:
    """Whether it can be written into a command; undecodable bytes are surrogates and not printable."""
    return len(address.encode("utf-8", "surrogateescape")) <= _MAX_PATH and address.isprintable()


def _with_parameters(address: str, text: str) -> Mail | Reply:
    params = _parameters(text)
    if params is None:
        return _MAIL_SYNTAX
    size, body, utf8 = params.pop("SIZE", "0"), params.pop("BODY", "7BIT").upper(), params.pop("SMTPUTF8", None)
    if params:
        return _UNKNOWN_PARAMETER
    if not (size.isascii() and size.isdigit() and len(size) <= 20) or body not in _KNOWN_BODIES or utf8:
        return _MAIL_SYNTAX
    if utf8 is None and not address.isascii():
        return NON_ASCII
    return Mail(address, int(size), body == "8BITMIME", utf8 is not None)


def _parameters(text: str) -> dict[str, str] | None:
    """Parameters by keyword; None where one is given twice."""
    pairs = [word.partition("=") for word in text.split()]
    params = {keyword.upper(): value for keyword, _, value in pairs}
    return params if len(params) == len(pairs) else None
