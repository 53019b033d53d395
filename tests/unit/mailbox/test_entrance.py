"""Many connections to one server: a few open at a time, and all come in."""

from __future__ import annotations

import asyncio

import pytest

from gateway.mailbox.entrance import WIDTH, entrance

MANY = 3 * WIDTH


async def test_a_few_are_let_in_at_a_time_and_in_the_end_all() -> None:
    inside, most, came, room = 0, 0, 0, asyncio.Event()

    async def come() -> None:
        nonlocal inside, most, came
        async with entrance("mail.example", 993):
            inside += 1
            most = max(most, inside)
            await room.wait()
            inside -= 1
        came += 1

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(come()) for _ in range(MANY)]
        await asyncio.wait(tasks, timeout=0.01)
        assert (inside, came) == (WIDTH, 0)
        room.set()
    assert (most, came) == (WIDTH, MANY)


async def test_a_server_that_keeps_all_waiting_holds_up_no_other() -> None:
    async with asyncio.TaskGroup() as group:
        stuck = [group.create_task(_wait_in("slow.example")) for _ in range(MANY)]
        await asyncio.wait(stuck, timeout=0.01)
        async with asyncio.timeout(1), entrance("mail.example", 993):
            assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()


async def _wait_in(host: str) -> None:
    async with entrance(host, 993):
        await asyncio.Event().wait()


async def test_who_fails_makes_room() -> None:
    for _ in range(MANY):
        with pytest.raises(OSError, match="refused"):
            async with asyncio.timeout(1), entrance("mail.example", 993):
                raise OSError("refused")
