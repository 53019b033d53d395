"""The watch over a Maildir: the same calls of the observer, told from file names on a timer.

In go a folder of files, out come looks. A uid is a file's base name before `:2,`; the letters behind it are flags
(https://cr.yp.to/proto/maildir.html). Folders lie beside the inbox as Maildir++ names them (`.Sent`). Files in `new/`
stay there: moving them is the mail program's business. Keywords cannot be kept, so a tag shows as `\\Flagged`.
A Maildir that does not exist yet is waited for. Content comes with CRLF line ends, as from IMAP.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from pathlib import Path

import structlog

from gateway.core.tracking import Copy
from gateway.mailbox.condition import ALARM, Condition, Intervals, State, Support
from gateway.mailbox.faults import Lost, MailboxFault
from gateway.mailbox.lookout import Lookout
from gateway.mailbox.names import encode, same
from gateway.mailbox.protocol import MAX_LITERAL
from gateway.mailbox.world import Known, Look, Role, World
from gateway.ports import Unavailable
from gateway.settings.schema import Mailbox

log = structlog.get_logger(__name__)

VALIDITY = "maildir"
_LETTERS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "T": "\\Deleted", "D": "\\Draft", "P": "$Forwarded"}
_LETTER_OF = {flag.casefold(): letter for letter, flag in _LETTERS.items()}
_BARE_LF = re.compile(rb"(?<!\r)\n")
#: Where messages are moved to, by the names that mail programs use.
_MOVED_TO = ("Archive", "Junk", "Trash")
#: The coarsest clock of a file system.
_TICK = timedelta(seconds=2)
#: Longest header section that is read for a Message-ID.
_HEADER = 256 * 1024


@dataclass(frozen=True)
class MaildirFolder:
    """One folder of files, as a lookout wants to see it."""

    name: str
    path: Path

    @property
    def exists(self) -> bool:
        """Whether somebody has made it yet."""
        return (self.path / "cur").is_dir()

    def stamp(self) -> tuple[int, ...]:
        """When names in it changed last, in nanoseconds since 1970. Raises Lost."""
        try:
            return tuple((self.path / part).stat().st_mtime_ns for part in ("new", "cur"))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Lost("a Maildir cannot be read; check its owner and mode") from error

    async def look(self, known: Known, *, full: bool) -> Look:  # noqa: ARG002 - a look is always full
        """Every file's flags. A name that is missing is looked for twice: a renamed file may hide from a listing."""
        found = await asyncio.to_thread(self._scan)
        if any(uid not in found for uid in known.copies):
            found |= await asyncio.to_thread(self._scan)
        return Look(VALIDITY, 0, 0, {uid: _flags(path.name) for uid, path in found.items()}, found.keys())

    async def holds(self, message_id: str) -> bool:
        """Whether a message with this Message-ID lies here."""
        found = await asyncio.to_thread(lambda: self._message_ids(list(self._scan())))
        return message_id in found.values()

    async def message_ids(self, uids: Sequence[str]) -> Mapping[str, str]:
        """The Message-IDs of those that have one."""
        return await asyncio.to_thread(self._message_ids, uids)

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> Sequence[str]:
        """By the time of the file."""
        return await asyncio.to_thread(self._arrived_since, frozenset(uids), at)

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        """A message and its file's time; None for one that is gone or too long."""
        return await asyncio.to_thread(self._content, uid)

    async def add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        """Set the flags that have letters, which moves a new file into `cur/`; what it has then."""
        return await asyncio.to_thread(self._add_flags, uid, flags)

    def keeps(self, flag: str) -> bool:
        """Only flags with a letter are kept."""
        return flag.casefold() in _LETTER_OF

    def _scan(self) -> dict[str, Path]:
        """Files by uid, oldest name first; `new` before `cur`, so that a file on its way is seen at least once."""
        found: dict[str, Path] = {}
        try:
            for part in ("new", "cur"):
                for path in (self.path / part).iterdir():
                    if not path.name.startswith("."):
                        found[_uid(path.name)] = path
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Lost("a Maildir cannot be read; check its owner and mode") from error
        return dict(sorted(found.items()))

    def _read(self, uid: str, limit: int) -> tuple[bytes, datetime] | None:
        """A file's first octets; it may be renamed while we reach for it."""
        for _ in range(3):
            path = self._scan().get(uid)
            if path is None:
                return None
            try:
                with path.open("rb") as file:
                    return file.read(limit), datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Lost("a message in a Maildir cannot be read; check its owner and mode") from error
        return None

    def _arrived_since(self, uids: frozenset[str], at: datetime) -> list[str]:
        found = []
        for uid, path in self._scan().items():
            with suppress(FileNotFoundError):
                if uid in uids and datetime.fromtimestamp(path.stat().st_mtime, UTC) >= at:
                    found.append(uid)
        return found

    def _content(self, uid: str) -> tuple[bytes, datetime] | None:
        found = self._read(uid, MAX_LITERAL + 1)
        if found is None or len(found[0]) > MAX_LITERAL:
            return None
        return _BARE_LF.sub(b"\r\n", found[0]), found[1]

    def _message_ids(self, uids: Sequence[str]) -> dict[str, str]:
        ids: dict[str, str] = {}
        paths = self._scan()
        for uid in uids:
            header = _header(paths[uid]) if uid in paths else None
            if header is None and (found := self._read(uid, _HEADER)):
                header = found[0]
            value = str(BytesHeaderParser().parsebytes(header or b"").get("Message-ID", "")).strip()
            if value:
                ids[uid] = value
        return ids

    def _add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        letters = {_LETTER_OF[flag.casefold()] for flag in flags if self.keeps(flag)}
        for _ in range(3):
            path = self._scan().get(uid)
            if path is None:
                return frozenset()
            wanted = letters | set(_letters(path.name))
            target = self.path / "cur" / f"{uid}:2,{''.join(sorted(wanted))}"
            if path == target or not letters:
                return _flags(path.name)
            try:
                path.rename(target)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Lost("a message in a Maildir cannot be renamed; check its owner and mode") from error
            return _flags(target.name)
        raise Lost("a message in a Maildir does not come to rest")


def _header(path: Path) -> bytes | None:
    """A file's first octets; None for one that was renamed, or can't be read, just now."""
    try:
        with path.open("rb") as file:
            return file.read(_HEADER)
    except OSError:
        return None


def _uid(name: str) -> str:
    return name.partition(":2,")[0]


def _letters(name: str) -> str:
    return name.partition(":2,")[2]


def _flags(name: str) -> frozenset[str]:
    return frozenset(_LETTERS[letter] for letter in _letters(name) if letter in _LETTERS)


@dataclass
class _Place:
    """A folder with its lookout, and how its file names stood when it was last looked at."""

    folder: MaildirFolder
    role: Role
    lookout: Lookout
    stamp: tuple[int, ...] = ()
    looked: datetime | None = None


class MaildirWatch:
    """Watches the folders of one Maildir, and sets flags there (`ports.Flags`)."""

    def __init__(self, world: World, settings: Mailbox, root: Path, intervals: Intervals, dice: random.Random) -> None:
        self._world = world
        self._intervals = intervals
        self._dice = dice
        self._places = [
            _Place(folder_of(root, name), role, Lookout(world, role, expects_keywords=False))
            for name, role in _roles(settings).items()
        ]
        self._condition = Condition(tags=Support.FLAGGED)
        self._failures = 0

    @property
    def condition(self) -> Condition:
        """How it does."""
        return self._condition

    async def run(self) -> None:
        """Watch until cancelled. No fault ends it: mail goes on meanwhile."""
        while True:
            try:
                await self._look()
                pause = self._intervals.maildir
            except Unavailable as fault:
                pause = self._note_fault(fault)
            except Exception as error:  # noqa: BLE001 - told to the admin by its kind; the text may quote mail
                self._world.alerts.tell("unexpected", mailbox=self._world.mailbox)
                pause = self._note_fault(error)
            await self._world.clock.wait(asyncio.Event(), self._world.clock.now() + pause)

    async def add(self, copy: Copy, flags: frozenset[str]) -> frozenset[str]:
        """See `ports.Flags.add`."""
        for place in self._places:
            if same(place.folder.name, copy.folder):
                has = await place.folder.add_flags(copy.uid, flags)
                place.lookout.note_set(copy.uid, has & flags)
                return has
        return frozenset()

    async def _look(self) -> None:
        for place in self._places:
            if place.folder.exists:
                await self._look_at(place)
            elif place.looked is not None:
                await place.lookout.abandon(place.folder.name)
                place.looked = None
            elif place.role is not Role.OTHER:
                await place.lookout.missing(place.folder.name)
        looked = self._world.clock.now()
        if self._condition.state is not State.IDLE:
            self._condition = replace(self._condition, state=State.IDLE, since=looked, why="")
        self._condition = replace(self._condition, looked=looked)
        self._failures = 0
        self._world.alerts.clear("watcher-down", mailbox=self._world.mailbox)

    async def _look_at(self, place: _Place) -> None:
        """List the files only where a name has changed, as far as the times of the folders tell."""
        now = self._world.clock.now()
        stamp = await asyncio.to_thread(place.folder.stamp)
        # A name may change twice within one tick of the file system's clock.
        settled = place.looked is not None and place.looked - _since_epoch(max(stamp, default=0)) > _TICK
        due = place.looked is None or now - place.looked >= self._intervals.look
        if due or stamp != place.stamp or not settled or place.lookout.expects:
            place.stamp, place.looked = (), None
            await place.lookout.look(place.folder, full=True)
            place.stamp, place.looked = stamp, now

    def _note_fault(self, fault: Exception) -> timedelta:
        now, why = self._world.clock.now(), type(fault).__name__.lower()
        log.warning("mailbox-not-watched", mailbox=self._world.mailbox, why=why)
        for place in self._places:
            place.lookout.forget()
            place.looked = None
        if self._condition.state is not State.DOWN:
            self._condition = replace(self._condition, state=State.DOWN, since=now, why=why)
        if isinstance(fault, MailboxFault) and now - (self._condition.since or now) >= ALARM:
            self._world.alerts.tell("watcher-down", mailbox=self._world.mailbox)
        pause: timedelta = min(self._intervals.retry * 2 ** min(self._failures, 20), self._intervals.retry_cap)
        self._failures += 1
        return pause * self._dice.uniform(0.5, 1.5)


def _roles(settings: Mailbox) -> dict[str, Role]:
    """Folders by name; a Maildir marks none, so those to which messages are moved go by their usual names."""
    roles = dict.fromkeys((*_MOVED_TO, *filter(None, (settings.tags.folder, *settings.folders))), Role.OTHER)
    roles |= dict.fromkeys(settings.sent, Role.SENT)
    inboxes = dict.fromkeys((settings.inbox, *settings.inboxes), Role.INBOX)
    return inboxes | {name: role for name, role in roles.items() if not any(same(name, one) for one in inboxes)}


def _since_epoch(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def folder_of(root: Path, name: str) -> MaildirFolder:
    """INBOX is the Maildir itself; `A/B` lies in `.A.B`, in modified UTF-7."""
    path = root if same(name, "INBOX") else root / f".{encode(name).replace('/', '.')}"
    return MaildirFolder(name, path)
