"""Carries effects out: claim one, word it, hand it to the smart host, settle it; again while anything is due.

1. One effect at a time, claimed for `LEASE`. Whoever dies meanwhile leaves a claim that expires, and the mail goes out
   again *with the same Message-ID*: between the smart host's 250 and our settling, SMTP itself can't tell
   (RFC 5321 4.5.4.1), so that window stays, and receivers can see that it is the same mail.
2. What fails for now waits longer each time and is given up loudly after three days; what is refused for good is given
   up at once, unless it was the null reverse-path that was refused.
3. Once the smart host has a mail, settling is insisted on for as long as the store is away.
4. A stop finishes the mail in hand, for `DRAIN` at most, and claims no other.

Ports come in, nothing comes out: all that it does is in the outbox, the log and the alerts. It knows no adapter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

import structlog

from gateway.core.effects import Ack, Mail, Receipt, Reminder, Withdrawal
from gateway.core.events import Event, GivenUp, ReceiptSent
from gateway.core.replies import NO_DOWNSTREAM, SIGN_IN, SWITCHED_OFF, Reply
from gateway.core.tracking import MDN_SENT
from gateway.outbox.send import (
    Done,
    Draft,
    Later,
    Letter,
    Never,
    Outcome,
    aligned,
    comes_too_late,
    draft,
    is_hopeless,
    letter,
    next_try,
    outcome,
    over_quota,
    refused,
)
from gateway.ports import Alerts, Claim, Clock, Drafts, Flags, Folders, Outbox, Submission, Unavailable, Wording

log = structlog.get_logger(__name__)

#: How long a claim holds: longer than any one hand-over takes.
LEASE = timedelta(minutes=15)
#: The longest time between two looks, should a ring of the bell get lost (another process wrote the effect).
LOOK = timedelta(seconds=30)
#: The first pause while store or smart host are away; it doubles up to `LOOK`.
PAUSE = timedelta(seconds=1)
#: A stop waits so long for the mail in hand (RFC 5321 4.5.3.2.6 allows a server ten minutes, an admin less).
DRAIN = timedelta(seconds=30)
#: From this try on, a 4yz for the null reverse-path is taken for a refusal that never says so.
_STUBBORN = 4


async def _takes_nothing_back(effect: Withdrawal) -> Withdrawal:
    return replace(effect, staying="policy")


@dataclass
class Worker:
    """The outbox's service. `wording` and `sender_name` may be replaced while it runs (a reload)."""

    outbox: Outbox
    submission: Submission
    wording: Wording
    folders: Folders
    #: The flags of a mailbox, None where it is not watched.
    flags: Callable[[str], Flags | None]
    clock: Clock
    alerts: Alerts
    #: Rung when an effect was stored.
    bell: asyncio.Event
    #: Shown beside our address, to people whom the practice knows.
    sender_name: str
    #: Told of each mail that the smart host took, to be counted.
    said: Callable[[Mail], None] = lambda _: None
    #: The drafts of a mailbox, None where it is not watched.
    drafts: Callable[[str], Drafts | None] = lambda _: None
    #: Takes a message back, and says what came of it.
    take_back: Callable[[Withdrawal], Awaitable[Withdrawal]] = _takes_nothing_back
    random: Random = field(default_factory=Random)
    #: The smart host took from the aligned reverse-path what it had refused from the null one.
    null_refused: bool = False
    #: Claims tried before whose copies do not bear our own $MDNSent yet.
    _unmarked: set[int] = field(default_factory=set)
    #: Claims tried before whose drafts lie in the mailbox, unless the therapist has sent them meanwhile.
    _drafted: set[int] = field(default_factory=set)

    async def run(self) -> None:
        """Carry out what is due until cancelled."""
        faults = 0
        while True:
            self.bell.clear()
            try:
                well = await self.carry_out_due()
                due = await self.outbox.next_due()
            except Unavailable:
                log.warning("outbox-unavailable")
                well, due = False, None
            except Exception as error:
                self._unexpected(error)
                # The group round the mail in hand puts its fault in the place of a stop that came meanwhile.
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise asyncio.CancelledError from error
                well, due = False, None
            faults = 0 if well else faults + 1
            await self.clock.wait(self.bell, self._wake(due, faults))

    def _wake(self, due: datetime | None, faults: int) -> datetime:
        now = self.clock.now()
        if faults:
            return now + self._pause(faults)
        # What is due already and could not be claimed is in other hands: look again soon, but don't spin.
        return min(max(due, now + PAUSE) if due and due <= now else due or now + LOOK, now + LOOK)

    def _pause(self, faults: int) -> timedelta:
        doubled: timedelta = PAUSE * 2 ** min(faults - 1, 16)
        return min(doubled, LOOK) * self.random.uniform(0.8, 1.0)

    async def carry_out_due(self) -> bool:
        """Until nothing is due; False as soon as the smart host does not answer, so that it is not run down.

        Raises Unavailable while the store is away.
        """
        while True:
            now = self.clock.now()
            claims = await self.outbox.claim(now, now + LEASE, 1)
            if not claims:
                return True
            for claim in claims:
                if not await self._to_the_end(claim):
                    return False

    async def _to_the_end(self, claim: Claim) -> bool:
        """Carry out one effect; a cancellation waits for it, but not for long."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._carry_out(claim))
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                await asyncio.wait({task}, timeout=DRAIN.total_seconds())
                raise
        return task.result()

    async def _carry_out(self, claim: Claim) -> bool:
        """False where store or smart host do not answer. What happens then to the effect is seen to."""
        try:
            done = await self._tried(claim)
            await self._settle(claim, done)
        except Unavailable:
            log.warning("outbox-unavailable", **_ids(claim))
            return False
        return not (isinstance(done, Later) and done.error == _error(NO_DOWNSTREAM))

    async def _tried(self, claim: Claim) -> Outcome:
        try:
            return await self._attempt(claim)
        except Exception as error:  # noqa: BLE001 - one effect that we can't carry out must not hold up the others
            self._unexpected(error, **_ids(claim))
            return Later(f"unexpected {type(error).__name__}")

    def _unexpected(self, error: Exception, **ids: str) -> None:
        self.alerts.tell("unexpected")
        # Without traceback: an error's text may hold mail.
        log.error("outbox-failed", error=type(error).__name__, **ids)

    async def _attempt(self, claim: Claim) -> Outcome:
        if comes_too_late(claim, self.clock.now()):
            return Never("older than a day")
        try:
            claim = await self._done_first(claim)
        except Unavailable:
            return Later("mailbox unavailable")
        try:
            words = self.wording.render(claim.effect)
            post = letter(claim, words, self._name_for(claim))
            to_draft = self._draft_for(claim)
        except ValueError:
            self.alerts.tell("template-failed", mailbox=claim.effect.ref.mailbox, effect=claim.effect.kind)
            return Later("template failed")
        self.alerts.clear("template-failed", mailbox=claim.effect.ref.mailbox, effect=claim.effect.kind)
        try:
            if await self._program_sent(claim):
                return Done((ReceiptSent(at=self.clock.now(), by="program", form="mdn"),))
            await self._put(claim, to_draft)
        except Unavailable:
            return Later("mailbox unavailable")
        reply = await self._hand_over(claim, post)
        self._tell(claim, reply)
        return outcome(claim, reply, self.clock.now())

    async def _done_first(self, claim: Claim) -> Claim:
        """What the mail tells of is done and kept before it goes; the next try finds it done, and tells the same."""
        effect = claim.effect
        if not isinstance(effect, Withdrawal):
            return claim
        return replace(claim, effect=await self.take_back(effect))

    def _draft_for(self, claim: Claim) -> Draft | None:
        """What a reminder's mail speaks of."""
        effect = claim.effect
        if not isinstance(effect, Reminder) or claim.id in self._drafted:
            return None
        return draft(claim, effect.client, self.wording.draft(effect))

    async def _put(self, claim: Claim, made: Draft | None) -> None:
        """Put a draft where the therapist finds it, before the mail that says so goes."""
        drafts = self.drafts(claim.effect.ref.mailbox)
        if made is not None and drafts is not None:
            await drafts.put(made.message_id, made.content)
            self._drafted.add(claim.id)

    def _name_for(self, claim: Claim) -> str:
        """A practice's name may tell of a relation, so it is kept from whom the practice does not know."""
        effect = claim.effect
        return self.sender_name if not isinstance(effect, Ack | Receipt) or effect.known else ""

    async def _program_sent(self, claim: Claim) -> bool:
        """Whether the mail program has sent an MDN; where not, mark the copies before ours goes (RFC 3503 3.1).

        From the second try on, a mark that stands there is our own, unless we never came to set it.
        """
        effect = claim.effect
        if not (isinstance(effect, Receipt) and effect.form == "mdn"):
            return False
        copies = await self.folders.copies(effect.ref)
        untouched = claim.attempts <= 1 or claim.id in self._unmarked
        if untouched and any(copy.has(MDN_SENT) for copy in copies):
            self._unmarked.discard(claim.id)
            return True
        flags = self.flags(effect.ref.mailbox)
        if untouched:
            self._unmarked.add(claim.id)
        if flags is not None:
            for copy in copies:
                await flags.add(copy, frozenset({MDN_SENT}))
                self._unmarked.discard(claim.id)
        self._unmarked.discard(claim.id)
        return False

    async def _hand_over(self, claim: Claim, post: Letter) -> Reply:
        """Null reverse-path first; the aligned one, once, where that may be what was refused."""
        fallback = aligned(post, claim)
        if self.null_refused and fallback is not None:
            return await self._submit(fallback)
        reply = await self._submit(post)
        # Faults of the way there, of the certificate and of the sign-in (RFC 3463 X.4.z, X.7.5; RFC 4954) say
        # nothing about the reverse-path.
        about_the_path = reply.transient and not reply.enhanced.startswith(("4.4.", "4.7.5", *SIGN_IN))
        stubborn = about_the_path and reply != NO_DOWNSTREAM and claim.attempts >= _STUBBORN
        if fallback is None or not (stubborn or refused(reply)):
            return reply
        second = await self._submit(fallback)
        if second.accepted:
            self.null_refused = True
            log.warning("null-reverse-path-refused", code=reply.code, enhanced=reply.enhanced)
        return second

    async def _submit(self, post: Letter) -> Reply:
        try:
            return await self.submission.submit(post.reverse_path, post.recipient, post.content)
        except Unavailable:
            return NO_DOWNSTREAM

    def _tell(self, claim: Claim, reply: Reply) -> None:
        """The smart host's own troubles; a first failure may be a hiccup."""
        if reply.enhanced == SWITCHED_OFF:
            self.alerts.tell("sending-off")
            return
        passing = reply == NO_DOWNSTREAM or reply.enhanced in SIGN_IN or over_quota(reply)
        ours = passing or (reply.code // 100 == 5 and not refused(reply))
        if ours and claim.attempts > 1:
            self.alerts.tell("smarthost-down")
        elif reply.accepted:
            self.alerts.clear("smarthost-down")
            self.alerts.clear("sending-off")

    async def _settle(self, claim: Claim, done: Outcome) -> None:
        now = self.clock.now()
        if not isinstance(done, Later):
            self._drafted.discard(claim.id)
        if isinstance(done, Done):
            await self._insist(claim, done.events)
            if not _by_program(done):
                self.said(claim.effect)
            log.info("said", attempts=claim.attempts, **_ids(claim))
        elif isinstance(done, Later) and not is_hopeless(claim, now):
            due = next_try(claim, now, self.random)
            log.info("postponed", error=done.error, due=due.isoformat(), **_ids(claim))
            await self.outbox.postpone(claim, due, done.error)
        else:
            why = done.error if isinstance(done, Later) else done.why
            await self._insist(claim, (GivenUp(at=now, effect=claim.effect.key, why=why),))
            self.alerts.tell("given-up", mailbox=claim.effect.ref.mailbox)
            log.error("given-up", why=why, **_ids(claim))

    async def _insist(self, claim: Claim, events: Sequence[Event]) -> None:
        """Settle, however long the store is away: to leave it now would say it again."""
        faults = 0
        while True:
            try:
                await self.outbox.settle(claim, events)
            except Unavailable:
                faults += 1
                log.warning("settling-waits", **_ids(claim))
                await self.clock.wait(asyncio.Event(), self.clock.now() + self._pause(faults))
            else:
                return


def _ids(claim: Claim) -> dict[str, str]:
    """What a log line may say of an effect."""
    return {"effect": claim.effect.kind, "mailbox": claim.effect.ref.mailbox, "ref": claim.effect.ref.key[:12]}


def _by_program(done: Done) -> bool:
    return any(isinstance(event, ReceiptSent) and event.by == "program" for event in done.events)


def _error(reply: Reply) -> str:
    return f"{reply.code} {reply.enhanced}".strip()
