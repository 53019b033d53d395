"""Reading, and what looks like it."""

from __future__ import annotations

from gateway.core.events import Seen, Unseen
from gateway.core.tracking import MDN_SENT
from tests.ports.mailbox_flow import Scene
from tests.ports.scenarios.table import (
    all_seen,
    scenario,
)


@scenario("read in the inbox", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("never opened", "ack")
async def _(one: Scene) -> None:
    async with one.watching():
        await one.written_and_met()
        await one.settle("INBOX")


@scenario("opened and marked as unread within the time of grace", "ack")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        await one.do(one.program.unread, message)
        await one.gets("ack")
        assert len(await one.events(Unseen)) == 1


@scenario("opened, marked as unread, opened again", "ack, receipt", seen=2)
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        await one.do(one.program.unread, message)
        await one.gets("ack")
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("opened on two devices", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        with one.server.open(one.user) as phone:
            await one.do(one.program.open, message)
            await one.do(phone.open, message)
            await one.gets("ack, receipt")
            await one.do(phone.mark, message, "\\Flagged")
        await one.settle("INBOX")


@scenario("three opened at the same moment", "3 ack, 3 receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        for _ in range(3):
            await one.written_and_met()
        await one.do(one.program.mark_all, "\\Seen")
        await one.gets("3 ack, 3 receipt")


@scenario("eight marked as read with one click", "8 ack")
async def _(one: Scene) -> None:
    async with one.watching():
        for _ in range(8):
            await one.written_and_met()
        await one.do(one.program.mark_all, "\\Seen")
        await one.until(lambda: all_seen(one), "all to be seen")
        events = [seen for message in one.written for seen in await one.events(Seen, message)]
        assert all(seen.bulk for seen in events)


@scenario("a mail program sent a receipt of its own", "ack")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.mark, message, MDN_SENT, "\\Seen")
        await one.until(lambda: all_seen(one), "it to be seen")


@scenario("flags that say nothing of reading", "ack")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.mark, message, "\\Flagged", "$label3", "$Forwarded")
        await one.settle("INBOX")


@scenario("a subject full of brackets, quotes and literals", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met('* 1 FETCH (FLAGS (\\Seen)) "] {12} * BYE ) ( \\')
        await one.settle("INBOX")
        assert await one.got() == "ack"
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
