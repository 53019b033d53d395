"""The real intake on a free port of loopback, in front of an `arrive` that keeps what it was given."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

import trustme

from gateway.core.message.facts import Envelope
from gateway.core.replies import Reply, accepted, permanent
from gateway.core.routing import Route, route_for, serves_domain
from gateway.intake.handler import Arrive
from gateway.intake.server import Intake
from gateway.settings.schema import Smtp

ROUTES = (
    Route("ana@hopestreet.example", "ana", "mornings"),
    Route("ana+*@hopestreet.example", "ana", "mornings"),
    Route("ben@hopestreet.example", "ben", "mornings"),
    Route("new@hopestreet.example", "ana", "new-enquiries"),
    Route("räume@hopestreet.example", "ana", "mornings"),
    Route("postmaster", "ana", "mornings"),
)
#: A recipient that makes the router fail, and words that must then stand nowhere.
FAULTY = "fault@hopestreet.example"
SECRET = "canary-4711"


def route(reverse_path: str, recipient: str) -> Route | Reply:
    if recipient == FAULTY:
        raise RuntimeError(SECRET)
    if found := route_for(recipient, ROUTES):
        return found
    if serves_domain(recipient, ROUTES):
        return permanent(550, "1.1", "No such mailbox here")
    return permanent(550, "7.1", "We do not relay for this recipient")


@dataclass
class Arrived:
    """What `arrive` was given, and the reply that it gives; content with `explode` makes it fail."""

    messages: list[tuple[Route, Envelope, bytes]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    reply: Reply = field(default_factory=lambda: accepted("Taken"))

    async def __call__(self, route: Route, envelope: Envelope, content: bytes) -> Reply:
        if b"explode" in content:
            raise ValueError(SECRET)
        self.messages.append((route, envelope, content))
        self.came.set()
        return self.reply


@dataclass
class Peer:
    """A scripted peer: raw bytes out, lines in."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def line(self) -> str:
        """One line of a reply, without its end; `<closed>` at the end of the connection."""
        async with asyncio.timeout(10):
            try:
                line = await self.reader.readline()
            except ConnectionError:
                return "<closed>"
        return line.decode().removesuffix("\r\n") if line else "<closed>"

    async def reply(self) -> str:
        """One whole reply, its lines joined by `|`."""
        lines = [await self.line()]
        while lines[-1][3:4] == "-":
            lines.append(await self.line())
        return "|".join(lines)

    async def ask(self, *commands: str) -> list[str]:
        """One command after the other, and the reply to each."""
        replies = []
        for command in commands:
            self.send(command.encode("utf-8", "surrogateescape") + b"\r\n")
            replies.append(await self.reply())
        return replies

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context, server_hostname="localhost")

    def vanish(self) -> None:
        """Cut the connection as a crash does, with RST."""
        socket = self.writer.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(5):
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            self.writer.transport.abort()


@dataclass
class Running:
    """An intake that serves."""

    intake: Intake
    host: str
    port: int
    task: asyncio.Task[None]
    trust: ssl.SSLContext
    peers: list[Peer] = field(default_factory=list)

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection(self.host, self.port))
        self.peers.append(peer)
        return peer

    async def greeted(self) -> Peer:
        """A peer that has said EHLO."""
        peer = await self.connect()
        await peer.reply()
        await peer.ask("EHLO client.example")
        return peer


def contexts(authority: trustme.CA | None = None) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for localhost and a peer's that trusts it."""
    authority = authority or trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    peer = ssl.create_default_context()
    authority.configure_trust(peer)
    return server, peer


@asynccontextmanager
async def running_intake(
    arrive: Arrive | Callable[[Route, Envelope, bytes], Awaitable[Reply]],
    tls: bool = False,
    authority: trustme.CA | None = None,
    **smtp: object,
) -> AsyncIterator[Running]:
    """Serve with these fields of `Smtp`; ends the intake and every peer."""
    settings = Smtp.model_validate({"listen": ["127.0.0.1:0"], "hostname": "gw.hopestreet.example", **smtp})
    server, trust = contexts(authority) if tls else (None, ssl.create_default_context())
    intake = Intake(settings, server, route, arrive)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(intake.run())
        async with asyncio.timeout(10):
            ((host, port),) = await intake.bound()
        running = Running(intake, host, port, task, trust)
        try:
            yield running
        finally:
            for peer in running.peers:
                await peer.close()
            task.cancel()
