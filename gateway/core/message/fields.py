"""Header fields of our own, as bytes: ASCII, folded, CRLF, and no value can begin another field.

The standard library breaks long message-ids into encoded words when it folds References, so that threads fall apart;
here ids and addresses are folded only between them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence

PREFIX = "X-Handrail-"

#: RFC 5322 2.1.1 asks for 78.
_WIDTH = 76
#: Octets of text in one encoded word: it fits on a line with the name of its field (RFC 2047 2 allows 75 characters).
_WORD_OCTETS = 30
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_NAME = re.compile(r"[^A-Za-z0-9-]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_NOT_ADDRESS = re.compile(r"[\s<>\x00-\x1f\x7f]+")


def our_fields(pairs: Sequence[tuple[str, str]]) -> bytes:
    """`X-Handrail-*` fields; names may come with or without the prefix.

    A sender may have forged fields of the same names. They stay where they are, since every other byte goes on as it
    came; ours stand on top, and who reads them takes the first.
    """
    named = ((name if name.startswith(PREFIX) else PREFIX + name, value) for name, value in pairs)
    return b"".join(text_field(name, value) for name, value in named)


def text_field(name: str, value: str) -> bytes:
    """An unstructured field; what is not ASCII becomes encoded words (RFC 2047)."""
    value = flat(value)
    if value.isascii() and "=?" not in value and all(len(word) <= 900 for word in value.split(" ")):
        return _fold(name, value.split(" "))
    return _fold(name, _encoded_words(value))


def ids_field(name: str, ids: Iterable[str]) -> bytes:
    """Message-ID, In-Reply-To, References; the ids with their angle brackets. Nothing for no ids."""
    clean = [one for one in ("".join(flat(one).split()) for one in ids) if one]
    return _fold(name, clean) if clean else b""


def address_field(name: str, address: str, display: str = "") -> bytes:
    """From or To with one address. An address beyond ASCII stays UTF-8 (RFC 6532)."""
    return _fold(name, [*_display(flat(display)), f"<{_NOT_ADDRESS.sub('', address)}>"])


def flat(value: str) -> str:
    """A value on one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", value).split(" ")).strip()


def _display(name: str) -> list[str]:
    if not name:
        return []
    if not name.isascii() or "=?" in name:
        return _encoded_words(name)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _encoded_words(value: str) -> list[str]:
    words, now = [], b""
    for letter in value:
        octets = letter.encode("utf-8", "replace")
        if len(now) + len(octets) > _WORD_OCTETS:
            words.append(now)
            now = b""
        now += octets
    return [f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in [*words, now] if word]


def _fold(name: str, words: Sequence[str]) -> bytes:
    """Break between words only. A word longer than a line stands on a line of its own."""
    lines, now = [], f"{_NOT_NAME.sub('', name)}:"
    for word in words:
        if len(now) + 1 + len(word) > _WIDTH and not now.endswith(":") and word:
            lines.append(now)
            now = ""
        now += f" {word}"
    return "\r\n".join([*lines, now]).encode("utf-8", "replace") + b"\r\n"
