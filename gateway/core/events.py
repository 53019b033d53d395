"""What happened to a message. Events are appended, never changed; everything else is folded from them.

Instants are aware and in UTC. Fields that name a person are listed in `PERSONAL`; the store seals them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Literal

from gateway.core.reasons import Reason


@unique
class Level(StrEnum):
    """How urgent the words of a message are. *Routine* never means safe: most people at risk use no word
    that a list knows."""

    ROUTINE = "routine"
    MENTION = "mention"
    URGENT = "urgent"
    CRISIS = "crisis"

    @property
    def rank(self) -> int:
        """Grows with urgency."""
        return list(Level).index(self)


@unique
class Origin(StrEnum):
    """Who wrote it."""

    PERSON = "person"
    MACHINE = "machine"
    UNSURE = "unsure"


@unique
class Expect(StrEnum):
    """What the writer of a message may expect of the therapist, by the policy that decided it."""

    #: An answer; where a deadline is promised, by it.
    ANSWER = "answer"
    #: Perhaps an answer.
    MAYBE = "maybe"
    #: No answer by email.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ref:
    """Which message: the mailbox it is for (its name in the settings) and the key of its identity
    (SHA-256, hex, over the Message-ID, else over the stable parts). An empty key: what no message caused."""

    mailbox: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message came, by SMTP or found in the mailbox; with all that is kept of it. Never the body."""

    kind: Literal["received"] = "received"
    at: datetime
    via: Literal["smtp", "mailbox"]
    #: SHA-256, hex, of the content as it came, reverse-path and recipients: tells a peer's retry.
    digest: str
    message_id: str
    #: SHA-256, hex, of the first Message-ID of its thread.
    thread: str
    reverse_path: str
    author: str
    author_name: str
    author_verified: bool
    recipient: str
    subject: str
    #: Where a receipt was asked for (Disposition-Notification-To), else empty.
    receipt_to: str
    important: bool
    sent_at: datetime | None
    language: str
    new_words: int
    quoted_words: int
    attachment_words: int
    origin: Origin
    answerable: bool
    level: Level
    category: str
    policy: str
    #: What the ack promised or would promise; None where the policy promises nothing.
    read_by: datetime | None
    answer_by: datetime | None
    reasons: tuple[Reason, ...]
    #: The number of the policy's version that decided (`core.policy.versions`); 0 before versions were kept.
    version: int = 0
    expect: Expect = Expect.MAYBE
    #: Whom its sender wrote to at first, with the type of the address, where a server noted it (RFC 8098 2.3).
    original_recipient: str = ""
    #: What it asks of the gateway, and nothing beside: then it waits for nobody, and counts for nothing.
    request: Literal["", "withdraw"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """The downstream answered 2yz."""

    kind: Literal["relayed"] = "relayed"
    at: datetime
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Our ack was handed to the smart host."""

    kind: Literal["acknowledged"] = "acknowledged"
    at: datetime
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`\\Seen` was set. `since` is when we last knew it unset: it was seen between `since` and `at`."""

    kind: Literal["seen"] = "seen"
    at: datetime
    since: datetime | None = None
    #: Marked as read together with many others, so nobody can say that it was opened.
    bulk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """`\\Seen` was taken off again."""

    kind: Literal["unseen"] = "unseen"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The therapist answered. `words` are the answer's own, None where only `\\Answered` was seen."""

    kind: Literal["answered"] = "answered"
    at: datetime
    witness: Literal["sent", "flag"]
    words: int | None
    #: SHA-256, hex, of the answer's Message-ID; empty for a flag. An answer that closes several is timed once.
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSent:
    """A receipt left: ours, or (`by` program) the mail program's own."""

    kind: Literal["receipt-sent"] = "receipt-sent"
    at: datetime
    by: Literal["gateway", "program"]
    form: Literal["mdn", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """An alert was handed to the smart host."""

    kind: Literal["alerted"] = "alerted"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudged:
    """The therapist was reminded by mail that a promise is about to lapse."""

    kind: Literal["nudged"] = "nudged"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """The mailbox shows the tag, read back; `how` is the rung of the ladder that held."""

    kind: Literal["tagged"] = "tagged"
    at: datetime
    how: Literal["keyword", "flagged", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The client took it back while it was unread: it lies in the folder of withdrawn mail."""

    kind: Literal["withdrawn"] = "withdrawn"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWithdrawn:
    """The client asked to take it back, and it stays where it is. `gone`: it is not where we look."""

    kind: Literal["not-withdrawn"] = "not-withdrawn"
    at: datetime
    why: Literal["seen", "crisis", "gone", "policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """The therapist charges nothing for it. `note` is the therapist's reason, for the statement."""

    kind: Literal["waived"] = "waived"
    at: datetime
    by: Literal["digest", "command", "page"]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recategorised:
    """The therapist put it into another category, which holds for charges and allowances from here on."""

    kind: Literal["recategorised"] = "recategorised"
    at: datetime
    category: str
    by: Literal["digest", "command", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """The outbox gave an effect up."""

    kind: Literal["given-up"] = "given-up"
    at: datetime
    effect: str
    why: str


Event = (
    Received
    | Relayed
    | Acknowledged
    | Seen
    | Unseen
    | Answered
    | ReceiptSent
    | Alerted
    | Nudged
    | Tagged
    | Withdrawn
    | NotWithdrawn
    | Waived
    | Recategorised
    | GivenUp
)

#: Fields of events that name a person or quote them: sealed at rest, never in a log.
PERSONAL = frozenset(
    {"message_id", "reverse_path", "author", "author_name", "recipient", "subject", "receipt_to", "note"}
    | {"original_recipient"}
)
