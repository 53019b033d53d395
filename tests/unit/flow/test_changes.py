"""Changed policy files over a real store: the old version decides until its clients were told in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.policy.client import Client
from gateway.flow.changes import LOOK, Changes
from gateway.flow.in_force import InForce
from gateway.ports import Clock
from tests.unit.flow.arriving import CARLA, NOW, ROUTE, Flow, flowing, letter, settings

DAY = timedelta(days=1)
KIND = {"answer": {"promise": "within 24h"}}
STRICT = {"answer": {"when": "never"}}


@dataclass
class Changing:
    """A flow whose policy file may change."""

    flow: Flow
    changes: Changes
    folder: Path

    async def edit(self, policy: dict[str, object]) -> None:
        """The file says this now, and the gateway was told to look."""
        self.changes.in_force.replace(settings(self.folder, policy), (ROUTE,))
        await self.changes.take_up()

    async def decided_by(self, name: str) -> tuple[int, str]:
        """The version that decides a new message, and what it lets expect."""
        await self.flow.arrive(letter(name))
        story = await self.flow.store.story(await self.flow.ref(f"<{name}@client.example>"))
        assert story is not None
        assert story.received is not None
        return story.received.version, story.received.expect.value


@asynccontextmanager
async def changing(folder: Path, *clients: Client) -> AsyncIterator[Changing]:
    async with flowing(folder, KIND) as flow:
        clock: Clock = flow.clock
        changes = Changes(clock, flow.store, flow.store, flow.arrival.in_force)
        for client in clients:
            await flow.store.save("ana", client)
        await changes.take_up()
        yield Changing(flow, changes, folder)


async def test_a_change_waits_for_its_notice_and_every_decision_says_which_version_it_used(tmp_path: Path) -> None:
    async with changing(tmp_path, Client(address=CARLA)) as practice:
        assert await practice.decided_by("before") == (1, "answer")
        await practice.edit(STRICT)
        assert await practice.decided_by("announced") == (1, "answer")
        assert "notice" in await practice.flow.effects()
        practice.flow.clock.set(NOW + 14 * DAY)
        assert await practice.decided_by("after") == (2, "none")


async def test_a_file_put_back_in_time_is_told_to_nobody(tmp_path: Path) -> None:
    async with changing(tmp_path, Client(address=CARLA)) as practice:
        await practice.edit(STRICT)
        practice.flow.clock.advance(timedelta(minutes=5))
        await practice.edit(KIND)
        assert "notice" not in await practice.flow.effects()
        practice.flow.clock.set(NOW + 15 * DAY)
        assert (await practice.decided_by("later"))[1] == "answer"


async def test_a_change_that_concerns_nobody_on_the_roster_holds_at_once(tmp_path: Path) -> None:
    async with changing(tmp_path) as practice:
        await practice.edit(STRICT)
        assert await practice.flow.effects() == []
        assert await practice.decided_by("now") == (2, "none")


async def test_versions_outlive_a_restart(tmp_path: Path) -> None:
    async with changing(tmp_path, Client(address=CARLA)) as practice:
        await practice.edit(STRICT)
        again = Changes(practice.flow.clock, practice.flow.store, practice.flow.store, practice.changes.in_force)
        assert await again.plans(NOW) == ()
        assert [one.number for one in practice.changes.in_force.versions("mornings")] == [1, 2]


@pytest.mark.parametrize("policy", [{"digest": {"at": "07:30"}}, {"change": {"announce_after": "5m"}}])
async def test_what_no_client_would_notice_holds_at_once(tmp_path: Path, policy: dict[str, object]) -> None:
    async with changing(tmp_path, Client(address=CARLA)) as practice:
        await practice.edit(KIND | policy)
        assert await practice.flow.effects() == []
        assert (await practice.decided_by("now"))[0] == 2


async def test_a_running_gateway_learns_of_what_a_command_announced(tmp_path: Path) -> None:
    async with changing(tmp_path, Client(address=CARLA)) as practice:
        flow, running = practice.flow, practice.changes.in_force
        elsewhere = InForce(settings(tmp_path, STRICT), (ROUTE,))
        await Changes(flow.clock, flow.store, flow.store, elsewhere).take_up()
        assert running.policy_of("mornings", 2) is None
        async with asyncio.TaskGroup() as group:
            service = group.create_task(practice.changes.run())
            async with asyncio.timeout(10):
                while running.policy_of("mornings", 2) is None:
                    flow.clock.advance(LOOK)
                    await asyncio.to_thread(lambda: None)
            service.cancel()
        assert running.coming("mornings", flow.clock.now()) is not None
