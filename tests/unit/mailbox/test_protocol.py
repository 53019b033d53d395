"""Reading from the wire: however the octets are cut, the same is understood."""

from __future__ import annotations

import asyncio
import gc
import itertools
import weakref
from collections.abc import Coroutine, Iterator, Sequence

import pytest
from aioimaplib import aioimaplib as ai
from hypothesis import given
from hypothesis import strategies as st

from gateway.mailbox import protocol as room
from gateway.mailbox.protocol import Completion, SturdyProtocol


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True


async def converse(octets: bytes, cuts: Sequence[int] = ()) -> tuple[Completion, SturdyProtocol]:
    """Send a NOOP and let the server say `octets`, cut at the given places; `TAG` stands for the command's tag."""
    protocol, wire = SturdyProtocol(asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    protocol.data_received(b"* OK ready\r\n")
    async with asyncio.TaskGroup() as group:
        reply = group.create_task(protocol.converse(protocol.command("NOOP", patience=5)))
        await asyncio.wait([reply], timeout=0)
        tag = wire.written.split()[0]
        said = octets.replace(b"TAG", tag)
        places = [0, *sorted(cut % (len(said) + 1) for cut in cuts), len(said)]
        for start, end in itertools.pairwise(places):
            protocol.data_received(said[start:end])
    return reply.result(), protocol


TALK = (
    b"* 2 FETCH (UID 2 BODY[] {17}\r\n* BYE)\r\nA1 OK {9})\r\n"
    b"* OK [ALERT] mind the {5}\r\n\r\n* 3 EXISTS\r\nTAG ok [X] done\r\n"
)


@given(st.lists(st.integers(0, 200), max_size=12))
def test_cuts_make_no_difference(cuts: list[int]) -> None:
    reply, protocol = asyncio.run(converse(TALK, cuts))
    assert (reply.status, reply.text) == ("OK", b"[X] done")
    assert reply.untagged[0] == [b"2 FETCH (UID 2 BODY[] {17}", b"* BYE)\r\nA1 OK {9}", b")"]
    assert reply.untagged[1:] == [[b"OK [ALERT] mind the {5}"], [b"3 EXISTS"]]
    assert protocol.stirred.is_set()


async def test_ten_thousand_lines_in_one_read_are_as_many_responses() -> None:
    lines = b"".join(b"* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (n, n) for n in range(10_000))
    reply, _ = await converse(lines + b"TAG OK\r\n")
    assert len(reply.untagged) == 10_000


async def test_a_literal_that_is_too_long_is_passed_over() -> None:
    size = room.MAX_LITERAL + 1
    reply, _ = await converse(b"* 1 FETCH (BODY[] {%d}\r\n" % size + b"x" * size + b" UID 1)\r\nTAG OK\r\n")
    assert reply.untagged == [[b"1 FETCH (BODY[] {%d}" % size, None, b" UID 1)"]]


@pytest.mark.parametrize("octets", [b"* BYE closing\r\n", b"OTHER1 OK late\r\n", b"x" * (room.MAX_LINE + 1)])
async def test_a_server_that_breaks_the_rules_is_left(octets: bytes) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await converse(octets)
    assert caught.group_contains(ai.Abort)


async def test_a_lost_connection_ends_every_wait_at_once() -> None:
    protocol = SturdyProtocol(asyncio.get_running_loop())
    protocol.connection_made(Wire())
    protocol.data_received(b"* OK ready\r\n")
    protocol.state = ai.SELECTED
    async with asyncio.timeout(1), asyncio.TaskGroup() as group:
        idle = group.create_task(_expect_abort(protocol.idle_until_stirred(60, 60)))
        await asyncio.wait([idle], timeout=0)
        protocol.data_received(b"+ idling\r\n")
        await asyncio.wait([idle], timeout=0)
        protocol.connection_lost(None)
    assert protocol.stirred.is_set()
    await _expect_abort(protocol.converse(protocol.command("NOOP", patience=5)))


async def _expect_abort(attempt: object) -> None:
    with pytest.raises(ai.Abort):
        await attempt  # type: ignore[misc]


async def test_a_silent_server_is_given_up_and_never_talked_to_again() -> None:
    protocol, wire = SturdyProtocol(asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    protocol.data_received(b"* OK ready\r\n")
    with pytest.raises(ai.CommandTimeout):
        await protocol.converse(protocol.command("NOOP", patience=0.01))
    assert wire.aborted
    with pytest.raises(ai.Abort):
        await protocol.converse(protocol.command("NOOP", patience=1))


async def test_news_of_other_folders_is_kept_until_asked_for_the_last_of_each() -> None:
    said = b"* STATUS S (MESSAGES 1)\r\n* STATUS {4}\r\nBox1 (MESSAGES 7)\r\n* STATUS S (MESSAGES 2)\r\nTAG OK\r\n"
    reply, protocol = await converse(said)
    assert [parts[-1] for parts in protocol.news.values()] == [b"STATUS S (MESSAGES 2)", b" (MESSAGES 7)"]
    assert protocol.stirred.is_set()
    assert not protocol.overflowed
    assert len(reply.untagged) == 3


async def test_a_server_that_tells_of_folders_without_end_fills_nothing() -> None:
    said = b"".join(b"* STATUS box%d (MESSAGES 1)\r\n" % number for number in range(5000))
    _, protocol = await converse(said + b"TAG OK\r\n")
    assert len(protocol.news) <= 1000
    assert protocol.overflowed


@pytest.mark.parametrize(
    ("line", "expunged", "stirred"),
    [
        (b"* 3 EXPUNGE", True, True),
        (b"* VANISHED 7:9", True, True),
        (b"* VANISHED (EARLIER) 7:9", False, False),
        (b"* 3 EXISTS", False, True),
        (b"* 3 FETCH (FLAGS (\\Seen))", False, True),
        (b"* OK Still here", False, False),
        (b"* OK [NOTIFICATIONOVERFLOW] no more", False, True),
    ],
)
async def test_what_stirs_a_folder_and_what_takes_messages_from_it(line: bytes, expunged: bool, stirred: bool) -> None:
    _, protocol = await converse(line + b"\r\nTAG OK\r\n")
    assert (protocol.expunged, protocol.stirred.is_set()) == (expunged, stirred)


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("idles", [True, False], ids=["idle", "command"])
@pytest.mark.parametrize("end", ["lost", "BYE", "silence"])
async def test_a_connection_that_ended_leaves_nothing_to_the_collector(idles: bool, end: str) -> None:
    gone = await _ended(idles, end)
    assert gone() is None


async def _ended(idles: bool, end: str) -> weakref.ref[SturdyProtocol]:
    protocol = SturdyProtocol(asyncio.get_running_loop())
    protocol.connection_made(Wire())
    protocol.data_received(b"* OK ready\r\n")
    protocol.state = ai.SELECTED
    patience = 0.02 if end == "silence" else 30
    wait = protocol.idle_until_stirred(60, patience) if idles else _noop(protocol, patience)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_fail(wait))
        await asyncio.wait([waiting], timeout=0)
        if end == "lost":
            protocol.connection_lost(None)
        elif end == "BYE":
            protocol.data_received(b"* BYE closing\r\n")
    await _fail(_noop(protocol, patience))
    return weakref.ref(protocol)


def _noop(protocol: SturdyProtocol, patience: float) -> Coroutine[None, None, Completion]:
    return protocol.converse(protocol.command("NOOP", patience=patience))


async def _fail(attempt: Coroutine[None, None, Completion]) -> None:
    """`pytest.raises` would keep the fault, and with it the connection."""
    try:
        await attempt
    except (ai.AioImapException, TimeoutError):
        return
    raise AssertionError("a lost connection gave a reply")
