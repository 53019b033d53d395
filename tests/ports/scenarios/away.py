"""What happens while nobody looks."""

from __future__ import annotations

from gateway.core.events import Received, Seen
from tests.ports.mailbox_flow import Scene
from tests.ports.scenarios.table import (
    scenario,
)


@scenario("read while the line was cut", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        one.gate.shut()
        await one.down()
        await one.do(one.program.open, message)
        one.gate.pass_on()
        await one.gets("ack, receipt")
        (seen,) = await one.events(Seen)
        assert seen.since is not None
        assert seen.since < seen.at


@scenario("opened and marked as unread while the line was cut", "ack", seen=0)
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        one.gate.shut()
        await one.down()
        await one.do(one.program.open, message)
        await one.do(one.program.unread, message)
        one.gate.pass_on()
        await one.idle()
        await one.settle("INBOX")


@scenario("read before, marked as unread while the line was cut", "ack")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        one.gate.shut()
        await one.down()
        await one.do(one.program.unread, message)
        one.gate.pass_on()
        await one.gets("ack")


@scenario("moved and read while the gateway was stopped", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
    await one.do(one.program.move, message, "Archive")
    with one.server.open(one.user, "Archive") as there:
        await one.do(there.open, message)
    async with one.watching():
        await one.gets("ack, receipt")


@scenario("read in the archive while the gateway was stopped", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Archive")
        await one.met(message, "Archive")
    with one.server.open(one.user, "Archive") as there:
        await one.do(there.open, message)
    async with one.watching():
        await one.gets("ack, receipt")
        (seen,) = await one.events(Seen)
        (received,) = await one.events(Received)
        assert seen.since == received.at
