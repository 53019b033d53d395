"""What the therapist is told of at set times: what is open and what is new, what a client wrote before their session,
and a word of their own that is due. Nothing is sent where there is nothing to tell.

Where the mailbox has a control address, each thing that can be changed bears a link; none of them is a promise, and
none names anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from gateway.core import addresses
from gateway.core.billing.charge import may_cost
from gateway.core.decide.command import SCHEDULING
from gateway.core.decide.decision import Setting
from gateway.core.decide.news import RECENT, Linking, Since, away, beyond, charging, sign_of, unacked, withdrawn
from gateway.core.decide.tokens import LIFETIME
from gateway.core.effects import Digest, Effect, Reminder
from gateway.core.events import Answered, Expect, Level, Origin, Received, Ref
from gateway.core.history import CRISIS, Note, Story
from gateway.core.news import Action, Link, Open
from gateway.core.policy.calendar import absence_at, holidays_ahead, instant, local_day, open_time
from gateway.core.policy.client import Client
from gateway.core.policy.sessions import last_session, sessions_between

#: A moment that was missed (the gateway was down) is made up for so long, and not later.
LATE = timedelta(hours=6)
#: How far ahead a moment to wake for is looked for.
AHEAD = timedelta(days=8)
#: Holidays that a daily digest lists, so that somebody looks at the list.
_HOLIDAYS = 5
#: The longest presence note that a link's mail begins with: mail programs cut longer links.
_BRIEF = 500


@dataclass(frozen=True, slots=True)
class Desk:
    """One mailbox under one policy: its setting, that of each client under it, its open stories, oldest first, and its
    presence note.
    """

    setting: Setting
    clients: tuple[tuple[Client, Setting], ...]
    stories: tuple[Story, ...]
    note: Note | None = None
    #: All that came within `RECENT`, oldest first, where something `is_due`: for what a digest tells beside.
    recent: tuple[Story, ...] = ()
    #: When each of our own mails was due that was given up since and waits for an admin.
    given_up: tuple[datetime, ...] = ()

    def setting_of(self, author: str) -> Setting:
        """What decides for somebody's messages: with their entry where they stand on the roster."""
        found = (setting for client, setting in self.clients if addresses.same(client.address, author))
        return next(found, self.setting)


def is_due(desk: Desk, now: datetime) -> bool:
    """Whether a digest may be due now, so that it is worth reading what came lately."""
    ahead = desk.setting.policy.digest.before_session
    if desk.setting.watched and any(_daily_moments(desk, now - LATE, now)):
        return True
    sessions = (sessions_between(client, setting.calendar, now, now + ahead) for client, setting in desk.clients)
    return bool(ahead) and any(any(ones) for ones in sessions)


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
    digest = _with_news(desk, at)
    told = _told(desk, at, _stays_open, digest.key)
    news = (digest.withdrawn, digest.away, digest.unacked, digest.charging, digest.beyond)
    last = _last_moment(desk, at)
    if not told and not any(news) and not any(last < one <= at for one in desk.given_up):
        return
    setting, note, absence = desk.setting, desk.note, absence_at(desk.setting.calendar, at)
    carried = note is not None and note.expires > at and setting.policy.presence.carry
    yield replace(
        digest,
        messages=told,
        note_until=note.expires if note and carried else None,
        away_until=absence.last if absence else None,
        holidays=holidays_ahead(setting.calendar, at, _HOLIDAYS) if setting.policy.hours.holidays == "closed" else (),
        given_up=len(desk.given_up),
        note=note.text if note and carried and len(note.text) <= _BRIEF else "",
    )


def _with_news(desk: Desk, at: datetime) -> Digest:
    """The digest of a day with what came since the last one."""
    since = Since(_of_others(desk), _last_moment(desk, at), at)
    digest = Digest(**_inward(desk.setting, at), messages=())
    link = _linking(desk, at, digest.key)
    leaves_notes = desk.setting.policy.presence.carry
    return replace(
        digest,
        withdrawn=withdrawn(since),
        away=away(since, (client for client, _ in desk.clients)),
        unacked=unacked(since, link),
        charging=charging(since, desk.setting_of),
        beyond=beyond(since, desk.setting_of),
        control=desk.setting.control if _has_links(desk) else "",
        note_link=next(iter(link(Action.NOTE, Ref(desk.setting.mailbox, ""))), None) if leaves_notes else None,
    )


def _of_others(desk: Desk) -> tuple[Story, ...]:
    """What came lately, but from the practice's own addresses."""
    own = desk.setting.own
    return tuple(one for one in desk.recent if one.received and addresses.key(one.received.author) not in own)


def _last_moment(desk: Desk, at: datetime) -> datetime:
    """The moment of the digest before; a day ago where there was none for long."""
    before = (one for one in _daily_moments(desk, at - RECENT, at) if one < at)
    return max(before, default=at - timedelta(days=1))


def _stays_open(received: Received) -> bool:
    return received.expect is Expect.ANSWER or received.origin is Origin.UNSURE


def _before_session(desk: Desk, client: Client, setting: Setting, now: datetime) -> Iterator[Effect]:
    """What the client wrote and nobody has answered, with what of it is unread."""
    before = setting.policy.digest.before_session
    if not before:
        return
    theirs = [one for one in desk.stories if one.received and _wrote(client, one.received)]
    last = last_session(client, setting.calendar, now)
    for session in sessions_between(client, setting.calendar, now, now + before + timedelta.resolution):
        recent = [one for one in theirs if one.received and (last is None or one.received.at >= last.start)]
        # Due now, since what it tells of may have come long after its moment.
        digest = Digest(**_inward(setting, now), messages=(), client=client.address, session=session.start)
        told = _told(replace(desk, stories=tuple(recent)), now, _is_for_them, digest.key)
        if session.start > now and told:
            mine = [one for one in _of_others(desk) if one.received and _wrote(client, one.received)]
            since = Since(tuple(mine), now - RECENT, now)
            yield replace(
                digest,
                messages=told,
                charging=charging(since, desk.setting_of),
                beyond=beyond(since, desk.setting_of),
                control=setting.control if _has_links(desk) else "",
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


def _wrote(client: Client, received: Received) -> bool:
    return addresses.same(received.author, client.address)


def _is_for_them(received: Received) -> bool:
    """Whether somebody is to read it: not a mail that only takes another one back."""
    return not received.request


def _told(desk: Desk, at: datetime, tells: Callable[[Received], bool], place: str) -> tuple[Open, ...]:
    """Messages that had come by an instant and were not taken back, in the order in which they want to be seen."""
    link, muted = _linking(desk, at, place), set[str]()
    listed = [(one, one.received) for one in desk.stories if one.received and one.received.at <= at]
    listed = [(one, received) for one, received in listed if tells(received) and one.withdrawn is None]
    told = []
    for story, received in sorted(listed, key=lambda pair: _order(pair[1])):
        unsure = received.origin is Origin.UNSURE
        told.append(
            Open(
                author=received.author,
                received=received.at,
                answer_by=received.answer_by,
                level=received.level,
                read=story.read is not None,
                unsure=unsure,
                sign=sign_of(received) if unsure else "",
                links=tuple(_links(desk, story, received, link, muted)),
            )
        )
    return tuple(told)


_NEVER = datetime.max.replace(tzinfo=UTC)


def _order(received: Received) -> tuple[bool, bool, int, datetime, datetime]:
    """Words of a crisis, then what nobody can tell for a person's, then by urgency, by promise and by age."""
    crisis, unsure = received.level is Level.CRISIS, received.origin is Origin.UNSURE
    urgency = 0 if received.level is Level.MENTION else received.level.rank
    return not crisis, not unsure, -urgency, received.answer_by or _NEVER, received.at


def _links(desk: Desk, story: Story, received: Received, link: Linking, muted: set[str]) -> Iterator[Link]:
    """What can be done about a message. Acks are switched off at the first message of each person."""
    setting = desk.setting_of(received.author)
    billing = setting.policy.billing
    category = CRISIS if received.level is Level.CRISIS else story.category
    if story.waived is None and may_cost(category, received.at, billing, setting.client, setting.zone):
        yield from link(Action.WAIVE, story.ref)
        if SCHEDULING in billing.exempt and category != SCHEDULING:
            yield from link(Action.SCHEDULING, story.ref)
    person = addresses.key(received.author)
    if person not in muted and (setting.client is None or (setting.client.acks and not setting.client.quiet)):
        muted.add(person)
        yield from link(Action.MUTE, story.ref)


def _has_links(desk: Desk) -> bool:
    """Whether a mail from one could be proven to be the therapist's: by its copy in Sent, for one."""
    return bool(desk.setting.control) and desk.setting.signer is not None


def _linking(desk: Desk, at: datetime, place: str) -> Linking:
    """Makes links that stand in one digest; none where there is nowhere to send them."""
    setting = desk.setting

    def link(action: Action, ref: Ref) -> tuple[Link, ...]:
        if setting.signer is None or not setting.control:
            return ()
        return (setting.signer.link(setting.mailbox, action, ref.key, at + LIFETIME, place),)

    return link


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
