"""Reading hours as instants: local civil time of the practice in, aware UTC instants out.

A span that a clock change cuts or stretches keeps its ends on the wall clock; a wall-clock time that does not exist
that day is taken as the same instant on the old offset (PEP 495, fold 0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.core.policy.schema import Hours
from gateway.core.policy.units import Dates, Weekday

#: How far ahead the next reading is looked for: longer than any gap between two working days of one week.
HORIZON = timedelta(days=15)


class Absence(Dates):
    """Days on which the therapist is away."""

    cover: str = ""
    """Who covers: a name of `covers` in gateway.yaml; empty: nobody."""


@dataclass(frozen=True, slots=True)
class Session:
    """One therapy appointment, as instants in UTC."""

    start: datetime
    end: datetime


def no_holidays(day: date) -> str:  # noqa: ARG001 - stands for a region that nobody named
    """No day is a public holiday."""
    return ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What decides, beside a policy, whether a day is a day of work, and when a client is seen."""

    zone: ZoneInfo
    #: The name of a public holiday in the practice's language, empty for any other day.
    holiday: Callable[[date], str] = no_holidays
    absences: tuple[Absence, ...] = ()
    #: The client's sessions by the sessions calendar, in order; weekly rules are in the client's entry.
    sessions: tuple[Session, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One span in which mail is read, as instants; a moment begins when it ends."""

    start: datetime
    end: datetime


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local civil time as an instant in UTC."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def readings(hours: Hours, zone: ZoneInfo, since: datetime) -> Iterator[Reading]:
    """The spans that end at or after `since`, in order, up to the horizon."""
    day = since.astimezone(zone).date()
    for step in range(HORIZON.days):
        here = day + timedelta(days=step)
        if Weekday(here.weekday()) not in hours.days:
            continue
        for span in sorted(hours.reading, key=lambda span: span.start):
            reading = Reading(instant(here, span.start, zone), instant(here, span.end, zone))
            if reading.end >= since:
                yield reading


def next_reading(hours: Hours, zone: ZoneInfo, at: datetime) -> Reading | None:
    """The span under way at `at`, else the next one; None where there are no set hours."""
    return next(readings(hours, zone, at), None)


def within_hours(hours: Hours, zone: ZoneInfo, at: datetime) -> bool:
    """Whether mail is being read at `at`. Moments have no extent, so nothing falls within them."""
    reading = next_reading(hours, zone, at)
    return reading is not None and reading.start <= at < reading.end


def end_of_next_working_day(hours: Hours, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The end of reading, else midnight, of the first day after `at`'s on which mail is read."""
    today = at.astimezone(zone).date()
    ahead = (today + timedelta(days=step) for step in range(1, HORIZON.days))
    day = next((one for one in ahead if Weekday(one.weekday()) in hours.days), None)
    if day is None:
        return None
    if hours.reading:
        return instant(day, max(span.end for span in hours.reading), zone)
    return instant(day + timedelta(days=1), time(), zone)
