"""The way to one server, wide enough for a few: however many mailboxes it has, connections open some at a time.

A TLS handshake takes far more memory than the connection keeps, and a process gives little of that back: where hundreds
come back at once, after a server's restart, each would cost a third more for good. Servers do better with fewer, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

#: Connections to one server that are being opened at a time.
WIDTH = 8

_Entrances = dict[tuple[str, int], asyncio.Semaphore]
#: By event loop, since a semaphore belongs to one.
_ENTRANCES: WeakKeyDictionary[asyncio.AbstractEventLoop, _Entrances] = WeakKeyDictionary()


@asynccontextmanager
async def entrance(host: str, port: int) -> AsyncIterator[None]:
    """Wait for room, and keep it until the connection is open or has failed."""
    entrances = _ENTRANCES.setdefault(asyncio.get_running_loop(), {})
    async with entrances.setdefault((host, port), asyncio.Semaphore(WIDTH)):
        yield
