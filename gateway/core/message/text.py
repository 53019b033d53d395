"""Which words of a message are its text: plain or HTML, one of several alternatives, and what is attached.

In goes the top part, out come the text the writer wrote into the message, the text of messages attached to it (which
counts as quoted: somebody else's words, or the same writer's, earlier), and the attachments with their words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.core.message import html, mime
from gateway.core.message.facts import Attachment
from gateway.core.message.headers import decode
from gateway.core.message.words import count

#: Octets of one text looked at.
MOST_TEXT = 1024 * 1024
#: Octets of attached text whose words are counted, in all.
MOST_ATTACHED = 4 * 1024 * 1024

#: Texts that nobody reads as text.
_NOT_PROSE = frozenset({"text/calendar", "text/x-vcard", "text/vcard", "text/directory", "text/css", "text/x-amp-html"})


@dataclass(slots=True)
class Contents:
    """What was found in the parts."""

    texts: list[str] = field(default_factory=list)
    forwarded: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All texts of the message itself, in order."""
        return "\n\n".join(text for text in self.texts if text.strip())


def contents(top: mime.Part) -> Contents:
    """Walk the parts. Never raises; what is broken or too much is in `defects`."""
    walk = _Walk(Contents(), mime.Budget())
    walk.part(top, 0)
    walk.found.defects += walk.budget.defects
    walk.found.defects = list(dict.fromkeys(walk.found.defects))
    return walk.found


@dataclass(slots=True)
class _Walk:
    found: Contents
    budget: mime.Budget
    attached: int = MOST_ATTACHED

    def part(self, part: mime.Part, depth: int) -> None:
        if part.media_type.startswith("multipart/"):
            self._multipart(part, depth)
        elif part.media_type == "message/rfc822":
            self._message(part, depth)
        elif part.media_type in ("text/plain", "text/html") and not part.attached:
            self.found.texts.append(self._read(part))
        else:
            self._attachment(part)

    def _multipart(self, part: mime.Part, depth: int) -> None:
        if part.media_type == "multipart/encrypted":
            self.found.defects.append("encrypted")
        if part.media_type == "multipart/alternative":
            self._alternative(part, depth)
            return
        parts = 0
        for child in mime.children(part, depth + 1, self.budget):
            parts += 1
            self.part(child, depth + 1)
        if not parts:
            self.found.texts.append(self._plain(part))

    def _alternative(self, part: mime.Part, depth: int) -> None:
        """The first alternative that has words, which is the plain one (RFC 2046 5.1.4); attachments of all count."""
        chosen: list[str] = []
        for child in mime.children(part, depth + 1, self.budget):
            before, self.found.texts = self.found.texts, []
            self.part(child, depth + 1)
            texts, self.found.texts = self.found.texts, before
            if not any(count(text) for text in chosen):
                chosen = texts
        self.found.texts += chosen or [self._plain(part)]

    def _message(self, part: mime.Part, depth: int) -> None:
        inner = mime.embedded(part)
        self.found.attachments.append(Attachment(part.media_type, part.size))
        if not self.budget.take(depth + 1):
            return
        before, self.found.texts = self.found.texts, []
        self.part(inner, depth + 1)
        texts, self.found.texts = self.found.texts, before
        self.found.forwarded += [text for text in texts if text.strip()]

    def _attachment(self, part: mime.Part) -> None:
        words = 0
        if part.media_type.startswith("text/") and part.media_type not in _NOT_PROSE and self.attached > 0:
            self.attached -= min(part.size, MOST_TEXT)
            words = count(self._read(part))
        self.found.attachments.append(Attachment(part.media_type, part.size, words))

    def _plain(self, part: mime.Part) -> str:
        """A multipart without parts is read as it stands: its writer's words may be in it."""
        return self._read(replace(part, media_type="text/plain"))

    def _read(self, part: mime.Part) -> str:
        if part.size > MOST_TEXT:
            self.found.defects.append("text-cut")
        raw = part.octets(MOST_TEXT)
        text, sure = decode(raw, part.parameters.get("charset") or "utf-8")
        if not sure:
            self.found.defects.append("charset")
        if part.media_type == "text/html":
            return html.to_text(text)
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "").replace("\0", "")
