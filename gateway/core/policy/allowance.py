"""How much of an allowance is used. It only ever changes words: no message is dropped or delayed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from math import ceil

from gateway.core.history import Earlier
from gateway.core.policy.calendar import Calendar, Session, instant, local_day
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Allowance, Policy


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages and minutes of reading in the current period, this message included.

    `allowed` and `minutes_allowed` None mean no limit. Minutes are rounded up, once, for the sum.
    `per` is the period that was counted: `week` where no session is known.
    """

    used: int
    allowed: int | None
    per: str
    warn: bool
    minutes_used: int = 0
    minutes_allowed: int | None = None

    @property
    def over(self) -> bool:
        """Whether this message is beyond what was agreed, in messages or in minutes."""
        return _beyond(self.used, self.allowed) or _beyond(self.minutes_used, self.minutes_allowed)

    @property
    def left(self) -> int | None:
        """Messages left after this one; None for no limit."""
        return None if self.allowed is None else max(0, self.allowed - self.used)

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes left after this message; None for no limit."""
        return None if self.minutes_allowed is None else max(0, self.minutes_allowed - self.minutes_used)


def _beyond(used: int, allowed: int | None) -> bool:
    return allowed is not None and used > allowed


def period_start(allowance: Allowance, calendar: Calendar, now: datetime, last: Session | None = None) -> datetime:
    """When the current period began, as an instant in UTC.

    The end of the `last` session; Monday, or the first of the month, 00:00 in the practice's zone.
    """
    if _per(allowance, now, last) == "session" and last is not None:
        return last.end
    today = local_day(now, calendar.zone)
    first = today.replace(day=1) if allowance.per == "month" else today - timedelta(days=today.weekday())
    return instant(first, time(), calendar.zone)


def _per(allowance: Allowance, now: datetime, last: Session | None) -> str:
    if allowance.per != "session":
        return allowance.per
    return "session" if last is not None and last.end <= now else "week"


def usage(
    policy: Policy,
    client: Client | None,
    calendar: Calendar,
    earlier: Sequence[Earlier],
    words: int,
    now: datetime,
    last: Session | None = None,
) -> Usage:
    """Count this message, of so many new and attached words, with the earlier ones of its period.

    `last` is the client's last session that has ended. A client's own number of messages goes before the policy's.
    """
    allowance = policy.allowance
    start = period_start(allowance, calendar, now, last)
    counted = [one.words for one in earlier if start <= one.at <= now]
    allowed = client.messages if client is not None and client.messages is not None else allowance.messages
    used = 1 + len(counted)
    minutes = ceil(Fraction(sum(counted) + words, policy.billing.words_per_minute))
    warn = _near(used, allowed, allowance) or _near(minutes, allowance.minutes, allowance)
    return Usage(used, allowed, _per(allowance, now, last), warn, minutes, allowance.minutes)


def _near(used: int, allowed: int | None, allowance: Allowance) -> bool:
    # By the share as it is written: as floats, 55 is less than 0.55 * 100.
    return allowed is not None and used >= Fraction(str(allowance.warn_at)) * allowed
