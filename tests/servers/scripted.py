"""A downstream that misbehaves by script: for faults that no real server commits when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

#: Steps beside bytes (said by the downstream) and str (a line awaited from the gateway, by its beginning).
CONTENT = object()
HANG = object()

GREET: tuple[object, ...] = (b"220 down.example\r\n", "EHLO", b"250-down.example\r\n250 PIPELINING\r\n")
PLAIN_GREET: tuple[object, ...] = (b"220 down.example\r\n", "EHLO", b"250 down.example\r\n")
#: One message taken, pipelined.
TAKE: tuple[object, ...] = (
    *("MAIL", "RCPT", "DATA", b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"),
    *(CONTENT, b"250 2.6.0 queued as 1\r\n"),
)


@dataclass
class Scripted:
    """One script a connection, in their order; what was heard, and how many connections were made."""

    scripts: list[Sequence[object]]
    port: int = 0
    connections: int = 0
    lines: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    #: Set when a connection's script has ended.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    playing: int = 0

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        self.playing += 1
        self.ended.clear()
        try:
            for step in self.scripts[number]:
                await self._step(step, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.errors.append(repr(error))
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.playing -= 1
            if not self.playing:
                self.ended.set()

    async def _step(self, step: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif isinstance(step, str):
            line = (await reader.readuntil(b"\r\n")).decode().strip()
            self.lines.append(line)
            if not line.startswith(step):
                self.errors.append(f"wanted {step}, got {line}")
        elif step is CONTENT:
            self.contents.append(await _content(reader))
        else:
            while await reader.read(4096):
                pass


async def _content(reader: asyncio.StreamReader) -> bytes:
    content = b"\r\n"
    while not content.endswith(b"\r\n.\r\n"):
        content += await reader.readuntil(b"\r\n")
    return content[2:-3]


@asynccontextmanager
async def scripted(*scripts: Sequence[object]) -> AsyncIterator[Scripted]:
    """Serve the scripts, one a connection; complains at the end of lines that did not come as awaited."""
    peer = Scripted(list(scripts))
    server = await asyncio.start_server(peer.play, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await server.wait_closed()
    if peer.playing:
        async with asyncio.timeout(5):
            await peer.ended.wait()
    assert peer.errors == []
