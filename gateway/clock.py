"""The one file that reads time, so that everything else can be told what time it is.

Out comes `ports.Clock`: the real one for a running gateway, and one that tests move by hand.
Neither knows what anybody waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

#: The loop's own clock stands still while a laptop sleeps and never hears of a corrected wall clock,
#: so a long wait is cut into slices and the wall is asked anew after each.
SLICE = timedelta(seconds=30)


class SystemClock:
    """The machine's wall clock, in UTC."""

    def __init__(self, look: timedelta = SLICE) -> None:
        """`look` is the longest time between two looks at the wall while somebody waits."""
        self._look = look

    def now(self) -> datetime:
        """The current instant."""
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set or the wall clock shows `until`; lets others run at least once."""
        if until is None:
            await event.wait()
            return
        await asyncio.sleep(0)
        while not event.is_set() and (left := until - self.now()) > timedelta():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._look).total_seconds()):
                    await event.wait()


class ManualClock:
    """A clock that stands still until it is moved. For one event loop; `advance` and `set` are called within it."""

    def __init__(self, start: datetime) -> None:
        """Begin at an aware instant; raises ValueError for a naive one."""
        self._now = _utc(start)
        self._moved = asyncio.Event()
        self._waiting: list[datetime] = []

    def now(self) -> datetime:
        """The instant that it was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move by a duration and wake whoever waits."""
        self.set(self._now + by)

    def set(self, at: datetime) -> None:
        """Move to an instant, forth or (as wall clocks do) back, and wake whoever waits. Raises ValueError if naive."""
        self._now = _utc(at)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def next_wake(self) -> datetime | None:
        """The earliest instant that somebody waits for now, so that a story can jump there; None for nobody."""
        return min(self._waiting, default=None)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set or the clock was moved to `until`; lets others run at least once."""
        if until is None:
            await event.wait()
            return
        await asyncio.sleep(0)
        self._waiting.append(until)
        try:
            while not event.is_set() and self._now < until:
                await _either(event, self._moved)
        finally:
            self._waiting.remove(until)


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in (one, other)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a naive instant; give it a zone, for example datetime(2026, 3, 2, 7, tzinfo=UTC)")
    return at.astimezone(UTC)
