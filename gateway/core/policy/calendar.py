"""Reading hours as instants: local civil time of the practice in, aware UTC instants out.

A span that a clock change cuts or stretches keeps its ends on the wall clock; a wall-clock time that does not exist
that day is taken as the same instant on the old offset (PEP 495, fold 0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from gateway.core.policy.schema import Hours
from gateway.core.policy.units import Dates, Span, Weekday

#: How far the next reading is looked for: longer than a year's leave. Beyond it nothing is said.
HORIZON = timedelta(days=400)
_ONE_DAY = timedelta(days=1)
_WEEK = tuple(Weekday)


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


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The date that an instant has in the practice's zone."""
    return at.astimezone(zone).date()


def spans_on(hours: Hours, calendar: Calendar, day: date) -> tuple[Span, ...] | None:
    """The times of reading on a date, in order; none where mail is read without set hours, None where it is not read.

    A day on which mail is not read is one of another weekday, a public holiday or a day of absence, the latter two
    only where the policy closes them.
    """
    spans = hours.spans_on(_WEEK[day.weekday()])
    if spans is None or (hours.vacations == "closed" and away_on(calendar, day)):
        return None
    return None if hours.holidays == "closed" and calendar.holiday(day) else spans


def away_on(calendar: Calendar, day: date) -> bool:
    """Whether the therapist is away on a date."""
    for absence in calendar.absences:  # noqa: SIM110 - any() over a generator takes three times as long
        if day in absence:
            return True
    return False


def whole_day(day: date, zone: ZoneInfo) -> Reading:
    """From midnight to midnight, 23 to 25 hours long."""
    return Reading(instant(day, time(), zone), instant(day + _ONE_DAY, time(), zone))


def on_day(spans: tuple[Span, ...], day: date, zone: ZoneInfo) -> list[Reading]:
    """The spans as instants, the one that ends first coming first."""
    found = [_reading(span, day, zone) for span in spans]
    return sorted(found, key=_by_end) if len(found) > 1 else found


def _by_end(reading: Reading) -> tuple[datetime, datetime]:
    return reading.end, reading.start


def _reading(span: Span, day: date, zone: ZoneInfo) -> Reading:
    end = instant(day, span.end, zone)
    # A start within the hour that a change of clocks skips may come out later than an end behind it.
    return Reading(min(instant(day, span.start, zone), end), end)


def open_days(hours: Hours, calendar: Calendar, since: date) -> Iterator[tuple[date, tuple[Span, ...]]]:
    """The days from a date on, up to the horizon, on which mail is read, each with its spans."""
    for step in range(HORIZON.days):
        day = since + timedelta(days=step)
        spans = spans_on(hours, calendar, day)
        if spans is not None:
            yield day, spans


def readings(hours: Hours, calendar: Calendar, since: datetime) -> Iterator[Reading]:
    """The spans that end at or after `since`, in order, up to the horizon. A day without set hours has none."""
    if not hours.set_hours:
        return
    for day, spans in open_days(hours, calendar, local_day(since, calendar.zone)):
        for reading in on_day(spans, day, calendar.zone):
            if reading.end >= since:
                yield reading


def next_reading(hours: Hours, calendar: Calendar, at: datetime) -> Reading | None:
    """The span under way at `at`, else the next one; None where there are no set hours, or none within the horizon."""
    return next(readings(hours, calendar, at), None)


def within_hours(hours: Hours, calendar: Calendar, at: datetime) -> bool:
    """Whether mail is being read at `at`. Moments have no extent, so nothing falls within them."""
    today = local_day(at, calendar.zone)
    spans = spans_on(hours, calendar, today) or ()
    return any(reading.start <= at < reading.end for reading in on_day(spans, today, calendar.zone))


def open_time(hours: Hours, calendar: Calendar, since: datetime) -> Iterator[Reading]:
    """The time that counts for promises, in stretches that end at or after `since`, in order, up to the horizon.

    On a day with set hours these are the spans, moments among them; on a day without, it is the whole day.
    Stretches of one day that overlap or touch are one; two whole days in a row touch at midnight.
    """
    for day, spans in open_days(hours, calendar, local_day(since, calendar.zone)):
        for stretch in stretches_on(spans, day, calendar.zone):
            if stretch.end >= since:
                yield stretch


def stretches_on(spans: tuple[Span, ...], day: date, zone: ZoneInfo) -> list[Reading]:
    """The open time of one day on which mail is read."""
    if not spans:
        return [whole_day(day, zone)]
    found = [_reading(span, day, zone) for span in spans]
    if len(found) == 1:
        return found
    joined: list[Reading] = []
    for reading in sorted(found, key=lambda one: (one.start, one.end)):
        if joined and reading.start <= joined[-1].end:
            joined[-1] = Reading(joined[-1].start, max(joined[-1].end, reading.end))
        else:
            joined.append(reading)
    return joined


def last_open(hours: Hours, calendar: Calendar, until: datetime) -> datetime | None:
    """`until` itself where it falls in open time, ends of stretches included, else the last end before it.

    None where there is no open time within the horizon before it.
    """
    today = local_day(until, calendar.zone)
    for step in range(HORIZON.days):
        day = today - timedelta(days=step)
        spans = spans_on(hours, calendar, day)
        begun = [] if spans is None else [one for one in stretches_on(spans, day, calendar.zone) if one.start <= until]
        if begun:
            return min(max(one.end for one in begun), until)
    return None


def end_of_day(spans: tuple[Span, ...], day: date, zone: ZoneInfo) -> datetime:
    """The end of the last reading of a day on which mail is read; midnight where it has no set hours."""
    if spans:
        return max(instant(day, span.end, zone) for span in spans)
    return instant(day + _ONE_DAY, time(), zone)


def end_of_next_working_day(hours: Hours, calendar: Calendar, at: datetime) -> datetime | None:
    """The end of reading, else midnight, of the first day after `at`'s on which mail is read."""
    tomorrow = local_day(at, calendar.zone) + _ONE_DAY
    ends = (end_of_day(spans, day, calendar.zone) for day, spans in open_days(hours, calendar, tomorrow))
    # Never before `at`, whatever a zone's clocks do at midnight.
    return next((end for end in ends if end >= at), None)


def absence_at(calendar: Calendar, at: datetime) -> Absence | None:
    """The absence that an instant falls in; of several the one that lasts longest, and rather one with a cover."""
    day = local_day(at, calendar.zone)
    found = [absence for absence in calendar.absences if day in absence]
    return max(found, key=lambda absence: (absence.last, bool(absence.cover), absence.cover), default=None)


def holidays_ahead(calendar: Calendar, at: datetime, count: int = 5) -> tuple[tuple[date, str], ...]:
    """The next public holidays with their names, today's included, for somebody to look at."""
    today = local_day(at, calendar.zone)
    named = ((day, calendar.holiday(day)) for day in (today + timedelta(days=step) for step in range(HORIZON.days)))
    return tuple(islice(((day, name) for day, name in named if name), count))
