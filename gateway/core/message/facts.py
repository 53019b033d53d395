"""What is known of a message before any policy is asked: the envelope and the facts read from the content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.events import Origin
from gateway.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the peer said before DATA (RFC 5321 2.3.1). The null reverse-path is the empty string."""

    reverse_path: str
    recipients: tuple[str, ...]
    peer: str = ""
    helo: str = ""
    smtputf8: bool = False
    eightbit: bool = False
    tls: bool = False
    #: The peer greeted with EHLO, not HELO.
    esmtp: bool = True
    #: Nobody noted the reverse-path: the author stands in for it.
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """An address with the name beside it, as the author wrote them."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Automation:
    """Two verdicts: who wrote it, and may a machine write back; each with its reasons."""

    origin: Origin
    answerable: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text itself; `words` are counted where it is text."""

    media_type: str
    octets: int
    words: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is read from content and envelope. Reading never raises: what can't be read is in `defects`."""

    envelope: Envelope
    #: SHA-256, hex: identity of the message (Message-ID, else the stable parts) and of these very bytes.
    key: str
    digest: str
    octets: int
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    #: SHA-256, hex, of the first Message-ID of its thread (its own, where it begins one).
    thread: str
    author: Person
    reply_to: tuple[str, ...]
    #: None where there is no readable Date.
    sent_at: datetime | None
    subject: str
    #: All of the text, without quotes and signature, and only the quotes.
    text: str
    new_text: str
    quoted_text: str
    new_words: int
    quoted_words: int
    attachments: tuple[Attachment, ...]
    #: ISO 639 code guessed from Content-Language or the words; empty where unsure.
    language: str
    automation: Automation
    #: Disposition-Notification-To (RFC 8098 2.1), every address of it.
    receipt_to: tuple[str, ...]
    important: bool
    #: Answering may put the writer at risk ("don't reply to this address").
    answering_unsafe: bool
    defects: tuple[str, ...] = field(default=())
    #: To and Cc: tells an answer from a forward.
    to: tuple[str, ...] = ()
    #: The bodies of the topmost Authentication-Results fields, as far as one server's run of them goes (RFC 8601).
    authentication: tuple[str, ...] = ()
    #: Options without which no receipt is wanted (Disposition-Notification-Options, RFC 8098 2.2).
    receipt_requires: tuple[str, ...] = ()
    #: As a server before us noted it: `rfc822;` and the address that was written to at first (RFC 8098 2.3).
    original_recipient: str = ""

    @property
    def attachment_words(self) -> int:
        """Words in attached text."""
        return sum(attachment.words for attachment in self.attachments)
