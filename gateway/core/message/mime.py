"""The MIME structure of a message (RFC 2046), by a walk of our own.

The standard library's parser recurses without a bound (3,000 nested multiparts end it); here depth and number of parts
are capped before anything is read, and what is beyond them is a defect, not an error. In goes a part's header fields
and body, out come its children or its octets. Which part is the text is `text.py`'s question.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.core.message.headers import Headers, base64_octets, parameters, parse

#: Real mail nests about six deep.
MOST_DEPTH = 12
MOST_PARTS = 300


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its media type, its parameters, and its body as it came."""

    headers: Headers
    body: bytes
    media_type: str
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    encoding: str = ""

    @property
    def attached(self) -> bool:
        """Whether its sender meant it as a file."""
        return self.disposition == "attachment" or bool(self.filename)

    def octets(self, most: int) -> bytes:
        """The decoded body (RFC 2045 6), cut so that at most about `most` octets come out."""
        if self.encoding == "base64":
            return base64_octets(self.body[: most * 3 // 2])
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(self.body[: most * 3])
        return self.body[:most]

    @property
    def size(self) -> int:
        """Octets of the decoded body; for quoted-printable those of the encoded one, which is near enough."""
        if self.encoding != "base64":
            return len(self.body)
        letters = len(self.body) - self.body.count(b"\n") - self.body.count(b"\r")
        return letters * 3 // 4 - self.body[-4:].count(b"=")


def part(headers: Headers, body: bytes, default: str = "text/plain") -> Part:
    """Name a part by its header fields; a missing or broken Content-Type is `default` (RFC 2045 5.2)."""
    media_type, given = parameters(headers.plain("content-type"))
    disposition, more = parameters(headers.plain("content-disposition"))
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type):
        media_type = default
    return Part(
        headers=headers,
        body=body,
        media_type=media_type,
        parameters=given,
        disposition=disposition,
        filename=more.get("filename") or given.get("name", ""),
        encoding=parameters(headers.plain("content-transfer-encoding"))[0],
    )


@dataclass(slots=True)
class Budget:
    """How many parts may still be read, and what was passed over."""

    parts: int = MOST_PARTS
    defects: list[str] = field(default_factory=list)

    def take(self, depth: int) -> bool:
        """Whether one more part may be read at this depth."""
        if self.parts > 0 and depth <= MOST_DEPTH:
            self.parts -= 1
            return True
        self.defects.append("too-many-parts" if self.parts <= 0 else "too-deep")
        return False


def children(whole: Part, depth: int, budget: Budget) -> Iterator[Part]:
    """The parts of a multipart, as far as the budget goes."""
    default = "message/rfc822" if whole.media_type == "multipart/digest" else "text/plain"
    for start, end in _bounds(whole, budget):
        if not budget.take(depth):
            return
        piece = whole.body[start:end]
        headers, at = parse(piece)
        yield part(headers, piece[at:], default)


def embedded(whole: Part) -> Part:
    """The message inside a message/rfc822 part."""
    content = whole.octets(len(whole.body))
    headers, at = parse(content)
    return part(headers, content[at:])


def _bounds(whole: Part, budget: Budget) -> Iterator[tuple[int, int]]:
    """Where the parts begin and end. Boundaries stand alone on a line; a missing last one is a defect, no loss."""
    named = whole.parameters.get("boundary", "")[:200].rstrip()
    if not named:
        budget.defects.append("multipart-without-boundary")
        return
    boundary = re.escape(named.encode("utf-8", "replace"))
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + boundary + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = -1
    for found in delimiter.finditer(whole.body):
        if start >= 0:
            yield start, found.start()
        start = _after_line_end(whole.body, found.end())
        if found[1]:
            return
    budget.defects.append("multipart-unclosed")
    if start >= 0:
        yield start, len(whole.body)


def _after_line_end(body: bytes, at: int) -> int:
    return at + 2 if body[at : at + 2] == b"\r\n" else at + 1
