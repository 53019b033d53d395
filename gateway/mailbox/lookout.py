"""One folder's lookout: what a look shows is compared with what was known, and the observer is told the difference.

In go looks at a folder (IMAP's or Maildir's, behind `Folder`) and the kept state; out come calls of the observer, then
the new state is kept. When the observer or the record is not available the old state stays, so everything is told
again at the next look: at least once, never lost. Knows nothing of connections, and decides nothing about mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from gateway.core.events import Ref
from gateway.core.tracking import FLAGGED, Copies, Copy, FlagChange, FolderState, compare
from gateway.mailbox.condition import Support
from gateway.mailbox.world import LONG_AGO, Folder, Known, Look, Role, World
from gateway.ports import Placed, Sighting, Unavailable

log = structlog.get_logger(__name__)

#: The validity of a folder that was looked for and did not exist: all that it holds later is new.
ABSENT = "absent"
_FIND_AT_ONCE = 100
#: Copies of a folder beyond which only what differs is written.
_MANY = 1000
#: How long the record may need to learn of a message that a filter puts into a folder at once.
_LEARNS_WITHIN = timedelta(minutes=2)
_MOST_UNKNOWN = 200


@dataclass(frozen=True, slots=True)
class _Late:
    """A change that is told once the place of its copy is kept: who acts on it must find the copy."""

    change: FlagChange
    since: datetime


class Lookout:
    """Looks at one folder of one mailbox."""

    def __init__(
        self, world: World, role: Role, *, expects_keywords: bool = True, absent: datetime | None = None
    ) -> None:
        """Where keywords are expected and not kept, the admin is told. `absent` is when there was no such folder."""
        self._world = world
        self._role = role
        self._state: Known | None = None
        self._kept: Known | None = None
        self.looked: datetime | None = None
        self.support = Support.UNKNOWN
        self._expects_keywords = expects_keywords
        self._absent = absent
        self._turn = asyncio.Lock()
        self._late: list[_Late] = []
        #: Uids that the record may know soon, and until when it is asked.
        self._unknown: dict[str, datetime] = {}
        #: Folders that messages were put into, which may have been made for them, and whether one of them is news.
        self._filled: set[str] = set()
        self._filled_another = False

    def forget(self) -> None:
        """Read the kept state anew at the next look; call after any fault."""
        self._state = None

    @property
    def expects(self) -> bool:
        """Whether a look is worth its while though the folder does not stir."""
        return bool(self._unknown)

    def take_filled(self) -> bool:
        """Whether a message was put into a folder for the first time since this was asked; that may be a new one."""
        another, self._filled_another = self._filled_another, False
        return another

    async def look(self, folder: Folder, *, full: bool) -> bool:
        """Look, tell, keep. True where anything was different. Raises Unavailable."""
        async with self._turn:
            return await self._look(folder, full=full)

    async def _look(self, folder: Folder, *, full: bool) -> bool:
        known = await self._known_state(folder.name)
        started = self._world.clock.now()
        look = await folder.look(known, full=full)
        self._late = []
        if known.validity in (look.validity, ABSENT):
            copies = await self._difference(folder, known, look)
        else:
            copies = await self._baseline(folder, known, look)
        await self._keep(Known(folder.name, look.validity, _next_uid(known, look), look.modseq, copies))
        await self._tell_late()
        self.looked = self._world.trail.looked[folder.name] = started
        return copies != known.copies

    async def _keep(self, state: Known) -> None:
        """A mod-sequence alone is not worth a write: after a restart a little more is looked at."""
        if self._kept is None or replace(state, modseq=self._kept.modseq) != self._kept:
            folders, mailbox = self._world.folders, self._world.mailbox
            if self._kept is not None and len(state.copies) > _MANY:
                await folders.change(mailbox, _plain(self._kept), _plain(state))
            else:
                await folders.keep(mailbox, _plain(state))
            self._kept = state
        self._state = state

    async def _tell_late(self) -> None:
        assert self._state is not None
        for since, several in groupby(sorted(self._late, key=lambda one: one.since), key=lambda one: one.since):
            changes = [late.change for late in several if late.change.now.flags != late.change.before.flags]
            await self._tell_changes(changes, since)
        told = {late.change.now.uid: late.change.now for late in self._late}
        self._late = []
        await self._keep(replace(self._state, copies=self._state.copies.joined(told)))

    async def _known_state(self, name: str) -> Known:
        if self._state is None:
            state = await self._world.folders.folder(self._world.mailbox, name)
            copies = Copies.of(name, state.copies)
            self._state = self._kept = Known(name, state.validity, state.next_uid, state.modseq, copies)
        return self._state

    async def missing(self, name: str) -> None:
        """Note that a folder does not exist, so that its first message will be new and not an old one."""
        if not (await self._known_state(name)).validity:
            await self._keep(Known(name, ABSENT, 0, 0, Copies(name, {})))

    async def abandon(self, name: str) -> None:
        """The folder is not there any more. Its copies lie elsewhere, if at all; should it come back, nothing in it is
        new. Raises Unavailable.
        """
        async with self._turn:
            known = await self._known_state(name)
            self._leave(known.copies.ours.values())
            await self._keep(replace(known, copies=Copies(name, {})))

    def _leave(self, copies: Iterable[Copy]) -> None:
        for copy in copies:
            if copy.ref is not None:
                self._world.trail.leave(copy.ref, copy.flags, self.looked or LONG_AGO)

    def note_set(self, uid: str, flags: frozenset[str]) -> None:
        """Take flags that we set ourselves for known, so that they are not told as the therapist's doing."""
        if self._state is not None and (copy := self._state.copies.ours.get(uid)) is not None:
            told = replace(copy, flags=copy.flags | flags)
            self._state = replace(self._state, copies=self._state.copies.joined({uid: told}))

    # What differs.

    async def _difference(self, folder: Folder, known: Known, look: Look) -> Copies:
        changes = compare(known.copies, look.flags, look.uids)
        gone = changes.gone | look.gone
        self._leave(copy for uid, copy in known.copies.ours.items() if uid in gone)
        await self._tell_changes(changes.flags, self.looked or LONG_AGO)
        copies = known.copies.without(gone).joined({change.now.uid: change.now for change in changes.flags})
        fresh, strays = _part(changes.new, known)
        if self._role is Role.OTHER:
            followed = await self._follow(folder, [*fresh, *strays, *self._still_unknown(copies)], look)
            self._ask_again(uid for uid in fresh if followed[uid].ref is None)
            return copies.joined(followed)
        met = {uid: await self._meet(folder, uid, look.flags[uid]) for uid in fresh}
        return copies.joined(met | await self._recognise(folder, strays, look))

    async def _tell_changes(self, changes: Iterable[FlagChange], since: datetime) -> None:
        """All of one look at once; where one of them breaks us, each by itself and that one left out."""
        ours = [change for change in changes if change.now.ref is not None]
        if not ours:
            return
        try:
            await self._world.observer.changed(self._world.mailbox, ours, since)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - found out below which it was, and told
            for change in ours:
                with self._shelter(change.now.uid):
                    await self._world.observer.changed(self._world.mailbox, [change], since)

    # What was there before us.

    async def _baseline(self, folder: Folder, known: Known, look: Look) -> Copies:
        uids = tuple(look.flags)
        log.info("mailbox-baseline", mailbox=self._world.mailbox, folder=self._role.value, messages=len(uids))
        self._leave(known.copies.ours.values())
        if self._role is Role.OTHER:
            return Copies(folder.name, {}, uids).joined(await self._follow(folder, uids, look))
        copies = Copies(folder.name, {}, uids).joined(await self._recognise(folder, uids, look))
        new = await folder.arrived_since(tuple(copies.rest), began) if (began := self._began()) else ()
        return copies.joined({uid: await self._meet(folder, uid, look.flags[uid]) for uid in new})

    def _began(self) -> datetime | None:
        """From when on what lies there is new, though the record may not have it yet: it is being relayed right now.

        Answers are new from when on the folder was last known not to be, or was numbered otherwise.
        """
        began = self._world.begun if self._role is Role.INBOX else self.looked or self._absent
        return began.replace(microsecond=0) if began else None

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
        for block in _blocks(message_ids):
            if await self._find(list(block.values())):
                found += [uid for uid, one in block.items() if await self._find([one])]
        return found

    async def _find(self, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        return await self._world.record.find(self._world.mailbox, message_ids)

    # What was moved.

    async def _follow(self, folder: Folder, uids: Sequence[str], look: Look) -> dict[str, Copy]:
        """Copies in a folder that messages are moved to: those that the record knows are linked, none is taken up."""
        copies = {uid: Copy(folder.name, uid, frozenset()) for uid in uids}
        found = await self._refs(await folder.message_ids(uids)) if uids else {}
        for uid, ref in found.items():
            flags = look.flags[uid] if uid in look.flags else await folder.add_flags(uid, frozenset())
            copies[uid] = await self._moved(Copy(folder.name, uid, flags, ref))
        return copies

    def _ask_again(self, uids: Iterable[str]) -> None:
        """The record may learn of a new message a little later than the folder."""
        until = self._world.clock.now() + _LEARNS_WITHIN
        for uid in uids:
            if len(self._unknown) < _MOST_UNKNOWN:
                self._unknown.setdefault(uid, until)

    def _still_unknown(self, copies: Copies) -> list[str]:
        now = self._world.clock.now()
        self._unknown = {
            uid: until
            for uid, until in self._unknown.items()
            if until > now and uid in copies and uid not in copies.ours
        }
        return list(self._unknown)

    async def _refs(self, message_ids: Mapping[str, str]) -> dict[str, Ref]:
        """Whose copies these are. What only refers to a message of the record, as our reminders do, is none of it."""
        found: dict[str, Ref] = {}
        for block in _blocks(message_ids):
            for ref in await self._find(list(block.values())):
                story = await self._world.record.story(ref)
                own = story.received.message_id if story and story.received else ""
                found |= {uid: ref for uid, one in block.items() if own and own in one}
        return found

    async def _moved(self, copy: Copy) -> Copy:
        """The copy with the flags that were known before it came here; those that it has by now are told later."""
        before, since = await self._last_known(copy)
        known = replace(copy, flags=before)
        self._late.append(_Late(FlagChange(known, copy), since))
        return known

    async def _last_known(self, copy: Copy) -> tuple[frozenset[str], datetime]:
        """How a message was before it came here, and when it was so; an instant long ago where nobody knows."""
        assert copy.ref is not None
        trail = self._world.trail
        left = trail.left(copy.ref)
        if left is not None:
            return left.flags, left.at
        elsewhere = [one for one in await self._world.folders.copies(copy.ref) if one.folder != copy.folder]
        looked = [trail.looked[one.folder] for one in elsewhere if one.folder in trail.looked]
        return frozenset(), max(looked, default=LONG_AGO)

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
        if placed.ref is None:
            return sighting.copy
        was_elsewhere = bool(placed.folder) and await self._was_elsewhere(placed.ref, folder.name)
        copy = await self._tag(folder, replace(sighting.copy, ref=placed.ref), placed)
        if placed.folder and not was_elsewhere:
            await self._put_away(sighting.copy, placed.folder)
        return copy

    async def _was_elsewhere(self, ref: Ref, folder: str) -> bool:
        """Whether it lay in another folder: then the therapist put it here."""
        known = await self._world.folders.copies(ref)
        return self._world.trail.left(ref) is not None or any(copy.folder != folder for copy in known)

    async def _put_away(self, copy: Copy, folder: str) -> None:
        """Move it while it is unread. Where that fails it stays here, with its tag: nothing waits for it."""
        if self._world.moves is None:
            return
        try:
            await self._world.moves.move(copy, folder, unseen=True)
            self._filled_another |= folder not in self._filled
            self._filled.add(folder)
            self._world.alerts.clear("move-refused", mailbox=self._world.mailbox)
        except Unavailable as fault:
            log.warning("message-not-moved", mailbox=self._world.mailbox, uid=copy.uid, why=type(fault).__name__)
            self._world.alerts.tell("move-refused", mailbox=self._world.mailbox)

    async def _tag(self, folder: Folder, copy: Copy, placed: Placed) -> Copy:
        """Set the tags by the ladder keyword, `\\Flagged`, none; tell what was read back."""
        ours: frozenset[str] = frozenset()
        if placed.tags and placed.ref is not None:
            possible = frozenset(tag for tag in placed.tags if folder.keeps(tag))
            kept = await folder.add_flags(copy.uid, possible)
            if not _all_in(placed.tags, kept) and folder.keeps(FLAGGED):
                kept = await folder.add_flags(copy.uid, frozenset({FLAGGED}))
            self._note_support(_support(placed.tags, kept))
            spelt = frozenset(tag for tag in placed.tags if _all_in((tag,), kept))  # some programs write $Label1
            await self._world.observer.tagged(self._world.mailbox, placed.ref, placed.tags, kept | spelt)
            # Other flags that came since the look are left out here, so that the next look tells them as a change.
            ours = frozenset(flag for flag in kept if _all_in((flag,), placed.tags | {FLAGGED}))
        before, since = await self._last_known_in_inbox(copy)
        known = replace(copy, flags=before | ours)
        self._late.append(_Late(FlagChange(known, replace(copy, flags=copy.flags | ours)), since))
        return known

    async def _last_known_in_inbox(self, copy: Copy) -> tuple[frozenset[str], datetime]:
        """As for one that was moved; most messages come from nowhere."""
        left = self._world.trail.left(copy.ref) if copy.ref else None
        return (left.flags, left.at) if left else (frozenset(), LONG_AGO)

    def _note_support(self, support: Support) -> None:
        self.support = support
        fine = support is Support.KEYWORD or not self._expects_keywords
        say = self._world.alerts.clear if fine else self._world.alerts.tell
        say("tag-refused", mailbox=self._world.mailbox)


def _plain(state: Known) -> FolderState:
    return FolderState(state.folder, state.validity, state.next_uid, state.modseq, state.copies)


def _part(new: Sequence[str], known: Known) -> tuple[list[str], list[str]]:
    """New messages, and strays: below the next uid, yet unknown (a folder that showed only a part of itself)."""
    fresh: list[str] = []
    strays: list[str] = []
    for uid in new:
        (fresh if not uid.isdigit() or int(uid) >= known.next_uid else strays).append(uid)
    return fresh, strays


def _next_uid(known: Known, look: Look) -> int:
    if look.next_uid == 0:
        return 0
    before = known.next_uid if known.validity == look.validity else 0
    return max(look.next_uid, before, *(int(uid) + 1 for uid in look.flags), 0)


def _blocks(message_ids: Mapping[str, str]) -> Iterator[dict[str, str]]:
    pairs = list(message_ids.items())
    for start in range(0, len(pairs), _FIND_AT_ONCE):
        yield dict(pairs[start : start + _FIND_AT_ONCE])


def _all_in(wanted: Sequence[str] | frozenset[str], flags: frozenset[str]) -> bool:
    return {one.casefold() for one in wanted} <= {one.casefold() for one in flags}


def _support(wanted: frozenset[str], kept: frozenset[str]) -> Support:
    if _all_in(wanted, kept):
        return Support.KEYWORD
    return Support.FLAGGED if _all_in((FLAGGED,), kept) else Support.NONE
