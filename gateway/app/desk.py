"""What commands need beside a gateway that may or may not be running: queries, actions, and the decision itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from gateway.admin.actions import Actions
from gateway.admin.queries import Queries
from gateway.alerts import LogAlerts
from gateway.app.sign_ins import sign_in_status
from gateway.app.wiring import diary_of, open_record, queries_over, signer_of
from gateway.clock import SystemClock
from gateway.core.decide.arrival import decide
from gateway.core.decide.case import Case, examine
from gateway.core.decide.decision import Decision
from gateway.core.message.facts import Envelope
from gateway.core.routing import Route
from gateway.flow.arrival import facts_of, look_up
from gateway.flow.changes import Changes
from gateway.flow.in_force import InForce
from gateway.metrics import Metrics
from gateway.ports import Clock
from gateway.settings.load import as_routes
from gateway.settings.schema import Settings
from gateway.store import Store


@dataclass(frozen=True)
class Examined:
    """A decision, with all that it was made from."""

    case: Case
    decision: Decision


@dataclass(frozen=True)
class Desk:
    """What commands need beside a gateway that may or may not be running."""

    settings: Settings
    clock: Clock
    store: Store
    in_force: InForce
    changes: Changes
    queries: Queries
    actions: Actions

    async def examine(
        self, route: Route, envelope: Envelope, content: bytes, now: datetime, policy: str = ""
    ) -> Examined:
        """What a live message would meet at this instant; another policy may be tried on it. Raises Unavailable."""
        facts = await facts_of(content, envelope, self.in_force.own)
        known = await look_up(self.store, self.store, self.in_force, route, facts, now, policy)
        case, _ = examine(facts, known.setting, known.history, now)
        return Examined(case, decide(facts, known.setting, known.history, now))


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Queries and actions over the store. Raises Unavailable and CredentialError."""
    clock, metrics = SystemClock(), Metrics()
    alerts = LogAlerts(clock, metrics)
    async with open_record(settings) as store:
        await store.migrate()
        diary = diary_of(settings, clock, alerts)
        await diary.load()
        in_force = InForce(settings, as_routes(settings), diary, signer_of(settings))
        changes = Changes(clock, store, store, in_force)
        await changes.load()
        queries = queries_over(in_force, store, alerts, lambda: None, lambda: sign_in_status(settings, store))
        yield Desk(settings, clock, store, in_force, changes, queries, Actions(lambda: settings, store, store, store))
