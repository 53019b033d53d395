"""Time passes: what is kept no longer goes. Sleeps until the next moment that matters; nothing polls."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gateway.core.decide.passing_time import expire
from gateway.flow.in_force import InForce
from gateway.ports import Clock, Keeping, Unavailable

log = structlog.get_logger(__name__)

#: When to try again while the record is down.
AGAIN = timedelta(minutes=5)


@dataclass(frozen=True)
class PassingTime:
    """Carries out what passing time brings, until it is cancelled."""

    clock: Clock
    keeping: Keeping
    in_force: InForce

    async def run(self) -> None:
        """Forget what is due, then wait for the next moment."""
        never = asyncio.Event()
        while True:
            now = self.clock.now()
            try:
                wake = await self.forget()
            except Unavailable:
                log.warning("retention-waits-for-the-record")
                wake = now + AGAIN
            except Exception:  # mail goes on; what could not be forgotten is tried again
                log.exception("retention-failed")
                wake = now + AGAIN
            await self.clock.wait(never, wake)

    async def forget(self) -> datetime:
        """Erase what no card says is kept; the moment to look again. Raises Unavailable."""
        forgetting = expire(await self.keeping.oldest(), self.in_force.policies, self.clock.now())
        for policy, before in forgetting.before.items():
            count = await self.keeping.erase(policy, before)
            log.info("forgotten", policy=policy, messages=count)
        return forgetting.wake
