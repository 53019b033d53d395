"""The listener of the pages within our own loop."""

import asyncio
import signal
import socket

import pytest
from starlette.responses import PlainTextResponse

from gateway.web.server import Server


async def test_it_ends_when_cancelled_and_gives_its_address_back() -> None:
    server = Server("127.0.0.1:0", PlainTextResponse("here"))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        address = await server.bound()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"here")
        writer.close()
        await writer.wait_closed()
        running.cancel()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)


async def test_it_leaves_signals_to_the_house() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = Server("127.0.0.1:0", PlainTextResponse("here"))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        reader, writer = await asyncio.open_connection(*await server.bound())
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        await reader.read()
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        writer.close()
        await writer.wait_closed()
        running.cancel()


async def test_an_address_in_use_is_said_with_its_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(f"127.0.0.1:{taken.getsockname()[1]}", PlainTextResponse("here"))
        with pytest.raises(OSError, match=r"set another web\.listen"):
            await server.run()


async def test_it_listens_on_ipv6_too() -> None:
    server = Server("[::1]:0", PlainTextResponse("here"))
    server.open()
    assert (await server.bound())[0] == "::1"
    server.close()
