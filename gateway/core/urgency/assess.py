"""How urgent the words of a message are, and what they are about; every step with its reason.

In go the facts of a message, the lexicons, and what was agreed with its writer; out comes a level, a category and the
words that were found. Looks at subject and new text; what is quoted counts only where nothing is new (a forwarded
message may be the alarm). *Routine* means that no phrase was found, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from gateway.core.events import Level
from gateway.core.message.facts import Facts
from gateway.core.message.words import keys
from gateway.core.reasons import Reason, because
from gateway.core.urgency.context import lowered
from gateway.core.urgency.lexicon import Lexicon
from gateway.core.urgency.match import Found, Phrases, sentences

_MOST_HITS = 20
_LONGEST_SENTENCE = 240
#: A message about an appointment is short; a long one has more to say.
_SHORT = 80


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that was found, with the level that its context left it, and the sentence it stands in.

    The sentence is the client's own words: for the therapist's eyes, never for a log.
    """

    phrase: str
    lexicon: str
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict. Hits come the most urgent first."""

    level: Level
    category: str
    hits: tuple[Hit, ...]
    reasons: tuple[Reason, ...]


class Matcher:
    """Lexicons, compiled once for many messages."""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        self._phrases = Phrases(lexicons)

    def assess(
        self, facts: Facts, *, agreed_word: str = "", trust_all: bool = False, words: tuple[str, ...] = ()
    ) -> Assessment:
        """The verdict on a message. `agreed_word` is the writer's own, `words` are the policy's for everybody;
        `trust_all` counts every message as urgent.
        """
        found = [*self._phrases.find(facts.subject), *self._phrases.find(facts.new_text)]
        agreed = _agreed_with_all(words) if words else None
        found += [*agreed.find(facts.subject), *agreed.find(facts.new_text)] if agreed else []
        judged = _judge(one for one in found if not one.entry.category)
        if not facts.new_text.strip():
            judged += _mentions(one for one in self._phrases.find(facts.quoted_text) if not one.entry.category)
        judged.sort(key=lambda one: -one[0].level.rank)
        judged = judged[:_MOST_HITS]
        level = max((hit.level for hit, _ in judged), key=lambda one: one.rank, default=Level.ROUTINE)
        reasons = [reason for _, why in judged for reason in why]
        if agreed_word and says(agreed_word, facts):
            level, reasons = _at_least_urgent(level), [because("agreed-word"), *reasons]
        if trust_all:
            level, reasons = _at_least_urgent(level), [because("trusted-client"), *reasons]
        category = next((one.entry.category for one in found if one.entry.category), "")
        if level is not Level.ROUTINE or facts.new_words > _SHORT:
            category = ""
        unique = tuple(dict.fromkeys(reasons)) or (because("routine"),)
        return Assessment(level, category, tuple(dict.fromkeys(hit for hit, _ in judged)), unique)


@cache
def _agreed_with_all(words: tuple[str, ...]) -> Phrases:
    """A policy's words as a lexicon, so that `it is not urgent` counts as what it says."""
    name = "the policy's words"
    return Phrases([Lexicon(name=name, language="", level=Level.URGENT, source=name, licence="", phrases=words)])


def assess(facts: Facts, lexicons: Sequence[Lexicon], *, agreed_word: str = "", trust_all: bool = False) -> Assessment:
    """The verdict on one message; for many, keep a `Matcher`."""
    return Matcher(lexicons).assess(facts, agreed_word=agreed_word, trust_all=trust_all)


_Judged = tuple[Hit, tuple[Reason, ...]]


def _judge(found: Iterable[Found]) -> list[_Judged]:
    return [_hit(one, *lowered(one)) for one in found]


def _mentions(found: Iterable[Found]) -> list[_Judged]:
    """What is quoted is somebody's words, perhaps not the writer's."""
    return [_hit(one, Level.MENTION, "quoted" if one.entry.level is not Level.MENTION else "") for one in found]


def _hit(found: Found, level: Level, cue: str) -> _Judged:
    entry = found.entry
    why = because("phrase", phrase=entry.phrase, lexicon=entry.lexicon)
    hit = Hit(entry.phrase, entry.lexicon, level, _around(found))
    return hit, (why, because("lowered", level=level.value, cue=cue)) if cue else (why,)


def _around(found: Found) -> str:
    """The sentence, or of a long one what stands around the phrase."""
    text, spans = found.sentence.text, found.sentence.spans
    if len(text) > _LONGEST_SENTENCE:
        start, end = spans[found.start][0], spans[found.end - 1][1]
        room = max(0, _LONGEST_SENTENCE - (end - start)) // 2
        text = f"… {text[max(0, start - room) : end + room]} …"
    return " ".join(text.split())


def says(word: str, facts: Facts) -> bool:
    """Whether subject or new text hold the word, or words in a row, whole; case and accents don't matter."""
    wanted = keys(word)
    return bool(wanted) and any(
        sentence.keys[at : at + len(wanted)] == wanted
        for text in (facts.subject, facts.new_text)
        for sentence in sentences(text)
        for at, key in enumerate(sentence.keys)
        if key == wanted[0]
    )


def _at_least_urgent(level: Level) -> Level:
    return level if level.rank >= Level.URGENT.rank else Level.URGENT
