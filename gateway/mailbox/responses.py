"""IMAP responses to values: FETCH items, SELECT's codes, LIST lines (RFC 9051 7).

In go the parts of one response as the protocol cut them, out come dictionaries and frozen values. Items are matched
without case and in any order; what makes no sense is left out, for one odd message must never stop a folder.
Nothing is read of ENVELOPE or BODYSTRUCTURE: too many servers send broken ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from gateway.mailbox.names import decode, same
from gateway.mailbox.protocol import Parts

_TOKEN = re.compile(rb'BODY(?:\.PEEK)?\[[^\]]*\](?:<\d+>)?|"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+', re.IGNORECASE)
_FETCH = re.compile(rb"\d+ FETCH \(", re.IGNORECASE)
_LITERAL = re.compile(rb"~?\{\d+\+?\}$")
_ESCAPED = re.compile(rb'\\(["\\])')
_LIST = re.compile(rb'X?LIST \(([^)]*)\) (?:NIL|"((?:[^"\\]|\\.)*)") (.*)$', re.IGNORECASE | re.DOTALL)
_VANISHED = re.compile(rb"VANISHED (?:\(EARLIER\) )?([\d:,]+)", re.IGNORECASE)
#: What XLIST, the forerunner of RFC 6154, calls the same.
_XLIST = {"\\spam": "\\junk", "\\allmail": "\\all", "\\starred": "\\flagged"}
_HOLDS_NOTHING = {"\\noselect", "\\nonexistent"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_BACKOFF = re.compile(rb"Backoff Time:?\s*(\d+)\s*(milliseconds|seconds)?", re.IGNORECASE)
_CODE = re.compile(rb"\[([A-Z-]+)\b")

_MESSAGE_ID = re.compile(rb"\s*Message-ID[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE)

#: An item's value: a string, a list in parentheses, or None for NIL and for a literal that was passed over.
Value = bytes | list["Value"] | None


def fetched(parts: Parts) -> dict[str, Value] | None:
    """The items of a FETCH response by upper-case name; None where the response is another one."""
    first = parts[0] or b""
    head = _FETCH.match(first)
    if not head:
        return None
    items = _nested(_tokens([first[head.end() :], *parts[1:]]))
    names = [name for name in items[::2] if isinstance(name, bytes)]
    if len(names) != len(items[::2]):
        return {}
    values = zip(names, items[1::2], strict=False)
    found = {name.decode("ascii", "replace").upper(): value for name, value in values}
    # Seen where a message has none; to have no flags is a value.
    return {name: [] if name == "FLAGS" and value is None else value for name, value in found.items()}


def _tokens(parts: Parts) -> Iterator[tuple[bool, bytes | None]]:
    """Tokens, each with whether it is bare (a parenthesis or an atom) or a string's content."""
    after_literal = False
    for index, part in enumerate(parts):
        if after_literal:
            yield False, part
            after_literal = False
            continue
        line = part or b""
        if index + 1 < len(parts):
            line, after_literal = _LITERAL.sub(b"", line), True
        for match in _TOKEN.finditer(line):
            token = match[0]
            if token.startswith(b'"'):
                yield False, _ESCAPED.sub(rb"\1", token[1:-1])
            else:
                yield True, token


def _nested(tokens: Iterator[tuple[bool, bytes | None]]) -> list[Value]:
    """Tokens up to the parenthesis that closes the response, lists made of inner ones. No recursion.

    A bare NIL is no value (RFC 9051 4.5): what a message says that is moved away while it is read.
    """
    stack: list[list[Value]] = [[]]
    for bare, token in tokens:
        if bare and token == b"(":
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif bare and token == b")":
            if len(stack) == 1:
                break
            stack.pop()
        else:
            stack[-1].append(None if bare and token and token.upper() == b"NIL" else token)
    return stack[0]


def number(value: Value) -> int | None:
    """A number of any size (MODSEQ has 63 bits), also inside parentheses; None for what is none or below zero."""
    if isinstance(value, list):
        value = value[0] if value else None
    return int(value) if isinstance(value, bytes) and value.isdigit() else None


def flags(value: Value) -> frozenset[str] | None:
    """A flag list; None where the item is missing. `\\Recent` is the connection's own affair and left out."""
    if not isinstance(value, list):
        return None
    words = (one.decode("utf-8", "replace") for one in value if isinstance(one, bytes))
    return frozenset(word for word in words if word.casefold() != "\\recent")


def literal(items: dict[str, Value], name: str) -> bytes | None:
    """The content of the first item whose name begins so."""
    for key, value in items.items():
        if key.startswith(name) and isinstance(value, bytes):
            return value
    return None


def message_id(header: bytes) -> str:
    """The Message-ID in a header section that has no other fields, in one line; the first where there are several."""
    match = _MESSAGE_ID.match(header)
    return b" ".join(match[1].split()).decode("utf-8", "replace") if match else ""


def instant(value: Value) -> datetime | None:
    """INTERNALDATE in UTC; None for dates that are none (`00-Jan-0000` was seen)."""
    match = _DATE.fullmatch(value.decode("ascii", "replace")) if isinstance(value, bytes) else None
    if not match or match[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[at]) for at in (1, 3, 4, 5, 6))
    offset = f"{match[7]}{match[8]}:{match[9]}"
    month = _MONTHS.index(match[2].lower()) + 1
    try:
        stamp = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}"
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Selected:
    """What SELECT says of a folder. `modseq` is 0 where there are no mod-sequences (RFC 7162 3.1.2.2)."""

    validity: str
    next_uid: int
    modseq: int
    #: PERMANENTFLAGS: what STORE may set for good; `\\*` allows new keywords.
    permanent: frozenset[str]

    def keeps(self, flag: str) -> bool:
        """Whether the server says that it keeps a flag."""
        allowed = {one.casefold() for one in self.permanent}
        return flag.casefold() in allowed or (not flag.startswith("\\") and "\\*" in allowed)


def selected(untagged: Sequence[Parts]) -> Selected:
    """SELECT's untagged responses as a value."""
    lines = [parts[0] or b"" for parts in untagged]
    permanent = _coded(lines, rb"PERMANENTFLAGS \(([^)]*)\)")
    if permanent is None:  # RFC 9051 7.1: without it, all flags of the folder are kept
        permanent = _coded(lines, rb"^FLAGS \(([^)]*)\)") or b""
    return Selected(
        validity=(_coded(lines, rb"\[UIDVALIDITY (\d+)") or b"unsteady").decode(),
        next_uid=int(_coded(lines, rb"\[UIDNEXT (\d+)") or 0),
        modseq=int(_coded(lines, rb"\[HIGHESTMODSEQ (\d+)") or 0),
        permanent=frozenset(permanent.decode("utf-8", "replace").split()),
    )


def _coded(lines: Sequence[bytes], pattern: bytes) -> bytes | None:
    for line in lines:
        if match := re.search(pattern, line, re.IGNORECASE):
            return match[1]
    return None


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder in a LIST. `attributes` are in lower case: `\\sent`, `\\archive` (RFC 6154)."""

    name: str
    attributes: frozenset[str]
    #: What parts the levels of its name; empty where there are none.
    delimiter: str = ""


def folders(untagged: Sequence[Parts]) -> tuple[Listed, ...]:
    """The folders in a LIST or XLIST that can hold messages, each once: some servers list one twice."""
    found: dict[str, Listed] = {}
    for parts in untagged:
        folder = _listed(parts)
        if folder is not None and not folder.attributes & _HOLDS_NOTHING:
            known = found.get(folder.name.casefold(), folder)
            found[folder.name.casefold()] = replace(known, attributes=known.attributes | folder.attributes)
    return tuple(found.values())


def drafts_folder(untagged: Sequence[Parts], named: str) -> str | None:
    """The folder in a LIST that is marked `\\Drafts` (RFC 6154), else the one with the given name, if it is there."""
    found = folders(untagged)
    marked = (folder.name for folder in found if "\\drafts" in folder.attributes)
    return next(marked, None) or next((folder.name for folder in found if same(folder.name, named)), None)


def _listed(parts: Parts) -> Listed | None:
    match = _LIST.match(parts[0] or b"")
    if not match:
        return None
    words = (word.casefold() for word in match[1].decode("ascii", "replace").split())
    attributes = frozenset(_XLIST.get(word, word) for word in words)
    delimiter = _ESCAPED.sub(rb"\1", match[2] or b"").decode("ascii", "replace")
    return Listed(_name(match[3], parts), attributes, delimiter)


def _name(rest: bytes, parts: Parts) -> str:
    """A folder's name, which stands first in `rest`, or in the literal that follows it."""
    if _LITERAL.match(rest) and len(parts) > 1:
        name = parts[1] or b""
    elif rest.startswith(b'"') and (quoted := _TOKEN.match(rest)):
        name = _ESCAPED.sub(rb"\1", quoted[0][1:-1])
    else:
        name = rest.split(b" ")[0]
    return decode(name.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Status:
    """What STATUS says of a folder, by upper-case item; servers leave items out (163.com: UIDNEXT)."""

    folder: str
    items: Mapping[str, str]


def status(parts: Parts) -> Status | None:
    """A STATUS response as a value; None where the response is another one."""
    first = parts[0] or b""
    if first[:7].upper() != b"STATUS ":
        return None
    rest = first[7:]
    tail = (parts[-1] or b"") if len(parts) > 1 else rest
    words = tail.rpartition(b"(")[2].rstrip(b") ").decode("ascii", "replace").upper().split()
    return Status(_name(rest, parts), dict(zip(words[::2], words[1::2], strict=False)))


def vanished(parts: Parts) -> tuple[tuple[int, int], ...]:
    """Spans of uids, both ends inclusive, in a VANISHED response (RFC 7162 3.2.10); what makes no sense is left out."""
    match = _VANISHED.fullmatch(parts[0] or b"")
    if not match:
        return ()
    spans = (one.partition(b":") for one in match[1].split(b","))
    numbers = ((int(first), int(last) if last.isdigit() else int(first)) for first, _, last in spans if first.isdigit())
    return tuple((min(pair), max(pair)) for pair in numbers)


def enabled(untagged: Sequence[Parts]) -> frozenset[str]:
    """What ENABLE switched on (RFC 5161). iCloud says OK and switches on nothing."""
    words = ((parts[0] or b"").decode("ascii", "replace").upper().split() for parts in untagged)
    return frozenset(word for name, *rest in filter(None, words) if name == "ENABLED" for word in rest)


@lru_cache(maxsize=64)
def capabilities(lines: tuple[bytes, ...]) -> frozenset[str]:
    """What a server offers, in upper case; one value for all the connections to servers that offer the same."""
    words = (line.decode("ascii", "replace").upper().split() for line in lines)
    return frozenset(word for name, *rest in filter(None, words) if name == "CAPABILITY" for word in rest)


def backoff(text: bytes) -> float | None:
    """Seconds to stay away where a reply throttles us (Microsoft: `Suggested Backoff Time: 299961 milliseconds`)."""
    match = _BACKOFF.search(text)
    if match:
        return int(match[1]) / (1 if (match[2] or b"").lower() == b"seconds" else 1000)
    return 60.0 if b"throttled" in text.lower() else None


def code(text: bytes) -> str:
    """The response code of a reply (RFC 9051 7.1, RFC 5530), or nothing. The text beside it may name a person."""
    match = _CODE.match(text)
    return match[1].decode() if match else ""
