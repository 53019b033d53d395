"""The paragraphs of a letter, which both of its parts are made of, so that text and HTML say the same.

In goes a filled `body.txt`: blank lines part paragraphs, line ends within one mean nothing. A paragraph that begins
with `# ` is a heading, one that begins with `- ` an item of a list; `@ words <mailto:...>` is a link, whose address has
a line of its own in the text. A line separator (U+2028), as `lines` sets it, is a line end that stays.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_BLANK_LINES = re.compile(r"\n[ \t\r]*\n\s*")
#: Blanks that mean nothing: not the no-break space, at which no line is broken.
_BLANKS = re.compile(r"[ \t\r\n]+")
#: RFC 5322 2.1.1 asks for no more than 78; the rest is room for quote marks in an answer.
_WIDTH = 72
_GLUE = "\N{NO-BREAK SPACE}"
_LINE = "\N{LINE SEPARATOR}"
_LINK = re.compile(r"@ ([^<>]+) <(mailto:[^\s<>\"]+)>")
_MARKS: dict[str, Literal["heading", "item"]] = {"# ": "heading", "- ": "item"}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of text with nothing to tell its parts apart but line ends that were meant."""

    kind: Literal["plain", "heading", "item", "link"]
    lines: tuple[str, ...]
    #: Where a link leads.
    url: str = ""

    def __str__(self) -> str:
        """All of it in one line."""
        return " ".join(self.lines)


def lines(text: str) -> str:
    """Text whose line ends stay; blank lines part paragraphs as ever."""
    parts = (_LINE.join(line.strip() for line in part.split("\n")) for part in _BLANK_LINES.split(text.strip()))
    return "\n\n".join(parts)


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """The paragraphs of a filled template."""
    return tuple(_paragraph(part) for part in _BLANK_LINES.split(text) if part.strip())


def as_text(parts: Sequence[Paragraph], whole: Sequence[str]) -> str:
    """Wrapped lines; `whole` is never broken. Items of one list stand together."""
    text = ""
    for before, part in zip((None, *parts), parts, strict=False):
        text += _gap(before, part) + "\n".join(_wrapped(line, part.kind == "item", whole) for line in part.lines)
        text += f":\n{part.url}" if part.url else ""
    return text.replace(_GLUE, " ") + "\n"


def _gap(before: Paragraph | None, part: Paragraph) -> str:
    """What parts a paragraph from the one before: links belong to what they stand under."""
    if before is None:
        return ""
    close = before.kind == part.kind == "item" or before.kind == "heading" or part.kind == "link"
    return "\n" if close else "\n\n"


def _paragraph(text: str) -> Paragraph:
    flat = _BLANKS.sub(" ", text).strip(" ")
    if (link := _LINK.fullmatch(flat)) is not None:
        return Paragraph("link", (link[1],), link[2])
    kind = _MARKS.get(flat[:2])
    said = flat[2:] if kind else flat
    return Paragraph(kind or "plain", tuple(line.strip(" ") for line in said.split(_LINE)))


def _wrapped(line: str, item: bool, whole: Sequence[str]) -> str:
    for one in whole:
        line = line.replace(one, one.replace(" ", _GLUE))
    first, hang = ("- ", "  ") if item else ("", "")
    return textwrap.fill(
        line, _WIDTH, initial_indent=first, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
