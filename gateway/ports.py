"""What the flow needs of the world, as small protocols. `gateway.app` alone knows who stands behind each.

Whoever stands behind a port raises `Unavailable` for a fault that may pass, and nothing else of its own:
callers decide what a fault means for the mail (mail first: never a loss).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.effects import Effect, Mail, Reminder
from gateway.core.events import Event, Ref
from gateway.core.history import History, Note, Story
from gateway.core.message.facts import Envelope
from gateway.core.policy.calendar import Absence, Session
from gateway.core.policy.client import Client
from gateway.core.policy.versions import Version
from gateway.core.replies import Reply
from gateway.core.tracking import Copy, FlagChange, FolderState


class Unavailable(Exception):
    """Something out there does not answer now. The text names the thing and the mend, never a person."""


class Unsigned(Unavailable):
    """Nobody has signed in there, or the provider ended the sign-in: no trying helps until a person signs in."""


class Clock(Protocol):
    """The one place that reads time. Instants are aware, in UTC."""

    def now(self) -> datetime:
        """The current instant."""
        ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set or the instant has come, whichever is first; None waits for the event alone."""
        ...


class Transport(Protocol):
    """Hands a message to a downstream. One per mailbox."""

    async def relay(self, envelope: Envelope, content: bytes) -> Reply:
        """The downstream's own reply, for all recipients of the envelope at once: 2yz only where every one was taken.

        `content` has CRLF line ends and no dot-stuffing. Never raises for a network fault: that is `NO_DOWNSTREAM`.
        Never sends again once the final dot went out unanswered.
        """
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What `Record.history` looks up. Keys and ids as `core.message.facts.Facts` has them."""

    ref: Ref
    digest: str
    thread: str
    #: In-Reply-To and References.
    refers_to: tuple[str, ...]
    #: Whom an ack would go to.
    person: str
    #: From when on this person's messages are listed; None where nobody asks how many there were.
    since: datetime | None
    #: Whether anybody asks for the earliest promise to this person that is still open.
    promises: bool = False


class Record(Protocol):
    """The append-only events and the effects that they cause."""

    async def history(self, question: Question, now: datetime) -> History:
        """What is known of the message, its thread and the person. Raises Unavailable."""
        ...

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        """Store events and effects in one transaction.

        False where `events` begins with a Received that this ref has already: then nothing is stored, not even effects.
        An effect whose key exists is not stored again, unless that one was cancelled: then it is armed anew.
        A Cancel takes back the pending effect with its `target` key. Raises Unavailable.
        """
        ...

    async def cause(self, effects: Sequence[Effect]) -> None:
        """Store effects that no message caused (their ref has an empty key), in one transaction; as `append` does.

        Raises Unavailable.
        """
        ...

    async def story(self, ref: Ref) -> Story | None:
        """One message's events. Raises Unavailable."""
        ...

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        """The messages with one of these Message-IDs, or that our mail with it was about. Raises Unavailable."""
        ...


class Tokens(Protocol):
    """Single-use tokens: what one allows happens once."""

    async def spend(
        self,
        token: str,
        until: datetime,
        ref: Ref,
        events: Sequence[Event],
        effects: Sequence[Effect],
        *,
        client: Client | None = None,
        note: Note | None = None,
    ) -> bool:
        """Spend a token and store what it brings about, in one transaction: events, effects, an entry of the roster and
        a presence note; False where it was spent before: then nothing is stored. `token` is an opaque id, remembered as
        spent until `until`. A ref with an empty key takes no events. Raises Unavailable.
        """
        ...


class Stories(Protocol):
    """Reads for ledger, reports and pages."""

    async def stories(self, mailbox: str | None, since: datetime | None, until: datetime | None) -> tuple[Story, ...]:
        """All stories whose message was received in the half-open span, oldest first. Raises Unavailable."""
        ...

    async def waiting(self, mailbox: str, author: str) -> tuple[Story, ...]:
        """Unanswered messages of one author, oldest first. Raises Unavailable."""
        ...

    async def open(self, mailbox: str, since: datetime) -> tuple[Story, ...]:
        """Messages received since, that a person wrote as far as can be told and nobody answered, oldest first.

        Raises Unavailable.
        """
        ...


class Notes(Protocol):
    """The presence note of each mailbox, sealed at rest."""

    async def note(self, mailbox: str) -> Note | None:
        """The last one that was kept, expired or not. Raises Unavailable."""
        ...

    async def keep_note(self, mailbox: str, note: Note | None) -> None:
        """Keep a note in place of the last one; None takes it back. Raises Unavailable."""
        ...


class Versions(Protocol):
    """The versions of every policy, appended and never changed."""

    async def versions(self) -> tuple[Version, ...]:
        """All of them, by name and number. Raises Unavailable."""
        ...

    async def add_versions(self, versions: Sequence[Version], effects: Sequence[Effect]) -> None:
        """Keep new versions with the effects that announce them, in one transaction; a number that exists already
        (another node was first) is not kept again. Raises Unavailable.
        """
        ...


class Diary(Protocol):
    """Absences and sessions as calendars outside say; what was read last, so asking takes no time."""

    def absences(self, mailbox: str) -> tuple[Absence, ...]:
        """Absences of a mailbox by its calendar, in order."""
        ...

    def sessions(self, mailbox: str, client: Client) -> tuple[Session, ...]:
        """Sessions of a client by the mailbox's calendar, in order."""
        ...


class Keeping(Protocol):
    """Keeps little: what the card says goes, goes."""

    async def oldest(self) -> Mapping[str, datetime]:
        """For each policy that decided a message: when its oldest one was received. Raises Unavailable."""
        ...

    async def erase(self, policy: str, before: datetime) -> int:
        """Erase the messages that this policy decided and that were received before, with all that hangs on them.

        How many; raises Unavailable.
        """
        ...

    async def erase_said(self, before: datetime) -> int:
        """Erase the words of what no message caused (digests, notices, reminders) where it is over and was due before.

        Spent tokens that ran out before go too, uncounted. How many; it is never said again all the same. Raises
        Unavailable.
        """
        ...


class Roster(Protocol):
    """What a practice has noted about its clients."""

    async def client(self, mailbox: str, address: str) -> Client | None:
        """The client with this address, if the mailbox has one. Raises Unavailable."""
        ...

    async def clients(self, mailbox: str) -> tuple[Client, ...]:
        """All of them, by address. Raises Unavailable."""
        ...

    async def save(self, mailbox: str, client: Client) -> None:
        """Add the client, or replace what was noted. Raises Unavailable."""
        ...

    async def save_all(self, mailbox: str, several: Sequence[Client]) -> None:
        """Save each, in one transaction: all or none. Raises Unavailable."""
        ...

    async def forget(self, mailbox: str, address: str) -> bool:
        """Take the client off the roster; False where there was none. Raises Unavailable."""
        ...


class Folders(Protocol):
    """Where copies of messages lie in a mailbox, as last seen."""

    async def folder(self, mailbox: str, folder: str) -> FolderState:
        """The last known state, an empty one for a folder never looked at. Raises Unavailable."""
        ...

    async def keep(self, mailbox: str, state: FolderState) -> None:
        """Replace the state of a folder by this one, in one transaction. Raises Unavailable."""
        ...

    async def change(self, mailbox: str, before: FolderState, after: FolderState) -> None:
        """Replace the state that was kept last by another, writing what differs: for folders of tens of thousands.

        In one transaction; as `keep` where the store knows another state than `before`. Raises Unavailable.
        """
        ...

    async def copies(self, ref: Ref) -> tuple[Copy, ...]:
        """Every copy known of a message. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """An effect claimed for carrying out. `message_id` was drawn when the effect was stored and never changes.

    `message_id` is `<TOKEN@domain>`, the token 128 random bits as hex; our mail carries it in References too,
    for servers that replace ids.
    """

    id: int
    effect: Mail
    message_id: str
    attempts: int
    #: When the effect was stored.
    since: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """A row of the outbox for people: no address, no text."""

    id: int
    kind: str
    mailbox: str
    state: str
    attempts: int
    due: datetime
    error: str


class Outbox(Protocol):
    """The effects that wait to be carried out, shared by all nodes."""

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> tuple[Claim, ...]:
        """Claim what is due; what is not settled by `lease_until` may be claimed again. Raises Unavailable."""
        ...

    async def settle(self, claim: Claim, events: Sequence[Event]) -> None:
        """It is done (or need not be): store the events and close the effect in one transaction. Raises Unavailable."""
        ...

    async def postpone(self, claim: Claim, due: datetime, error: str) -> None:
        """It failed for now: free the claim and try again at `due`. `error` names no person. Raises Unavailable."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next unclaimed effect is due, or a claim expires; None for nothing. Raises Unavailable."""
        ...


class OutboxDesk(Protocol):
    """What an admin may do with the outbox."""

    async def pending(self) -> tuple[Pending, ...]:
        """What waits and what was given up, oldest first. Raises Unavailable."""
        ...

    async def retry(self, number: int) -> bool:
        """Make it due at once, given up or not; False where there is none. Raises Unavailable."""
        ...

    async def drop(self, number: int) -> bool:
        """Never carry it out; False where there is none. Raises Unavailable."""
        ...


class Submission(Protocol):
    """Hands our own mail to the smart host."""

    async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
        """The smart host's reply; a network fault is `NO_DOWNSTREAM`."""
        ...


class Flags(Protocol):
    """Sets flags and keywords in one mailbox."""

    async def add(self, copy: Copy, flags: frozenset[str]) -> frozenset[str]:
        """Add flags to a copy and read back what it has then. Raises Unavailable."""
        ...


class Moves(Protocol):
    """Moves messages in one mailbox."""

    async def move(self, copy: Copy, folder: str, *, unseen: bool = False) -> bool:
        """Move a copy to a folder, which is made where it is missing (RFC 6851, else COPY and EXPUNGE of that one).

        With `unseen` only while it is unread: False, and it lies where it lay, where it was seen or is gone. Never
        deletes a message. Raises Unavailable.
        """
        ...

    async def find(self, folder: str, message_id: str, since: datetime) -> tuple[Copy, ...]:
        """The messages with this Message-ID that came into a folder on the day of `since` or later, as they lie there
        now, but for those marked to be deleted; none where there is no such folder. Raises Unavailable.
        """
        ...


class SignIns(Protocol):
    """What OAuth 2 sign-ins gave us, sealed at rest."""

    async def sign_in(self, name: str) -> str | None:
        """What was kept under a name (JSON), None for nothing. Raises Unavailable."""
        ...

    async def keep_sign_in(self, name: str, tokens: str | None) -> None:
        """Keep it in place of what was there, durably when this returns; None forgets. Raises Unavailable."""
        ...


class Bearer(Protocol):
    """Access tokens of one sign-in by OAuth 2, for whoever signs in with them."""

    async def token(self, refused: str = "") -> str:
        """A token that is good for the next minutes, renewed where need be.

        `refused` is one that a server did not take: another is given. Raises Unavailable, and Unsigned.
        """
        ...


class Drafts(Protocol):
    """Puts drafts into one mailbox."""

    async def put(self, message_id: str, content: bytes) -> None:
        """Put a draft into the folder of drafts, unless one with this Message-ID lies there. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that is new in a folder, as the mailbox has it. `at` is its INTERNALDATE or file time."""

    copy: Copy
    content: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """Which message a sighting is (None: none of ours, left alone), and the tags that it should carry."""

    ref: Ref | None
    tags: frozenset[str] = frozenset()
    #: The folder that it should be moved to once it is tagged; empty leaves it.
    folder: str = ""


class Observer(Protocol):
    """What a watcher tells of a mailbox. Every call may be made again for the same thing: it is said once all the same.

    Each raises Unavailable while the record is down; the watcher then keeps its old state and looks again later.
    """

    async def arrived(self, mailbox: str, sighting: Sighting) -> Placed:
        """A message is new in the inbox. Flags that it has already are told as a change, once its place is kept."""
        ...

    async def tagged(self, mailbox: str, ref: Ref, wanted: frozenset[str], kept: frozenset[str]) -> None:
        """Tags were set on a copy, and this is what it has, read back."""
        ...

    async def changed(self, mailbox: str, changes: Sequence[FlagChange], since: datetime) -> None:
        """The flags of known copies changed between `since` and now: all that one look at a folder showed."""
        ...

    async def sent(self, mailbox: str, sighting: Sighting) -> None:
        """A message is new in a folder of sent mail."""
        ...


class Wording(Protocol):
    """Makes words of effects."""

    def render(self, effect: Mail) -> Words:
        """Subject, text and HTML of an effect's mail, in its language. Raises ValueError where a template fails."""
        ...

    def draft(self, effect: Reminder) -> Words:
        """Subject and text of the draft that a reminder speaks of: the therapist's own words to the client, to begin
        with. Raises ValueError where a template fails.
        """
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """A rendered template. `html` may be empty."""

    subject: str
    text: str
    html: str
    #: The language that it is in: the effect's where there are templates for it.
    language: str = ""


class Alerts(Protocol):
    """Tells the admin what needs a person, once a while for the same thing."""

    def tell(self, code: str, **ids: str) -> None:
        """Tell it; `ids` name things (a mailbox, an effect), never people."""
        ...

    def standing(self) -> Mapping[str, str]:
        """What was told and not cleared, code to words."""
        ...

    def clear(self, code: str, **ids: str) -> None:
        """It is well again."""
        ...
