"""To whom a message in a mailbox came, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message.found import Times, recipient_of, times_of, without_detail

NOW = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)
OURS = frozenset({"ana@hopestreet.example", "ana.gray@hopestreet.example"})


def letter(*lines: str) -> bytes:
    return "\r\n".join([*lines, "From: carla@client.example", "", "hi"]).encode()


@pytest.mark.parametrize(
    ("lines", "recipient"),
    [
        (("Delivered-To: ana.gray@hopestreet.example", "To: ana@hopestreet.example"), "ana.gray@hopestreet.example"),
        (("Delivered-To: u123@internal", "X-Original-To: ana@hopestreet.example"), "ana@hopestreet.example"),
        (("X-Apparently-To: ana@hopestreet.example; Mon, 23 Nov 2026 20:05:05 +0000",), "ana@hopestreet.example"),
        (("Envelope-To: <ana@hopestreet.example>", "To: all@hopestreet.example"), "ana@hopestreet.example"),
        (("To: Ben <ben@x.example>, Ana <Ana@Hopestreet.example>",), "Ana@Hopestreet.example"),
        (("To: ben@x.example", "Cc: ana.gray@hopestreet.example"), "ana.gray@hopestreet.example"),
        (("To: undisclosed-recipients:;",), ""),
        (("Delivered-To: ben@x.example",), ""),
    ],
)
def test_it_came_for_the_address_of_ours_that_servers_noted_or_that_it_was_written_to(
    lines: tuple[str, ...], recipient: str
) -> None:
    assert recipient_of(letter(*lines), lambda one: one.lower() in OURS) == recipient


def test_a_detail_behind_a_plus_is_no_part_of_the_mailbox() -> None:
    assert without_detail("ana+shop@hopestreet.example") == "ana@hopestreet.example"
    assert without_detail("ana@hopestreet.example") == "ana@hopestreet.example"


def received(ago: timedelta) -> str:
    return f"Received: from a by b; {(NOW - ago):%a, %d %b %Y %H:%M:%S +0000}"


HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


@pytest.mark.parametrize(
    ("dated", "kept", "hops", "written", "came"),
    [
        # Date, INTERNALDATE and what Received: says, all as time before now; then what is believed.
        (HOUR, timedelta(), [], HOUR, timedelta()),
        (HOUR, timedelta(), [timedelta(), HOUR], HOUR, timedelta()),
        (None, timedelta(), [], timedelta(), timedelta()),
        (None, HOUR, [], HOUR, HOUR),
        (None, timedelta(), [timedelta(), HOUR], HOUR, timedelta()),
        # Old mail that a program puts here: dated by its copy, by today, by nothing.
        (YEAR, YEAR, [YEAR], YEAR, YEAR),
        (YEAR, timedelta(), [YEAR], YEAR, YEAR),
        (None, timedelta(), [YEAR, YEAR + HOUR], YEAR + HOUR, YEAR),
        (-YEAR, timedelta(), [YEAR], YEAR, YEAR),
        # A Date that lies ahead, a clock a little fast, and one that is wrong.
        (-YEAR, timedelta(), [timedelta(), HOUR], HOUR, timedelta()),
        (-YEAR, HOUR, [], HOUR, HOUR),
        (-timedelta(minutes=2), timedelta(), [timedelta(minutes=1)], timedelta(minutes=1), timedelta(minutes=1)),
        (HOUR, -YEAR, [-YEAR], HOUR, timedelta()),
    ],
)
def test_no_single_date_makes_a_message_young(
    dated: timedelta | None, kept: timedelta, hops: list[timedelta], written: timedelta, came: timedelta
) -> None:
    content = letter(*(received(ago) for ago in hops))
    sent_at = None if dated is None else NOW - dated
    assert times_of(content, sent_at, NOW - kept, NOW) == Times(NOW - written, NOW - came)


@given(st.binary(max_size=300), st.none() | st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_no_bytes_break_us_and_nothing_came_in_the_future(head: bytes, sent_at: datetime | None, at: datetime) -> None:
    content = b"Received: " + head + b"\r\nTo: " + head + b"\r\n\r\n"
    recipient_of(content, lambda one: one == "x")
    found = times_of(content, sent_at, at, NOW)
    assert found.written <= found.came <= NOW
