"""Postfix's smtp-sink and smtp-source: a downstream that takes everything, and a peer that sends a lot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.places import free_port, server_folder

SINK = "/usr/sbin/smtp-sink"
SOURCE = "/usr/sbin/smtp-source"


@dataclass(frozen=True)
class Sink:
    port: int
    folder: Path

    def contents(self) -> list[bytes]:
        """What was taken, with CRLF again, without the fields that the sink puts on top."""
        return [_below_its_own(path.read_bytes()) for path in sorted((self.folder / "dump").iterdir())]


def _below_its_own(dump: bytes) -> bytes:
    # The sink's last own field is a Received of two lines.
    head, _, rest = dump.partition(b"Received: from ")
    assert head.startswith(b"X-Client-Addr"), dump
    lines = rest.split(b"\n")
    first = next(number for number, line in enumerate(lines) if number and not line.startswith((b"\t", b" ")))
    # A blank line ends each dump.
    return b"\n".join(lines[first:]).removesuffix(b"\n").replace(b"\n", b"\r\n")


@asynccontextmanager
async def smtp_sink(*options: str) -> AsyncIterator[Sink]:
    """Run the sink with these options on a free port."""
    with server_folder("sink") as folder:
        dump = folder / "dump"
        dump.mkdir()
        dump.chmod(0o777)
        port = free_port()
        user = ("-u", "nobody") if os.getuid() == 0 else ()
        process = await asyncio.create_subprocess_exec(
            SINK, *user, *options, "-d", str(dump / "m."), f"127.0.0.1:{port}", "100"
        )
        try:
            await _listening(port)
            yield Sink(port, folder)
        finally:
            process.kill()
            await process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                continue
            writer.close()
            await writer.wait_closed()
            return


async def smtp_source(port: int, *options: str) -> int:
    """Run the source against a port; its exit code."""
    process = await asyncio.create_subprocess_exec(SOURCE, *options, f"127.0.0.1:{port}")
    return await process.wait()
