"""Serves the pages by uvicorn within our own event loop.

In go an address and an application; out comes a listening socket that is known before the first request.
uvicorn would take SIGINT and SIGTERM for itself; here the house alone decides when to stop, by cancelling `run`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import structlog
import uvicorn
from starlette.types import ASGIApp

log = structlog.get_logger(__name__)

#: Seconds that a stop waits for pages under way.
DRAIN = 3
#: Connections at once; these pages are for a few people and a collector of metrics.
MOST_CONNECTIONS = 64


class _Uvicorn(uvicorn.Server):
    """uvicorn that leaves signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


class Server:
    """One listener. `open` binds it, `run` serves until cancelled and closes it."""

    def __init__(self, listen: str, app: ASGIApp) -> None:
        """`listen` is host and port as the settings have them; port 0 takes a free one."""
        host, _, port = listen.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._app = app
        self._socket: socket.socket | None = None
        self._listening = asyncio.Event()

    async def bound(self) -> tuple[str, int]:
        """Host and port, once it listens."""
        await self._listening.wait()
        if self._socket is None:
            raise RuntimeError("the web server is closed again")
        host, port = self._socket.getsockname()[:2]
        return host, port

    def open(self) -> None:
        """Bind the listener; a second call does nothing. Raises OSError, with the mend, where that is refused."""
        if self._socket is not None:
            return
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            self._socket = socket.create_server((self._host, self._port), family=family, backlog=128)
        except OSError as error:
            why = (error.strerror or "").partition(" (while")[0]  # the address again
            mend = f"the pages can't listen on {self._host}:{self._port} ({why}); set another web.listen"
            raise OSError(error.errno, mend) from error
        self._listening.set()

    def close(self) -> None:
        """Give the address back, where `run` was never called."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def run(self) -> None:
        """Serve until cancelled; pages under way get some seconds to end. Raises OSError as `open` does."""
        self.open()
        server = _Uvicorn(self._config())
        sockets = [self._socket] if self._socket else []
        host, port = await self.bound()
        log.info("pages-open", host=host, port=port)
        try:
            await server.serve(sockets=sockets)
        except asyncio.CancelledError:
            if server.started:
                await server.shutdown(sockets=sockets)
            raise
        finally:
            self.close()

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            http="h11",
            ws="none",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=DRAIN,
        )
