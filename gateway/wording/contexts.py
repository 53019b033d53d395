"""All that a template may say: one frozen dataclass a template, made from an effect and the practice.

What is not in a context can't be said: no subject, nothing of a body, and in `NeutralAck` nothing of a relation.
Instants become civil time in the practice's zone, in the words of the language (Babel, CLDR).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time

from gateway.core.effects import Ack, Alert, Mail, Receipt
from gateway.core.events import Level
from gateway.core.policy.schema import Policy, ReceiptSend
from gateway.settings.schema import Mailbox, Practice


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as people say it, in the practice's zone."""

    #: Days after the instant that it is told at: 0 today, 1 tomorrow.
    days: int
    #: `Tuesday` and `November 24`.
    weekday: str
    date: str
    #: `07:00`.
    time: str
    #: A deadline at midnight: meant is the end of the day before, and `time` must not be said.
    end_of_day: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How much of an allowance is used, this message included."""

    used: int
    allowed: int
    per: Literal["week", "month"]
    #: The share is reached from which on the policy wants it said how much is left.
    warn: bool

    @property
    def left(self) -> int:
        """Messages left in the period."""
        return max(0, self.allowed - self.used)

    @property
    def over(self) -> bool:
        """Whether this message is beyond the allowance."""
        return self.used > self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class AckWords:
    """`ack`: to somebody whom the practice knows."""

    language: str
    practice: str
    phone: str
    crisis_line: str
    #: Then phone and crisis line come before everything else.
    crisis: bool
    read_by: Moment | None
    #: None: no answer is promised, and the text says so.
    answer_by: Moment | None
    #: None: no limit, or not the time to speak of one.
    allowance: Count | None
    #: The policy sends a receipt for every message, and the mailbox is watched, so that it can.
    receipt_follows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralAckWords:
    """`ack-neutral`: to somebody who is on no roster and not verified. A forged From must not learn a relation."""

    language: str
    address: str
    phone: str
    crisis_line: str
    crisis: bool
    read_by: Moment | None
    answer_by: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptWords:
    """`receipt`: the message was read. The human part of an MDN and the plain receipt say the same."""

    language: str
    #: The practice's name, or the address alone for somebody whom it does not know.
    signed: str
    received: Moment
    seen: Moment
    #: Whether `seen` may be said: else only that it was read.
    exact: bool
    answer_by: Moment | None
    #: The promised time has passed, so that neither a promise nor its absence can be claimed.
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWords:
    """`alert`: to the therapist."""

    language: str
    mailbox: str
    author: str
    received: Moment
    crisis: bool


Words = AckWords | NeutralAckWords | ReceiptWords | AlertWords

#: Context -> folder of its templates.
FOLDERS: dict[type[Words], str] = {
    AckWords: "ack",
    NeutralAckWords: "ack-neutral",
    ReceiptWords: "receipt",
    AlertWords: "alert",
}


def folder_for(effect: Mail) -> str:
    """Which templates an effect is said with."""
    if isinstance(effect, Ack):
        return FOLDERS[AckWords if effect.known else NeutralAckWords]
    return FOLDERS[ReceiptWords if isinstance(effect, Receipt) else AlertWords]


def context_for(
    effect: Mail, practice: Practice, mailbox: Mailbox | None, policy: Policy | None, language: str
) -> Words:
    """What may be said of an effect. `mailbox` and `policy` are None where a reload took them away."""
    if isinstance(effect, Ack):
        return (
            _ack(effect, practice, mailbox, policy, language) if effect.known else _neutral(effect, practice, language)
        )
    if isinstance(effect, Receipt):
        return _receipt(effect, practice, language)
    return _alert(effect, practice, mailbox, language)


def moment(at: datetime, told: datetime, zone: ZoneInfo, locale: Locale) -> Moment:
    """An instant, relative to the instant at which it is told."""
    local = at.astimezone(zone)
    return Moment(
        days=(local.date() - told.astimezone(zone).date()).days,
        weekday=format_date(local, "EEEE", locale=locale),
        date=format_skeleton("MMMMd", local, tzinfo=zone, locale=locale),
        time=format_time(local.time(), "HH:mm", locale=locale),
    )


def deadline(at: datetime | None, told: datetime, zone: ZoneInfo, locale: Locale) -> Moment | None:
    """Like `moment`, but midnight is the end of the day that it closes."""
    if at is None:
        return None
    local = at.astimezone(zone)
    if local.time() != time():
        return moment(at, told, zone, locale)
    eve = moment(at - timedelta(minutes=1), told, zone, locale)
    return Moment(eve.days, eve.weekday, eve.date, eve.time, end_of_day=True)


def locale_for(language: str, practice: Practice) -> Locale:
    """The practice's own locale where it has this language (`en-AU` for `en`), else the language's."""
    own = practice.language.replace("_", "-")
    for tag in (own, language) if own.partition("-")[0] == language.partition("-")[0] else (language,):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _ack(effect: Ack, practice: Practice, mailbox: Mailbox | None, policy: Policy | None, language: str) -> AckWords:
    zone, locale = ZoneInfo(practice.timezone), locale_for(language, practice)
    crisis = effect.level is Level.CRISIS
    return AckWords(
        language=language,
        practice=practice.name,
        phone=practice.phone,
        crisis_line=practice.crisis_line,
        crisis=crisis,
        read_by=deadline(effect.read_by, effect.received, zone, locale),
        answer_by=deadline(effect.answer_by, effect.received, zone, locale),
        allowance=None if crisis else _count(effect),
        receipt_follows=_receipt_follows(mailbox, policy),
    )


def _count(effect: Ack) -> Count | None:
    if effect.allowed is None:
        return None
    return Count(effect.used, effect.allowed, "month" if effect.per == "month" else "week", effect.warn)


def _receipt_follows(mailbox: Mailbox | None, policy: Policy | None) -> bool:
    watched = mailbox is not None and mailbox.watch is not None
    return watched and policy is not None and policy.receipt.send is ReceiptSend.ALWAYS


def _neutral(effect: Ack, practice: Practice, language: str) -> NeutralAckWords:
    zone, locale = ZoneInfo(practice.timezone), locale_for(language, practice)
    return NeutralAckWords(
        language=language,
        address=effect.sender,
        phone=practice.phone,
        crisis_line=practice.crisis_line,
        crisis=effect.level is Level.CRISIS,
        read_by=deadline(effect.read_by, effect.received, zone, locale),
        answer_by=deadline(effect.answer_by, effect.received, zone, locale),
    )


def _receipt(effect: Receipt, practice: Practice, language: str) -> ReceiptWords:
    zone, locale = ZoneInfo(practice.timezone), locale_for(language, practice)
    overdue = effect.answer_by is not None and effect.answer_by <= effect.seen
    return ReceiptWords(
        language=language,
        signed=practice.name if effect.known else effect.sender,
        received=moment(effect.received, effect.seen, zone, locale),
        seen=moment(effect.seen, effect.seen, zone, locale),
        exact=effect.exact,
        answer_by=None if overdue else deadline(effect.answer_by, effect.seen, zone, locale),
        overdue=overdue,
    )


def _alert(effect: Alert, practice: Practice, mailbox: Mailbox | None, language: str) -> AlertWords:
    zone, locale = ZoneInfo(practice.timezone), locale_for(language, practice)
    return AlertWords(
        language=language,
        mailbox=mailbox.address if mailbox else effect.sender,
        author=effect.author,
        received=moment(effect.received, effect.received, zone, locale),
        crisis=effect.level is Level.CRISIS,
    )
