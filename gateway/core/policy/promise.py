"""From policy, calendar and arrival to instants: when a message is read, and by when an answer is promised.

Every promise falls into open time, or on its end: the times of reading on a day with set hours, else the whole of a day
on which mail is read; only a session is where it is. None is before arrival, and who writes later is never promised
an earlier answer. `within 24h` counts from the arrival, and where that ends in closed time it is drawn back to the
last reading before it; where no reading ends within that time, the answer is due by the end of the next one, or so
long after that begins, whichever is sooner.

Instants are aware and in UTC. Where nothing fits within the calendar's horizon, nothing is promised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.core.policy.calendar import (
    HORIZON,
    Calendar,
    Reading,
    Session,
    end_of_day,
    end_of_next_working_day,
    last_open,
    local_day,
    open_days,
    open_time,
    readings,
    spans_on,
    stretches_on,
)
from gateway.core.policy.schema import Hours, Policy, PromiseKind
from gateway.core.policy.units import Span

#: When the therapist may be reminded on a day whose readings have no extent: nobody is woken for a reminder.
DAYTIME = Span(start=time(8), end=time(20))


@dataclass(frozen=True, slots=True)
class Promised:
    """Instants in UTC; None where the policy says nothing, so that no text may say it either."""

    read_by: datetime | None
    answer_by: datetime | None


def promised(policy: Policy, calendar: Calendar, arrived: datetime, session: Session | None = None) -> Promised:
    """What holds for a message that arrived at this instant; `session` is the client's next one, where it is known."""
    ahead = session.start if session is not None and session.start >= arrived else None
    reading = next((one for one in readings(policy.hours, calendar, arrived) if _takes(one, arrived)), None)
    read_by = reading.end if reading else None
    answer_by = _answer_by(policy, calendar, arrived, read_by, ahead)
    if policy.hours.before_session and ahead is not None:
        read_by = min(ahead, read_by) if read_by else ahead
    return Promised(read_by, answer_by)


def _answer_by(
    policy: Policy, calendar: Calendar, arrived: datetime, read_by: datetime | None, session: datetime | None
) -> datetime | None:
    promise, hours = policy.answer.promise, policy.hours
    match promise.what:
        case PromiseKind.NONE:
            return None
        case PromiseKind.WITHIN:
            return _within(hours, calendar, arrived, promise.within)
        case PromiseKind.WITHIN_READING:
            return _within_reading(hours, calendar, arrived, promise.within)
        case PromiseKind.SAME_DAY:
            return _same_day(hours, calendar, arrived)
        case PromiseKind.NEXT_READING_TIME:
            return read_by
        case PromiseKind.NEXT_WORKING_DAY:
            return end_of_next_working_day(hours, calendar, arrived)
        case PromiseKind.BEFORE_SESSION:
            return session


def _within(hours: Hours, calendar: Calendar, arrived: datetime, within: timedelta) -> datetime | None:
    """Within the span wherever a reading ends within it; else by that reading's end, or the span after it begins."""
    stretch = next((one for one in open_time(hours, calendar, arrived) if _takes(one, arrived)), None)
    if stretch is None:
        return None
    if stretch.end <= arrived + within:
        return last_open(hours, calendar, arrived + within)
    return min(stretch.end, max(stretch.start, arrived) + within)


def _takes(stretch: Reading, arrived: datetime) -> bool:
    """Whether a message may still be read in it: not one that comes as it ends, and nothing is due as it arrives."""
    return arrived < stretch.end


def _within_reading(hours: Hours, calendar: Calendar, arrived: datetime, within: timedelta) -> datetime | None:
    """Friday 16:30 and one hour, read from 9:00 to 17:00, is Monday 9:30."""
    if not _has_extent(hours):
        return None
    left = within
    for stretch in open_time(hours, calendar, arrived):
        start = max(stretch.start, arrived)
        if stretch.end - start >= left:
            return start + left
        left -= stretch.end - start
    return None


def _has_extent(hours: Hours) -> bool:
    """Whether there is any open time that lasts."""
    days = [hours.spans_on(day) for day in hours.days | {day for other in hours.other for day in other.days}]
    return any(_lasting(spans) or not spans for spans in days if spans is not None)


def _lasting(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.start != span.end)


def _same_day(hours: Hours, calendar: Calendar, arrived: datetime) -> datetime | None:
    days = open_days(hours, calendar, local_day(arrived, calendar.zone))
    ends = (end_of_day(spans, day, calendar.zone) for day, spans in days)
    return next((end for end in ends if end > arrived), None)


def nudge_at(policy: Policy, calendar: Calendar, arrived: datetime, answer_by: datetime) -> datetime | None:
    """When the therapist is reminded: `answer.nudge` of reading time before the answer is due.

    Days whose readings are moments, and days without set hours, count from 8:00 to 20:00 in the practice's zone. So
    nobody is reminded at night or on a day on which mail is not read. None where no reminder is wanted, or where it
    would come no later than the message itself.
    """
    left = policy.answer.nudge
    if not left:
        return None
    for stretch in _backwards(policy.hours, calendar, answer_by):
        if stretch.end <= arrived:
            return None
        end = min(stretch.end, answer_by)
        if end - stretch.start >= left:
            at = end - left
            return at if at > arrived else None
        left -= end - stretch.start
    return None


def _backwards(hours: Hours, calendar: Calendar, until: datetime) -> Iterator[Reading]:
    """Stretches of time in which a reminder may come, that begin before `until`, the latest first."""
    today = local_day(until, calendar.zone)
    for day in (today - timedelta(days=step) for step in range(HORIZON.days)):
        spans = spans_on(hours, calendar, day)
        stretches = [] if spans is None else _remindable(spans, day, calendar)
        yield from (one for one in reversed(stretches) if one.start < until)


def _remindable(spans: tuple[Span, ...], day: date, calendar: Calendar) -> list[Reading]:
    return stretches_on(_lasting(spans) or (DAYTIME,), day, calendar.zone)
