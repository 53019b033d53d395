"""Changed policies: the files are compared with what clients were told, and what follows is kept and announced."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gateway.core.decide.change import Audience, Plan, plan
from gateway.flow.in_force import InForce
from gateway.ports import Clock, Roster, Unavailable, Versions
from gateway.settings.about import about

log = structlog.get_logger(__name__)

#: How soon a change that a command has announced is known to the running gateway.
LOOK = timedelta(minutes=1)


@dataclass(frozen=True)
class Changes:
    """Takes up what the policy files say now."""

    clock: Clock
    versions: Versions
    roster: Roster
    in_force: InForce

    async def run(self) -> None:
        """Learn of versions that another process has kept (a command, another node), until cancelled."""
        never = asyncio.Event()
        while True:
            await self.clock.wait(never, self.clock.now() + LOOK)
            try:
                await self.load()
            except Unavailable:
                log.warning("versions-wait-for-the-record")
            except Exception as error:  # noqa: BLE001 - mail goes on by the versions that are known
                log.error("versions-not-read", error=type(error).__name__)  # noqa: TRY400

    async def load(self) -> None:
        """Go by the versions that were kept. Raises Unavailable."""
        self.in_force.take_up(await self.versions.versions())

    async def plans(self, now: datetime, only: str = "") -> tuple[Plan, ...]:
        """What `take_up` would do. Raises Unavailable."""
        await self.load()
        found = []
        for name, policy in sorted(self.in_force.settings.policies.items()):
            if only not in ("", name):
                continue
            audiences = await self._audiences(name, now)
            made = plan(name, policy, self.in_force.versions(name), audiences, now)
            found += [made] if made is not None else []
        return tuple(found)

    async def take_up(self, only: str = "") -> tuple[Plan, ...]:
        """Keep a new version of each policy whose file has changed, and announce it to whom it is about.

        `only` names one policy. Raises Unavailable; then the files hold as they are, until it is called again.
        """
        plans = await self.plans(self.clock.now(), only)
        if plans:
            effects = [effect for one in plans for effect in one.effects]
            await self.versions.add_versions([one.version for one in plans], effects)
            await self.load()
        for one in plans:
            if one.version.number > 1:
                since = one.version.since.isoformat()
                log.info(
                    "policy-changed", policy=one.version.name, version=one.version.number, since=since, told=one.told
                )
        return plans

    async def _audiences(self, name: str, now: datetime) -> tuple[Audience, ...]:
        found = []
        for mailbox, known in self.in_force.settings.gateway.mailboxes.items():
            everybody = await self.roster.clients(mailbox)
            theirs = tuple(one for one in everybody if self.in_force.policy_for(mailbox, known.policy, one) == name)
            setting, told = self.in_force.setting(mailbox, name, None, now), about(self.in_force.settings, mailbox)
            found.append(Audience(setting, theirs, told))
        return tuple(found)
