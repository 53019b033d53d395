"""Time passes: digests and reminders go out, and what is kept no longer goes.

Sleeps until the next moment that matters, and looks again after `LOOK` at the latest, for rosters and calendars change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.decide.digest import Desk, answers_since, due, is_due, next_moment
from gateway.core.decide.news import RECENT
from gateway.core.decide.passing_time import expire
from gateway.core.effects import Effect, Reminder
from gateway.core.history import Story
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.flow.in_force import InForce
from gateway.ports import Clock, Keeping, Notes, OutboxDesk, Record, Roster, Stories, Unavailable

log = structlog.get_logger(__name__)

#: When to try again while the record is down.
AGAIN = timedelta(minutes=5)
#: The longest time between two looks.
LOOK = timedelta(hours=1)
#: What digests, notices and reminders said is kept so long, for who asks what became of one.
SAID_KEPT = timedelta(days=30)
#: What stays unanswered for so long is not told of any more.
OLDEST = timedelta(days=365)


@dataclass(frozen=True)
class PassingTime:
    """Carries out what passing time brings, until it is cancelled."""

    clock: Clock
    keeping: Keeping
    record: Record
    stories: Stories
    roster: Roster
    notes: Notes
    in_force: InForce
    #: Rung when a calendar or the settings say something new; who waits for it clears it.
    bell: asyncio.Event
    #: Where it is seen what was given up; None where nobody looks.
    outbox: OutboxDesk | None = None

    async def run(self) -> None:
        """Do what is due, then wait for the next moment."""
        while True:
            self.bell.clear()
            now = self.clock.now()
            wakes = [await self._tried(step, now) for step in (self.tell, self.forget)]
            await self.clock.wait(self.bell, min(wakes))

    async def _tried(self, step: Callable[[], Awaitable[datetime]], now: datetime) -> datetime:
        """The step's next moment; what failed is tried again, and never ends the house."""
        try:
            return await step()
        except Unavailable:
            log.warning("passing-time-waits-for-the-record")
        except Exception as error:  # noqa: BLE001 - the house goes on; an error's text may hold mail, so none is logged
            log.error("passing-time-failed", error=type(error).__name__)  # noqa: TRY400
        return now + AGAIN

    async def tell(self) -> datetime:
        """Cause the digests and reminders that are due; the moment to look again. Raises Unavailable."""
        now = self.clock.now()
        wake = now + LOOK
        async for desk in self._desks(now):
            effects = [effect for effect in due(desk, now) if not await self._is_said(effect)]
            if effects:
                await self.record.cause(effects)
            wake = min(next_moment(desk, now) or wake, wake)
        return wake

    async def _desks(self, now: datetime) -> AsyncIterator[Desk]:
        """Each mailbox under each policy that has something to tell at set times."""
        for mailbox, known in self.in_force.settings.gateway.mailboxes.items():
            if known.watch is None:
                continue
            everybody = await self.roster.clients(mailbox)
            names = self._in_use(mailbox, everybody)
            telling = [name for name in names if _tells(self.in_force.policy(name, now)[0])]
            if not telling:
                continue
            open_ones, note = await self.stories.open(mailbox, now - OLDEST), await self.notes.note(mailbox)
            for name in telling:
                theirs = [one for one in everybody if self.in_force.policy_for(mailbox, known.policy, one) == name]
                clients = tuple((one, self.in_force.setting(mailbox, name, one, now)) for one in theirs)
                mine = _under(name, open_ones)
                yield await self._with_news(
                    Desk(self.in_force.setting(mailbox, name, None, now), clients, mine, note), now
                )

    async def _with_news(self, desk: Desk, now: datetime) -> Desk:
        """The desk with what came lately, which takes longer to read, where a digest is due."""
        if not is_due(desk, now):
            return desk
        mailbox = desk.setting.mailbox
        recent = _under(desk.setting.policy_name, await self.stories.stories(mailbox, now - RECENT, None))
        rows = await self.outbox.pending() if self.outbox is not None else ()
        given_up = tuple(row.due for row in rows if row.state == "given-up" and row.mailbox == mailbox)
        return replace(desk, recent=recent, given_up=given_up)

    def _in_use(self, mailbox: str, everybody: Sequence[Client]) -> tuple[str, ...]:
        """The policies that a mailbox, its routes and its clients name: a preset that nobody uses tells nothing."""
        settings = self.in_force.settings
        routed = {route.policy for route in settings.routes if route.mailbox == mailbox}
        named = {settings.gateway.mailboxes[mailbox].policy, *routed, *(one.policy for one in everybody)}
        return tuple(sorted(named & settings.policies.keys()))

    async def _is_said(self, effect: Effect) -> bool:
        """Whether the therapist has written what a reminder is about."""
        if not isinstance(effect, Reminder):
            return False
        mailbox = effect.ref.mailbox
        allowance = self.in_force.policy(effect.policy, effect.due)[0].allowance
        recent = await self.stories.stories(mailbox, effect.session - timedelta(days=60), None)
        return answers_since(recent, effect.client, effect.session) >= (allowance.answers or 0)

    async def forget(self) -> datetime:
        """Erase what no card says is kept; the moment to look again. Raises Unavailable."""
        forgetting = expire(await self.keeping.oldest(), self.in_force.longest_kept(), self.clock.now())
        for policy, before in forgetting.before.items():
            count = await self.keeping.erase(policy, before)
            log.info("forgotten", policy=policy, messages=count)
        if count := await self.keeping.erase_said(self.clock.now() - SAID_KEPT):
            log.info("forgotten", words=count)
        return forgetting.wake


def _under(policy: str, stories: Sequence[Story]) -> tuple[Story, ...]:
    return tuple(story for story in stories if story.received and story.received.policy == policy)


def _tells(policy: Policy) -> bool:
    return policy.digest.at is not None or bool(policy.digest.before_session) or policy.allowance.remind is not None
