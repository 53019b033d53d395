"""The way of one message: read, look up, decide, relay, record: `_take` is the architecture page in code.

Mail first: the record may be down, slow or wrong, and the message is relayed all the same. What could not be recorded
is found again in the mailbox by the watcher.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.core.decide.arrival import decide, person_of
from gateway.core.decide.decision import Decision, Setting
from gateway.core.events import Ref, Relayed
from gateway.core.history import UNKNOWN, History
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.fields import our_fields
from gateway.core.message.read import read
from gateway.core.message.trace import received_field
from gateway.core.policy.schema import Client
from gateway.core.replies import NO_DOWNSTREAM, Reply, accepted
from gateway.core.routing import Route
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.metrics import Metrics
from gateway.ports import Alerts, Clock, Question, Record, Roster, Transport, Unavailable

log = structlog.get_logger(__name__)

#: A body beyond this is read in a thread, so that no other mail waits for it.
LARGE = 100_000
#: The longest that a message waits for the record before it flows without (RFC 5321 4.5.3.2.6 leaves ten minutes
#: after the final dot; a peer of ours should not notice).
RECORD_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the record says: the client, and the history."""

    client: Client | None
    history: History


@dataclass(frozen=True)
class Arrival:
    """Takes one message from the peer's final dot to the reply."""

    clock: Clock
    record: Record
    roster: Roster
    transports: Mapping[str, Transport]
    in_force: InForce
    in_hand: InHand
    alerts: Alerts
    metrics: Metrics

    async def __call__(self, route: Route, envelope: Envelope, content: bytes) -> Reply:
        """The downstream's reply to this message; a retry of what it took already is accepted without sending again."""
        facts = await facts_of(content, envelope, self.in_force.own)
        async with self.in_hand.hold(facts.key):
            return await self._take(route, facts, content)

    async def _take(self, route: Route, facts: Facts, content: bytes) -> Reply:
        now = self.clock.now()
        setting = self.in_force.setting(route.mailbox, route.policy)
        known = await self._look_up(facts, setting, now)
        if known.history.relayed_before:
            log.info("retry-of-a-relayed-message", mailbox=route.mailbox, message=facts.key[:12])
            return accepted("Taken already")
        setting = self.in_force.setting(route.mailbox, route.policy, known.client)
        decision = decide(facts, setting, known.history, now)
        reply = await self._relay(route, facts, decision, content)
        if reply.accepted:
            await self._append(decision, reply)
        return reply

    async def _look_up(self, facts: Facts, setting: Setting, now: datetime) -> Known:
        try:
            async with asyncio.timeout(RECORD_TIMEOUT):
                return await look_up(self.record, self.roster, facts, setting, now)
        except (Unavailable, TimeoutError):
            self._record_is_down()
            return Known(None, UNKNOWN)

    async def _relay(self, route: Route, facts: Facts, decision: Decision, content: bytes) -> Reply:
        ours = our_fields(decision.fields)
        hostname = self.in_force.settings.gateway.smtp.hostname
        trace = received_field(facts.envelope, hostname=hostname, now=self.clock.now(), id=facts.digest[:16])
        loop = asyncio.get_running_loop()
        begun = loop.time()
        reply = await self.transports[route.mailbox].relay(facts.envelope, trace + ours + content)
        self.metrics.relayed(route.mailbox, reply, loop.time() - begun)
        tell = self.alerts.tell if reply == NO_DOWNSTREAM else self.alerts.clear
        tell("downstream-down", mailbox=route.mailbox)
        outcome = "relayed" if reply.accepted else "refused"
        log.info(outcome, mailbox=route.mailbox, message=facts.key[:12], code=reply.code)
        return reply

    async def _append(self, decision: Decision, reply: Reply) -> None:
        relayed = Relayed(at=self.clock.now(), reply=f"{reply.code} {reply.enhanced}".strip())

        try:
            async with asyncio.timeout(RECORD_TIMEOUT):
                if not await self.record.append(decision.ref, [decision.received, relayed], decision.effects):
                    await self.record.append(decision.ref, [relayed], ())
        except (Unavailable, TimeoutError):
            self._record_is_down()
        else:
            self.alerts.clear("record-down")

    def _record_is_down(self) -> None:
        self.metrics.store_faults.inc()
        self.alerts.tell("record-down")


async def facts_of(content: bytes, envelope: Envelope, own: frozenset[str]) -> Facts:
    """Read the content, in a thread where it is large."""
    if len(content) > LARGE:
        return await asyncio.to_thread(read, content, envelope, own=own)
    return read(content, envelope, own=own)


async def look_up(record: Record, roster: Roster, facts: Facts, setting: Setting, now: datetime) -> Known:
    """The client and the history behind a message. Raises Unavailable."""
    person = person_of(facts, setting.authserv)
    ref = Ref(setting.mailbox, facts.key)
    refers_to = (*facts.references, *facts.in_reply_to)
    question = Question(ref, facts.digest, facts.thread, refers_to, person)
    client = await roster.client(setting.mailbox, facts.author.address)
    if client is None and person != facts.author.address:
        client = await roster.client(setting.mailbox, person)
    return Known(client, await record.history(question, now))
