"""What became of each promise: kept, broken, moot, or still open.

In go the stories of messages and an instant, out comes one line for each promise that a message was given, oldest
message first. Everything is judged by what was on record at that instant: what happened later is left out of account.

Reading. What was promised to be read by a time is kept where the message stands read at that time, so marking it
unread again before then takes the reading back, and marking it unread afterwards does not. An answer shows that it was
read. A mailbox that nobody looked at for a while tells only that a message was read between two looks: where the time
lies between these, nobody can say whether the promise was kept, and it is moot. It counts neither way. Nor does a
message that was marked as read in time together with many others: nobody can say that it was opened.

Answering. Only an answer keeps it, by its letter or by its flag. A promise belongs to the oldest message that is
unanswered: what the same person writes while that promise stands, and is promised an answer no sooner for, is part of
it, and its own line is moot. Where the older one gets an answer that leaves the newer one open, the newer one's own
promise holds. An answer that is due but by no set time stays open until it comes, and is never broken.

What a machine wrote has no promise; where one was recorded all the same, it is moot. So is what was promised of a
message that its writer took back unread: it stands for nothing that the same person wrote beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.core import addresses
from gateway.core.events import Answered, Event, Expect, Origin, Received, Ref, Seen, Unseen, Withdrawn
from gateway.core.history import Story

State = Literal["open", "kept", "broken", "moot"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise. `by` is None for an answer that is due by no set time.

    `at` is when it was read or answered, as far as that is known: for reading, at the latest.
    """

    ref: Ref
    author: str
    received: datetime
    what: Literal["read", "answer"]
    by: datetime | None
    state: State
    at: datetime | None


def track(stories: Iterable[Story], now: datetime) -> tuple[Kept, ...]:
    """What became of every promise, as of `now` (aware, UTC); the order in which stories come does not matter."""
    people: dict[tuple[str, str], list[_Life]] = defaultdict(list)
    for life in filter(None, (_life(story, now) for story in stories)):
        people[life.ref.mailbox, addresses.key(life.received.author or life.received.reverse_path)].append(life)
    found = [kept for lives in people.values() for kept in _of_person(sorted(lives, key=_age), now)]
    return tuple(sorted(found, key=lambda one: (one.received, one.ref.mailbox, one.ref.key, one.what != "read")))


@dataclass(frozen=True, slots=True)
class _Life:
    ref: Ref
    received: Received
    #: Up to the instant that is asked about.
    events: tuple[Event, ...]
    answered: datetime | None

    @property
    def by_machine(self) -> bool:
        return self.received.origin is Origin.MACHINE

    @property
    def is_void(self) -> bool:
        """Whether nothing that was promised of it holds."""
        return self.by_machine or any(isinstance(event, Withdrawn) for event in self.events)

    @property
    def answer_due(self) -> bool:
        if self.received.answer_by is not None:
            return True
        return self.received.expect is Expect.ANSWER and not self.by_machine

    def stands_at(self, at: datetime) -> bool:
        """Whether its promise of an answer was open at an instant."""
        by = self.received.answer_by
        return (self.answered is None or self.answered > at) and (by is None or by > at)

    def comes_first(self, later: _Life) -> bool:
        """Whether a later message is promised an answer no sooner."""
        mine, other = self.received.answer_by, later.received.answer_by
        return other is None or (mine is not None and mine <= other)


def _life(story: Story, now: datetime) -> _Life | None:
    received = story.received
    if received is None or received.at > now:
        return None
    events = tuple(event for event in story.events if event.at <= now)
    answered = min((event.at for event in events if isinstance(event, Answered)), default=None)
    return _Life(story.ref, received, events, answered)


def _age(life: _Life) -> tuple[datetime, str, str]:
    return life.received.at, life.ref.mailbox, life.ref.key


def _of_person(lives: Sequence[_Life], now: datetime) -> Iterator[Kept]:
    """One person's promises, from their messages to one mailbox, oldest first."""
    standing: list[_Life] = []
    for life in lives:
        if life.received.read_by is not None:
            yield _line(life, "read", life.received.read_by, *_reading(life, life.received.read_by, now))
        if not life.answer_due:
            continue
        if life.is_void:
            yield _line(life, "answer", life.received.answer_by, "moot", life.answered)
            continue
        standing = [one for one in standing if one.stands_at(life.received.at)]
        state = "moot" if _part_of_older(life, standing) else _answering(life, now)
        yield _line(life, "answer", life.received.answer_by, state, life.answered)
        if not any(one.answered is None and one.received.answer_by == life.received.answer_by for one in standing):
            standing.append(life)


def _part_of_older(life: _Life, standing: Sequence[_Life]) -> bool:
    return any(one.answered is None or _with(life, one.answered) for one in standing if one.comes_first(life))


def _with(life: _Life, answered: datetime) -> bool:
    """Whether it was answered no later than an older message was."""
    return life.answered is not None and life.answered <= answered


def _line(life: _Life, what: Literal["read", "answer"], by: datetime | None, state: State, at: datetime | None) -> Kept:
    return Kept(life.ref, life.received.author, life.received.at, what, by, state, at)


def _answering(life: _Life, now: datetime) -> State:
    return _state(life.received.answer_by, life.answered, now)


def _state(by: datetime | None, done: datetime | None, now: datetime) -> State:
    if done is not None:
        return "kept" if by is None or done <= by else "broken"
    return "open" if by is None or now <= by else "broken"


def _reading(life: _Life, by: datetime, now: datetime) -> tuple[State, datetime | None]:
    in_time = _read_at(life, by)
    if life.is_void:
        return "moot", in_time
    if in_time is not None:
        return "kept", in_time
    late = next((event for event in life.events if isinstance(event, Seen) and not event.bulk and event.at > by), None)
    seen = min((at for at in (late.at if late else None, life.answered) if at is not None), default=None)
    if late is not None and late.at == seen and late.since is not None and late.since < by:
        return "moot", seen
    if now > by and (marked := _run_at(life, by)) and any(event.bulk for event in marked):
        return "moot", seen
    return _state(by, seen, now), seen


def _read_at(life: _Life, by: datetime) -> datetime | None:
    """When the reading began that stands at a time; None where the message stands unread."""
    run = _run_at(life, by)
    seen = run[0].at if run and not any(event.bulk for event in run) else None
    answered = life.answered if life.answered is not None and life.answered <= by else None
    return min((at for at in (seen, answered) if at is not None), default=None)


def _run_at(life: _Life, by: datetime) -> tuple[Seen, ...]:
    """What set `\\Seen` as it stood at a time."""
    run: tuple[Seen, ...] = ()
    for event in life.events:
        if event.at > by:
            continue
        if isinstance(event, Seen):
            run = (*run, event)
        elif isinstance(event, Unseen):
            run = ()
    return run
