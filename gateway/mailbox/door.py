"""The one way into a mailbox: each connection is opened here, one at a time, never against the server's will.

A refused login or a throttling reply closes the door for all of the mailbox's connections: refusals for longer each
time, so that no account gets locked, and the admin is told once. Knows nothing of folders.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.mailbox.condition import Intervals
from gateway.mailbox.faults import MailboxFault, Refused, Throttled
from gateway.mailbox.imap import Access, Connection, connect
from gateway.ports import Alerts, Clock

#: What a server did not keep is tried again after so long: it may have been mended.
_FORGIVES_AFTER = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass
class Door:
    """Opens connections of one mailbox."""

    mailbox: str
    access: Access
    clock: Clock
    alerts: Alerts
    intervals: Intervals
    _closed_until: datetime | None = None
    _refusals: int = 0
    #: What the server offers and does not keep, and since when that is noted.
    _unfit: set[str] = field(default_factory=set)
    _noted: datetime | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A signed-in connection, once the door is open. Raises Unavailable, its own faults and the connection's."""
        async with AsyncExitStack() as stack:
            async with self._turn:
                await self.clock.wait(asyncio.Event(), self._closed_until or self.clock.now())
                self._give_another_chance()
                try:
                    connection = await stack.enter_async_context(connect(self.access, self._unfit))
                except MailboxFault as fault:
                    self.heed(fault)
                    raise
                self._refusals = 0
                self.alerts.clear("login-refused", mailbox=self.mailbox)
            yield connection

    @property
    def is_open(self) -> bool:
        """Whether nobody has to wait to be let in."""
        return self._closed_until is None or self._closed_until <= self.clock.now()

    def heed(self, fault: Exception) -> None:
        """Close the door for a while where a fault asks for it."""
        if isinstance(fault, Refused):
            pause = min(self.intervals.refused * 2 ** min(self._refusals, 20), self.intervals.refused_cap)
            self._refusals += 1
            self.alerts.tell("login-refused", mailbox=self.mailbox)
            self._close(pause)
        elif isinstance(fault, Throttled):
            self._close(min(timedelta(seconds=fault.seconds), self.intervals.throttled_cap))

    def _give_another_chance(self) -> None:
        now = self.clock.now()
        if self._noted is None or now - self._noted >= _FORGIVES_AFTER:
            self._unfit.clear()
            self._noted = now

    def _close(self, pause: timedelta) -> None:
        self._closed_until = self.clock.now() + pause
        log.warning("mailbox-left-alone", mailbox=self.mailbox, seconds=round(pause.total_seconds()))
