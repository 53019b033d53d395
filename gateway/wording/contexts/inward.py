"""What a therapist, or who covers for them, is told: one frozen dataclass a template.

A message is told of by author and time. Nothing of its subject or body is here, so that it stays in the mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from urllib.parse import quote

from gateway.core.decide.tokens import LIFETIME
from gateway.core.effects import ActionTold, Alert, Digest, Mail, NoteKept, Nudge, Reminder
from gateway.core.events import Level
from gateway.core.news import Beyond, Charging, Fate, Link, Noted, Open, Unacked
from gateway.wording.contexts.moments import Day, Moment, Span, Teller
from gateway.wording.contexts.parts import repeated
from gateway.wording.letter import lines
from gateway.wording.premises import Premises


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWords:
    """`alert`: to the therapist."""

    language: str
    mailbox: str
    author: str
    received: Moment
    crisis: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverAlertWords:
    """`alert-cover`: to who covers, who can't read the message."""

    language: str
    #: Whom it is addressed to.
    name: str
    mailbox: str
    author: str
    received: Moment
    crisis: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NudgeWords:
    """`nudge`: a promise is about to lapse."""

    language: str
    mailbox: str
    author: str
    received: Moment
    answer_by: Moment | None


@dataclass(frozen=True, slots=True)
class Item:
    """One open message of a digest."""

    author: str
    received: Moment
    answer_by: Moment | None
    #: The promised time has passed.
    late: bool
    level: Literal["", "urgent", "crisis"]
    read: bool
    #: Nobody can tell whether a person wrote it; and the header field that says so.
    unsure: bool
    sign: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody whose message a digest speaks of."""

    author: str
    received: Moment


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody who got no ack, and why."""

    author: str
    received: Moment
    why: Literal["often", "muted", "quiet", "unsafe"]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """Somebody close to what is free, or over it."""

    author: str
    over: bool
    minutes: Span
    #: None where nothing is free.
    free: Span | None
    messages: int
    cluster: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWords:
    """`digest`: what is open and what is new, each day or before a client's session."""

    language: str
    mailbox: str
    messages: tuple[Item, ...]
    #: Before whose session; empty for the daily one.
    client: str
    session: Moment | None
    note_until: Moment | None
    away_until: Day | None
    holidays: tuple[tuple[Day, str], ...]
    withdrawn: tuple[Mention, ...]
    away: tuple[Mention, ...]
    unacked: tuple[Silence, ...]
    charging: tuple[Charge, ...]
    beyond: tuple[Beyond, ...]
    given_up: int
    #: Where links lead, as a URL has it; empty: there are none. And how long they may be used.
    control: str
    lasts: Span
    note_link: Link | None
    #: The words that a new presence note begins with.
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWords:
    """`action-told`: what became of a mail that asked for an action."""

    language: str
    mailbox: str
    fate: Fate
    #: Empty where no token told it.
    action: Literal["", "waive", "scheduling", "as-found", "mute", "unmute", "note"]
    #: Whose message it is about, and when that came.
    author: str
    received: Moment | None
    reason: str
    control: str
    undo: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderWords:
    """`reminder`: the therapist's own message between two sessions is due."""

    language: str
    mailbox: str
    #: Their name, else their address.
    client: str
    session: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKeptWords:
    """`note-kept`: what became of a presence note."""

    language: str
    mailbox: str
    #: Empty where it was taken back.
    note: str
    expires: Moment | None


def alert_words(effect: Alert, premises: Premises, tell: Teller, language: str) -> AlertWords | CoverAlertWords:
    """Of an alert."""
    mailbox, crisis = address(effect, premises), effect.level is Level.CRISIS
    author, received = repeated(effect.author), tell.moment(effect.received)
    if not effect.cover:
        return AlertWords(language=language, mailbox=mailbox, author=author, received=received, crisis=crisis)
    cover = premises.covers.get(effect.cover)
    return CoverAlertWords(
        language=language,
        name=cover.name if cover else effect.cover,
        mailbox=mailbox,
        author=author,
        received=received,
        crisis=crisis,
    )


def nudge_words(effect: Nudge, premises: Premises, tell: Teller, language: str) -> NudgeWords:
    """Of a nudge."""
    return NudgeWords(
        language=language,
        mailbox=address(effect, premises),
        author=repeated(effect.author),
        received=tell.moment(effect.received),
        answer_by=tell.deadline(effect.answer_by),
    )


def digest_words(effect: Digest, premises: Premises, tell: Teller, language: str) -> DigestWords:
    """Of a digest."""
    return DigestWords(
        language=language,
        mailbox=address(effect, premises),
        messages=tuple(_item(one, tell) for one in effect.messages),
        client=repeated(effect.client),
        session=tell.moment(effect.session) if effect.session else None,
        note_until=tell.deadline(effect.note_until),
        away_until=tell.day(effect.away_until) if effect.away_until else None,
        holidays=tuple((tell.day(day), name) for day, name in effect.holidays),
        withdrawn=tuple(_mention(one, tell) for one in effect.withdrawn),
        away=tuple(_mention(one, tell) for one in effect.away),
        unacked=tuple(_silence(one, tell) for one in effect.unacked),
        charging=tuple(_charge(one) for one in effect.charging),
        beyond=tuple(replace(one, author=repeated(one.author)) for one in effect.beyond),
        given_up=effect.given_up,
        control=_for_url(effect.control),
        lasts=Span.of(LIFETIME),
        note_link=effect.note_link,
        note=effect.note,
    )


def action_words(effect: ActionTold, premises: Premises, tell: Teller, language: str) -> ActionWords:
    """Of the word back about an action."""
    return ActionWords(
        language=language,
        mailbox=address(effect, premises),
        fate=effect.fate,
        action=effect.action.value if effect.action else "",
        author=repeated(effect.author),
        received=tell.moment(effect.received) if effect.received else None,
        reason=repeated(effect.reason),
        control=_for_url(effect.control),
        undo=effect.undo,
    )


def reminder_words(effect: Reminder, premises: Premises, tell: Teller, language: str) -> ReminderWords:
    """Of a reminder."""
    return ReminderWords(
        language=language,
        mailbox=address(effect, premises),
        client=repeated(effect.client_name or effect.client),
        session=tell.moment(effect.session),
    )


def note_kept_words(effect: NoteKept, premises: Premises, tell: Teller, language: str) -> NoteKeptWords:
    """Of the word back about a presence note."""
    return NoteKeptWords(
        language=language,
        mailbox=address(effect, premises),
        note=lines(effect.note),
        expires=tell.deadline(effect.expires),
    )


def address(effect: Mail, premises: Premises) -> str:
    """The mailbox's own address, or what the effect knows of it where a reload took the mailbox away."""
    mailbox = premises.mailboxes.get(effect.ref.mailbox)
    return mailbox.address if mailbox else effect.sender


def _item(one: Open, tell: Teller) -> Item:
    level: Literal["", "urgent", "crisis"] = ""
    if one.level is Level.CRISIS:
        level = "crisis"
    elif one.level is Level.URGENT:
        level = "urgent"
    return Item(
        author=repeated(one.author),
        received=tell.moment(one.received),
        answer_by=tell.deadline(one.answer_by),
        late=one.answer_by is not None and one.answer_by <= tell.told,
        level=level,
        read=one.read,
        unsure=one.unsure,
        sign=repeated(one.sign),
        links=one.links,
    )


def _mention(one: Noted, tell: Teller) -> Mention:
    return Mention(repeated(one.author), tell.moment(one.received))


def _silence(one: Unacked, tell: Teller) -> Silence:
    return Silence(repeated(one.author), tell.moment(one.received), one.why, one.links)


def _charge(one: Charging) -> Charge:
    free = Span.of(one.free) if one.free else None
    return Charge(
        repeated(one.author), one.over, Span.of(timedelta(minutes=one.minutes)), free, one.messages, one.cluster
    )


def _for_url(address: str) -> str:
    """An address as a `mailto:` URL has it (RFC 6068 2): some mail programs take a plain `+` for a blank."""
    return quote(address, safe="@")
