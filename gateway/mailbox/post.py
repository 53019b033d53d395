"""A post: one connection that watches one folder or several, looking, idling and coming back by itself.

In go its stands, one for each folder, the first of which is home: there it idles. Where the server tells of the others
unasked (NOTIFY), or a timer says so, it goes there, looks, and comes back. Out come the observer's calls (by
`lookout`), a `condition` for people, and flags set between two waits. Whatever fails ends the connection; it is opened
anew after a pause that grows and is never quite the same.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.tracking import FLAGGED
from gateway.mailbox.condition import Condition, State, Support
from gateway.mailbox.door import Door
from gateway.mailbox.faults import MailboxFault, Missing
from gateway.mailbox.folder import ImapFolder
from gateway.mailbox.imap import Connection
from gateway.mailbox.lookout import Lookout
from gateway.mailbox.names import same
from gateway.mailbox.world import Role, World
from gateway.ports import Unavailable

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


@dataclass(slots=True)
class Stand:
    """One folder on a post's round."""

    name: str
    role: Role
    lookout: Lookout
    #: Without it nothing can be watched.
    is_vital: bool = False
    #: Something there waits for us, as far as can be told from outside.
    stirred: bool = True
    #: When every message is looked at again, and the folder selected anew; None: at once.
    full_at: datetime | None = None
    #: What STATUS said of it last.
    status: Mapping[str, str] = field(default_factory=dict)
    wishes: deque[_Wish] = field(default_factory=deque)
    #: The server has no such folder any more.
    is_gone: bool = False

    def note(self, status: Mapping[str, str]) -> None:
        """Take up what STATUS says now, which may be a part."""
        after = {**self.status, **status}
        self.stirred |= not after or after != self.status
        self.status = after

    def is_due(self, now: datetime) -> bool:
        """Whether to go there now."""
        return self.stirred or bool(self.wishes) or self.full_at is None or self.full_at <= now

    def disappoint(self) -> None:
        """Grant no wish that is open."""
        while self.wishes:
            granted = self.wishes.popleft().granted
            if not granted.done():
                granted.set_exception(Unavailable("the mailbox's connection was lost"))


class Post:
    """Stands by folders. `errand` is done on its connection at first, and whenever the timer is up.

    `tag` is the keyword whose support at home `condition` tells until one was really set; `told` is called whenever the
    condition is another one.
    """

    def __init__(
        self,
        world: World,
        door: Door,
        dice: random.Random,
        *,
        errand: Errand,
        told: Callable[[], None],
        tag: str = "",
    ) -> None:
        self.condition = Condition()
        #: Since when it does not work; None while it does.
        self.down_since: datetime | None = None
        #: Whether that is the mailbox's fault, as far as can be told.
        self.is_mailbox_fault = False
        self.stands: list[Stand] = []
        #: Whether the server tells of the other folders by itself.
        self.is_notified = False
        self._world = world
        self._door = door
        self._dice = dice
        self._errand = errand
        self._told = told
        self._tag = tag
        self._manned = asyncio.Event()
        self._connection: Connection | None = None
        self._at: tuple[Stand, ImapFolder] | None = None
        self._failures = 0
        self._connected: datetime | None = None

    def take(self, stand: Stand) -> None:
        """Put a folder on the round."""
        stand.stirred, stand.full_at = True, None
        self.stands.append(stand)
        self._manned.set()
        if self._connection is not None:
            self._connection.stir()

    async def run(self) -> None:
        """Watch until cancelled. No fault of the mailbox, nor one of ours, ends it: mail goes on meanwhile."""
        while True:
            await self._world.clock.wait(self._manned, None)
            try:
                async with self._door.connection() as connection:
                    self._connection, self._connected = connection, self._world.clock.now()
                    await self._attend(connection)
            except Unavailable as fault:
                if self._connection is not None:
                    self._door.heed(fault)
                self._note_fault(fault)
            except Exception as error:  # noqa: BLE001 - told to the admin by its kind; the text may quote mail
                self._world.alerts.tell("unexpected", mailbox=self._world.mailbox)
                self._note_fault(error)
            finally:
                self._connection, self._at = None, None
                for stand in self.stands:
                    stand.disappoint()
            await self._pause()

    async def add_flags(self, stand: Stand, uid: str, flags: frozenset[str]) -> frozenset[str]:
        """Have flags set between two waits, and say what the message has then. Raises Unavailable."""
        if self._connection is None:
            raise Unavailable("the mailbox is not connected now; its watch comes back by itself")
        wish = _Wish(uid, flags, asyncio.get_running_loop().create_future())
        stand.wishes.append(wish)
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
        await connection.enable()
        await self._errand(connection)
        for stand in self.stands:
            stand.stirred, stand.full_at = True, None
        await self._ask_of_others(connection)
        stirred = False
        while await self._is_manned():
            fruitful = await self._go_round(connection)
            if sum(stand.lookout.take_filled() for stand in self.stands):
                await self._errand(connection)  # a folder was made, which may be one to watch
            if stirred and not fruitful:
                await clock.wait(asyncio.Event(), clock.now() + intervals.breath)
            self._be(State.IDLE)
            stirred = await self._wait(connection, wait)
            if not stirred:
                await connection.poke()
                await self._errand(connection)
                await self._ask_of_others(connection)

    async def _is_manned(self) -> bool:
        """Take folders off the round that are gone; whether there are others. Raises Unavailable."""
        for stand in [stand for stand in self.stands if stand.is_gone]:
            await stand.lookout.abandon(stand.name)
            self.stands.remove(stand)
            stand.disappoint()
        if not self.stands:
            self._manned.clear()
            self.condition, self.down_since = Condition(), None
            self._told()
        return bool(self.stands)

    async def _go_round(self, connection: Connection) -> bool:
        """Look at home, then wherever something stirs, and at home again; whether there was anything to do."""
        self._be(State.LOOKING)
        home, *_ = self.stands
        fruitful = await self._visit(connection, home)
        for _ in range(_RESTLESS):
            self._hear_of_others(connection)
            due = [stand for stand in self.stands if stand is not home and stand.is_due(self._world.clock.now())]
            if not due:
                break
            for stand in due:
                fruitful |= await self._visit(connection, stand)
            fruitful |= await self._visit(connection, home)
        else:
            connection.stir()  # somewhere it may stir still, which looking at another folder made us forget
        self._note_success(home)
        return fruitful

    async def _visit(self, connection: Connection, stand: Stand) -> bool:
        if stand.is_gone:
            return False
        try:
            return await self._look_at(connection, stand)
        except Missing:
            if stand.is_vital:
                raise
            log.info("folder-not-there", mailbox=self._world.mailbox, folder=stand.role.value)
            stand.is_gone = True
            connection.stir()
            return True

    async def _look_at(self, connection: Connection, stand: Stand) -> bool:
        """Select the folder if need be, and look until it is at rest; whether there was anything to do."""
        now = self._world.clock.now()
        # Selecting anew shows a changed UIDVALIDITY, and news that some servers show no other way.
        full = stand.full_at is None or stand.full_at <= now
        if full or self._at is None or self._at[0] is not stand:
            self._at = stand, await self._select(connection, stand)
        folder = self._at[1]
        stand.stirred = False
        fruitful = False
        for _ in range(_RESTLESS):
            connection.settle()
            granted = await self._grant(stand, folder)
            different = await stand.lookout.look(folder, full=full)
            fruitful |= granted or different
            if full:
                stand.full_at, full = now + self._door.intervals.full, False
            if not different and not connection.stirred:
                break
        return fruitful

    async def _select(self, connection: Connection, stand: Stand) -> ImapFolder:
        self._at = None
        selected = await connection.select(stand.name)
        if stand.is_vital and stand.lookout.support is Support.UNKNOWN and self._tag:
            starred = Support.FLAGGED if selected.keeps(FLAGGED) else Support.NONE
            self.condition = replace(self.condition, tags=Support.KEYWORD if selected.keeps(self._tag) else starred)
        return ImapFolder(stand.name, connection, selected)

    def _hear_of_others(self, connection: Connection) -> None:
        """What the server told unasked. It may be a folder on nobody's round."""
        for news in connection.take_news():
            for stand in self.stands[1:]:
                if same(stand.name, news.folder):
                    stand.note(news.items)

    async def _ask_of_others(self, connection: Connection) -> None:
        """Ask which folders stirred, where the server does not tell by itself."""
        for stand in list(self.stands[1:]):
            stand.stirred |= stand.lookout.expects
            if not self.is_notified and not stand.stirred:
                status = await connection.status(stand.name)
                stand.note(status.items if status else {})

    async def _wait(self, connection: Connection, limit: timedelta) -> bool:
        """Wait for the folder to stir, by IDLE (RFC 2177) where there is one; False where the timer was up first."""
        if not await connection.until_stirred(limit.total_seconds()):
            await self._world.clock.wait(connection.stirring, self._world.clock.now() + limit)
        return connection.stirred

    async def _grant(self, stand: Stand, folder: ImapFolder) -> bool:
        any_granted = bool(stand.wishes)
        while stand.wishes:
            wish = stand.wishes[0]
            has = await folder.add_flags(wish.uid, wish.flags)
            stand.wishes.popleft()
            stand.lookout.note_set(wish.uid, has & wish.flags)
            if not wish.granted.done():
                wish.granted.set_result(has)
        return any_granted

    # How it goes.

    def _be(self, state: State, why: str = "") -> None:
        if self.condition.state is not state or self.condition.why != why:
            self.condition = replace(self.condition, state=state, since=self._world.clock.now(), why=why)

    def _note_success(self, home: Stand) -> None:
        support = home.lookout.support
        tags = support if support is not Support.UNKNOWN else self.condition.tags
        self.condition = replace(self.condition, looked=home.lookout.looked, tags=tags)
        if self.down_since is not None:
            log.info("mailbox-watched-again", mailbox=self._world.mailbox, folder=home.role.value)
        self.down_since = None
        self._told()

    def _note_fault(self, fault: Exception) -> None:
        now, why = self._world.clock.now(), type(fault).__name__.lower()
        log.warning("mailbox-not-watched", mailbox=self._world.mailbox, why=why)
        for stand in self.stands:
            stand.lookout.forget()
        lasted = now - self._connected if self._connected else timedelta()
        self._failures = 1 if lasted >= self._door.intervals.look else self._failures + 1
        self._connected = None
        self.down_since = self.down_since or now
        self.is_mailbox_fault = isinstance(fault, MailboxFault)
        self._be(State.DOWN, why)
        self._told()

    async def _pause(self) -> None:
        intervals, clock = self._door.intervals, self._world.clock
        pause = min(intervals.retry * 2 ** min(self._failures - 1, 20), intervals.retry_cap)
        await clock.wait(asyncio.Event(), clock.now() + pause * self._dice.uniform(0.5, 1.5))
