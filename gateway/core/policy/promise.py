"""From policy and arrival to instants: when a message is read, and by when an answer is promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.core.policy.calendar import end_of_next_working_day, next_reading
from gateway.core.policy.schema import Policy, PromiseKind


@dataclass(frozen=True, slots=True)
class Promised:
    """Instants in UTC; None where the policy says nothing, so that no text may say it either."""

    read_by: datetime | None
    answer_by: datetime | None


def promised(policy: Policy, zone: ZoneInfo, arrived: datetime) -> Promised:
    """What holds for a message that arrived at this instant."""
    reading = next_reading(policy.hours, zone, arrived)
    read_by = reading.end if reading else None
    return Promised(read_by, _answer_by(policy, zone, arrived, read_by))


def _answer_by(policy: Policy, zone: ZoneInfo, arrived: datetime, read_by: datetime | None) -> datetime | None:
    promise = policy.answer.promise
    match promise.what:
        case PromiseKind.NONE:
            return None
        case PromiseKind.WITHIN:
            return arrived + promise.within
        case PromiseKind.NEXT_READING_TIME:
            return read_by
        case PromiseKind.NEXT_WORKING_DAY:
            return end_of_next_working_day(policy.hours, zone, arrived)
