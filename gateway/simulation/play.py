"""Plays recorded mail: each message, each reading and each answer in its turn, with the clock set to it.

In go a stage and recorded mail, out come the stories on its record and every effect that would have been said. When a
message was read is not on record anywhere, so it is assumed: at the end of the next time of reading, or by its answer
if that came sooner, and never where the mailbox marks it unread. Nothing leaves: what is due is claimed and settled as
the outbox would settle it, had the smart host taken it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from gateway.core import addresses
from gateway.core.effects import Mail as Said
from gateway.core.events import Answered, Received, Ref
from gateway.core.history import Story
from gateway.core.message.facts import Envelope
from gateway.core.message.headers import Headers, message_ids, parse
from gateway.core.message.read import found_envelope
from gateway.core.policy.client import Client
from gateway.core.tracking import SEEN, Copy, FlagChange
from gateway.outbox.send import event_of
from gateway.ports import Sighting
from gateway.settings.schema import Settings
from gateway.simulation.recorded import Mail, Recorded
from gateway.simulation.stage import Stage, open_stage

#: Effects claimed at once, and for how long; nobody else claims.
_BATCH, _LEASE = 500, timedelta(days=1)
#: Told how many messages and answers are done.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What was played, and what came of it. `ended` is the last instant that the recorded mail knows of."""

    policy: str
    stories: tuple[Story, ...]
    said: tuple[Said, ...]
    ended: datetime | None
    #: Messages that came more than once.
    again: int
    #: Why calendars outside could not be read.
    unread_calendars: tuple[str, ...] = ()


async def simulate(
    settings: Settings,
    mailbox: str,
    policy: str,
    mail: Mail,
    sent: Mail,
    *,
    roster: Iterable[Client] = (),
    progress: Progress = lambda _: None,
) -> Played:
    """Play mail to a mailbox under a policy, with a record of its own. Raises OSError where mail is gone meanwhile."""
    async with open_stage(settings, mailbox, policy, roster) as stage:
        return await play(stage, mail, sent, progress)


async def play(stage: Stage, mail: Mail, sent: Mail, progress: Progress = lambda _: None) -> Played:
    """All of it in the order of time."""
    return await _Play(stage, progress).perform(mail, sent)


class _Turn(IntEnum):
    """What comes first of what happens at one instant."""

    ARRIVAL = 0
    READING = 1
    ANSWER = 2


@dataclass
class _Play:
    stage: Stage
    progress: Progress
    #: The number keeps the order of what comes at one instant.
    _turns: list[tuple[datetime, _Turn, int, Recorded | Ref]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _unread: set[Ref] = field(default_factory=set)
    _said: list[Said] = field(default_factory=list)
    _again: int = 0

    async def perform(self, mail: Mail, sent: Mail) -> Played:
        both = [*((_Turn.ARRIVAL, one) for one in mail.messages), *((_Turn.ANSWER, one) for one in sent.messages)]
        for turn, one in both:
            self._await(one.at, turn, one)
        done, ended = 0, max((one.at for _, one in both), default=None)
        while self._turns and done < len(both):
            at, turn, _, what = heapq.heappop(self._turns)
            self.stage.clock.set(at)
            await self.stage.calendars.look()
            if isinstance(what, Ref):
                await self._read(what)
                continue
            await (self._arrive(what) if turn is _Turn.ARRIVAL else self._answer(what))
            done += 1
            self.progress(done)
        if ended is not None:
            await self._carry_out(ended)
        stories = await self.stage.store.stories(self.stage.mailbox, None, None)
        return Played(
            policy=self.stage.route.policy,
            stories=stories,
            said=tuple(self._said),
            ended=ended,
            again=self._again,
            unread_calendars=self.stage.calendars.unread,
        )

    def _await(self, at: datetime, turn: _Turn, what: Recorded | Ref) -> None:
        heapq.heappush(self._turns, (at, turn, next(self._numbers), what))

    async def _arrive(self, message: Recorded) -> None:
        content = message.content()
        await self.stage.arrival(self.stage.route, self._envelope(content), content)
        begun = [(ref, event) for ref, event in self.stage.witness.told() if isinstance(event, Received)]
        self._again += not begun
        for ref, received in begun:
            self._unread.add(ref)
            if message.read is not False and received.read_by is not None:
                self._await(received.read_by, _Turn.READING, ref)

    async def _read(self, ref: Ref) -> None:
        """Its `\\Seen` is set now; nothing where it was set before."""
        if ref not in self._unread:
            return
        self._unread.remove(ref)
        before = Copy("INBOX", ref.key, frozenset(), ref)
        now = Copy("INBOX", ref.key, frozenset({SEEN}), ref)
        await self.stage.observation.changed(ref.mailbox, [FlagChange(before, now)], self.stage.clock.now())

    async def _answer(self, letter: Recorded) -> None:
        """A reminder that was due goes out first, since the answer takes back those to come."""
        now, mailbox, content = self.stage.clock.now(), self.stage.mailbox, letter.content()
        if self.stage.witness.reminds(now):
            await self._carry_out(now)
        for ref in await self.stage.witness.find(mailbox, _referred(content)):
            await self._read(ref)
        self.stage.witness.told()
        sighting = Sighting(Copy("Sent", f"{letter.path}:{letter.start}", frozenset({SEEN})), content, letter.at)
        await self.stage.observation.sent(mailbox, sighting)
        answered = [ref for ref, event in self.stage.witness.told() if isinstance(event, Answered)]
        for ref in answered:
            await self._read(ref)

    async def _carry_out(self, now: datetime) -> None:
        """Say what was due until now, each at its own time.

        Together, as it changes nothing: what is due counts in the record's history from then on, said or not.
        """
        full = True
        while full:
            claims = await self.stage.store.claim(now, now + _LEASE, _BATCH)
            for claim in claims:
                happened = event_of(claim, claim.effect.due)
                await self.stage.store.settle(claim, (happened,) if happened else ())
                self._said.append(claim.effect)
            full = len(claims) == _BATCH

    def _envelope(self, content: bytes) -> Envelope:
        """The reverse-path as the last server noted it, else the author; the recipient where it noted one of ours."""
        known = self.stage.in_force.settings.gateway.mailboxes[self.stage.mailbox]
        headers, _ = parse(content)
        found = found_envelope(content, _recipient(headers, (known.address, *known.aliases)) or known.address)
        # It came with some reverse-path, whether or not the archive has it still.
        return replace(found, assumed=False)


def _recipient(headers: Headers, own: Iterable[str]) -> str:
    """The own address that a server delivered to, be it with a `+detail` behind its name."""
    noted = [value.strip("<> ") for name in ("delivered-to", "x-original-to") for value in headers.all(name)]
    for one in noted:
        local, domain = addresses.split(one)
        plain = f"{local.partition('+')[0]}@{domain}"
        if any(addresses.same(given, address) for given in (one, plain) for address in own):
            return one
    return ""


def _referred(content: bytes) -> tuple[str, ...]:
    headers, _ = parse(content)
    parents = message_ids(headers.all("in-reply-to"))
    return tuple(dict.fromkeys((*parents, *message_ids(headers.all("references"))[-1:])))
