"""The listening side as one service: opens the addresses, keeps count of connections, and stops without loss.

Settings and the flow's two callables go in; nothing comes out but mail handed to `arrive`.
Runs in the caller's event loop; refuses to know what a route or a message means.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from gateway.core.replies import Reply
from gateway.intake.handler import Arrive, Handler, Router
from gateway.intake.limits import Limits
from gateway.intake.protocol import STOPPING, Connection
from gateway.settings.schema import Smtp

#: asyncio's own text for these repeats the address.
_BIND_FAULTS = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL})

log = structlog.get_logger(__name__)


class Intake:
    """Serves until its task is cancelled, then finishes what is in hand, within `smtp.drain`."""

    def __init__(self, smtp: Smtp, tls: ssl.SSLContext | None, route: Router, arrive: Arrive) -> None:
        self._smtp = smtp
        self._tls = tls
        self._route = route
        self._arrive = arrive
        self._connections: set[Connection] = set()
        self._bound: tuple[tuple[str, int], ...] = ()
        self._listening = asyncio.Event()

    async def bound(self) -> tuple[tuple[str, int], ...]:
        """Host and port of every address that we listen on, once we do."""
        await self._listening.wait()
        return self._bound

    async def run(self) -> None:
        """Listen and serve. Raises OSError where an address can't be had."""
        limits = Limits(self._smtp)
        started: set[asyncio.Task[Reply]] = set()

        def start(relay: Coroutine[Any, Any, Reply]) -> asyncio.Task[Reply]:
            task = work.create_task(relay)
            started.add(task)
            task.add_done_callback(started.discard)
            return task

        handler = Handler(self._smtp, limits, self._route, self._arrive, start)
        # Before the group, which would wrap an address in use into an ExceptionGroup.
        servers = await self._bind(lambda: Connection(handler, limits, self._connections, self._smtp, self._tls))
        async with asyncio.TaskGroup() as work:
            try:
                for server in servers:
                    await server.start_serving()
                self._listening.set()
                log.info("intake-listening", addresses=[f"{host}:{port}" for host, port in self._bound])
                # Nothing sets it: a stop is a cancellation.
                await asyncio.Event().wait()
            finally:
                await self._stop(servers, started)

    async def _bind(self, connection: Callable[[], Connection]) -> list[asyncio.Server]:
        servers: list[asyncio.Server] = []
        try:
            for address in self._smtp.listen:
                host, _, port = address.rpartition(":")
                servers.append(await self._listen(connection, host.strip("[]"), int(port)))
        except BaseException:
            for server in servers:
                server.close()
            raise
        names = [socket.getsockname() for server in servers for socket in server.sockets]
        self._bound = tuple((name[0], name[1]) for name in names)
        return servers

    async def _listen(self, connection: Callable[[], Connection], host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(connection, host, port, backlog=1024, start_serving=False)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno in _BIND_FAULTS else error.strerror
            raise OSError(error.errno, f"mail can't come in on {host}:{port} ({why}); {_mend(error)}") from error

    async def _stop(self, servers: list[asyncio.Server], started: set[asyncio.Task[Reply]]) -> None:
        for server in servers:
            server.close()
        for connection in tuple(self._connections):
            connection.retire(STOPPING)
        # Not asyncio.timeout(): in a cancelled task it can't tell its own cancellation from the stop.
        talks = self._conversations()
        if open_work := talks | started:
            log.info("intake-draining", connections=len(talks), relays=len(started))
            await asyncio.wait(open_work, timeout=self._smtp.drain.total_seconds())
        for connection in tuple(self._connections):
            connection.abort()
        if talks := self._conversations():
            await asyncio.wait(talks)

    def _conversations(self) -> set[asyncio.Task[None]]:
        return {task for connection in self._connections if (task := connection.conversation) is not None}


def _mend(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "stop what listens there, or set another `smtp.listen`"
    if error.errno == errno.EACCES:
        return "a port below 1024 needs root or CAP_NET_BIND_SERVICE: grant it, or set another `smtp.listen`"
    return "set `smtp.listen` to an address of this machine"
