"""The transport to an SMTP or LMTP downstream: a bounded pool of connections, one reply a message.

A kept connection that went stale is replaced without the peer noticing. What must never happen is a second
delivery: once the final dot went out, nothing is sent again, and the peer's own retry is the only one.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import structlog

from gateway.core.message.facts import Envelope
from gateway.core.replies import NO_DOWNSTREAM, Reply
from gateway.transport.closing import Closing
from gateway.transport.findings import found, hasty, no_trust, trouble
from gateway.transport.partial import Partial
from gateway.transport.smtp import Broken, Connection, Target, Timeouts, connect

log = structlog.get_logger(__name__)


class Downstream(Closing):
    """`gateway.ports.Transport` for one mailbox; nothing opens before the first relay."""

    def __init__(
        self,
        target: Target,
        trust: Path | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        size: int = 8,
        max_idle: float = 30.0,
    ) -> None:
        self._target = target
        self._trust = trust
        self._timeouts = timeouts
        self._slots = asyncio.Semaphore(size)
        self._max_idle = max_idle
        self._idle: list[Connection] = []
        self._tls: ssl.SSLContext | None = None
        self._partial = Partial()
        self._closed = False

    async def aclose(self) -> None:
        """Say QUIT on all idle connections."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close() for connection in idle))

    async def relay(self, envelope: Envelope, content: bytes) -> Reply:
        """As `gateway.ports.Transport` says."""
        wanted = self._partial.missing(envelope, content)
        try:
            async with asyncio.timeout(self._timeouts.command):
                await self._slots.acquire()
        except TimeoutError:
            log.warning("downstream-crowded", host=self._target.host)
            return NO_DOWNSTREAM
        try:
            replies = await self._relay(wanted, content)
        except Broken as error:
            log.warning("downstream-broken", host=self._target.host, reason=error.reason, dot_sent=error.dot_sent)
            return error.reply
        finally:
            self._slots.release()
        return self._partial.settled(wanted, content, replies)

    async def probe(self) -> str:
        """Open a connection of its own as a relay would, and close it: what answers, in words. Raises Unavailable."""
        try:
            context = await self._context()
        except OSError as error:
            raise no_trust(self._trust) from error
        try:
            connection = await connect(self._target, hasty(self._timeouts), context)
        except (Broken, UnicodeError) as error:
            raise trouble(self._target, error) from error
        offers = {name: " ".join(words) for name, words in connection.offers.items()}
        await connection.close()
        return found(self._target, offers)

    async def _relay(self, envelope: Envelope, content: bytes) -> tuple[Reply, ...]:
        kept = await self._kept()
        if kept is not None:
            try:
                return await self._use(kept, envelope, content)
            except Broken as error:
                if error.dot_sent:
                    raise
        fresh = await connect(self._target, self._timeouts, await self._context())
        return await self._use(fresh, envelope, content)

    async def _use(self, connection: Connection, envelope: Envelope, content: bytes) -> tuple[Reply, ...]:
        try:
            replies = await connection.relay(envelope, content)
        except BaseException:
            await connection.abort()
            raise
        if any(reply.code == 421 for reply in replies) or self._closed:
            await connection.close()
        else:
            connection.last_used = asyncio.get_running_loop().time()
            self._idle.append(connection)
        return replies

    async def _kept(self) -> Connection | None:
        """The connection used last, if it stands; those that don't are closed."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if now - connection.last_used < self._max_idle and await connection.quiet():
                return connection
            await connection.abort()
        return None

    async def _context(self) -> ssl.SSLContext | None:
        if self._target.security and self._tls is None:
            self._tls = await asyncio.to_thread(trusting, self._trust)
        return self._tls


def trusting(trust: Path | None) -> ssl.SSLContext:
    """A context that verifies certificate and name, by the system's authorities and the one in the file."""
    context = ssl.create_default_context()
    if trust is not None:
        context.load_verify_locations(cafile=trust)
    return context
