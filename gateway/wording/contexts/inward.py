"""What a therapist, or who covers for them, is told: one frozen dataclass a template.

A message is told of by author and time. Nothing of its subject or body is here, so that it stays in the mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.core.effects import Alert, Digest, Mail, NoteKept, Nudge, Open, Reminder
from gateway.core.events import Level
from gateway.wording.contexts.moments import Day, Moment, Teller
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
    #: Nobody can tell whether a person wrote it.
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWords:
    """`digest`: what is open, each day or before a client's session."""

    language: str
    mailbox: str
    messages: tuple[Item, ...]
    #: Before whose session; empty for the daily one.
    client: str
    session: Moment | None
    note_until: Moment | None
    away_until: Day | None
    holidays: tuple[tuple[Day, str], ...]


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
    )
