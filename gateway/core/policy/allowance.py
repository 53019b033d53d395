"""How much of an allowance is used. It only ever changes words: no message is dropped or delayed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.core.policy.calendar import instant
from gateway.core.policy.schema import Allowance


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages of the current period, this one included. `allowed` None means no limit."""

    used: int
    allowed: int | None
    per: str
    warn: bool


def period_start(allowance: Allowance, zone: ZoneInfo, now: datetime) -> datetime:
    """Monday or the first of the month, 00:00 in the practice's zone, as an instant in UTC."""
    today = now.astimezone(zone).date()
    first = today.replace(day=1) if allowance.per == "month" else today - timedelta(days=today.weekday())
    return instant(first, time(), zone)


def usage(allowance: Allowance, zone: ZoneInfo, earlier: Sequence[datetime], now: datetime) -> Usage:
    """Count this message with the earlier ones of its period."""
    start = period_start(allowance, zone, now)
    used = 1 + sum(start <= at <= now for at in earlier)
    warn = allowance.messages is not None and used >= allowance.warn_at * allowance.messages
    return Usage(used, allowance.messages, allowance.per, warn)
