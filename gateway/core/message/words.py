"""Text to words: how they are counted, and the keys by which two spellings of a word are one.

Counting is for the ledger, keys are for phrases. Both are linear in the text, whatever it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

#: Scripts written without blanks between words: each character counts.
_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}][^\s{_WIDE}]*")
_TOKEN = re.compile(r"[^\W_]+(?:['*][^\W_]+)*")
#: Typographic apostrophes, and the accents that phones type in their place.
_PLAIN = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`\uff07", "'"))
#: Zero-width and direction marks, and the soft hyphen: seen by nobody, but they tear a word in two.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Token(NamedTuple):
    """A word in a text: its key, and where it stands in the text that was given."""

    key: str
    start: int
    end: int


def count(text: str) -> int:
    """How many words a person reads: runs between blanks with a letter or digit, and each CJK character."""
    return sum(1 for _ in _WORD.finditer(text))


def clean(text: str) -> str:
    """NFKC, straight apostrophes, nothing invisible. Positions of tokens refer to this form."""
    seen = _UNSEEN.sub("", text)
    spread = unicodedata.normalize("NFKC", seen)
    # One character may become eighteen. Text that is made of such is no text, and would take minutes.
    return (spread if len(spread) <= 2 * len(seen) + 100 else seen).translate(_PLAIN)


def fold(word: str) -> str:
    """The key of a word: case, accents and apostrophes don't matter (`Don't`, `DONT`; `töten`, `toten`)."""
    if word.isascii():
        return word.lower().replace("'", "")
    spread = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).replace("'", "")


def tokens(text: str) -> list[Token]:
    """The words of a text that went through `clean`, in order."""
    return [Token(fold(found[0]), *found.span()) for found in _TOKEN.finditer(text)]


def keys(phrase: str) -> tuple[str, ...]:
    """The keys of a phrase, word by word."""
    return tuple(token.key for token in tokens(clean(phrase)))


def spellings(phrase: str) -> frozenset[tuple[str, ...]]:
    """Every way in which the phrase's keys may come: `töten` is found as `toten` and as `toeten`."""
    plain = clean(phrase).casefold()
    return frozenset({keys(plain), keys(plain.translate(_GERMAN))})
