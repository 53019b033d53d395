"""The live path on a stage: the gateway's own arrival, observation and record, a clock that is set, and nobody outside.

Whatever the path is given in a running house (`gateway.app.house`) it is given here, but for what reaches the world:
the downstream takes everything and keeps nothing, our own mail is handed to nobody, and the roster is a copy whose
changes are forgotten. A fault stops the play, where a running gateway would let mail flow on without it.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.app.wiring import calendars_of
from gateway.clock import ManualClock
from gateway.core import addresses
from gateway.core.effects import Effect, Nudge
from gateway.core.events import Event, Received, Ref
from gateway.core.history import History, Story
from gateway.core.message.facts import Envelope
from gateway.core.policy.client import Client
from gateway.core.replies import Reply, accepted
from gateway.core.routing import Route
from gateway.diary.diary import Diary
from gateway.flow.arrival import Arrival
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.flow.observation import Observation
from gateway.flow.together import Together
from gateway.metrics import Metrics
from gateway.ports import Question
from gateway.settings.schema import Settings
from gateway.simulation.scratch import scratch_store
from gateway.store import Store

#: Stands for a watch that the settings don't name: what was read and answered is known from the recorded mail.
_WATCHED = "maildir:/recorded"
#: How often calendars are read, in the time of the play.
_LOOK_AGAIN = timedelta(days=30)


@dataclass(frozen=True)
class Stage:
    """What a play needs: the path of a message, the path of a change in the mailbox, and all that they bring about."""

    mailbox: str
    route: Route
    clock: ManualClock
    calendars: Calendars
    store: Store
    witness: Witness
    in_force: InForce
    arrival: Arrival
    observation: Observation


@asynccontextmanager
async def open_stage(
    settings: Settings, mailbox: str, policy: str, roster: Iterable[Client] = ()
) -> AsyncIterator[Stage]:
    """The path of one mailbox under one policy, with an empty record."""
    settings = _under(settings, mailbox, policy)
    host = addresses.split(settings.gateway.mailboxes[mailbox].address)[1]
    clock, noted = ManualClock(datetime(1970, 1, 1, tzinfo=UTC)), Noted(roster)
    calendars = Calendars(settings, mailbox, clock)
    route = Route("*", mailbox, policy)
    in_force, in_hand = InForce(settings, (route,), calendars.diary), InHand()
    async with scratch_store(host) as store:
        witness = Witness(store)
        arrival = Arrival(
            clock=clock,
            record=witness,
            roster=noted,
            notes=store,
            transports={mailbox: Everything()},
            in_force=in_force,
            in_hand=in_hand,
            alerts=Strict(),
            metrics=Metrics(),
        )
        observation = Observation(
            clock=clock,
            record=witness,
            stories=store,
            roster=noted,
            notes=store,
            in_force=in_force,
            in_hand=in_hand,
            alerts=Strict(),
            # Many are read at the time by which that is promised, one by one all the same.
            together=Together(remembering=False),
        )
        yield Stage(mailbox, route, clock, calendars, store, witness, in_force, arrival, observation)


def _under(settings: Settings, mailbox: str, policy: str) -> Settings:
    """The settings with this policy for the mailbox, watched."""
    gateway = settings.gateway
    known = gateway.mailboxes[mailbox]
    simulated = known.model_copy(update={"policy": policy, "watch": known.watch or _WATCHED})
    mailboxes = {**gateway.mailboxes, mailbox: simulated}
    return settings.model_copy(update={"gateway": gateway.model_copy(update={"mailboxes": mailboxes})})


class Calendars:
    """The calendars outside, read anew as time goes on: each reading covers a year ahead and two months back."""

    def __init__(self, settings: Settings, mailbox: str, clock: ManualClock) -> None:
        """Reads nothing."""
        zone = ZoneInfo(settings.gateway.practice.timezone)
        sources = {mailbox: calendars_of(settings)[mailbox]}
        self.diary = Diary(sources, folder=settings.folder, zone=zone, clock=clock, alerts=Unheard())
        #: Why one could not be read; the play goes on without it.
        self.unread: tuple[str, ...] = ()
        self._clock = clock
        self._again: datetime | None = None

    async def look(self) -> None:
        """Read them, unless that was not long ago."""
        now = self._clock.now()
        if self._again is None or now >= self._again:
            faults = await self.diary.load()
            self.unread = tuple(dict.fromkeys((*self.unread, *(fault.why for fault in faults))))
            self._again = now + _LOOK_AGAIN


class Everything:
    """`ports.Transport` to a downstream that takes everything."""

    async def relay(self, envelope: Envelope, content: bytes) -> Reply:  # noqa: ARG002 - nothing is kept
        """Taken."""
        return accepted("Taken")


@dataclass
class Witness:
    """`ports.Record` that also remembers what was appended since somebody last asked, and when a reminder is due."""

    record: Store
    _appended: list[tuple[Ref, Event]] = field(default_factory=list)
    _reminders: list[datetime] = field(default_factory=list)
    _found: tuple[tuple[str, Sequence[str]], tuple[Ref, ...]] | None = None

    def told(self) -> tuple[tuple[Ref, Event], ...]:
        """Each event appended since the last call."""
        told = tuple(self._appended)
        self._appended.clear()
        return told

    def reminds(self, now: datetime) -> bool:
        """Whether a reminder, which an answer would take back, has become due since the last call."""
        due = bool(self._reminders) and self._reminders[0] <= now
        while self._reminders and self._reminders[0] <= now:
            heapq.heappop(self._reminders)
        return due

    async def history(self, question: Question, now: datetime) -> History:
        """See `ports.Record`."""
        return await self.record.history(question, now)

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        """See `ports.Record`."""
        stored = await self.record.append(ref, events, effects)
        if stored:
            self._appended += [(ref, event) for event in events]
            for effect in effects:
                if isinstance(effect, Nudge):
                    heapq.heappush(self._reminders, effect.due)
            if any(isinstance(event, Received) for event in events):
                self._found = None
        return stored

    async def cause(self, effects: Sequence[Effect]) -> None:
        """See `ports.Record`."""
        await self.record.cause(effects)

    async def story(self, ref: Ref) -> Story | None:
        """See `ports.Record`."""
        return await self.record.story(ref)

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        """See `ports.Record`. Asked again before anything new was received, the answer is the same."""
        question = (mailbox, message_ids)
        if self._found is None or self._found[0] != question:
            self._found = (question, await self.record.find(mailbox, message_ids))
        return self._found[1]


class Noted:
    """`ports.Roster` of one mailbox, as it was when the play began; who says `STOP` in it is heard until it ends."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients = {addresses.key(client.address): client for client in clients}

    async def client(self, mailbox: str, address: str) -> Client | None:  # noqa: ARG002 - there is one mailbox
        """See `ports.Roster`."""
        return self._clients.get(addresses.key(address))

    async def clients(self, mailbox: str) -> tuple[Client, ...]:  # noqa: ARG002 - there is one mailbox
        """See `ports.Roster`."""
        return tuple(self._clients[key] for key in sorted(self._clients))

    async def save(self, mailbox: str, client: Client) -> None:  # noqa: ARG002 - there is one mailbox
        """See `ports.Roster`."""
        self._clients[addresses.key(client.address)] = client

    async def save_all(self, mailbox: str, several: Sequence[Client]) -> None:
        """See `ports.Roster`."""
        for client in several:
            await self.save(mailbox, client)

    async def forget(self, mailbox: str, address: str) -> bool:  # noqa: ARG002 - there is one mailbox
        """See `ports.Roster`."""
        return self._clients.pop(addresses.key(address), None) is not None


class Unheard:
    """`ports.Alerts` for what a play tells by itself."""

    def tell(self, code: str, **ids: str) -> None:
        """Nobody hears it."""

    def standing(self) -> Mapping[str, str]:
        """Nothing stands."""
        return {}

    def clear(self, code: str, **ids: str) -> None:
        """Nothing to clear."""


class Strict(Unheard):
    """`ports.Alerts` that lets nothing pass: numbers of which a part is missing would be wrong numbers."""

    def tell(self, code: str, **ids: str) -> None:
        """Raise it."""
        raise RuntimeError(f"the simulation met a fault and stops: {code} {ids or ''}".rstrip())
