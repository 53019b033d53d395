"""Folder names on the wire, for servers that predate UTF-8 names.

In go names as people read them, out come IMAP's modified UTF-7 (RFC 3501 5.1.3) and quoted strings, and back.
Maildir++ uses the same letters in its folder names. Knows nothing of connections.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_PLAIN = re.compile(r"[\x20-\x7e]+")


def encode(name: str) -> str:
    """A name in modified UTF-7: printable ASCII as it is, `&` as `&-`, the rest in shifted UTF-16."""
    out, rest = [], name
    while rest:
        plain = _PLAIN.match(rest)
        if plain:
            out.append(plain[0].replace("&", "&-"))
            rest = rest[plain.end() :]
            continue
        following = _PLAIN.search(rest)
        end = following.start() if following else len(rest)
        shifted = b64encode(rest[:end].encode("utf-16-be", "surrogatepass")).decode("ascii")
        out.append(f"&{shifted.rstrip('=').replace('/', ',')}-")
        rest = rest[end:]
    return "".join(out)


def decode(name: str) -> str:
    """A name as people read it. What is not valid modified UTF-7 stays as it came (servers send raw UTF-8, too)."""
    return _SHIFTED.sub(_unshift, name)


def _unshift(match: re.Match[str]) -> str:
    if not match[1]:
        return "&"
    letters = match[1].replace(",", "/")
    try:
        return b64decode(letters + "=" * (-len(letters) % 4)).decode("utf-16-be")
    except ValueError:
        return match[0]


def quote(text: str) -> str:
    """A quoted string (RFC 9051 4.3). Raises ValueError for what none can hold: NUL, CR, LF."""
    if re.search(r"[\x00\r\n]", text):
        raise ValueError("NUL, CR and LF cannot stand in a quoted string")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def same(one: str, other: str) -> bool:
    """Whether two names mean one folder. INBOX is told without case (RFC 9051 5.1), and Exchange tells none so."""
    return one.casefold() == other.casefold()
