"""What is to be done: a frozen value with a key that is unique for ever, so that it is said once.

An effect is stored in the transaction of the event that caused it; the outbox carries it out at `due`.
Effects hold instants and facts; `gateway.wording` makes words of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.core.events import Level, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Tell the client that the message arrived and what happens next (RFC 3834)."""

    kind: Literal["ack"] = "ack"
    ref: Ref
    due: datetime
    to: str
    #: The address that was written to: our mail is from it.
    sender: str
    #: Message-ID and References of the client's message, for threading.
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    language: str
    policy: str
    #: False where the recipient is neither on the roster nor verified: the text must not tell of a relation.
    known: bool
    level: Level
    received: datetime
    read_by: datetime | None
    answer_by: datetime | None
    #: Messages used and allowed in the current period; `allowed` None means no limit.
    used: int
    allowed: int | None
    per: str
    warn: bool

    @property
    def key(self) -> str:
        """Once a message."""
        return f"ack:{self.ref.mailbox}:{self.ref.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Tell the client that the message was read: as an MDN (RFC 8098) when they asked for one, else in plain words."""

    kind: Literal["receipt"] = "receipt"
    ref: Ref
    due: datetime
    form: Literal["mdn", "plain"]
    to: str
    sender: str
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    language: str
    policy: str
    known: bool
    received: datetime
    seen: datetime
    answer_by: datetime | None
    #: False where nobody had looked for a while: it was read at some time up to `seen`, and no text may say when.
    exact: bool = True

    @property
    def key(self) -> str:
        """Once a message and recipient."""
        return f"receipt:{self.ref.mailbox}:{self.ref.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Tell the therapist at once that words of urgency were found."""

    kind: Literal["alert"] = "alert"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    level: Level
    received: datetime
    #: Never in a subject line or a log; the text names the client to their own therapist.
    author: str
    #: Set where another text came under a Message-ID that was told of before.
    again: str = ""

    @property
    def key(self) -> str:
        """Once a message."""
        return f"alert:{self.ref.mailbox}:{self.ref.key}" + (f":{self.again}" if self.again else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Take back an effect that is not carried out yet; one that was cancelled may be caused again."""

    kind: Literal["cancel"] = "cancel"
    ref: Ref
    target: str


#: What the outbox carries out by mail.
Mail = Ack | Receipt | Alert
Effect = Mail | Cancel
