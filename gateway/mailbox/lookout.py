"""One folder's lookout: what a look shows is compared with what was known, and the observer is told the difference.

In go looks at a folder (IMAP's or Maildir's, behind `Folder`) and the kept state; out come calls of the observer, then
the new state is kept. When the observer or the record is not available the old state stays, so everything is told
again at the next look: at least once, never lost. Knows nothing of connections, and decides nothing about mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Protocol

import structlog

from gateway.core.events import Ref
from gateway.core.tracking import FLAGGED, Copy, FlagChange, FolderState, compare
from gateway.mailbox.condition import Support
from gateway.ports import Alerts, Clock, Folders, Observer, Placed, Record, Sighting, Unavailable

log = structlog.get_logger(__name__)

#: The validity of a folder that was looked for and did not exist: all that it holds later is new.
ABSENT = "absent"
#: "Since" of a change that happened while nobody looked, after a restart.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FIND_AT_ONCE = 100


@unique
class Role(Enum):
    """What a folder is to us."""

    INBOX = "inbox"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Look:
    """A folder as it is now. `flags` has every message, in the order in which they came."""

    validity: str
    next_uid: int
    modseq: int
    flags: Mapping[str, frozenset[str]]


class Folder(Protocol):
    """A folder that can be looked at. Each call raises Unavailable."""

    @property
    def name(self) -> str:
        """As people read it."""
        ...

    async def look(self, known: FolderState, *, full: bool) -> Look:
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


class Lookout:
    """Looks at one folder of one mailbox."""

    def __init__(self, world: World, role: Role, *, expects_keywords: bool = True) -> None:
        """Where keywords are expected and not kept, the admin is told."""
        self._world = world
        self._role = role
        self._state: FolderState | None = None
        self._kept: FolderState | None = None
        self.looked: datetime | None = None
        self.support = Support.UNKNOWN
        self._expects_keywords = expects_keywords

    def forget(self) -> None:
        """Read the kept state anew at the next look; call after any fault."""
        self._state = None

    async def look(self, folder: Folder, *, full: bool) -> bool:
        """Look, tell, keep. True where anything was different. Raises Unavailable."""
        known = await self._known_state(folder.name)
        started = self._world.clock.now()
        look = await folder.look(known, full=full)
        if known.validity in (look.validity, ABSENT):
            copies = await self._difference(folder, known, look)
        else:
            copies = await self._baseline(folder, look)
        await self._keep(FolderState(folder.name, look.validity, _next_uid(known, look), look.modseq, copies))
        await self._tell_flags_of_the_met(known, look)
        self.looked = started
        return copies != known.copies

    async def _keep(self, state: FolderState) -> None:
        if state != self._kept:
            await self._world.folders.keep(self._world.mailbox, state)
        self._state = self._kept = state

    async def _tell_flags_of_the_met(self, known: FolderState, look: Look) -> None:
        """What was read before we met it is told once its place is kept: who acts on it must find the copy."""
        assert self._state is not None
        late = []
        for uid, copy in self._state.copies.items():
            met = copy.ref is not None and (uid not in known.copies or known.copies[uid].ref is None)
            if met and not look.flags[uid] <= copy.flags:
                late.append(FlagChange(copy, replace(copy, flags=copy.flags | look.flags[uid])))
        await self._tell_changes(late, LONG_AGO)
        told = {change.now.uid: change.now for change in late}
        await self._keep(replace(self._state, copies={**self._state.copies, **told}))

    async def _known_state(self, name: str) -> FolderState:
        if self._state is None:
            self._state = self._kept = await self._world.folders.folder(self._world.mailbox, name)
        return self._state

    async def missing(self, name: str) -> None:
        """Note that a folder does not exist, so that its first message will be new and not an old one."""
        if not (await self._known_state(name)).validity:
            absent = FolderState(name, ABSENT)
            await self._world.folders.keep(self._world.mailbox, absent)
            self._state = self._kept = absent

    def note_set(self, uid: str, flags: frozenset[str]) -> None:
        """Take flags that we set ourselves for known, so that they are not told as the therapist's doing."""
        if self._state is not None and (copy := self._state.copies.get(uid)) is not None:
            told = replace(copy, flags=copy.flags | flags)
            self._state = replace(self._state, copies={**self._state.copies, uid: told})

    # What differs.

    async def _difference(self, folder: Folder, known: FolderState, look: Look) -> dict[str, Copy]:
        changes = compare(known.copies, look.flags)
        await self._tell_changes(changes.flags, self.looked or LONG_AGO)
        copies = {uid: replace(copy, flags=look.flags[uid]) for uid, copy in known.copies.items() if uid in look.flags}
        fresh, strays = _part(changes.new, known)
        for uid in fresh:
            copies[uid] = await self._meet(folder, uid, look.flags[uid])
        return copies | await self._recognise(folder, strays, look)

    async def _tell_changes(self, changes: Iterable[FlagChange], since: datetime) -> None:
        ours = [change for change in changes if change.now.ref is not None]
        if ours:
            await self._world.observer.changed(self._world.mailbox, ours, since)

    # What was there before us.

    async def _baseline(self, folder: Folder, look: Look) -> dict[str, Copy]:
        uids = tuple(look.flags)
        log.info("mailbox-baseline", mailbox=self._world.mailbox, folder=self._role.value, messages=len(uids))
        copies = await self._recognise(folder, uids, look)
        if self._role is Role.INBOX:
            # What came since we began is new, though the record may not have it yet: it is being relayed right now.
            unknown = [uid for uid, copy in copies.items() if copy.ref is None]
            for uid in await folder.arrived_since(unknown, self._world.begun.replace(microsecond=0)):
                copies[uid] = await self._meet(folder, uid, look.flags[uid])
        return copies

    async def _recognise(self, folder: Folder, uids: Sequence[str], look: Look) -> dict[str, Copy]:
        """Copies of old messages: those that the record knows are met like new ones, the others left alone for ever."""
        copies = {uid: Copy(folder.name, uid, look.flags[uid]) for uid in uids}
        if self._role is Role.INBOX and uids:
            for uid in await self._known(await folder.message_ids(uids)):
                copies[uid] = await self._meet(folder, uid, look.flags[uid])
        return copies

    async def _known(self, message_ids: Mapping[str, str]) -> list[str]:
        """The uids of messages that the record has. Most of an old mailbox is asked about a hundred at a time."""
        found: list[str] = []
        pairs = list(message_ids.items())
        for start in range(0, len(pairs), _FIND_AT_ONCE):
            block = pairs[start : start + _FIND_AT_ONCE]
            if await self._find([one for _, one in block]):
                found += [uid for uid, one in block if await self._find([one])]
        return found

    async def _find(self, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        return await self._world.record.find(self._world.mailbox, message_ids)

    # One message.

    async def _meet(self, folder: Folder, uid: str, flags: frozenset[str]) -> Copy:
        """Tell of a message. One that breaks us is left alone: it must never stop the folder."""
        copy = Copy(folder.name, uid, flags)
        with self._shelter(uid):
            found = await folder.content(uid)
            if found is None:
                log.warning("message-not-read", mailbox=self._world.mailbox, folder=self._role.value, uid=uid)
            else:
                content, at = found
                copy = await self._tell(folder, Sighting(copy, content, at or self._world.clock.now()))
        return copy

    @contextmanager
    def _shelter(self, uid: str) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - told to the admin by its kind; the text may quote the message
            log.error("message-skipped", mailbox=self._world.mailbox, uid=uid, error=type(error).__name__)  # noqa: TRY400
            self._world.alerts.tell("message-skipped", mailbox=self._world.mailbox)

    async def _tell(self, folder: Folder, sighting: Sighting) -> Copy:
        if self._role is Role.SENT:
            await self._world.observer.sent(self._world.mailbox, sighting)
            return sighting.copy
        placed = await self._world.observer.arrived(self._world.mailbox, sighting)
        return await self._tag(folder, sighting.copy, placed)

    async def _tag(self, folder: Folder, copy: Copy, placed: Placed) -> Copy:
        """Set the tags by the ladder keyword, `\\Flagged`, none; tell what was read back."""
        if placed.ref is None:
            return copy
        unread = replace(copy, flags=frozenset(), ref=placed.ref)
        if not placed.tags:
            return unread
        possible = frozenset(tag for tag in placed.tags if folder.keeps(tag))
        kept = await folder.add_flags(copy.uid, possible)
        if not _all_in(placed.tags, kept) and folder.keeps(FLAGGED):
            kept = await folder.add_flags(copy.uid, frozenset({FLAGGED}))
        self._note_support(_support(placed.tags, kept))
        spelt = frozenset(tag for tag in placed.tags if _all_in((tag,), kept))  # some programs write $Label1
        await self._world.observer.tagged(self._world.mailbox, placed.ref, placed.tags, kept | spelt)
        # Other flags that came since the look are left out here, so that the next look tells them as a change.
        ours = frozenset(flag for flag in kept if _all_in((flag,), placed.tags | {FLAGGED}))
        return replace(unread, flags=ours)

    def _note_support(self, support: Support) -> None:
        self.support = support
        fine = support is Support.KEYWORD or not self._expects_keywords
        say = self._world.alerts.clear if fine else self._world.alerts.tell
        say("tag-refused", mailbox=self._world.mailbox)


def _part(new: Sequence[str], known: FolderState) -> tuple[list[str], list[str]]:
    """New messages, and strays: below the next uid, yet unknown (a folder that showed only a part of itself)."""
    fresh: list[str] = []
    strays: list[str] = []
    for uid in new:
        (fresh if not uid.isdigit() or int(uid) >= known.next_uid else strays).append(uid)
    return fresh, strays


def _next_uid(known: FolderState, look: Look) -> int:
    if look.next_uid == 0:
        return 0
    before = known.next_uid if known.validity == look.validity else 0
    return max(look.next_uid, before, *(int(uid) + 1 for uid in look.flags), 0)


def _all_in(wanted: Sequence[str] | frozenset[str], flags: frozenset[str]) -> bool:
    return {one.casefold() for one in wanted} <= {one.casefold() for one in flags}


def _support(wanted: frozenset[str], kept: frozenset[str]) -> Support:
    if _all_in(wanted, kept):
        return Support.KEYWORD
    return Support.FLAGGED if _all_in((FLAGGED,), kept) else Support.NONE
