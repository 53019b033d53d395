"""Many lines to one real server, each of which can break or go dead: a TCP proxy for hundreds of connections.

A line that *breaks* is reset on both ends. One that goes *dead* stays open and carries nothing more, as after a router
forgot it: only who asks and gets no answer finds out.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast


class _End(asyncio.Protocol):
    """One end of a line; what it hears goes to the other end."""

    def __init__(self) -> None:
        self.wire: asyncio.Transport | None = None
        self.other: _End | None = None
        self.dead = False
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast("asyncio.Transport", transport)
        if self.other is not None and self.other._early:
            self.wire.writelines(self.other._early)
            self.other._early.clear()

    def data_received(self, data: bytes) -> None:
        if self.dead:
            return
        if self.other is not None and self.other.wire is not None:
            self.other.wire.write(data)
        else:
            self._early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.wire is not None and not self.dead:
            self.other.wire.close()

    def abort(self) -> None:
        if self.wire is not None:
            self.wire.abort()


def _whole(end: _End) -> bool:
    return end.wire is not None and not end.wire.is_closing()


class Lines:
    """Listens on a port of its own and passes to the server's."""

    def __init__(self, target: int, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop
        self._open: list[tuple[_End, _End]] = []
        self._dialling: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def open(self) -> int:
        """How many lines carry something."""
        return sum(1 for near, far in self._open if not near.dead and _whole(near) and _whole(far))

    def break_some(self, share: float, dice: random.Random) -> int:
        """Break a share of the lines; how many those were."""
        return self._with_some(share, dice, lambda line: [end.abort() for end in line])

    def deaden_some(self, share: float, dice: random.Random) -> int:
        """Let a share of the lines go dead; how many those were."""

        def deaden(line: tuple[_End, _End]) -> None:
            for end in line:
                end.dead = True

        return self._with_some(share, dice, deaden)

    def _with_some(self, share: float, dice: random.Random, deed: Callable[[tuple[_End, _End]], object]) -> int:
        done = threading.Event()
        chosen: list[tuple[_End, _End]] = []

        def do() -> None:
            self._open = [line for line in self._open if _whole(line[0])]
            alive = [line for line in self._open if not line[0].dead]
            chosen.extend(line for line in alive if dice.random() < share)
            for line in chosen:
                deed(line)
            done.set()

        self._loop.call_soon_threadsafe(do)
        done.wait(30)
        return len(chosen)

    async def listen(self) -> asyncio.Server:
        """Begin."""
        server = await self._loop.create_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def _accept(self) -> _End:
        near, far = _End(), _End()
        near.other, far.other = far, near
        self._open.append((near, far))
        task = self._loop.create_task(self._dial(near, far))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)
        return near

    async def _dial(self, near: _End, far: _End) -> None:
        try:
            await self._loop.create_connection(lambda: far, "127.0.0.1", self._target)
        except OSError:
            near.abort()

    def close(self) -> None:
        """Break every line."""
        for line in self._open:
            for end in line:
                end.abort()


@contextmanager
def lines_to(target: int) -> Iterator[Lines]:
    """Lines to a port on loopback, in a thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    lines = Lines(target, loop)
    server = asyncio.run_coroutine_threadsafe(lines.listen(), loop).result(30)

    async def stop() -> None:
        server.close()
        lines.close()

    try:
        yield lines
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
