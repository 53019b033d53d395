"""Messages that do not stay where they were."""

from __future__ import annotations

from datetime import timedelta

from gateway.clock import SystemClock
from gateway.core.events import Seen
from gateway.mailbox.names import encode
from tests.ports.mailbox_flow import OFTEN, Scene, letter
from tests.ports.scenarios.table import (
    does_not_lie_in,
    is_numbered_anew,
    lies_nowhere,
    read_and_move,
    renumber,
    scenario,
)

FOREIGN = "Später lesen & 送信"


@scenario("moved unread to the archive and read there", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Archive")
        await one.met(message, "Archive")
        with one.server.open(one.user, "Archive") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")
        (seen,) = await one.events(Seen)
        assert seen.since is not None
        assert timedelta() <= seen.at - seen.since < timedelta(seconds=20)


@scenario("read and then moved to the archive", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        await one.do(one.program.move, message, "Archive")
        await one.met(message, "Archive")
        await one.settle("INBOX", "Archive")


@scenario("read and moved at the same moment", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(read_and_move, one.program, message)
        await one.gets("ack, receipt")


@scenario("moved, and marked as unread where it lies then", "ack")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(read_and_move, one.program, message)
        await one.gets("ack, receipt")
        with one.server.open(one.user, "Archive") as there:
            await one.do(there.unread, message)
            await one.gets("ack")


@scenario("moved to the archive, moved back, read", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Archive")
        await one.met(message, "Archive")
        with one.server.open(one.user, "Archive") as there:
            await one.do(there.move, message, "INBOX")
        await one.settle("Archive", "INBOX")
        await one.met(message)
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("read in the trash", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Trash")
        await one.met(message, "Trash")
        with one.server.open(one.user, "Trash") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("deleted unread", "ack", seen=0)
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.delete, message)
        await one.settle("INBOX")
        await one.until(lambda: lies_nowhere(one, message), "it to be gone")


@scenario("read and deleted", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        await one.do(one.program.delete, message)
        await one.until(lambda: lies_nowhere(one, message), "it to be gone")


@scenario("copied to the archive, and both copies read", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.copy, message, "Archive")
        await one.met(message, "Archive")
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        with one.server.open(one.user, "Archive") as there:
            await one.do(there.open, message)
        await one.settle("INBOX", "Archive")


@scenario("sorted into a folder before anybody looked, and read there", "ack, receipt",
          mailbox={"folders": ["Clients"]}, folders=("Clients",))  # fmt: skip
async def _(one: Scene) -> None:
    message = await one.write()
    await one.do(one.program.move, message, "Clients")
    async with one.watching():
        await one.met(message, "Clients")
        with one.server.open(one.user, "Clients") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("moved to a folder with an international name, and read there", "ack, receipt",
          mailbox={"folders": [FOREIGN]}, folders=(encode(FOREIGN),))  # fmt: skip
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, encode(FOREIGN))
        await one.met(message, FOREIGN)
        with one.server.open(one.user, encode(FOREIGN)) as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("a folder renamed with the message in it", "ack, receipt",
          mailbox={"folders": ["Clients", "Former clients"]}, folders=("Clients",))  # fmt: skip
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.move, message, "Clients")
        await one.met(message, "Clients")
        await one.do(one.program.rename, "Clients", "Former clients")
        await one.met(message, "Former clients")
        with one.server.open(one.user, "Former clients") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("a folder deleted, made anew, and the message put back into it", "ack, receipt",
          mailbox={"folders": ["Clients"]}, folders=("Clients",))  # fmt: skip
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.copy, message, "Clients")
        await one.met(message, "Clients")
        await one.do(one.program.remove_folder, "Clients")
        await one.until(lambda: does_not_lie_in(one, message, "Clients"), "the folder to be gone")
        await one.do(one.program.create, "Clients")
        await one.do(one.program.move, message, "Clients")
        await one.met(message, "Clients")
        with one.server.open(one.user, "Clients") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("the server numbers the inbox anew, then it is read", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(renumber, one)
        await one.until(lambda: is_numbered_anew(one), "the new numbers")
        with one.server.open(one.user) as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("read, then the server numbers the inbox anew", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
        await one.do(renumber, one)
        await one.until(lambda: is_numbered_anew(one), "the new numbers")
        await one.met(message)


@scenario("new mail in a second inbox, read there", "ack, receipt",
          mailbox={"inboxes": ["Unbekannt"]}, folders=("Unbekannt",))  # fmt: skip
async def _(one: Scene) -> None:
    async with one.watching():
        message = "<new-patient@client.example>"
        one.written.append(message)
        await one.do(one.program.append, "Unbekannt", letter(message))
        await one.gets("ack")
        with one.server.open(one.user, "Unbekannt") as there:
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("it came into the mailbox by another way, and was read", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.write(relayed=False)
        await one.gets("ack")
        await one.met(message)
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("old mail, from before anybody watched, marked as read", "nothing")
async def _(one: Scene) -> None:
    long_ago = SystemClock().now() - timedelta(days=400)
    for number in range(20):
        old = letter(f"<old-{number}@client.example>", at=long_ago)
        await one.do(one.program.append, "INBOX", old, (), long_ago)
    async with one.watching():
        await one.do(one.program.mark_all, "\\Seen")
        await one.settle("INBOX")


@scenario("an urgent message is moved to a folder of its own, and read there", "ack, receipt",
          mailbox={"tags": {"folder": "First"}})  # fmt: skip
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.write("I will kill myself tonight")
        await one.met(message, "First")
        with one.server.open(one.user, "First") as there:
            assert there.flags(message) == {"$label1"}
            await one.do(there.open, message)
            await one.gets("ack, receipt")


@scenario("an urgent message that the therapist moves back to the inbox stays there", "ack, receipt",
          mailbox={"tags": {"folder": "First"}})  # fmt: skip
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.write("I will kill myself tonight")
        await one.met(message, "First")
        with one.server.open(one.user, "First") as there:
            await one.do(there.move, message, "INBOX")
        await one.met(message)
        await one.settle("INBOX", "First")
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")
