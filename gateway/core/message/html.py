"""HTML to the text that a person would see, quotes marked with `>` as in plain text.

Events of lxml's parser, no tree: linear, without recursion, whole at any nesting. Block elements end lines, inline
elements join (`to<b>mor</b>row` is one word), what is hidden from the reader is hidden here. A `blockquote` is a quote
only where it says so: Gmail and others use bare ones to indent, and those are the writer's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import lxml.etree

#: Characters of HTML looked at; more than any letter, less than a denial of service.
MOST = 1_000_000
#: Open elements at which markup is no letter any more: for each closing tag libxml2 looks through all of them.
_DEEPEST = 1000
_CHUNK = 4096

_BLOCKS = """
address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form
h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol option p pre section summary table td th tr ul
"""
_UNSEENS = "audio head iframe math noscript object script select style svg template textarea title video"
_VOIDS = "area base br col embed hr img input link meta param source track wbr"
_BLOCK, _UNSEEN, _VOID = frozenset(_BLOCKS.split()), frozenset(_UNSEENS.split()), frozenset(_VOIDS.split())
_APART = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "ul", "ol", "table"})
_HIDDEN = re.compile(r"display:none|visibility:hidden|mso-hide:all|(?:font-size|opacity|max-height):0(?![.\d])")
_QUOTE = re.compile(r"quote|cite", re.IGNORECASE)
_BLANK = re.compile(r"[ \t\r\n\f]+")


def to_text(markup: str) -> str:
    """The visible text. Never raises; markup beyond `MOST` characters is not looked at."""
    sink = _Sink()
    parser = lxml.etree.HTMLParser(target=sink, encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    octets = markup[:MOST].replace("\0", "").encode("utf-8", "replace") or b" "
    at = 0
    try:
        while at < len(octets) and sink.depth <= _DEEPEST:
            parser.feed(octets[at : at + _CHUNK])
            at += _CHUNK
        parser.close()
    except (lxml.etree.LxmlError, ValueError, AssertionError):
        return sink.text() or _without_tags(markup[:MOST])
    in_tag = octets.rfind(b"<", 0, at) > octets.rfind(b">", 0, at)
    rest = octets[at:].partition(b">")[2] if in_tag else octets[at:]
    return "\n".join(one for one in (sink.text(), _without_tags(rest.decode("utf-8", "replace"))) if one)


class _Sink:
    """Takes the parser's events (the names are lxml's) and writes lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._now: list[str] = []
        #: One entry an open element: its tag, whether it hides, whether it quotes, whether it keeps blanks.
        self._open: list[tuple[str, bool, bool, bool]] = []
        self._hidden = self._quotes = self._kept = 0

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._open)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        if tag in _BLOCK:
            self._end_line(apart=tag in _APART)
        if tag in _VOID:
            return
        hides = tag in _UNSEEN or _hides(attributes)
        quotes = tag == "blockquote" and _quotes(attributes)
        keeps = tag == "pre"
        self._open.append((tag, hides, quotes, keeps))
        self._count((hides, quotes, keeps), 1)

    def end(self, tag: str) -> None:
        """An element closes; lxml closes in order, what does not fit is passed over."""
        if tag in _VOID or not self._open or self._open[-1][0] != tag:
            return
        if tag in _BLOCK:
            self._end_line(apart=tag in _APART)
        self._count(self._open.pop()[1:], -1)

    def data(self, text: str) -> None:
        """Characters between tags."""
        if self._hidden:
            return
        if not self._kept:
            self._now.append(_BLANK.sub(" ", text))
            return
        first, *rest = text.split("\n")
        self._now.append(first)
        for line in rest:
            self._end_line(apart=False, always=True)
            self._now.append(line)

    def close(self) -> None:
        """The document ends."""
        self._end_line(apart=False)

    def text(self) -> str:
        """What was gathered: no blanks at line ends, at most one empty line in a row."""
        self._end_line(apart=False)
        return "\n".join(self._lines).strip("\n")

    def _count(self, marks: tuple[bool, bool, bool], step: int) -> None:
        self._hidden += marks[0] * step
        self._quotes += marks[1] * step
        self._kept += marks[2] * step

    def _end_line(self, *, apart: bool, always: bool = False) -> None:
        line = "".join(self._now).replace("\u00a0", " ").rstrip()
        line = line if self._kept else _BLANK.sub(" ", line).strip()
        self._now = []
        depth = min(self._quotes, 20)
        if line or always:
            self._lines.append(f"{'>' * depth} {line}" if depth else line)
        if apart and self._lines and self._lines[-1]:
            self._lines.append("")


def _hides(attributes: Mapping[str, str]) -> bool:
    style = attributes.get("style", "")
    return "hidden" in attributes or bool(style and _HIDDEN.search("".join(style.lower().split())))


def _quotes(attributes: Mapping[str, str]) -> bool:
    marks = f"{attributes.get('type', '')} {attributes.get('class', '')} {attributes.get('id', '')}"
    return "cite" in attributes or bool(_QUOTE.search(marks)) or "border-left" in attributes.get("style", "")


def _without_tags(markup: str) -> str:
    first, *rest = markup.split("<")
    return " ".join([first, *(piece.partition(">")[2] for piece in rest)]).strip()
