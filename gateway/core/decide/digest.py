"""What the therapist is told of at set times: what is open, what a client wrote before their session, and a word of
their own that is due. Nothing is sent where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from gateway.core import addresses
from gateway.core.decide.decision import Setting
from gateway.core.effects import Digest, Effect, Open, Reminder
from gateway.core.events import Answered, Expect, Origin, Received, Ref
from gateway.core.history import Note, Story
from gateway.core.policy.calendar import absence_at, holidays_ahead, instant, local_day, open_time
from gateway.core.policy.client import Client
from gateway.core.policy.sessions import last_session, sessions_between

#: A moment that was missed (the gateway was down) is made up for so long, and not later.
LATE = timedelta(hours=6)
#: How far ahead a moment to wake for is looked for.
AHEAD = timedelta(days=8)
#: Holidays that a daily digest lists, so that somebody looks at the list.
_HOLIDAYS = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """One mailbox under one policy: its setting, that of each client under it, its open stories, oldest first, and its
    presence note.
    """

    setting: Setting
    clients: tuple[tuple[Client, Setting], ...]
    stories: tuple[Story, ...]
    note: Note | None = None


def due(desk: Desk, now: datetime) -> tuple[Effect, ...]:
    """All that is due now, or was within `LATE`; each has a key, so that it is said once."""
    if not desk.setting.watched:
        return ()  # nobody knows what is open
    found: list[Effect] = [digest for at in _daily_moments(desk, now - LATE, now) for digest in _daily(desk, at)]
    for client, setting in desk.clients:
        found += _before_session(desk, client, setting, now)
        found += _reminder(client, setting, now)
    return tuple(found)


def next_moment(desk: Desk, now: datetime) -> datetime | None:
    """When something may be due next, within `AHEAD`; None for nothing."""
    rule, remind = desk.setting.policy.digest, desk.setting.policy.allowance.remind
    moments = list(_daily_moments(desk, now, now + AHEAD))
    for client, setting in desk.clients:
        if rule.before_session:
            ahead = sessions_between(client, setting.calendar, now, now + AHEAD + rule.before_session)
            moments += [session.start - rule.before_session for session in ahead]
        if remind is not None:
            ended = sessions_between(client, setting.calendar, now - remind - timedelta(days=1), now + AHEAD)
            moments += [session.end + remind for session in ended]
    return min((at for at in moments if at > now), default=None)


def answers_since(stories: Iterable[Story], client: str, since: datetime) -> int:
    """How many answers of the therapist to a client were found since an instant; one that closes several is one."""
    found = set()
    for story in stories:
        if story.received is not None and addresses.same(story.received.author, client):
            sent = (event for event in story.events if isinstance(event, Answered) and event.at >= since)
            found |= {event.answer or story.ref.key for event in sent}
    return len(found)


def _daily_moments(desk: Desk, after: datetime, until: datetime) -> Iterator[datetime]:
    """The daily moments within (after, until], on days on which mail is read."""
    setting, at = desk.setting, desk.setting.policy.digest.at
    if at is None:
        return
    midnight = instant(local_day(after, setting.zone), time(), setting.zone)
    days = set()
    for reading in open_time(setting.policy.hours, setting.calendar, midnight):
        if reading.start > until:
            break
        # Midnight is the end of a day, not the beginning of one.
        ends = max(reading.start, min(reading.end - timedelta.resolution, until))
        first, last = (local_day(moment, setting.zone) for moment in (reading.start, ends))
        days |= {first + timedelta(days=step) for step in range((last - first).days + 1)}
    moments = (instant(day, at, setting.zone) for day in sorted(days))
    yield from (moment for moment in moments if after < moment <= until)


def _daily(desk: Desk, at: datetime) -> Iterator[Effect]:
    told = tuple(_told(desk.stories, at, _stays_open))
    if not told:
        return
    setting, note, absence = desk.setting, desk.note, absence_at(desk.setting.calendar, at)
    carried = note is not None and note.expires > at and setting.policy.presence.carry
    yield Digest(
        **_inward(setting, at),
        messages=told,
        note_until=note.expires if note and carried else None,
        away_until=absence.last if absence else None,
        holidays=holidays_ahead(setting.calendar, at, _HOLIDAYS) if setting.policy.hours.holidays == "closed" else (),
    )


def _stays_open(received: Received) -> bool:
    return received.expect is Expect.ANSWER or received.origin is Origin.UNSURE


def _before_session(desk: Desk, client: Client, setting: Setting, now: datetime) -> Iterator[Effect]:
    """What the client wrote and nobody has answered, with what of it is unread."""
    before = setting.policy.digest.before_session
    if not before:
        return
    theirs = [one for one in desk.stories if one.received and addresses.same(one.received.author, client.address)]
    last = last_session(client, setting.calendar, now)
    for session in sessions_between(client, setting.calendar, now, now + before + timedelta.resolution):
        recent = [one for one in theirs if one.received and (last is None or one.received.at >= last.start)]
        told = tuple(_told(recent, now, lambda _: True))
        if session.start > now and told:
            # Due now, since what it tells of may have come long after its moment.
            yield Digest(
                **_inward(setting, now),
                messages=told,
                client=client.address,
                session=session.start,
            )


def _reminder(client: Client, setting: Setting, now: datetime) -> Iterator[Effect]:
    """The therapist's own word between two sessions, where one is agreed."""
    allowance = setting.policy.allowance
    last = last_session(client, setting.calendar, now)
    if allowance.remind is None or allowance.answers is None or last is None:
        return
    at = last.end + allowance.remind
    if at <= now < at + LATE:
        yield Reminder(
            **_inward(setting, at),
            client=client.address,
            client_name=client.name,
            session=last.end,
            client_language=client.language,
        )


def _told(stories: Iterable[Story], at: datetime, tells: Callable[[Received], bool]) -> Iterator[Open]:
    """Messages that had come by an instant; those whose writer nobody can tell for a person come first."""
    listed = [(one, one.received) for one in stories if one.received and one.received.at <= at and tells(one.received)]
    for story, received in sorted(listed, key=lambda pair: pair[1].origin is not Origin.UNSURE):
        yield Open(
            author=received.author,
            received=received.at,
            answer_by=received.answer_by,
            level=received.level,
            read=story.read is not None,
            unsure=received.origin is Origin.UNSURE,
        )


def _inward(setting: Setting, at: datetime) -> dict[str, Any]:
    """What all mail to the therapist has in common."""
    return {
        "ref": Ref(setting.mailbox, ""),
        "due": at,
        "to": setting.address,
        "sender": setting.address,
        "language": setting.language,
        "policy": setting.policy_name,
        "version": setting.version,
    }
