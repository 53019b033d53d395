"""The watch over an IMAP mailbox: one connection a folder, each looking, idling and coming back by itself.

In go one mailbox's settings and the ports; out come calls of the observer (by `lookout`), a `condition` for people,
and a way to set flags. A connection looks, waits by IDLE until its folder stirs or the timer is up, and looks again.
Whatever fails ends the connection; it is opened anew after a pause that grows and is never quite the same.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.tracking import FLAGGED, Copy
from gateway.mailbox.condition import ALARM, Condition, State, Support
from gateway.mailbox.door import Door
from gateway.mailbox.faults import MailboxFault
from gateway.mailbox.folder import ImapFolder
from gateway.mailbox.imap import Connection
from gateway.mailbox.lookout import Lookout, Role, World
from gateway.mailbox.names import same
from gateway.ports import Unavailable
from gateway.settings.schema import Mailbox

log = structlog.get_logger(__name__)

#: Looks in a row at a folder that does not come to rest; then the timer takes over.
_RESTLESS = 5

Errand = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Wish:
    """Flags that somebody else wants set on a message, and where to say what it has then."""

    uid: str
    flags: frozenset[str]
    granted: asyncio.Future[frozenset[str]]


async def _no_errand(_: Connection) -> None:
    """Most folders have none."""


class Post:
    """Stands by one folder. `errand` is done on its connection at first, and whenever the timer is up.

    `tag` is the keyword whose support `condition` tells until one was really set.
    """

    def __init__(
        self,
        name: str,
        role: Role,
        world: World,
        door: Door,
        dice: random.Random,
        *,
        errand: Errand = _no_errand,
        tag: str = "",
    ) -> None:
        self.name = name
        self.condition = Condition()
        self._role = role
        self._world = world
        self._door = door
        self._dice = dice
        self._errand = errand
        self._tag = tag
        self._lookout = Lookout(world, role)
        self._connection: Connection | None = None
        self._wishes: deque[_Wish] = deque()
        self._failures = 0
        self._down_since: datetime | None = None

    async def run(self) -> None:
        """Watch until cancelled. No fault of the mailbox, nor one of ours, ends it: mail goes on meanwhile."""
        while True:
            try:
                async with self._door.connection() as connection:
                    self._connection = connection
                    await self._attend(connection)
            except Unavailable as fault:
                if self._connection is not None:
                    self._door.heed(fault)
                self._note_fault(fault)
            except Exception as error:  # noqa: BLE001 - told to the admin by its kind; the text may quote mail
                self._world.alerts.tell("unexpected", mailbox=self._world.mailbox)
                self._note_fault(error)
            finally:
                self._connection = None
                self._disappoint()
            await self._pause()

    async def add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        """Have flags set between two waits, and say what the message has then. Raises Unavailable."""
        if self._connection is None:
            raise Unavailable("the mailbox is not connected now; its watch comes back by itself")
        wish = _Wish(uid, flags, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        self._connection.stir()
        try:
            async with asyncio.timeout(self._door.intervals.command.total_seconds() * 2):
                return await wish.granted
        except TimeoutError as error:
            raise Unavailable("the mailbox is too busy to set flags now") from error

    # One connection's life.

    async def _attend(self, connection: Connection) -> None:
        clock, intervals = self._world.clock, self._door.intervals
        wait = min(intervals.look, intervals.idle)
        while True:  # selecting anew shows a changed UIDVALIDITY, and news that some servers show no other way
            folder = await self._select(connection)
            until = clock.now() + intervals.full
            await self._errand(connection)
            await self._look(connection, folder, full=True)
            while clock.now() < until:
                self._be(State.IDLE)
                stirred = await self._wait(connection, wait)
                if not stirred:
                    await connection.poke()
                    await self._errand(connection)
                if not await self._look(connection, folder, full=False) and stirred:
                    await clock.wait(asyncio.Event(), clock.now() + intervals.breath)

    async def _select(self, connection: Connection) -> ImapFolder:
        selected = await connection.select(self.name)
        if self._lookout.support is Support.UNKNOWN and self._tag:
            starred = Support.FLAGGED if selected.keeps(FLAGGED) else Support.NONE
            self.condition = replace(self.condition, tags=Support.KEYWORD if selected.keeps(self._tag) else starred)
        return ImapFolder(self.name, connection, selected)

    async def _look(self, connection: Connection, folder: ImapFolder, *, full: bool) -> bool:
        """Look until the folder is at rest; whether there was anything to do."""
        self._be(State.LOOKING)
        fruitful = False
        for _ in range(_RESTLESS):
            connection.settle()
            granted = await self._grant(folder)
            different = await self._lookout.look(folder, full=full)
            fruitful |= granted or different
            if not different and not connection.stirred:
                break
            full = False
        self._note_success()
        return fruitful

    async def _wait(self, connection: Connection, limit: timedelta) -> bool:
        """Wait for the folder to stir; False where the timer was up first."""
        if not await connection.until_stirred(limit.total_seconds()):
            await self._world.clock.wait(connection.stirring, self._world.clock.now() + limit)
        return connection.stirred

    async def _grant(self, folder: ImapFolder) -> bool:
        any_granted = bool(self._wishes)
        while self._wishes:
            wish = self._wishes[0]
            has = await folder.add_flags(wish.uid, wish.flags)
            self._wishes.popleft()
            self._lookout.note_set(wish.uid, has & wish.flags)
            if not wish.granted.done():
                wish.granted.set_result(has)
        return any_granted

    def _disappoint(self) -> None:
        while self._wishes:
            granted = self._wishes.popleft().granted
            if not granted.done():
                granted.set_exception(Unavailable("the mailbox's connection was lost"))

    # How it goes.

    def _be(self, state: State, why: str = "") -> None:
        if self.condition.state is not state or self.condition.why != why:
            self.condition = replace(self.condition, state=state, since=self._world.clock.now(), why=why)

    def _note_success(self) -> None:
        tags = self._lookout.support if self._lookout.support is not Support.UNKNOWN else self.condition.tags
        self.condition = replace(self.condition, looked=self._lookout.looked, tags=tags)
        if self._failures:
            log.info("mailbox-watched-again", mailbox=self._world.mailbox, folder=self._role.value)
        self._failures, self._down_since = 0, None
        self._world.alerts.clear("watcher-down", mailbox=self._world.mailbox)

    def _note_fault(self, fault: Exception) -> None:
        now, why = self._world.clock.now(), type(fault).__name__.lower()
        log.warning("mailbox-not-watched", mailbox=self._world.mailbox, folder=self._role.value, why=why)
        self._lookout.forget()
        self._failures += 1
        self._down_since = self._down_since or now
        self._be(State.DOWN, why)
        if isinstance(fault, MailboxFault) and now - self._down_since >= ALARM:
            self._world.alerts.tell("watcher-down", mailbox=self._world.mailbox)

    async def _pause(self) -> None:
        intervals, clock = self._door.intervals, self._world.clock
        pause = min(intervals.retry * 2 ** min(self._failures - 1, 20), intervals.retry_cap)
        await clock.wait(asyncio.Event(), clock.now() + pause * self._dice.uniform(0.5, 1.5))


class ImapWatch:
    """Watches the inbox and the folders of sent mail of one mailbox, and sets flags there (`ports.Flags`)."""

    def __init__(self, world: World, settings: Mailbox, door: Door, dice: random.Random) -> None:
        self._world = world
        self._settings = settings
        self._door = door
        self._dice = dice
        tag = next(iter(settings.tags.keywords), "")
        self._inbox = Post(settings.inbox, Role.INBOX, world, door, dice, errand=self._find_sent, tag=tag)
        self._posts: dict[str, Post] = {settings.inbox.casefold(): self._inbox}
        self._missing: set[str] = set()
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._inbox.run())

    @property
    def condition(self) -> Condition:
        """How the inbox does, or a folder of sent mail where that one is down."""
        inbox = self._inbox.condition
        for post in self._posts.values():
            if inbox.state is not State.DOWN and post.condition.state is State.DOWN:
                return replace(inbox, state=State.DOWN, since=post.condition.since, why=post.condition.why)
        return inbox

    async def add(self, copy: Copy, flags: frozenset[str]) -> frozenset[str]:
        """See `ports.Flags.add`. Never call it from within the observer: the watch would wait for itself."""
        post = self._posts.get(copy.folder.casefold())
        if post is None:
            raise Unavailable("the folder is not watched yet")
        return await post.add_flags(copy.uid, flags)

    async def _find_sent(self, connection: Connection) -> None:
        """Stand by folders of sent mail as they appear; note those that are not there yet."""
        found = await connection.sent_folders(self._settings.inbox, self._settings.sent)
        for name in found:
            if name.casefold() not in self._posts and self._group is not None:
                post = Post(name, Role.SENT, self._world, self._door, self._dice)
                self._posts[name.casefold()] = post
                self._group.create_task(post.run())
        for name in self._settings.sent:
            if name not in self._missing and not any(same(name, one) for one in found):
                await Lookout(self._world, Role.SENT).missing(name)
                self._missing.add(name)
