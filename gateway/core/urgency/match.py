"""Phrases in a text: a trie of word keys, walked once from each word.

In goes a text, out come the places where a phrase or an idiom stands, sentence by sentence. Linear: from each word the
walk is as long as the longest phrase at most, fillers let through (`mich heute umbringen`). Overlapping phrases are all
found; which of them counts is decided in one place: the longest at a spot, since a longer phrase knows more
(`not going to kill myself`, `dying to see`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.core.events import Level
from gateway.core.message.words import Token, clean, spellings, tokens
from gateway.core.urgency.lexicon import Lexicon

#: The longest run of fillers within a phrase: `mich heute Nacht wirklich umbringen`.
_FILLERS = 3
#: A full stop, exclamation or question mark, an empty line. Three dots end nothing: `I just want to... die`.
_SENTENCE_END = re.compile(r"(?<!\.)\.(?=\s)|[!?;]+|\n[ \t]*\n|\n(?=[ \t]*[-*\u2022][ \t])")


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase of a lexicon, or an idiom that hides phrases."""

    phrase: str
    lexicon: str
    level: Level
    category: str
    mask: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its text, its words' keys and where they stand. `asks` where it ends in a question mark."""

    text: str
    keys: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Found:
    """An entry at the words `start` to `end` (not included) of a sentence."""

    entry: Entry
    start: int
    end: int
    sentence: Sentence


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    #: Entries that end here.
    here: list[Entry] = field(default_factory=list)
    #: Entries whose last word is a beginning, by that beginning.
    beginnings: dict[str, list[Entry]] = field(default_factory=dict)


class Phrases:
    """The compiled phrases of some lexicons; compile once and keep."""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        self._root = _Node()
        self._fillers: set[str] = set()
        for lexicon in lexicons:
            self._fillers.update(key for word in lexicon.fillers for keys in spellings(word) for key in keys)
            for phrase in lexicon.phrases:
                self._add(Entry(phrase, lexicon.name, lexicon.level, lexicon.category, mask=False))
            for phrase in lexicon.masks:
                self._add(Entry(phrase, lexicon.name, Level.ROUTINE, "", mask=True))

    def find(self, text: str) -> list[Found]:
        """What counts, sentence by sentence: no idioms, nothing inside a longer phrase or idiom."""
        return [found for sentence in sentences(text) for found in _longest(list(self._walk(sentence)))]

    def _add(self, entry: Entry) -> None:
        for keys in spellings(entry.phrase):
            if not keys:
                continue
            node = self._root
            for key in keys[:-1]:
                node = node.next.setdefault(key, _Node())
            if entry.phrase.rstrip().endswith("*"):
                node.beginnings.setdefault(keys[-1], []).append(entry)
            else:
                node.next.setdefault(keys[-1], _Node()).here.append(entry)

    def _walk(self, sentence: Sentence) -> Iterator[Found]:
        for start in range(len(sentence.keys)):
            node = self._root
            skipped = 0
            for at in range(start, len(sentence.keys)):
                key = sentence.keys[at]
                for entry in _begun(node, key):
                    yield Found(entry, start, at + 1, sentence)
                below = node.next.get(key)
                if below is None and at > start and key in self._fillers and skipped < _FILLERS:
                    skipped += 1
                    continue
                if below is None:
                    break
                node, skipped = below, 0
                for entry in node.here:
                    yield Found(entry, start, at + 1, sentence)


def _begun(node: _Node, key: str) -> Iterator[Entry]:
    if node.beginnings:
        for size in range(2, min(len(key), 40) + 1):
            yield from node.beginnings.get(key[:size], ())


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences that have words."""
    plain = clean(text)
    start = 0
    for mark in _SENTENCE_END.finditer(plain):
        yield from _sentence(plain[start : mark.end()], asks="?" in mark[0])
        start = mark.end()
    yield from _sentence(plain[start:], asks=False)


def _sentence(text: str, *, asks: bool) -> Iterator[Sentence]:
    words: list[Token] = tokens(text)
    if words:
        yield Sentence(text, tuple(word.key for word in words), tuple((word.start, word.end) for word in words), asks)


def _longest(found: list[Found]) -> list[Found]:
    """Drop what lies inside something longer, then the idioms themselves. Of equals all stay."""
    kept: list[Found] = []
    # By where they begin, the longest first: what covers a find comes before it.
    cover = (-1, -1)
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        span = (one.start, one.end)
        if one.end <= cover[1] and span != cover:
            continue
        cover = span
        kept.append(one)
    masked = {(one.start, one.end) for one in kept if one.entry.mask}
    return [one for one in kept if (one.start, one.end) not in masked]
