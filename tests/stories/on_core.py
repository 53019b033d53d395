"""The first stage: the pure core. What happened is kept in plain lists and folded by hand into what decisions ask for;
a clock that is a number is moved; words come from the shipped templates. There is no server, no file and no loop.

    deliver -> decide -> outbox -> (due) -> rendered mail
    set_seen, put_into_sent -> what follows from a change -> outbox
    pass_to -> digests and reminders -> outbox
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.app import templates_of
from gateway.core import addresses
from gateway.core.decide.arrival import decide
from gateway.core.decide.case import claimed, person_of
from gateway.core.decide.change import Audience, plan
from gateway.core.decide.decision import Setting
from gateway.core.decide.digest import Desk, answers_since, due, next_moment
from gateway.core.decide.observation import answer_sent, flags_changed, person_behind, tags_for
from gateway.core.decide.presence import is_command, note_from, note_kept
from gateway.core.decide.withdrawal import asks_to_withdraw, came_of, offers, why_it_stays
from gateway.core.effects import Ack, Alert, Cancel, Effect, Nudge, Receipt, Reminder, Withdrawal
from gateway.core.effects import Mail as Said
from gateway.core.events import (
    Acknowledged,
    Alerted,
    Answered,
    Event,
    Level,
    Nudged,
    Origin,
    ReceiptSent,
    Received,
    Ref,
    Relayed,
    Withdrawn,
)
from gateway.core.history import CRISIS, Earlier, History, Note, Story
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.read import read
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.core.policy.versions import Version
from gateway.core.tracking import SEEN, Copy, FlagChange
from gateway.flow.in_force import InForce
from gateway.settings.load import as_routes
from tests.stories import telling
from tests.stories.practice import MAILBOX, policy_with, settings_of
from tests.stories.stage import Cast, Mail

#: The gateway looks at the calendar again at the latest after it.
_LOOK = timedelta(hours=1)


@dataclass
class _Row:
    """One effect in the outbox."""

    effect: Said
    stored: datetime
    message_id: str
    waits: bool = True
    cancelled: bool = False


class CoreStage:
    """A `Stage` without a world."""

    def __init__(self, story: telling.Story) -> None:
        self.cast = Cast(story)
        self.now = story.steps[0].at - timedelta(hours=1)
        self._settings = settings_of(self.cast)
        self._in_force = InForce(self._settings, as_routes(self._settings))
        self._wording = templates_of(self._settings, self._in_force.policy_of)
        self._roster = {addresses.key(client.address): client for client in self.cast.roster}
        self._told: dict[Ref, list[Event]] = {}
        self._rows: dict[str, _Row] = {}
        self._mails: list[Mail] = []
        self._note: Note | None = None
        self._versions: list[Version] = []
        #: Where each message lies; what was deleted lies nowhere.
        self._folders: dict[Ref, str] = {}
        self._take_up()

    # What is done.

    async def pass_to(self, at: datetime) -> None:
        while True:
            self._tell()
            moments = [row.effect.due for row in self._rows.values() if row.waits]
            moments += [moment for desk in self._desks() if (moment := next_moment(desk, self.now)) is not None]
            following = min([self.now + _LOOK, *(moment for moment in moments if moment > self.now)])
            if following > at:
                break
            self.now = following
        self.now = at
        self._tell()

    async def deliver(self, reverse_path: str, content: bytes) -> None:
        facts = read(content, Envelope(reverse_path, (self.cast.therapist,)), own=self._in_force.own)
        setting = self._setting_for(facts)
        decision = decide(facts, setting, self._history(facts, setting), self.now)
        relayed = Relayed(at=self.now, reply="250 2.0.0")
        self._told.setdefault(decision.ref, []).extend((decision.received, relayed))
        self._folders[decision.ref] = "INBOX"
        self._cause(decision.effects)
        if decision.client is not None:
            self._roster[addresses.key(decision.client.address)] = decision.client
        self._carry_out()

    async def set_seen(self, message_id: str, *, seen: bool) -> None:
        story = self._by_message_id(message_id)
        flags = (frozenset[str](), frozenset({SEEN}))
        before, now = (Copy("INBOX", "1", one, story.ref) for one in (flags if seen else reversed(flags)))
        outcome = flags_changed(story, FlagChange(before, now), self._setting_of(story), self.now, self.now)
        self._told[story.ref] += outcome.events
        self._cause(outcome.effects)
        self._carry_out()

    async def delete(self, message_id: str) -> None:
        del self._folders[self._by_message_id(message_id).ref]

    async def put_into_sent(self, content: bytes) -> None:
        answer = read(content, Envelope("", ()))
        setting = self._in_force.setting(MAILBOX, "", None, self.now)
        if is_command(answer, setting):
            note = note_from(answer, setting, self.now)
            self._note = note if note.text else None
            self._cause([note_kept(setting, note, answer.key, self.now)])
            self._carry_out()
            return
        for story in self._closed_by(answer):
            setting = self._setting_of(story)
            outcome = answer_sent(story, self.now, answer.new_words, answer.key, setting, self.now)
            self._told[story.ref] += outcome.events
            self._cause(outcome.effects)
        self._carry_out()

    def _setting_of(self, story: Story) -> Setting:
        received = _received(story)
        client = claimed(self._roster.get(addresses.key(received.author)), person_behind(received))
        return self._in_force.setting(MAILBOX, received.policy, client, self.now, received.version)

    async def change_policy(self, changes: str) -> None:
        name = self.cast.story.policy
        policies = {**self._settings.policies, name: policy_with(name, changes)}
        self._settings = self._settings.model_copy(update={"policies": policies})
        self._in_force.replace(self._settings, as_routes(self._settings))
        self._wording = templates_of(self._settings, self._in_force.policy_of)
        self._take_up()
        self._carry_out()

    # What came of it.

    async def mails(self) -> Sequence[Mail]:
        return self._mails

    async def tags(self, message_id: str) -> frozenset[str]:
        story = self._by_message_id(message_id)
        setting = self._in_force.setting(MAILBOX, "", None, self.now)
        names = {setting.tags.urgent: "urgent", **{tag: name for name, tag in setting.tags.categories.items()}}
        return frozenset(names[tag] for tag in tags_for(_received(story), setting))

    async def folder_of(self, message_id: str) -> str:
        return self._folders.get(self._by_message_id(message_id).ref, "")

    async def stories(self) -> Sequence[Story]:
        return [Story(ref, tuple(events)) for ref, events in self._told.items()]

    def policy_of(self, name: str, version: int) -> Policy:
        found = self._in_force.policy_of(name, version)
        assert found is not None
        return found

    # The outbox.

    def _cause(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Cancel):
                row = self._rows.get(effect.target)
                if row is not None and row.waits:
                    row.waits, row.cancelled = False, True
            elif effect.key not in self._rows or self._rows[effect.key].cancelled:
                message_id = f"<{len(self._rows)}@hopestreet.example>"
                self._rows[effect.key] = _Row(effect, self.now, message_id)

    def _carry_out(self) -> None:
        due = [row for row in self._rows.values() if row.waits and row.effect.due <= self.now]
        for row in sorted(due, key=lambda row: row.effect.due):
            row.waits = False
            effect = self._take_back(row.effect) if isinstance(row.effect, Withdrawal) else row.effect
            words = self._wording.render(effect)
            to = self.cast.names[effect.to]
            self._mails.append(Mail(effect.kind, to, words.subject, words.text, row.message_id))
            if isinstance(effect, Reminder):
                draft = self._wording.draft(effect)
                to = self.cast.names[effect.client]
                self._mails.append(Mail("draft", to, draft.subject, draft.text, row.message_id))
            if effect.ref.key:
                self._told[effect.ref] += _happened(effect, self.now, row.message_id)

    def _take_back(self, effect: Withdrawal) -> Withdrawal:
        """As the mailbox would have it, which is where it was put here."""
        story = Story(effect.ref, tuple(self._told[effect.ref]))
        staying = why_it_stays(story, self.policy_of(effect.policy, effect.version), self.now)
        staying = staying or ("" if effect.ref in self._folders else "gone")
        outcome = came_of(effect.ref, staying, self.now)
        self._told[effect.ref] += outcome.events
        self._cause(outcome.effects)
        if not staying:
            asking = Ref(MAILBOX, effect.request)
            self._folders |= {effect.ref: "Withdrawn", asking: "Withdrawn"}
            self._told[asking].append(Withdrawn(at=self.now))
        return replace(effect, staying=staying)

    # Passing time.

    def _tell(self) -> None:
        for desk in self._desks():
            self._cause([effect for effect in due(desk, self.now) if not self._is_said(effect)])
        self._carry_out()

    def _desks(self) -> Iterator[Desk]:
        """One for each policy that has something to tell at set times."""
        still_open = [one for one in self._stories() if _is_open(one)]
        for name, policy in self._in_force.policies(self.now).items():
            if policy.digest.at or policy.digest.before_session or policy.allowance.remind:
                setting = self._in_force.setting(MAILBOX, name, None, self.now)
                theirs = ((one, self._in_force.setting(MAILBOX, name, one, self.now)) for one in self._under(name))
                mine = tuple(one for one in still_open if _received(one).policy == name)
                recent = tuple(one for one in self._stories() if _received(one).policy == name)
                yield Desk(setting, tuple(theirs), mine, self._note, recent)

    def _is_said(self, effect: Effect) -> bool:
        if not isinstance(effect, Reminder):
            return False
        allowance = self._in_force.policy(effect.policy, effect.due)[0].allowance
        stories = [Story(ref, tuple(events)) for ref, events in self._told.items()]
        return answers_since(stories, effect.client, effect.session) >= (allowance.answers or 0)

    def _under(self, name: str) -> tuple[Client, ...]:
        """The clients whom a policy is for."""
        own = self.cast.story.policy
        return tuple(one for one in self._roster.values() if self._in_force.policy_for(MAILBOX, own, one) == name)

    def _take_up(self) -> None:
        for name, policy in self._settings.policies.items():
            theirs = [
                one
                for one in self._roster.values()
                if self._in_force.policy_for(MAILBOX, self.cast.story.policy, one) == name
            ]
            audience = Audience(self._in_force.setting(MAILBOX, name, None, self.now), tuple(theirs))
            made = plan(name, policy, self._in_force.versions(name), [audience], self.now)
            if made is not None:
                self._versions.append(made.version)
                self._cause(made.effects)
        self._in_force.take_up(self._versions)

    # What decisions ask for.

    def _setting_for(self, facts: Facts) -> Setting:
        policy = self.cast.story.policy
        setting = self._in_force.setting(MAILBOX, policy, None, self.now)
        person = person_of(facts, setting.authserv)
        client = claimed(self._roster.get(addresses.key(facts.author.address)), person) or self._roster.get(
            addresses.key(person)
        )
        return self._in_force.setting(MAILBOX, policy, client, self.now) if client else setting

    def _history(self, facts: Facts, setting: Setting) -> History:
        """Counts exclude the message itself, which is always a new one here."""
        person = person_of(facts, setting.authserv)
        theirs = [one for one in self._stories() if _wrote(one, person)]
        acks = [row for row in self._rows.values() if isinstance(row.effect, Ack) and not row.cancelled]
        to_them = [row for row in acks if addresses.same(row.effect.to, person)]
        last = max(to_them, key=lambda row: row.effect.due, default=None)
        ours = {row.message_id for row in self._rows.values()} & {*facts.references, *facts.in_reply_to}
        after_ours = [row for row in acks if isinstance(row.effect, Ack) and ours & {*row.effect.references}]
        theirs = [one for one in theirs if not one.withdrawn and not _received(one).request]
        promises = [by for one in theirs if not one.answered and (by := _received(one).answer_by) and by > self.now]
        return History(
            known=True,
            acks_in_thread=len(self._in_thread(acks, facts.thread)),
            refers_to_ours=bool(ours),
            acks_after_ours=len(after_ours),
            last_ack_at=last.effect.due if last else None,
            last_ack_level=last.effect.level if last and isinstance(last.effect, Ack) else Level.ROUTINE,
            acks_to_person_day=sum(row.effect.due > self.now - timedelta(days=1) for row in to_them),
            acks_in_all_hour=sum(row.effect.due > self.now - timedelta(hours=1) for row in acks),
            earlier=tuple(_earlier(_received(one)) for one in theirs),
            first=not theirs,
            promised=min(promises, default=None),
            note=self._note if self._note and self._note.expires > self.now else None,
            about=self._about(facts) if asks_to_withdraw(facts) else None,
        )

    def _about(self, facts: Facts) -> Story | None:
        """The message that the mail of ours was about which this one answers, where it may be taken back."""
        about = {row.effect.ref for row in self._rows.values() if row.message_id in facts.in_reply_to}
        found = (one for one in self._stories() if one.ref in about)
        return next((one for one in found if offers(self._setting_of(one).policy, watched=True)), None)

    def _in_thread(self, acks: Sequence[_Row], thread: str) -> list[_Row]:
        inside = [one for one in self._stories() if _received(one).thread == thread]
        answers = [event.at for one in inside for event in one.events if isinstance(event, Answered)]
        refs = {one.ref for one in inside}
        return [row for row in acks if row.effect.ref in refs and (not answers or row.stored > max(answers))]

    def _closed_by(self, answer: Facts) -> list[Story]:
        """What an answer refers to, and every earlier message of the same person."""
        ids = {*answer.in_reply_to, *answer.references[-1:]}
        about = {row.effect.ref for row in self._rows.values() if row.message_id in ids}
        found = [one for one in self._stories() if _received(one).message_id in ids or one.ref in about]
        people = {_received(one).author: _received(one).at for one in found if _received(one).author in answer.to}
        return [
            one
            for one in self._stories()
            if (until := people.get(_received(one).author)) is not None
            and _received(one).at <= until
            and (one.answered is None or one in found)
        ]

    def _stories(self) -> list[Story]:
        return [Story(ref, tuple(events)) for ref, events in self._told.items()]

    def _by_message_id(self, message_id: str) -> Story:
        return next(one for one in self._stories() if _received(one).message_id == message_id)


def _received(story: Story) -> Received:
    assert story.received is not None
    return story.received


def _earlier(received: Received) -> Earlier:
    about = CRISIS if received.level is Level.CRISIS else received.category
    return Earlier(received.at, received.new_words + received.attachment_words, about)


def _wrote(story: Story, person: str) -> bool:
    received = _received(story)
    theirs = any(addresses.same(person, one) for one in (received.author, received.reverse_path))
    return theirs and received.origin is not Origin.MACHINE


def _is_open(story: Story) -> bool:
    received = _received(story)
    closed = story.answered or story.withdrawn or received.request
    return not closed and received.origin is not Origin.MACHINE


def _happened(effect: Said, now: datetime, message_id: str) -> list[Event]:
    match effect:
        case Ack():
            return [Acknowledged(at=now, message_id=message_id)]
        case Alert():
            return [Alerted(at=now)]
        case Nudge():
            return [Nudged(at=now)]
        case Receipt():
            return [ReceiptSent(at=now, by="gateway", form=effect.form)]
    return []
