"""What several texts say: how much of an allowance is used, what may be charged, who is away, the therapist's note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from babel import Locale
from babel.numbers import format_currency

from gateway.core.effects import Ack
from gateway.core.policy.schema import Billing, Policy
from gateway.settings.schema import Cover
from gateway.wording.contexts.moments import Day, Moment, Span, Teller
from gateway.wording.letter import lines

Per = Literal["week", "month", "session"]
_PERS: dict[str, Per] = {"week": "week", "month": "month", "session": "session"}
#: A subject that is repeated is cut here, between words where that can be.
_SUBJECT = 120


@dataclass(frozen=True, slots=True)
class Count:
    """How much of an allowance is used, this message included."""

    used: int
    allowed: int
    per: Per
    #: The share is reached from which on the policy wants it said how much is left.
    warn: bool

    @property
    def left(self) -> int:
        """What is left in the period."""
        return max(0, self.allowed - self.used)

    @property
    def over(self) -> bool:
        """Whether this message is beyond the allowance."""
        return self.used > self.allowed


@dataclass(frozen=True, slots=True)
class Cost:
    """What time is charged, told before any is."""

    #: Reading this very message is beyond what is free; else it may come by the answer, or by more messages.
    certain: bool
    #: What one increment costs, with its currency.
    rate: str
    increment: Span
    #: None where nothing is free.
    free: Span | None
    round: Literal["up", "down", "nearest"]
    #: Whether the time of writing the answer counts too.
    answers: bool
    #: So many messages, in so short a time, that are charged however brief they are.
    cluster: tuple[int, Span] | None


@dataclass(frozen=True, slots=True)
class Away:
    """The therapist is away."""

    #: The last day.
    until: Day
    #: Who covers, and their number; empty where nobody does, or has none.
    cover: str
    phone: str


@dataclass(frozen=True, slots=True)
class PresenceNote:
    """The therapist's own words, which answer no message."""

    text: str
    written: Moment | None


def counts(effect: Ack, policy: Policy | None) -> tuple[Count | None, Count | None]:
    """Of messages and of minutes; None where there is no limit."""
    share = policy.allowance.warn_at if policy else 0

    def count(used: int, allowed: int | None) -> Count | None:
        if allowed is None:
            return None
        return Count(used, allowed, _PERS.get(effect.per, "week"), effect.warn and used >= share * allowed)

    return count(effect.used, effect.allowed), count(effect.minutes_used, effect.minutes_allowed)


def cost(effect: Ack, billing: Billing | None, locale: Locale) -> Cost | None:
    """None where nothing can come of this message, or nothing has a price."""
    if not effect.cost or billing is None or billing.rate is None:
        return None
    cluster = billing.cluster
    return Cost(
        certain=effect.cost == "will",
        rate=format_currency(billing.rate.amount, billing.rate.currency, locale=locale),
        increment=Span.of(billing.increment),
        free=Span.of(billing.free) if billing.free else None,
        round=billing.round,
        answers=billing.counts == "read+answer",
        cluster=(cluster.messages, Span.of(cluster.within)) if cluster else None,
    )


def away(effect: Ack, cover: Cover | None, tell: Teller) -> Away | None:
    """None where nobody is away."""
    if effect.away_until is None:
        return None
    return Away(tell.day(effect.away_until), cover.name if cover else "", cover.phone if cover else "")


def presence_note(text: str, written: datetime | None, tell: Teller) -> PresenceNote | None:
    """None where there is no note. Its lines and paragraphs stay as the therapist wrote them."""
    if not text.strip():
        return None
    return PresenceNote(lines(text), tell.moment(written) if written else None)


def repeated(subject: str) -> str:
    """A subject on one line, without signs that steer a terminal, and not endless."""
    flat = " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())
    if len(flat) <= _SUBJECT:
        return flat
    return f"{flat[:_SUBJECT].rpartition(' ')[0] or flat[:_SUBJECT]}…"
