"""The mailbox changes: what a watcher tells becomes events and effects, once.

A message that never came through SMTP, or that flowed while the record was down, is read, decided and recorded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from gateway.core import addresses
from gateway.core.decide.arrival import decide
from gateway.core.decide.command import order_in
from gateway.core.decide.decision import Outcome, Setting
from gateway.core.decide.observation import (
    answer_sent,
    flags_changed,
    folder_for,
    marked_together,
    nudge_of,
    opens,
    person_behind,
    tags_for,
)
from gateway.core.decide.presence import is_command, note_from
from gateway.core.events import Answered, Origin, Received, Ref, Tagged
from gateway.core.history import Story
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.found import Times, times_of
from gateway.core.tracking import ANSWERED, FLAGGED, FlagChange
from gateway.flow.arrival import client_behind, facts_of, follow_up, keep_note, look_up
from gateway.flow.commands import Commands
from gateway.flow.found import OLDEST_TO_TAKE_UP, envelope_of, is_our_own
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.flow.sent_lately import SentLately
from gateway.flow.together import Together
from gateway.ports import Alerts, Clock, Notes, Placed, Record, Roster, Sighting, Stories, Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Observation:
    """Stands behind `ports.Observer`."""

    clock: Clock
    record: Record
    stories: Stories
    roster: Roster
    notes: Notes
    in_force: InForce
    in_hand: InHand
    alerts: Alerts
    together: Together = field(default_factory=Together)
    sent_lately: SentLately = field(default_factory=SentLately)
    #: Carries out what the therapist asks for by mail; None where nobody does.
    commands: Commands | None = None

    async def arrived(self, mailbox: str, sighting: Sighting) -> Placed:
        """Find whose message this copy is; take it up where nobody has."""
        envelope, own = envelope_of(self.in_force, mailbox, sighting.content), self.in_force.own
        facts = await facts_of(sighting.content, envelope, own)
        if is_our_own(facts, own, self.in_force.settings.gateway.mailboxes[mailbox].control):
            return Placed(None)
        times = times_of(sighting.content, facts.sent_at, sighting.at, self.clock.now())
        ref, sent = Ref(mailbox, facts.key), tuple(self.sent_lately.answering(mailbox, facts, times.came))
        async with self.in_hand.hold(facts.key):
            answered = bool(sent) or sighting.copy.has(ANSWERED)
            story = await self.record.story(ref) or await self._take_up(mailbox, facts, times, answered=answered)
        if story is None or story.received is None:
            return Placed(None)
        for letter in sent:
            await self._close(mailbox, letter.facts, max(letter.at, story.received.at), self.clock.now())
        setting = self._setting(mailbox, story)
        return Placed(story.ref, tags_for(story.received, setting), self._folder(story, setting))

    def _folder(self, story: Story, setting: Setting) -> str:
        """What asked to take a message back follows that message, where it comes into the mailbox only later."""
        if story.received and story.received.request and story.withdrawn:
            return self.in_force.settings.gateway.mailboxes[setting.mailbox].withdrawn
        return folder_for(story, setting)

    async def tagged(self, mailbox: str, ref: Ref, wanted: frozenset[str], kept: frozenset[str]) -> None:
        """Note which rung of the ladder held."""
        have = {flag.casefold() for flag in kept}
        if wanted and all(flag.casefold() in have for flag in wanted):
            event = Tagged(at=self.clock.now(), how="keyword")
        else:
            event = Tagged(at=self.clock.now(), how="flagged" if FLAGGED.casefold() in have else "none")
        story = await self.record.story(ref)
        if story is not None and (story.tagged is None or story.tagged.how != event.how):
            await self.record.append(ref, [event], ())
            log.info("tagged", mailbox=mailbox, message=ref.key[:12], how=event.how)

    async def changed(self, mailbox: str, changes: Sequence[FlagChange], since: datetime) -> None:
        """Copies that we know changed their flags. One that breaks us must not keep the others from being told of."""
        async with self.in_hand.hold(f"changes of {mailbox}"):
            now = self.clock.now()
            lately = self.together.lately(mailbox, now)
            opened = await self._opened(changes, lately)
            together = len(opened | lately)
            for ref in lately - opened:
                with self._shelter(mailbox, ref):
                    await self._follow(mailbox, ref, lambda story, by: marked_together(story, by, together), now)
            for change in changes:
                if change.now.ref is not None:
                    with self._shelter(mailbox, change.now.ref):
                        await self._changed(mailbox, change.now.ref, change, since, now, together)
            self.together.note(mailbox, opened, self.clock.now())

    async def _opened(self, changes: Sequence[FlagChange], lately: frozenset[Ref]) -> frozenset[Ref]:
        """Which messages these changes show as seen for the first time; each once, however many copies it has.

        What a try before this one noted as marked together counts again, so that a retry counts the same.
        """
        found = frozenset(change.now.ref for change in changes if change.now.ref is not None and opens(change))
        if len(found | lately) <= 1:
            return found
        stories = {ref: await self.record.story(ref) for ref in found}
        return frozenset(ref for ref, story in stories.items() if story and (story.seen is None or story.read is None))

    @contextmanager
    def _shelter(self, mailbox: str, ref: Ref) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - told to the admin by its kind; the text may quote the message
            log.error("change-skipped", mailbox=mailbox, message=ref.key[:12], error=type(error).__name__)  # noqa: TRY400
            self.alerts.tell("change-skipped", mailbox=mailbox)

    async def _changed(
        self, mailbox: str, ref: Ref, change: FlagChange, since: datetime, now: datetime, together: int
    ) -> None:
        def decided(story: Story, setting: Setting) -> Outcome:
            return flags_changed(story, change, setting, since, now, together)

        story = await self._follow(mailbox, ref, decided, now)
        if story is not None and story.received is not None:
            await self.remind_of_the_rest(mailbox, story.received.author, now)

    async def _follow(
        self, mailbox: str, ref: Ref, decide: Callable[[Story, Setting], Outcome], now: datetime
    ) -> Story | None:
        """Store what follows for a message; its story, where it was answered by that."""
        async with self.in_hand.hold(ref.key):
            story = await self.record.story(ref)
            if story is None or story.received is None:
                return None
            received = story.received
            client = await client_behind(self.roster, mailbox, received.author, person_behind(received))
            setting = self.in_force.setting(mailbox, received.policy, client, now, received.version)
            outcome = decide(story, setting)
            if outcome.events:
                await self.record.append(ref, outcome.events, outcome.effects)
                self._log(mailbox, ref, outcome)
            return story if any(isinstance(event, Answered) for event in outcome.events) else None

    def _log(self, mailbox: str, ref: Ref, outcome: Outcome) -> None:
        what = [event.kind for event in outcome.events]
        why = [reason.code for reason in outcome.reasons]
        log.info("observed", mailbox=mailbox, message=ref.key[:12], what=what, why=why)

    async def sent(self, mailbox: str, sighting: Sighting) -> None:
        """An answer closes the message that it refers to, and every earlier one of the same person.

        What refers to a message and goes to somebody else is a forward.
        """
        answer = await facts_of(sighting.content, Envelope("", ()), frozenset())
        if answer.automation.origin is Origin.MACHINE:
            return
        now = self.clock.now()
        setting = self.in_force.setting(mailbox, "", None, now)
        at = min(sighting.at, now)
        order = order_in(answer, setting, at)
        if order is not None:
            if self.commands is not None:
                await self.commands(setting, order, now)
            return
        if is_command(answer, setting):
            # Only who can sign in to the mailbox puts a message there, so it is the therapist's own.
            await keep_note(self.record, self.notes, setting, note_from(answer, setting, at), answer.key, now)
            return
        self.sent_lately.note(mailbox, answer, at)
        await self._close(mailbox, answer, at, now)

    async def _close(self, mailbox: str, answer: Facts, at: datetime, now: datetime) -> None:
        closed = await self._closed_by(mailbox, answer, at)

        def decided(story: Story, by: Setting) -> Outcome:
            return answer_sent(story, at, answer.new_words, answer.key, by, now)

        for story in closed:
            await self._follow(mailbox, story.ref, decided, now)
        for author in {story.received.author for story in closed if story.received}:
            await self.remind_of_the_rest(mailbox, author, now)

    async def remind_of_the_rest(self, mailbox: str, author: str, now: datetime) -> None:
        """The reminder that stood for every promise to this person was taken back: the next one is due its own.

        Raises Unavailable.
        """
        for story in await self.stories.waiting(mailbox, author):
            received = story.received
            if received is not None and received.answer_by is not None and received.answer_by > now:
                setting = self.in_force.setting(mailbox, received.policy, None, now, received.version)
                nudge = nudge_of(story.ref, received, setting, now)
                await self.record.append(story.ref, (), [nudge] if nudge else [])
                return

    async def _closed_by(self, mailbox: str, answer: Facts, at: datetime) -> tuple[Story, ...]:
        """By what it refers to; and a letter to a client in a thread of its own closes what waits of theirs."""
        refs = await self.record.find(mailbox, (*answer.in_reply_to, *answer.references[-1:]))
        found = [story for ref in refs if (story := await self.record.story(ref)) is not None]
        stories = [story for story in found if story.received and _goes_to(story.received, answer)]
        closed = {story.ref: story for story in stories}
        for story in stories:
            received = story.received
            if received is not None:
                earlier = await self.stories.waiting(mailbox, received.author)
                closed |= {one.ref: one for one in earlier if one.received and one.received.at <= received.at}
        if not found:
            closed |= {one.ref: one for one in await self._waiting_of(mailbox, answer.to, at)}
        return tuple(closed.values())

    async def _waiting_of(self, mailbox: str, people: Sequence[str], at: datetime) -> tuple[Story, ...]:
        """What clients of the roster wrote before an instant and nobody has answered."""
        clients = [client for one in people if (client := await self.roster.client(mailbox, one)) is not None]
        waiting = [story for one in clients for story in await self.stories.waiting(mailbox, one.address)]
        return tuple(story for story in waiting if story.received and story.received.at <= at)

    async def _take_up(self, mailbox: str, facts: Facts, times: Times, *, answered: bool) -> Story | None:
        """A message that nobody recorded: it came another way, or while the record was down. None for old mail."""
        now = self.clock.now()
        if now - times.came > OLDEST_TO_TAKE_UP:
            return None
        # What we put there as it was handed on, while the record was down, is not its writer's.
        prefix = self.in_force.settings.gateway.mailboxes[mailbox].tags.subject
        facts = replace(facts, sent_at=times.written, subject=facts.subject.removeprefix(prefix).strip())
        route = self.in_force.found_route(mailbox, facts.envelope.recipients[0])
        known = await look_up(self.record, self.roster, self.in_force, route, facts, now)
        decision = decide(facts, known.setting, replace(known.history, answered=answered), now, via="mailbox")
        await follow_up(self.record, self.roster, self.notes, decision, known.setting, now)
        if decision.order is not None and self.commands is not None:
            await self.commands(known.setting, decision.order, now)
        await self.record.append(decision.ref, [decision.received], decision.effects)
        log.info("found-in-mailbox", mailbox=mailbox, message=facts.key[:12])
        return await self.record.story(decision.ref)

    def _setting(self, mailbox: str, story: Story) -> Setting:
        received = story.received
        return self.in_force.setting(mailbox, received.policy if received else "", None, self.clock.now())


def _goes_to(received: Received, answer: Facts) -> bool:
    people = (received.author, received.reverse_path)
    return any(addresses.same(to, person) for to in answer.to for person in people)
