"""Servers and lines that fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.ports.mailbox_flow import OFTEN, Scene
from tests.ports.observed import BRISK
from tests.ports.scenarios.table import (
    is_seen,
    not_standing,
    scenario,
    standing,
)


@scenario("the server says BYE, and it is read before we are back", "ack, receipt")
async def _(one: Scene) -> None:
    one.intervals = replace(BRISK, retry=timedelta(seconds=1))
    async with one.watching():
        message = await one.written_and_met()
        one.gate.say(b"* BYE Session expired, please log in again\r\n")
        await one.down()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("the server's processes are killed", "ack, receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.server.kill_imap)
        with one.server.open(one.user) as there:
            await one.do(there.open, message)
        await one.gets("ack, receipt")


@scenario("the line dies without a word while idle", "ack, receipt")
async def _(one: Scene) -> None:
    one.intervals = replace(OFTEN, look=timedelta(seconds=1))
    async with one.watching():
        message = await one.written_and_met()
        one.gate.freeze()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("the line dies while the message is fetched", "ack, receipt")
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        one.gate.hold(b"INTERNALDATE")
        message = await one.write()
        await one.do(one.gate.held.wait, 10)
        one.gate.pass_on()
        await one.met(message)
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("the line dies between the reading and its notice", "ack, receipt")
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        one.gate.hold(b"\\Seen")
        await one.do(one.program.open, message)
        await one.do(one.gate.held.wait, 10)
        one.gate.pass_on()
        await one.gets("ack, receipt")


@scenario("every piece takes a tenth of a second", "ack, receipt")
async def _(one: Scene) -> None:
    one.gate.slow(0.1)
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("every octet comes by itself", "ack, receipt")
async def _(one: Scene) -> None:
    one.gate.split(1)
    async with one.watching():
        message = await one.written_and_met()
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("octets are lost in the middle of a reply", "ack, receipt")
async def _(one: Scene) -> None:
    one.intervals = OFTEN
    async with one.watching():
        message = await one.written_and_met()
        one.gate.lose(25)
        await one.do(one.program.open, message)
        await one.gets("ack, receipt")


@scenario("the line is cut again and again while mail comes and is read", "6 ack, 6 receipt")
async def _(one: Scene) -> None:
    async with one.watching():
        for _ in range(6):
            message = await one.write()
            one.gate.cut()
            await one.met(message)
            one.gate.cut()
            await one.do(one.program.open, message)
            await one.until(lambda message=message: is_seen(one, message), "it to be seen")  # type: ignore[misc]


@scenario("nobody is let in for a while: read meanwhile, told once", "ack, receipt")
async def _(one: Scene) -> None:
    one.password = "not yet"
    async with one.started():
        message = await one.write()
        await one.until(lambda: standing(one, "login-refused"), "the admin to be told")
        await one.do(one.program.open, message)
        one.password = "pw"
        await one.gets("ack, receipt")
        await one.until(lambda: not_standing(one, "login-refused"), "the alert to be cleared")


@scenario("the server is not there when the gateway starts", "ack, receipt")
async def _(one: Scene) -> None:
    one.gate.shut()
    async with one.started():
        await one.down()
        message = await one.write()
        await one.do(one.program.open, message)
        one.gate.pass_on()
        await one.gets("ack, receipt")
