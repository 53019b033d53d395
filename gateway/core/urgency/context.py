"""What the words around a phrase say: negated, long ago, a story, a joke, a question.

Context may lower a phrase, never to routine: clinical rule sets tell negation well and history badly, and a client who
denies a thought has had it before their eyes. Every rule here is narrow on purpose; where it is unsure the phrase
keeps its level. Cues are keys as `message.words.fold` writes them, English and German side by side.
"""

from __future__ import annotations

from gateway.core.events import Level
from gateway.core.urgency.match import Found

_NEGATIONS = frozenset(
    {"not", "no", "never", "without", "dont", "didnt", "wont", "wouldnt", "arent", "isnt", "nicht", "nie", "niemals"}
    | {"kein", "keine", "keinen", "keinerlei", "ohne", "havent", "hadnt", "zero"}
)
#: Words that may stand between a negation and what it negates. Any other ends its reach.
_FILLER_WORDS = """
want wanting to going gonna have having had any the a thoughts thought thinking about of plan plans planning
intention intentions intend desire urge urges wish feeling feel currently actively really at all be been trying
will would ever gedanken an daran am absicht absichten plan plane vor habe hatte mehr akut wirklich
"""
_FILLERS = frozenset(_FILLER_WORDS.split())
#: `not just`, `not sure`: these negate something else.
_NOT_NEGATING = frozenset({"only", "just", "sure", "certain", "nur", "sicher"})
_REACH = 6
#: Words on either side that count as around a phrase; a sentence may be as long as a message, with a phrase a word.
_AROUND = 60

#: Cues of the past; `#` is a number, as in `when I was 16`.
_LONG_AGO = (
    "when i was #", "when i was young", "when i was younger", "when i was little", "when i was a child",
    "when i was a kid", "when i was a teenager", "when i was in school", "when i was in college",
    "years ago", "decades ago", "i used to", "back then", "in the past", "as a teenager", "as a child", "as a kid",
    "damals", "fruher", "frueher", "vor jahren", "vor vielen jahren", "vor # jahren", "als kind", "als jugendliche",
    "als jugendlicher", "als teenager", "als ich # war", "als ich jung war", "als ich ein kind war",
)  # fmt: skip
_AGAIN_WORDS = """
again back now lately still today tonight recently currently week weekend yesterday
wieder jetzt heute noch immer neuerdings gestern gerade aktuell woche wochenende
"""
_AGAIN = frozenset(_AGAIN_WORDS.split())

_STORY = frozenset(
    {"film", "movie", "novel", "book", "song", "lyrics", "series", "episode", "character", "podcast", "documentary"}
    | {"roman", "buch", "lied", "serie", "folge", "figur", "krimi", "theaterstuck", "doku"}
)
_MYSELF = frozenset({"i", "im", "ive", "id", "ill", "me", "my", "myself", "ich", "mich", "mir", "mein", "meine"})

_JOKE = frozenset({"lol", "lmao", "rofl", "haha", "hahaha", "hahahaha", "hehe", "jk", "xd"})
_EARNEST_WORDS = """
but mean really serious seriously tonight today now soon bye goodbye plan
aber ernst wirklich heute nacht jetzt bald tschuss
"""
_EARNEST = frozenset(_EARNEST_WORDS.split())


def lowered(found: Found) -> tuple[Level, str]:
    """The level in its context, and the cue that lowered it (empty where none did)."""
    level = found.entry.level
    if level.rank <= Level.MENTION.rank:
        return level, ""
    first = max(0, found.start - _AROUND)
    keys, start = found.sentence.keys[first : found.end + _AROUND], found.start - first
    if cue := _negated(keys, start):
        return Level.MENTION, cue
    if cue := _long_ago(keys):
        return Level.MENTION, cue
    if cue := _in_a_story(keys, start):
        return Level.MENTION, cue
    if (cue := next((key for key in keys if key in _JOKE), "")) and not _EARNEST.intersection(keys):
        return Level.MENTION, cue
    if found.sentence.asks and (cue := _supposes(keys[:start])):
        return Level.URGENT if level is Level.CRISIS else Level.MENTION, cue
    return level, ""


def _negated(keys: tuple[str, ...], start: int) -> str:
    """The negation that reaches the phrase over fillers alone. Two of them say the opposite, or nothing clear."""
    for at in range(start - 1, max(-1, start - 1 - _REACH), -1):
        if keys[at] in _NEGATIONS:
            doubled = any(key in _NEGATIONS or key in {"cant", "cannot"} for key in keys[max(0, at - 4) : at])
            return "" if doubled or (keys[at + 1 : at + 2] and keys[at + 1] in _NOT_NEGATING) else keys[at]
        if keys[at] not in _FILLERS:
            return ""
    return ""


def _long_ago(keys: tuple[str, ...]) -> str:
    """The cue of the past, where no other word of the sentence brings it back (`again`, `now`, `this week`)."""
    padded = f" {' '.join('#' if key.isdigit() and len(key) < 3 else key for key in keys)} "
    cue = next((cue for cue in _LONG_AGO if f" {cue} " in padded), "")
    return "" if cue and _AGAIN.intersection(padded.replace(f" {cue} ", " ", 1).split()) else cue


def _in_a_story(keys: tuple[str, ...], start: int) -> str:
    """Somebody else's story: named before the phrase, and no word for oneself between them."""
    for at in range(start - 1, -1, -1):
        if keys[at] in _MYSELF:
            return ""
        if keys[at] in _STORY:
            return keys[at]
    return ""


def _supposes(before: tuple[str, ...]) -> str:
    return next((key for key in before if key in {"if", "falls", "wenn"}), "")
