"""What ends a command and what ends content, however the bytes are cut."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.reading import NO_ROOM, TOO_BIG, Gone, Reading


def fed(*chunks: bytes) -> Reading:
    source = asyncio.StreamReader()
    for chunk in chunks:
        source.feed_data(chunk)
    source.feed_eof()
    return Reading(source)


async def test_lines_end_at_lf_and_the_end_is_gone() -> None:
    reading = fed(b"EHLO x\r\nNOOP\nhal")
    assert [await reading.line(100), await reading.line(100)] == [b"EHLO x", b"NOOP"]
    with pytest.raises(Gone):
        await reading.line(100)


async def test_what_was_read_ahead_can_be_forgotten() -> None:
    reading = fed(b"STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n")
    assert await reading.line(100) == b"STARTTLS"
    reading.forget()
    with pytest.raises(Gone):
        await reading.line(100)


async def test_half_a_content_is_gone() -> None:
    with pytest.raises(Gone):
        await fed(b"half\r\n.\r").content(100, lambda _: True)


class Trickle(asyncio.StreamReader):
    """Gives bytes in pieces of a size."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    async def read(self, n: int = -1) -> bytes:
        return await super().read(self.size)


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a"])).map(b"".join),
    st.integers(1, 7),
    st.booleans(),
)
async def test_content_ends_at_the_first_crlf_dot_crlf(content: bytes, size: int, ahead: bool) -> None:
    wire = b"DATA\r\n" + content + b"\r\n.\r\nQUIT\r\n"
    source = Trickle(len(wire) if ahead else size)
    source.feed_data(wire)
    source.feed_eof()
    reading = Reading(source)
    assert await reading.line(100) == b"DATA"
    taken = []
    expected, _, rest = (b"\r\n" + wire[6:]).partition(b"\r\n.\r\n")
    got = await reading.content(10_000, lambda octets: taken.append(octets) or True)  # type: ignore[func-returns-value]
    assert got == (expected + b"\r\n")[2:]
    assert abs(sum(taken) - len(got)) <= 7
    assert await reading.line(10_000) == rest.split(b"\n")[0].removesuffix(b"\r")


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_refused_content_is_read_to_its_end(size: int) -> None:
    for limit, room, refusal in ((10, True, TOO_BIG), (1000, False, NO_ROOM)):
        source = Trickle(size)
        source.feed_data(b"x" * 50 + b"\r\n.\r\nQUIT\r\n")
        reading = Reading(source)
        assert await reading.content(limit, lambda _, room=room: room) == refusal
        assert await reading.line(100) == b"QUIT"
