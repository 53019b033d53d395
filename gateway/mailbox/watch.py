"""The watch over an IMAP mailbox: which folders are watched, and over how few connections.

Providers allow few. Where the server tells of other folders unasked (NOTIFY, RFC 5465), one connection sees them all;
where not, a second one makes the round of all but the inbox. In go one mailbox's settings and the ports; out come calls
of the observer (by `lookout`), a `condition` for people, and a way to set flags.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.core.tracking import Copy
from gateway.mailbox.condition import ALARM, Condition, State
from gateway.mailbox.door import Door
from gateway.mailbox.imap import Connection
from gateway.mailbox.lookout import Lookout
from gateway.mailbox.names import same
from gateway.mailbox.plan import Watched, missing, watched
from gateway.mailbox.post import Post, Stand
from gateway.mailbox.world import Role, World
from gateway.ports import Unavailable
from gateway.settings.schema import Mailbox


class ImapWatch:
    """Watches the folders of one mailbox, and sets flags there (`ports.Flags`)."""

    def __init__(self, world: World, settings: Mailbox, door: Door, dice: random.Random) -> None:
        self._world = world
        self._settings = settings
        tag = next(iter(settings.tags.keywords), "")
        self._first = Post(world, door, dice, errand=self._arrange, told=self._tell, tag=tag)
        self._second = Post(world, door, dice, errand=_nothing, told=self._tell)
        #: Whether one connection sees all; None before the first one.
        self._is_one: bool | None = None
        #: When the server's folders were last listed.
        self._listed: datetime | None = None
        self._noted: set[str] = set()
        #: The connection that NOTIFY was sent on, with which folders.
        self._notified: tuple[Connection, tuple[str, ...]] | None = None
        self._first.take(Stand(settings.inbox, Role.INBOX, Lookout(world, Role.INBOX), is_vital=True))

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._first.run())
            group.create_task(self._second.run())

    @property
    def condition(self) -> Condition:
        """How the inbox does, or the other folders where those are down."""
        inbox, others = self._first.condition, self._second.condition
        if inbox.state is not State.DOWN and others.state is State.DOWN:
            return replace(inbox, state=State.DOWN, since=others.since, why=others.why)
        return inbox

    async def add(self, copy: Copy, flags: frozenset[str]) -> frozenset[str]:
        """See `ports.Flags.add`. Never call it from within the observer: the watch would wait for itself.

        A copy in a folder that is not watched has none, as one that is gone.
        """
        for post in (self._first, self._second):
            for stand in post.stands:
                if same(stand.name, copy.folder):
                    return await post.add_flags(stand, copy.uid, flags)
        if self._listed is None:
            raise Unavailable("the folder is not watched yet")
        return frozenset()

    # Folders.

    async def _arrange(self, connection: Connection) -> None:
        """Watch folders as they appear, let go of those that are gone, and note those that are not there yet."""
        listed = await connection.folders()
        if not listed:
            return  # an INBOX at least is always there, so that was no list
        found = watched(listed, self._settings)
        for _, stand in self._placed():
            stand.is_gone |= not any(same(stand.name, one.name) for one in found)
        await self._share_out(connection, tuple(one.name for one in found[1:]))
        for one in found:
            if not any(same(one.name, stand.name) for _, stand in self._placed()):
                lookout = Lookout(self._world, one.role, absent=self._listed)
                (self._first if self._is_one else self._second).take(Stand(one.name, one.role, lookout))
        await self._note_missing(found)
        self._listed = self._world.clock.now()

    def _placed(self) -> Iterator[tuple[Post, Stand]]:
        for post in (self._first, self._second):
            for stand in post.stands:
                yield post, stand

    async def _share_out(self, connection: Connection, others: tuple[str, ...]) -> None:
        """One connection where the server tells of all folders on it; once it did not, two for good."""
        if not others or self._is_one is False or self._notified == (connection, others):
            return
        self._is_one = self._first.is_notified = await connection.notify(others)
        self._notified = (connection, others)
        if not self._is_one:
            home, *rest = self._first.stands
            self._first.stands = [home]
            for stand in rest:
                self._second.take(stand)

    async def _note_missing(self, found: Sequence[Watched]) -> None:
        for name, role in missing(found, self._settings):
            if name not in self._noted:
                await Lookout(self._world, role).missing(name)
                self._noted.add(name)

    # How it goes.

    def _tell(self) -> None:
        down = [post for post in (self._first, self._second) if post.down_since is not None]
        if not down:
            self._world.alerts.clear("watcher-down", mailbox=self._world.mailbox)
        now = self._world.clock.now()
        if any(post.is_mailbox_fault and post.down_since and now - post.down_since >= ALARM for post in down):
            self._world.alerts.tell("watcher-down", mailbox=self._world.mailbox)


async def _nothing(_: Connection) -> None:
    """The first connection arranges everything."""
