"""What servers do not offer."""

from __future__ import annotations

from tests.ports.mailbox_flow import OFTEN, Scene
from tests.ports.scenarios.table import (
    read_and_move,
    scenario,
)


@scenario("over one connection, all folders at once", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(read_and_move, one.program, message)
        await one.gets("ack, receipt")
        await one.settle("INBOX", "Sent", "Archive", "Trash", "Junk")
    assert one.gate.opened == 1


@scenario("without NOTIFY, over two connections and no more", "ack, receipt", without=("NOTIFY",))
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Archive")
        await one.met(message, "Archive")
        with one.server.open(one.user, "Archive") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")
        await one.settle("INBOX", "Sent", "Archive", "Trash", "Junk")
    assert one.gate.opened == 2


@scenario("without QRESYNC", "ack, receipt", without=("QRESYNC",))
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(read_and_move, one.program, message)
        await one.gets("ack, receipt")


@scenario("without CONDSTORE, QRESYNC, NOTIFY, ENABLE and SPECIAL-USE", "ack, receipt",
          mailbox={"folders": ["Archive"]},
          without=("CONDSTORE", "QRESYNC", "NOTIFY", "ENABLE", "SPECIAL-USE"))  # fmt: skip
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Archive")
        await one.met(message, "Archive")
        with one.server.open(one.user, "Archive") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("without IDLE, by the timer", "ack, receipt", without=("IDLE", "NOTIFY"))
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
