"""Time passes over a real store: digests and reminders, each once, and retention."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.effects import Digest
from gateway.core.events import Answered, GivenUp, Withdrawn
from gateway.core.news import Noted
from gateway.core.policy.client import Client
from gateway.flow.passing_time import LOOK, PassingTime
from tests.unit.flow.arriving import CARLA, NOW, Flow, flowing, letter

#: Tuesday, 07:30 in Berlin.
MORNING = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
DAILY: dict[str, object] = {"answer": {"when": "always"}, "digest": {"at": "07:30"}}
WEEKLY = Client(address=CARLA, sessions=("thu 15:00-15:50",))  # type: ignore[arg-type]


@asynccontextmanager
async def passing(folder: Path, policy: dict[str, object]) -> AsyncIterator[tuple[Flow, PassingTime]]:
    async with flowing(folder, policy, watched=True) as flow:
        store = flow.store
        yield (
            flow,
            PassingTime(flow.clock, store, store, store, store, store, flow.arrival.in_force, asyncio.Event(), store),
        )


async def test_a_digest_goes_out_once_in_the_morning(tmp_path: Path) -> None:
    async with passing(tmp_path, DAILY) as (flow, time):
        await flow.arrive(letter())
        assert await time.tell() == NOW + LOOK
        assert "digest" not in await flow.effects()
        flow.clock.set(MORNING)
        await time.tell()
        flow.clock.advance(timedelta(minutes=1))
        await time.tell()
        assert (await flow.effects()).count("digest") == 1


async def test_it_wakes_at_the_very_moment(tmp_path: Path) -> None:
    async with passing(tmp_path, DAILY) as (flow, time):
        flow.clock.set(MORNING - timedelta(minutes=20))
        assert await time.tell() == MORNING


async def test_a_digest_tells_what_was_taken_back_and_what_was_given_up(tmp_path: Path) -> None:
    async with passing(tmp_path, DAILY) as (flow, time):
        await flow.arrive(letter())
        ref = await flow.ref("<one@client.example>")
        (claim,) = await flow.store.claim(NOW, NOW + timedelta(hours=1), 1)
        await flow.store.settle(claim, [GivenUp(at=NOW, effect=claim.effect.key, why="550 5.1.1")])
        await flow.store.append(ref, [Withdrawn(at=NOW + timedelta(hours=1))], ())
        flow.clock.set(MORNING)
        await time.tell()
        found = [one.effect for one in await flow.store.claim(MORNING, MORNING + timedelta(hours=1), 9)]
        (digest,) = [one for one in found if isinstance(one, Digest)]
        assert digest.messages == ()
        assert digest.withdrawn == (Noted(CARLA, NOW),)
        assert digest.given_up == 1


ONE_EACH: dict[str, object] = {"allowance": {"answers": 1, "per": "session", "remind": "3d"}}
#: Three days after the session of Thursday 26 November.
SUNDAY = datetime(2026, 11, 29, 14, 51, tzinfo=UTC)


async def test_the_therapist_is_reminded_of_the_word_that_is_due(tmp_path: Path) -> None:
    async with passing(tmp_path, ONE_EACH) as (flow, time):
        await flow.store.save("ana", WEEKLY)
        flow.clock.set(SUNDAY)
        await time.tell()
        assert await flow.effects() == ["reminder"]


async def test_not_where_the_therapist_has_written_since(tmp_path: Path) -> None:
    async with passing(tmp_path, ONE_EACH) as (flow, time):
        await flow.store.save("ana", WEEKLY)
        await flow.arrive(letter())
        ref = await flow.ref("<one@client.example>")
        friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
        await flow.store.append(ref, [Answered(at=friday, witness="sent", words=9, answer="a")], ())
        flow.clock.set(SUNDAY)
        await time.tell()
        assert "reminder" not in await flow.effects()


async def test_a_mailbox_that_nobody_watches_is_told_nothing(tmp_path: Path) -> None:
    async with flowing(tmp_path, DAILY) as flow:
        store = flow.store
        time = PassingTime(flow.clock, store, store, store, store, store, flow.arrival.in_force, asyncio.Event())
        await flow.arrive(letter())
        flow.clock.set(MORNING)
        await time.tell()
        assert "digest" not in await flow.effects()
