"""What dialogues can't show: many peers, time, size, stops."""

from __future__ import annotations

import asyncio
import io
import logging
import struct

import pytest
import structlog
from aiosmtpd.smtp import SMTP
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.message.facts import Envelope
from gateway.core.message.lines import normalised, unstuffed
from gateway.core.replies import Reply, accepted, transient
from gateway.core.routing import Route
from gateway.intake.server import Intake
from gateway.settings.schema import Smtp
from tests.servers.intake import SECRET, Arrived, Peer, Running, route, running_intake
from tests.servers.sink import smtp_source

START = ("MAIL FROM:<kim@client.example>", "RCPT TO:<ana@hopestreet.example>", "DATA")


async def data(peer: Peer, content: bytes) -> str:
    """One message; the reply to its content."""
    replies = await peer.ask(*START)
    assert replies[-1].startswith("354"), replies
    peer.send(content + b".\r\n")
    return await peer.reply()


class Slow:
    """An `arrive` that takes its time until told."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.done: list[bytes] = []

    async def __call__(self, route: Route, envelope: Envelope, content: bytes) -> Reply:
        self.began.set()
        await self.may_end.wait()
        self.done.append(content)
        return accepted("Taken")


async def until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.01)


# -- sizes


@pytest.mark.parametrize(("octets", "code"), [(65536, "250"), (65537, "552")])
async def test_the_size_limit_counts_what_is_handed_on(octets: int, code: str) -> None:
    arrived = Arrived()
    async with running_intake(arrived, max_message_size=65536) as running:
        peer = await running.greeted()
        # All lines begin with a dot: a third more on the wire.
        lines = b".\r\n" * (octets // 3 - 1)
        content = lines + b"x" * (octets - len(lines) - 2) + b"\r\n"
        assert (await data(peer, content.replace(b".\r\n", b"..\r\n"))).startswith(code)
        assert [len(content) for _, _, content in arrived.messages] == ([octets] if code == "250" else [])
        assert (await data(peer, b"next\r\n")).startswith("250")


async def test_a_message_far_too_big_is_refused_once_it_has_all_come() -> None:
    async with running_intake(Arrived(), max_message_size=65536) as running:
        peer = await running.greeted()
        reply = await data(peer, (b"x" * 998 + b"\r\n") * 3000)
        assert reply.startswith("552 5.3.4")
        assert (await data(peer, b"next\r\n")).startswith("250")


async def test_a_line_of_a_megabyte_passes() -> None:
    arrived = Arrived()
    line = b"x" * 1_000_000 + b"\r\n"
    async with running_intake(arrived) as running:
        peer = await running.greeted()
        assert (await data(peer, line)).startswith("250")
    assert arrived.messages[0][2] == line


async def test_a_command_line_too_long_is_refused_and_the_next_is_heard() -> None:
    async with running_intake(Arrived()) as running:
        peer = await running.greeted()
        for length in (2049, 500_000):
            assert (await peer.ask("NOOP " + "x" * length))[0].startswith("500 5.5.2")
        assert (await peer.ask("NOOP"))[0].startswith("250")


async def test_greeting_again_and_again_leaves_nothing_behind() -> None:
    async with running_intake(Arrived()) as running:
        first, second = await running.greeted(), await running.greeted()
        await first.ask(*["EHLO client.example"] * 50)
        for peer in (first, second):
            assert (await peer.ask("NOOP " + "x" * 2049))[0].startswith("500 5.5.2")
    assert dict(SMTP.command_size_limits) == {}


async def test_messages_in_hand_are_bounded_in_octets() -> None:
    slow = Slow()
    async with running_intake(slow, max_in_flight=65536, max_message_size=65536) as running:
        first, second = await running.greeted(), await running.greeted()
        await first.ask(*START)
        first.send(b"x" * 60000 + b"\r\n.\r\n")
        await slow.began.wait()
        assert (await second.ask("MAIL FROM:<a@b.example> SIZE=60000"))[0].startswith("452 4.3.1")
        assert (await data(second, b"x" * 60000 + b"\r\n")).startswith("452 4.3.1")
        slow.may_end.set()
        assert (await first.reply()).startswith("250")
        assert (await data(second, b"x" * 60000 + b"\r\n")).startswith("250")


async def test_a_message_that_goes_in_circles_is_refused() -> None:
    arrived = Arrived()
    async with running_intake(arrived) as running:
        peer = await running.greeted()
        assert (await data(peer, b"Received: x\r\n" * 100 + b"\r\n")).startswith("250")
        assert (await data(peer, b"received : x\r\n" * 101 + b"\r\n")).startswith("554 5.4.6")
        assert (await data(peer, b"Received: x\r\n\r\n" + b"Received: quoted\r\n" * 200)).startswith("250")


PIECES = st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"\0", b"a", b"\xff", b"\r\n.", b"QUIT"])


@given(pieces=st.lists(PIECES, max_size=40), cuts=st.lists(st.integers(0, 80), max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_bytes_are_handed_on_with_proper_line_ends(pieces: list[bytes], cuts: list[int]) -> None:
    content = b"".join(pieces)
    wire = content.replace(b"\r\n.", b"\r\n..")
    wire = (b"." if wire.startswith(b".") else b"") + wire
    wire += b"" if wire.endswith(b"\r\n") or not wire else b"\r\n"
    arrived = Arrived()
    async with running_intake(arrived) as running:
        peer = await running.greeted()
        await peer.ask(*START)
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True):
            peer.send(wire[start:end])
            await peer.writer.drain()
        peer.send(b".\r\n")
        assert (await peer.reply()).startswith("250")
    expected = normalised(unstuffed(wire))
    assert arrived.messages[0][2] == expected
    plain = content if not content or content.endswith(b"\r\n") else content + b"\r\n"
    assert expected == normalised(plain)


# -- crowds


async def test_too_many_connections_from_one_address_are_told_to_come_later() -> None:
    async with running_intake(Arrived(), max_connections_per_address=2) as running:
        first, _ = await running.greeted(), await running.greeted()
        third = await running.connect()
        assert (await third.line()).startswith("421 4.7.0")
        assert await third.line() == "<closed>"
        await first.ask("QUIT")
        assert await first.line() == "<closed>"
        assert (await (await running.connect()).line()).startswith("220")


async def test_too_many_connections_in_all_are_told_to_come_later() -> None:
    async with running_intake(Arrived(), max_connections=1) as running:
        await running.greeted()
        assert (await (await running.connect()).line()).startswith("421 4.7.0")


async def test_behind_a_balancer_the_named_address_is_counted() -> None:
    async with running_intake(Arrived(), proxy_protocol=True, max_connections_per_address=1) as running:
        greetings = []
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            peer = await running.connect()
            peer.send(f"PROXY TCP4 {address} 192.0.2.9 4000 25\r\n".encode())
            greetings.append((await peer.line())[:3])
    assert greetings == ["220", "220", "421"]


async def test_proxy_protocol_version_2_names_the_peer() -> None:
    arrived = Arrived()
    async with running_intake(arrived, proxy_protocol=True) as running:
        peer = await running.connect()
        ends = bytes((192, 0, 2, 7, 192, 0, 2, 9)) + struct.pack("!HH", 4000, 25)
        peer.send(b"\r\n\r\n\0\r\nQUIT\n" + b"\x21\x11" + struct.pack("!H", len(ends)) + ends)
        await peer.reply()
        await peer.ask("EHLO client.example")
        assert (await data(peer, b"x\r\n")).startswith("250")
    assert arrived.messages[0][1].peer == "192.0.2.7"


async def test_two_hundred_messages_of_smtp_source_arrive() -> None:
    arrived = Arrived()
    async with running_intake(arrived) as running:
        options = ("-s", "20", "-m", "200", "-l", "5000", "-f", "kim@client.example", "-t", "ana@hopestreet.example")
        assert await smtp_source(running.port, *options) == 0
    assert len(arrived.messages) == 200


# -- time


async def test_a_peer_that_sends_nothing_is_hung_up_on() -> None:
    async with running_intake(Arrived(), idle_timeout="0.2s") as running:
        peer = await running.greeted()
        assert (await peer.line()).startswith("421 4.4.2")
        assert await peer.line() == "<closed>"


async def test_a_peer_that_stops_within_content_is_hung_up_on() -> None:
    arrived = Arrived()
    async with running_intake(arrived, idle_timeout="0.2s") as running:
        peer = await running.greeted()
        await peer.ask(*START)
        peer.send(b"half")
        assert (await peer.line()).startswith("421 4.4.2")
    assert arrived.messages == []


async def test_a_peer_that_talks_on_and_on_is_hung_up_on() -> None:
    async with running_intake(Arrived(), connection_timeout="0.5s") as running:
        peer = await running.greeted()
        async with asyncio.timeout(10):
            replies = [""]
            while not replies[-1].startswith(("421", "<closed>")):
                replies += await peer.ask("NOOP")
        assert replies[-1].startswith(("421 4.4.2", "<closed>"))


async def test_waiting_for_the_downstream_is_not_idleness() -> None:
    slow = Slow()
    async with running_intake(slow, idle_timeout="0.1s", connection_timeout="0.2s") as running:
        peer = await running.greeted()
        await peer.ask(*START)
        peer.send(b"x\r\n.\r\n")
        await slow.began.wait()
        asyncio.get_running_loop().call_later(0.5, slow.may_end.set)
        assert (await peer.reply()).startswith("250")


# -- hanging up and stopping


async def test_a_peer_that_hangs_up_does_not_cut_a_relay_in_two() -> None:
    slow = Slow()
    async with running_intake(slow) as running:
        peer = await running.greeted()
        await peer.ask(*START)
        peer.send(b"x\r\n.\r\n")
        await slow.began.wait()
        peer.vanish()
        await until(lambda: not running.intake._connections)
        slow.may_end.set()
        await until(lambda: slow.done)
    assert slow.done == [b"x\r\n"]


async def test_a_stop_says_goodbye_to_the_idle_and_lets_the_busy_finish() -> None:
    slow = Slow()
    async with running_intake(slow) as running:
        idle, busy, within = await running.greeted(), await running.greeted(), await running.greeted()
        await busy.ask(*START)
        busy.send(b"x\r\n.\r\n")
        await within.ask(START[0])
        await slow.began.wait()
        running.task.cancel()
        assert (await idle.line()).startswith("421 4.3.2")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(running.host, running.port)
        assert (await within.ask(*START[1:]))[-1].startswith("354")
        within.send(b"y\r\n.\r\n")
        slow.may_end.set()
        for peer in (busy, within):
            assert (await peer.reply()).startswith("250")
            assert (await peer.reply()).startswith("421 4.3.2")
            assert await peer.line() == "<closed>"
        with pytest.raises(asyncio.CancelledError):
            await running.task
    assert slow.done == [b"x\r\n", b"y\r\n"]


async def test_a_stop_finishes_a_relay_whose_peer_has_gone() -> None:
    slow = Slow()
    async with running_intake(slow) as running:
        peer = await running.greeted()
        await peer.ask(*START)
        peer.send(b"x\r\n.\r\n")
        await slow.began.wait()
        peer.vanish()
        await until(lambda: not running.intake._connections)
        running.task.cancel()
        asyncio.get_running_loop().call_later(0.1, slow.may_end.set)
        with pytest.raises(asyncio.CancelledError):
            await running.task
    assert slow.done == [b"x\r\n"]


async def test_a_stop_does_not_wait_longer_than_it_may() -> None:
    slow = Slow()
    async with running_intake(slow, drain="0.2s") as running:
        peer = await running.greeted()
        await peer.ask(*START)
        peer.send(b"x\r\n.\r\n")
        await slow.began.wait()
        running.task.cancel()
        assert await peer.line() == "<closed>"
    assert slow.done == []


async def test_an_address_in_use_is_said_plainly() -> None:
    async with running_intake(Arrived()) as running:
        settings = Smtp(listen=(f"{running.host}:{running.port}",))
        with pytest.raises(OSError, match="in use"):
            await Intake(settings, None, route, Arrived()).run()


# -- replies and logs


async def test_a_reply_of_the_downstream_is_passed_on_in_printable_lines() -> None:
    arrived = Arrived(reply=Reply(451, "4.2.0", ("voll\x07\r\n250 ok", "spät")))
    async with running_intake(arrived) as running:
        peer = await running.greeted()
        assert await data(peer, b"x\r\n") == "451-4.2.0 voll???250 ok|451 4.2.0 sp?t"


async def test_421_of_the_downstream_does_not_announce_our_own_end() -> None:
    async with running_intake(Arrived(reply=transient(421, "3.2", "busy"))) as running:
        peer = await running.greeted()
        assert await data(peer, b"x\r\n") == "451 4.3.2 busy"


async def converse(running: Running) -> None:
    peer = await running.greeted()
    await peer.ask(f"MAIL FROM:<{SECRET}@client.example>", "RCPT TO:<fault@hopestreet.example>", f"{SECRET} x")
    await peer.ask(f"VRFY {SECRET}", "RCPT TO:<ana@hopestreet.example>", f"MAIL FROM:<{SECRET}", "DATA")
    peer.send(f"Subject: {SECRET}\r\n\r\nexplode {SECRET}\r\n.\r\n".encode())
    await peer.reply()
    await peer.ask("QUIT")


async def test_nothing_of_a_mail_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "mail.log")
    written = io.StringIO()
    before = structlog.get_config()
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written), cache_logger_on_first_use=False)
    try:
        async with running_intake(Arrived()) as running:
            await converse(running)
    finally:
        structlog.configure(**before)
    assert "arrival-failed" in written.getvalue()
    assert "command-failed" in written.getvalue()
    assert SECRET not in written.getvalue() + caplog.text


def test_uvloop_serves_as_well() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        arrived = Arrived()
        async with running_intake(arrived, tls=True, max_connections_per_address=1) as running:
            peer = await running.greeted()
            assert (await (await running.connect()).line()).startswith("421")
            assert (await peer.ask("STARTTLS"))[0].startswith("220")
            await peer.start_tls(running.trust)
            await peer.ask("EHLO client.example")
            assert (await data(peer, b"x\r\n")).startswith("250")
            peer.vanish()
            await until(lambda: not running.intake._connections)
            last = await running.greeted()
            running.task.cancel()
            assert (await last.line()).startswith("421 4.3.2")
        assert arrived.messages[0][1].tls

    uvloop.run(main())
