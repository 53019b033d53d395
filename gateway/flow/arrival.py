"""The way of one message: read, look up, decide, relay, record: `_take` is the architecture page in code.

Mail first: the record may be down, slow or wrong, and the message is relayed all the same. What could not be recorded
is found again in the mailbox by the watcher.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from gateway.core import addresses
from gateway.core.billing.charge import counted_since
from gateway.core.decide.ack import REFERENCES
from gateway.core.decide.arrival import decide
from gateway.core.decide.case import claimed, person_of
from gateway.core.decide.decision import Decision, Setting
from gateway.core.decide.observation import subject_prefix
from gateway.core.decide.presence import note_kept
from gateway.core.decide.withdrawal import asks_to_withdraw, offers
from gateway.core.events import Ref, Relayed
from gateway.core.history import UNKNOWN, History, Note, Story
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.fields import our_fields
from gateway.core.message.read import identified, read
from gateway.core.message.request import without_request
from gateway.core.message.subject import with_prefix
from gateway.core.message.trace import received_field
from gateway.core.policy.allowance import period_start
from gateway.core.policy.client import Client
from gateway.core.policy.schema import PromiseKind
from gateway.core.policy.sessions import last_session
from gateway.core.replies import Reply, accepted
from gateway.core.routing import Route
from gateway.flow.commands import Commands
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.metrics import Metrics
from gateway.ports import Alerts, Clock, Notes, Question, Record, Roster, Transport, Unavailable

log = structlog.get_logger(__name__)

#: A body beyond this is read in a thread, so that no other mail waits for it.
LARGE = 100_000
#: How long a peer goes on trying (RFC 5321 4.5.4.1: four to five days), and as much again.
RETRIES = timedelta(days=10)
#: The longest that a message waits for the record before it flows without (RFC 5321 4.5.3.2.6 leaves ten minutes
#: after the final dot; a peer of ours should not notice).
RECORD_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """What decides about a message: the setting, with the client whom the record knows, and the history."""

    setting: Setting
    history: History


@dataclass(frozen=True)
class Arrival:
    """Takes one message from the peer's final dot to the reply."""

    clock: Clock
    record: Record
    roster: Roster
    notes: Notes
    transports: Mapping[str, Transport]
    in_force: InForce
    in_hand: InHand
    alerts: Alerts
    metrics: Metrics
    #: Carries out what the therapist asks for by mail; None where nobody does.
    commands: Commands | None = None

    async def __call__(self, route: Route, envelope: Envelope, content: bytes) -> Reply:
        """The downstream's reply to this message; a retry of what it took already is accepted without sending again."""
        try:
            facts = await facts_of(content, envelope, self.in_force.own)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not keep a client's mail
            self._unexpected(route.mailbox, error)
            return await self._relay(route, envelope, (), content)
        if not facts.message_id:
            facts = identified(facts, self.in_force.settings.gateway.smtp.hostname)
            content = f"Message-ID: {facts.message_id}\r\n".encode() + content
        async with self.in_hand.hold(facts.key):
            return await self._take(route, facts, content)

    async def _take(self, route: Route, facts: Facts, content: bytes) -> Reply:
        now = self.clock.now()
        known = await self._look_up(route, facts, now)
        if _is_retry(known.history, now):
            log.info("retry-of-a-relayed-message", mailbox=route.mailbox, message=facts.key[:12])
            return accepted("Taken already")
        decision = await self._decide(facts, known, now)
        if decision is not None and decision.take_request:
            content = without_request(content)
        if decision is not None:
            content = with_prefix(content, subject_prefix(decision.received, known.setting))
        reply = await self._relay(route, facts.envelope, decision.fields if decision else (), content, facts.key)
        if reply.accepted and decision is not None:
            await self._record(route, facts, known, decision, reply)
        return reply

    async def _decide(self, facts: Facts, known: Known, now: datetime) -> Decision | None:
        try:
            if facts.octets > LARGE:
                return await asyncio.to_thread(decide, facts, known.setting, known.history, now)
            return decide(facts, known.setting, known.history, now)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not keep a client's mail
            self._unexpected(known.setting.mailbox, error)
            return None

    async def _record(self, route: Route, facts: Facts, known: Known, decision: Decision, reply: Reply) -> None:
        """Note what happened. Without history no ack could be decided on, so it is decided anew if there is one now;
        else nothing is noted, and the message is taken up from the mailbox when the record is back.
        """
        if not known.history.known:
            known = await self._look_up(route, facts, decision.received.at)
            again = await self._decide(facts, known, decision.received.at) if known.history.known else None
            if again is None:
                return
            decision = again
        try:
            await self._append(decision, known.setting, reply)
        except Exception as error:  # noqa: BLE001 - it is delivered: a refusal would bring it once more with each try
            self._unexpected(route.mailbox, error)

    async def _look_up(self, route: Route, facts: Facts, now: datetime) -> Known:
        try:
            async with asyncio.timeout(RECORD_TIMEOUT):
                return await look_up(self.record, self.roster, self.in_force, route, facts, now)
        except (Unavailable, TimeoutError):
            self._record_is_down()
        except Exception as error:  # noqa: BLE001 - a record that is wrong must not keep a client's mail
            self._unexpected(route.mailbox, error)
        return Known(self.in_force.setting(route.mailbox, route.policy, None, now), UNKNOWN)

    async def _relay(
        self, route: Route, envelope: Envelope, fields: Sequence[tuple[str, str]], content: bytes, key: str = ""
    ) -> Reply:
        now, hostname = self.clock.now(), self.in_force.settings.gateway.smtp.hostname
        trace = received_field(envelope, hostname=hostname, now=now, id=key[:16] or f"{now:%Y%m%d%H%M%S%f}")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        reply = await self.transports[route.mailbox].relay(envelope, trace + our_fields(fields) + content)
        self.metrics.relayed(route.mailbox, reply, loop.time() - begun)
        # A refused sign-in or certificate, too, keeps mail with its senders until they give it up.
        if reply.transient:
            self.alerts.tell("downstream-down", mailbox=route.mailbox)
        elif reply.accepted:
            self.alerts.clear("downstream-down", mailbox=route.mailbox)
        outcome = "relayed" if reply.accepted else "refused"
        log.info(outcome, mailbox=route.mailbox, message=key[:12], code=reply.code)
        return reply

    async def _append(self, decision: Decision, setting: Setting, reply: Reply) -> None:
        relayed = Relayed(at=self.clock.now(), reply=f"{reply.code} {reply.enhanced}".strip())
        try:
            async with asyncio.timeout(RECORD_TIMEOUT):
                await follow_up(self.record, self.roster, self.notes, decision, setting, self.clock.now())
                if decision.order is not None and self.commands is not None:
                    await self.commands(setting, decision.order, self.clock.now())
                if not await self.record.append(decision.ref, [decision.received, relayed], decision.effects):
                    await self.record.append(decision.ref, [relayed], decision.effects)
        except (Unavailable, TimeoutError):
            self._record_is_down()
        else:
            self.alerts.clear("record-down")

    def _unexpected(self, mailbox: str, error: Exception) -> None:
        log.error("not-decided", mailbox=mailbox, exc_info=error)
        self.alerts.tell("unexpected")

    def _record_is_down(self) -> None:
        self.metrics.store_faults.inc()
        self.alerts.tell("record-down")


def _is_retry(history: History, now: datetime) -> bool:
    """Whether these very bytes are in the mailbox already, and not for so long that somebody may mean them anew."""
    story = history.story
    at = story.relayed_at if story else None
    return history.relayed_before and at is not None and now - at <= RETRIES


async def facts_of(content: bytes, envelope: Envelope, own: frozenset[str]) -> Facts:
    """Read the content, in a thread where it is large."""
    if len(content) > LARGE:
        return await asyncio.to_thread(read, content, envelope, own=own)
    return read(content, envelope, own=own)


async def look_up(
    record: Record, roster: Roster, in_force: InForce, route: Route, facts: Facts, now: datetime, policy: str = ""
) -> Known:
    """The setting with the client, and the history, behind a message. Raises Unavailable.

    `policy` is tried in place of the route's and the client's own.
    """
    setting = in_force.setting(route.mailbox, policy or route.policy, None, now)
    person = person_of(facts, setting.authserv)
    client = await client_behind(roster, route.mailbox, facts.author.address, person)
    if client is not None:
        client = client.model_copy(update={"policy": ""}) if policy else client
        setting = in_force.setting(route.mailbox, policy or route.policy, client, now)
    question = Question(
        ref=Ref(route.mailbox, facts.key),
        digest=facts.digest,
        thread=facts.thread,
        refers_to=(*facts.references, *facts.in_reply_to),
        person=person,
        since=_counted_since(setting, now),
        promises=setting.policy.answer.promise.what is not PromiseKind.NONE,
    )
    history = await record.history(question, now)
    if asks_to_withdraw(facts):
        history = replace(history, about=await _answered_about(record, in_force, route.mailbox, facts))
    return Known(setting, history)


async def _answered_about(record: Record, in_force: InForce, mailbox: str, facts: Facts) -> Story | None:
    """The message that our mail was about which this one answers, where its policy lets its writer take it back.

    Raises Unavailable.
    """
    for one in dict.fromkeys((*facts.in_reply_to, *reversed(facts.references[-REFERENCES:]))):
        for ref in reversed(await record.find(mailbox, [one])):
            story = await record.story(ref)
            received = story.received if story else None
            if received is not None and not received.request:
                policy = in_force.policy_of(received.policy, received.version)
                watched = in_force.settings.gateway.mailboxes[mailbox].watch is not None
                return story if policy is not None and offers(policy, watched=watched) else None
    return None


async def client_behind(roster: Roster, mailbox: str, author: str, person: str) -> Client | None:
    """The author's entry, as far as it may decide where we write to `person`, else that of `person`.

    Who is to be left in silence is, whichever of the two they are. Raises Unavailable.
    """
    client = claimed(await roster.client(mailbox, author), person)
    if not person or addresses.same(author, person):
        return client
    other = await roster.client(mailbox, person)
    if client is None or other is None:
        return client or other
    return client.model_copy(update={"quiet": client.quiet or other.quiet})


def _counted_since(setting: Setting, now: datetime) -> datetime | None:
    """From when on a person's messages matter: to the allowance, and to what may cost."""
    policy, starts = setting.policy, []
    if policy.allowance.limited or (setting.client is not None and setting.client.messages is not None):
        last = last_session(setting.client, setting.calendar, now)
        starts.append(period_start(policy.allowance, setting.calendar, now, last))
    if (since := counted_since(policy.billing, now)) is not None:
        starts.append(since)
    return min(starts, default=None)


async def follow_up(
    record: Record, roster: Roster, notes: Notes, decision: Decision, setting: Setting, now: datetime
) -> None:
    """What a decision says of roster and presence note. Comes before the message is recorded: where the record breaks
    off between the two, the message is taken up again and says it once more, and nothing of it is lost.

    Raises Unavailable.
    """
    mailbox = decision.ref.mailbox
    if decision.client is not None:
        await roster.save(mailbox, decision.client)
    if decision.note is not None:
        await keep_note(record, notes, setting, decision.note, decision.ref.key, now)


async def keep_note(record: Record, notes: Notes, setting: Setting, note: Note, message: str, now: datetime) -> None:
    """Keep the therapist's presence note, or take it back, and tell them; nothing where a newer one is there already.

    Raises Unavailable.
    """
    kept = await notes.note(setting.mailbox)
    if kept is not None and kept.written > note.written:
        return
    await notes.keep_note(setting.mailbox, note if note.text else None)
    await record.cause([note_kept(setting, note, message, now)])
    log.info("presence-note", mailbox=setting.mailbox, kept=bool(note.text))
