"""What a lookout looks at, and whom it talks to. Values and protocols only.

A folder of IMAP or of Maildir stands behind `Folder`. `Trail` remembers where messages lay last, so that one which was
moved is told with what was known of it before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Protocol

from gateway.core.events import Ref
from gateway.core.tracking import Copies
from gateway.ports import Alerts, Clock, Folders, Moves, Observer, Record

#: "Since" of a change that happened while nobody looked, after a restart.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
#: Messages whose last place is remembered.
_TRAIL = 1000


@unique
class Role(Enum):
    """What a folder is to us."""

    #: New mail lands here.
    INBOX = "inbox"
    #: The therapist's answers.
    SENT = "sent"
    #: Where messages are moved to, and read.
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Look:
    """A folder as it is now."""

    validity: str
    next_uid: int
    modseq: int
    #: The flags of all that is new, and of ours as far as the look asked; in the order in which they came.
    flags: Mapping[str, frozenset[str]]
    #: Every message; None where the look did not go through all of them.
    uids: Collection[str] | None = None
    #: Where it did not: those that were found to be gone.
    gone: frozenset[str] = frozenset()


class Folder(Protocol):
    """A folder that can be looked at. Each call raises Unavailable."""

    @property
    def name(self) -> str:
        """As people read it."""
        ...

    async def look(self, known: Known, *, full: bool) -> Look:
        """The folder now. Unless `full`, only what changed since `known` need be asked for."""
        ...

    async def message_ids(self, uids: Sequence[str]) -> Mapping[str, str]:
        """The Message-IDs of those that have one."""
        ...

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> Sequence[str]:
        """Those of the newest that came at an instant or after it, to the second."""
        ...

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        """A message and when it came; None for one that is gone or too long to be read."""
        ...

    async def add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        """Set flags and read back what the message has then."""
        ...

    def keeps(self, flag: str) -> bool:
        """Whether the folder can keep a flag, as far as it says."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """`core.tracking.FolderState`, held small."""

    folder: str
    validity: str
    next_uid: int
    modseq: int
    copies: Copies


@dataclass(frozen=True, slots=True)
class Left:
    """How a message was when it was last seen in a folder that it left."""

    flags: frozenset[str]
    at: datetime


class Trail:
    """Where the messages of one mailbox lay last; what is long ago is forgotten."""

    def __init__(self) -> None:
        self._left: OrderedDict[Ref, Left] = OrderedDict()
        #: When each folder was last looked at with success.
        self.looked: dict[str, datetime] = {}

    def leave(self, ref: Ref, flags: frozenset[str], at: datetime) -> None:
        """A copy is not where it was."""
        self._left[ref] = Left(flags, at)
        self._left.move_to_end(ref)
        if len(self._left) > _TRAIL:
            self._left.popitem(last=False)

    def left(self, ref: Ref) -> Left | None:
        """How a message was when it left a folder of late."""
        return self._left.get(ref)


@dataclass(frozen=True, slots=True)
class World:
    """Whom a lookout talks to."""

    mailbox: str
    observer: Observer
    folders: Folders
    record: Record
    alerts: Alerts
    clock: Clock
    #: When the house began to take mail: what came before it and nobody knows is old mail.
    begun: datetime
    #: Moves messages, where they may be moved.
    moves: Moves | None = None
    trail: Trail = field(default_factory=Trail)
