"""Messages moved in a mailbox: to a folder of their own, and only while they are unread where that is asked for.

In goes a copy and a folder, which is made where it is missing; out comes whether the copy lies there now. A message is
never deleted: what a server can't move is copied, and the first copy is taken away by its own uid (RFC 6851, RFC 4315)
or, where even that is missing, marked and left for the therapist's mail program to take away.

Whether a message is unread is asked right before it is moved, and again where it lies then: IMAP has no command for
both at once. In a Maildir the name of a file tells whether it was read, so renaming by that name is both at once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from gateway.core.tracking import SEEN, Copy
from gateway.mailbox.commands import Commands
from gateway.mailbox.door import Door
from gateway.mailbox.faults import Lost, MailboxFault, Missing
from gateway.mailbox.maildir import MaildirFolder, folder_of
from gateway.mailbox.names import encode, quote, same
from gateway.mailbox.protocol import Completion
from gateway.ports import Unavailable

log = structlog.get_logger(__name__)

#: Commands that one move takes at most, each of which may take as long as any.
_COMMANDS = 16
#: RFC 4315 3: COPYUID, the folder's validity, the uids that were copied, and their new ones.
_COPYUID = re.compile(rb"\[COPYUID \d+ [\d:,]+ (\d+)\]", re.IGNORECASE)
DELETED = "\\Deleted"
#: What parts a file's name in a Maildir from its flags (https://cr.yp.to/proto/maildir.html).
_INFO = ":2,"
#: Looks at a file that is renamed while we reach for it.
_TRIES = 3
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ImapMoves:
    """`ports.Moves` over a short connection, let in by the same door as the watch's: moves are seldom."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def move(self, copy: Copy, folder: str, *, unseen: bool = False) -> bool:
        """See `ports.Moves`."""
        if same(copy.folder, folder):
            return True
        async with self._connected() as connection:
            return await Mover(connection).move(copy.uid, copy.folder, folder, unseen=unseen)

    async def find(self, folder: str, message_id: str, since: datetime) -> tuple[Copy, ...]:
        """See `ports.Moves`. By the header fields of what came since: some servers can't search for them (iCloud)."""
        async with self._connected() as connection:
            try:
                await connection.select(await _name_of(connection, folder))
            except Missing:
                return ()
            uids = await Mover(connection).find(message_id, since)
            flags = await connection.flags_of(uids)
            found = (Copy(folder, uid, flags[uid]) for uid in uids if uid in flags)
            return tuple(copy for copy in found if not copy.has(DELETED))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Commands]:
        if not self._door.is_open:
            raise Unavailable("the mail server is left alone for a while; moves wait")
        try:
            async with asyncio.timeout(self._door.intervals.command.total_seconds() * _COMMANDS):
                async with self._door.connection() as connection:
                    try:
                        yield connection
                    except MailboxFault as fault:
                        self._door.heed(fault)
                        raise
        except TimeoutError as error:
            raise Unavailable("the mailbox is too busy to move a message now") from error


@dataclass(frozen=True)
class Mover:
    """Moves messages over one connection."""

    connection: Commands

    async def find(self, message_id: str, since: datetime) -> list[str]:
        """The uids in the selected folder of messages with this Message-ID."""
        # A day earlier: the server counts days in a zone of its own (RFC 9051 6.4.4).
        day = since - timedelta(days=1)
        asked = await self.connection.ask("SEARCH", f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}", by_uid=True)
        _insist(asked, "search")
        lines = (parts[0] or b"" for parts in asked.untagged)
        uids = sorted({int(n) for line in lines if line[:6].upper() == b"SEARCH" for n in line.split() if n.isdigit()})
        ids = await self.connection.message_ids([str(uid) for uid in uids])
        return [uid for uid, one in ids.items() if one == message_id]

    async def move(self, uid: str, source: str, target: str, *, unseen: bool) -> bool:
        """Move one message; False where it is gone, or was seen and must not be."""
        connection = self.connection
        source, target = await _name_of(connection, source), await _name_of(connection, target)
        await connection.select(source)
        message_id = (await connection.message_ids([uid])).get(uid, "")
        if not await self._is_there(uid, unseen=unseen):
            return False
        if not connection.offers("MOVE"):
            return await self._copy_and_take_away(uid, target, unseen=unseen)
        moved = await self._to(target, "MOVE", uid)
        if (await connection.flags_of([uid])).get(uid) is not None:
            raise Lost("the mail server moved nothing")
        if not unseen:
            return True
        return await self._stays_unseen(_new_uid(moved), message_id, source, target)

    async def _is_there(self, uid: str, *, unseen: bool) -> bool:
        """What is marked to be deleted is as good as gone: an earlier move may have left it so."""
        flags = (await self.connection.flags_of([uid])).get(uid)
        return flags is not None and not _has(flags, DELETED) and not (unseen and _has(flags, SEEN))

    async def _stays_unseen(self, new_uid: str, message_id: str, source: str, target: str) -> bool:
        """Whether nobody opened it before it was moved; else it goes back, and stands where it stood."""
        await self.connection.select(target)
        uids = [new_uid] if new_uid else await self._newest(message_id)
        for uid, flags in (await self.connection.flags_of(uids)).items():
            if _has(flags, SEEN):
                await self._to(source, "MOVE", uid)
                return False
        return True

    async def _newest(self, message_id: str) -> list[str]:
        """Where the server does not tell the new uid: the last of those with this Message-ID."""
        uids = await self.connection.uids()
        ids = await self.connection.message_ids([str(uid) for uid in uids[-100:]])
        return [uid for uid, one in ids.items() if one == message_id and message_id][-1:]

    async def _copy_and_take_away(self, uid: str, target: str, *, unseen: bool) -> bool:
        """Without MOVE; looked at once more before the first copy is taken away."""
        connection = self.connection
        copied = _new_uid(await self._to(target, "COPY", uid))
        _insist(await connection.ask("STORE", uid, "+FLAGS.SILENT (\\Deleted)", by_uid=True), "mark")
        if unseen and _has((await connection.flags_of([uid])).get(uid, frozenset()), SEEN):
            await connection.ask("STORE", uid, "-FLAGS.SILENT (\\Deleted)", by_uid=True)
            await self._take_second_away(copied, target)
            return False
        if connection.offers("UIDPLUS"):
            _insist(await connection.ask("EXPUNGE", uid, by_uid=True), "take away")
        else:
            log.info("copied-and-marked")  # EXPUNGE alone would take away what somebody else has marked
        return True

    async def _take_second_away(self, copied: str, target: str) -> None:
        """The copy that we made just now, where the server says which one that is."""
        if copied and self.connection.offers("UIDPLUS"):
            await self.connection.select(target)
            await self.connection.ask("STORE", copied, "+FLAGS.SILENT (\\Deleted)", by_uid=True)
            await self.connection.ask("EXPUNGE", copied, by_uid=True)

    async def _to(self, target: str, command: str, uid: str) -> Completion:
        """MOVE or COPY, once more where the folder had to be made first (TRYCREATE, RFC 9051 6.4.7)."""
        reply = await self.connection.ask(command, uid, quote(encode(target)), by_uid=True)
        if reply.status == "NO":
            await self._make(target)
            reply = await self.connection.ask(command, uid, quote(encode(target)), by_uid=True)
        _insist(reply, "move")
        return reply

    async def _make(self, folder: str) -> None:
        """Many mail programs show no folders but those that are subscribed to."""
        await self.connection.ask("CREATE", quote(encode(folder)))
        await self.connection.ask("SUBSCRIBE", quote(encode(folder)))


async def _name_of(connection: Commands, named: str) -> str:
    """The folder as the server calls it: some keep all folders below INBOX (Courier), and take no others."""
    if same(named, "INBOX"):
        return named
    found = await connection.folders()
    known = {folder.name.casefold(): folder.name for folder in found}
    inbox = next((folder for folder in found if same(folder.name, "INBOX")), None)
    below = f"INBOX{inbox.delimiter}{named}" if inbox and inbox.delimiter else named
    for name in (named, below):
        if name.casefold() in known:
            return known[name.casefold()]
    others = [folder.name for folder in found if not same(folder.name, "INBOX")]
    all_below = (
        inbox is not None
        and bool(others)
        and all(name.casefold().startswith(f"inbox{inbox.delimiter}") for name in others)
    )
    return below if all_below else named


def _insist(reply: Completion, what: str) -> None:
    if reply.status != "OK":
        raise Lost(f"the mail server answered {reply.status} when asked to {what}")


def _has(flags: frozenset[str], wanted: str) -> bool:
    return wanted.casefold() in {flag.casefold() for flag in flags}


def _new_uid(reply: Completion) -> str:
    """The uid in the target, where the server tells it: in the reply to COPY, before the one to MOVE (RFC 6851 4.3)."""
    for text in (reply.text, *(parts[0] or b"" for parts in reply.untagged)):
        if found := _COPYUID.search(text):
            return found[1].decode()
    return ""


class MaildirMoves:
    """`ports.Moves` among the folders of a Maildir, by renaming."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def move(self, copy: Copy, folder: str, *, unseen: bool = False) -> bool:
        """See `ports.Moves`."""
        if same(copy.folder, folder):
            return True
        source, target = folder_of(self._root, copy.folder), folder_of(self._root, folder)
        return await asyncio.to_thread(_rename, source, copy.uid, target, unseen=unseen)

    async def find(self, folder: str, message_id: str, since: datetime) -> tuple[Copy, ...]:
        """See `ports.Moves`."""
        place = folder_of(self._root, folder)
        if not place.exists:
            return ()
        uids = await place.arrived_since(await asyncio.to_thread(_uids, place.path), since - timedelta(days=1))
        ids = await place.message_ids(uids)
        found = [
            Copy(folder, uid, await place.add_flags(uid, frozenset())) for uid in uids if ids.get(uid) == message_id
        ]
        return tuple(copy for copy in found if not copy.has(DELETED))


def _rename(source: MaildirFolder, uid: str, target: MaildirFolder, *, unseen: bool) -> bool:
    """Move a file under the very name that was looked at: whoever reads it meanwhile gives it another."""
    for _ in range(_TRIES):
        path = _files(source.path).get(uid)
        if path is None or (unseen and "S" in path.name.partition(_INFO)[2]):
            return False
        try:
            for folder in (target.path, *(target.path / part for part in ("tmp", "new", "cur"))):
                folder.mkdir(mode=0o700, exist_ok=True)
            path.rename(target.path / "cur" / _free_name(target.path, path.name))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Lost("a message in a Maildir cannot be moved; check its owner and mode") from error
        return True
    raise Lost("a message in a Maildir does not come to rest")


def _free_name(folder: Path, name: str) -> str:
    """A file's name in `cur/` of another folder, where it must never take the place of another file."""
    uid, _, letters = name.partition(_INFO)
    taken = _files(folder)
    free = next(one for one in (uid, *(f"{uid}.{number}" for number in range(len(taken) + 1))) if one not in taken)
    return f"{free}{_INFO}{letters}"


def _uids(folder: Path) -> list[str]:
    return sorted(_files(folder))


def _files(folder: Path) -> dict[str, Path]:
    """Files by uid, `new` before `cur`, so that one on its way is seen at least once."""
    try:
        paths = [path for part in ("new", "cur") for path in (folder / part).iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Lost("a Maildir cannot be read; check its owner and mode") from error
    return {path.name.partition(_INFO)[0]: path for path in paths}
