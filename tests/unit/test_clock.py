"""Waiting on an event or an instant, whichever is first."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.ports import Clock

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def test_the_system_clock_speaks_aware_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC


async def test_the_system_clock_returns_at_the_instant() -> None:
    real = SystemClock()
    until = real.now() + timedelta(milliseconds=30)
    await real.wait(asyncio.Event(), until)
    assert real.now() >= until


async def test_a_wait_longer_than_a_slice_goes_on_after_it() -> None:
    real = SystemClock(look=timedelta(milliseconds=5))
    until = real.now() + timedelta(milliseconds=30)
    await real.wait(asyncio.Event(), until)
    assert real.now() >= until


async def test_an_instant_in_the_past_returns_but_lets_others_run() -> None:
    ran = asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)
    real = SystemClock()
    await real.wait(asyncio.Event(), real.now() - timedelta(days=1))
    assert ran.is_set()


@pytest.mark.parametrize("make", [SystemClock, lambda: ManualClock(MONDAY)])
async def test_an_event_ends_the_wait_before_the_instant(make) -> None:
    which: Clock = make()
    event = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(which.wait(event, which.now() + timedelta(days=1)))
        group.create_task(which.wait(event, None))
        event.set()


async def test_a_manual_clock_wakes_those_whose_instant_has_come_and_no_others() -> None:
    manual = ManualClock(MONDAY)
    woken: list[int] = []

    async def sleeper(hours: int) -> None:
        await manual.wait(asyncio.Event(), MONDAY + timedelta(hours=hours))
        woken.append(hours)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        first = group.create_task(sleeper(1))
        group.create_task(sleeper(2))
        while manual.next_wake() is None:
            await manual.wait(asyncio.Event(), MONDAY)
        assert manual.next_wake() == MONDAY + timedelta(hours=1)
        manual.advance(timedelta(minutes=59))
        manual.advance(timedelta(minutes=1))
        await first
        assert woken == [1]
        assert manual.next_wake() == MONDAY + timedelta(hours=2)
        manual.set(MONDAY + timedelta(days=1))
    assert woken == [1, 2]
    assert manual.next_wake() is None


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        ManualClock(datetime(2026, 3, 2, 7, 0))  # noqa: DTZ001 - the naive instant is the point
