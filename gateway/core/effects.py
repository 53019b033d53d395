"""What is to be done: a frozen value with a key that is unique for ever, so that it is said once.

An effect is stored in the transaction of the event that caused it; the outbox carries it out at `due`.
Effects hold instants and facts; `gateway.wording` makes words of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from gateway.core.events import Expect, Level, Ref
from gateway.core.news import Action, Beyond, Charging, Fate, Link, Noted, Open, Unacked


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
    #: The version of the policy that decided; what it says is what the words may say.
    version: int = 0
    category: str = ""
    expect: Expect = Expect.MAYBE
    #: Minutes of reading used and allowed, this message's included.
    minutes_used: int = 0
    minutes_allowed: int | None = None
    #: The client's very first message: the card goes with it.
    welcome: bool = False
    #: When the client is next seen, where that is known.
    session: datetime | None = None
    #: The last day of the absence that it came in, and who covers (a name of `covers`, or empty).
    away_until: date | None = None
    cover: str = ""
    #: The presence note and when it was written; empty for none.
    note: str = ""
    note_written: datetime | None = None
    #: Whether time with this message `may` cost by the answer to it or by more messages, `will` by reading alone.
    cost: Literal["", "may", "will"] = ""
    #: Where the client lives, for its crisis lines, and the zone that they are told times in; empty: the practice's.
    country: str = ""
    timezone: str = ""
    #: What of the policy is another for this client: an allowance of messages of their own, and no charge.
    messages: int | None = None
    exempt: bool = False
    #: It is not said later than this. None, as with acks of before there was a knob: a day after `received`.
    until: datetime | None = None

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
    version: int = 0
    category: str = ""
    expect: Expect = Expect.MAYBE
    session: datetime | None = None
    timezone: str = ""
    #: It has its answer already, so that nothing is said of one to come.
    answered: bool = False
    #: The message had no Message-ID of its own: `in_reply_to` is the one that we gave it.
    named_by_us: bool = False
    #: Whom its sender wrote to at first, with the type of the address; empty where nobody noted it.
    original_recipient: str = ""
    #: When its sender says that it was sent.
    sent_at: datetime | None = None

    @property
    def key(self) -> str:
        """Once a message and recipient."""
        return receipt_key(self.ref)


def receipt_key(ref: Ref) -> str:
    """What cancels a message's receipt."""
    return f"receipt:{ref.mailbox}:{ref.key}"


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
    version: int = 0
    #: A name of `covers`, where it goes to who covers and not to the therapist.
    cover: str = ""

    @property
    def key(self) -> str:
        """Once a message and recipient."""
        key = f"alert:{self.ref.mailbox}:{self.ref.key}" + (f":{self.again}" if self.again else "")
        return f"{key}:cover:{self.cover}" if self.cover else key


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """Remind the therapist that a promise is about to lapse; cancelled by the answer."""

    kind: Literal["nudge"] = "nudge"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    version: int
    received: datetime
    answer_by: datetime
    author: str

    @property
    def key(self) -> str:
        """Once a message."""
        return nudge_key(self.ref)


def nudge_key(ref: Ref) -> str:
    """What cancels a message's nudge."""
    return f"nudge:{ref.mailbox}:{ref.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Tell the therapist what is open: each day, or before a client's session."""

    kind: Literal["digest"] = "digest"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    version: int
    #: Words of a crisis first, then unsure ones, then by urgency and by promise.
    messages: tuple[Open, ...]
    #: Before whose session, and when that begins; empty for the daily one.
    client: str = ""
    session: datetime | None = None
    #: What is switched on, and until when.
    note_until: datetime | None = None
    away_until: date | None = None
    #: The next public holidays, each with its name, so that somebody looks at the list.
    holidays: tuple[tuple[date, str], ...] = ()
    #: News since the last digest: taken back by their writers, clients' own absence notes, no ack and why.
    withdrawn: tuple[Noted, ...] = ()
    away: tuple[Noted, ...] = ()
    unacked: tuple[Unacked, ...] = ()
    charging: tuple[Charging, ...] = ()
    beyond: tuple[Beyond, ...] = ()
    #: How many of our own mails were given up and wait for an admin.
    given_up: int = 0
    #: Where the links lead; empty: there are none.
    control: str = ""
    note_link: Link | None = None
    #: The words of the presence note that stands, to begin a new one with.
    note: str = ""

    @property
    def key(self) -> str:
        """Once a day and policy, or once a session."""
        at = self.session or self.due
        return f"digest:{self.ref.mailbox}:{self.policy}:{self.client}:{at:%Y-%m-%dT%H:%MZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Tell a client that the policy changes, and from when on; what changes is in both versions."""

    kind: Literal["notice"] = "notice"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    #: The version to come, and the one that holds until `since`.
    version: int
    before: int
    since: datetime
    timezone: str = ""
    country: str = ""
    messages: int | None = None
    exempt: bool = False

    @property
    def key(self) -> str:
        """Once a version and client."""
        return notice_key(self.ref.mailbox, self.policy, self.version, self.to)


def notice_key(mailbox: str, policy: str, version: int, to: str) -> str:
    """What cancels a client's notice of a version."""
    return f"notice:{mailbox}:{policy}:{version}:{to.casefold()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Remind the therapist that their own message between two sessions is due, with a draft in Drafts."""

    kind: Literal["reminder"] = "reminder"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    version: int
    client: str
    client_name: str
    #: When the last session ended.
    session: datetime
    #: What the draft is in; empty: the therapist's own.
    client_language: str = ""

    @property
    def key(self) -> str:
        """Once a session and client."""
        return f"reminder:{self.ref.mailbox}:{self.client.casefold()}:{self.session:%Y-%m-%dT%H:%MZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKept:
    """Tell the therapist what became of a presence note that they sent."""

    kind: Literal["note-kept"] = "note-kept"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    version: int
    #: The key of the message that said it; it may be seen in Sent and come by SMTP as well.
    message: str
    #: Empty where the note was taken back.
    note: str
    expires: datetime | None

    @property
    def key(self) -> str:
        """Once a message."""
        return f"note-kept:{self.ref.mailbox}:{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTold:
    """Tell the therapist what became of an action that a mail asked for."""

    kind: Literal["action-told"] = "action-told"
    ref: Ref
    due: datetime
    to: str
    sender: str
    language: str
    policy: str
    version: int
    #: The key of the mail that asked; it may be seen in Sent and come by SMTP as well.
    message: str
    fate: Fate
    #: None where no token told it.
    action: Action | None = None
    #: Whose message it is about, and when that came; empty for none.
    author: str = ""
    received: datetime | None = None
    #: The therapist's reason for a waiver.
    reason: str = ""
    #: Where the link leads that takes it back, and that link.
    control: str = ""
    undo: Link | None = None

    @property
    def key(self) -> str:
        """Once a mail."""
        return action_key(self.ref.mailbox, self.message)


def action_key(mailbox: str, message: str) -> str:
    """What cancels the word about a mail that asked for an action."""
    return f"action-told:{mailbox}:{message}"


#: Why a message was not taken back: it was read; words of a crisis were found in it; it is not in the inbox; nothing
#: shows any more whether it is unread. Empty: it was taken back.
Staying = Literal["", "seen", "crisis", "gone", "policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Take a message back that nobody has read, as its writer asks, and tell them which of the two happened."""

    kind: Literal["withdrawal"] = "withdrawal"
    #: The message to be taken back.
    ref: Ref
    due: datetime
    to: str
    sender: str
    #: Message-ID and References of the message that asks, for threading; and its key.
    in_reply_to: str
    references: tuple[str, ...]
    request: str
    language: str
    policy: str
    version: int
    #: As for an ack: False where the text must not tell of a relation.
    known: bool
    #: When the message to be taken back had come.
    received: datetime
    timezone: str = ""
    #: Where the client lives, for its crisis lines; empty: the practice's.
    country: str = ""
    #: What came of it: empty until it is tried.
    staying: Staying = ""

    @property
    def key(self) -> str:
        """Once a message, however often it is asked for."""
        return f"withdrawal:{self.ref.mailbox}:{self.ref.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Take back an effect that is not carried out yet; one that was cancelled may be caused again."""

    kind: Literal["cancel"] = "cancel"
    ref: Ref
    target: str


#: What the outbox carries out by mail.
Mail = Ack | Receipt | Alert | Nudge | Digest | Notice | Reminder | NoteKept | ActionTold | Withdrawal
#: Of it, what goes to the therapist, or to who covers.
INWARD = (Alert, Nudge, Digest, Reminder, NoteKept, ActionTold)
Effect = Mail | Cancel
