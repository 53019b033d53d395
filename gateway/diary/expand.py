"""Makes a calendar's events into single occurrences: a program of its own, for calendars come from outside.

    python -m gateway.diary.expand SINCE UNTIL ZONE < calendar.ics > occurrences.json

Anybody who may invite the therapist may put a rule into the calendar that takes hours to work out, or never ends. So
this runs apart, with little memory and time, behind everybody else; and a series that takes too long, or that makes no
sense, is left out alone. Out comes one JSON object: `occurrences`, and how many series were `skipped`.
Imports nothing of the gateway.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

#: Seconds of work for one series, and for all.
ONE_SERIES = 1.0
ALL = 60
MEMORY = 1024 * 1024 * 1024
#: More than any practice, any one series, or any session has.
MOST = 20_000
MOST_OF_ONE = 1000
MOST_ATTENDEES = 100
LONGEST_NAME = 200
NO_CALENDAR, TOO_MANY = 3, 4

_TOO_FINE = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_EARLIEST = 1970


class _TooLong(Exception):
    """A series takes too long to work out."""


class _TooMany(Exception):
    """There are more occurrences than anybody can have."""


def main(arguments: Sequence[str]) -> int:
    """Read, expand, write; NO_CALENDAR and TOO_MANY tell what is the matter."""
    since, until = (datetime.fromisoformat(one) for one in arguments[:2])
    zone = ZoneInfo(arguments[2])
    _be_modest()
    try:
        calendars = Calendar.from_ical(sys.stdin.buffer.read(), multiple=True)
    except ValueError:
        return NO_CALENDAR
    if not calendars:  # not one that is whole
        return NO_CALENDAR
    try:
        found, skipped = expanded(calendars, since, until, zone)
    except _TooMany:
        return TOO_MANY
    json.dump({"occurrences": found, "skipped": skipped}, sys.stdout)
    return 0


def expanded(
    calendars: Iterable[Calendar], since: datetime, until: datetime, zone: ZoneInfo
) -> tuple[list[dict[str, Any]], int]:
    """Every occurrence within the span, and how many series were left out."""
    found: list[dict[str, Any]] = []
    skipped = 0
    for calendar in calendars:
        for series in _series(calendar):
            try:
                with _limited():
                    found += [one for one in _occurrences(calendar, series, since, until, zone) if one]
            except Exception:  # noqa: BLE001 - what somebody else's event makes the libraries raise is told by a count
                skipped += 1
            if len(found) > MOST:
                raise _TooMany
    return found, skipped


def _series(calendar: Calendar) -> list[list[Event]]:
    """The events of a calendar, those of one UID together: a rule with its exceptions (RFC 5545 3.8.4.4)."""
    by_uid: dict[str, list[Event]] = {}
    for event in calendar.walk("VEVENT"):
        if isinstance(event, Event):
            by_uid.setdefault(str(event.get("UID", id(event))), []).append(event)
    return list(by_uid.values())


def _occurrences(
    calendar: Calendar, series: list[Event], since: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[dict[str, Any] | None]:
    for event in series:
        _insist_on_sense(event)
    alone = Calendar()
    for name in ("X-WR-TIMEZONE", "CALSCALE"):
        if name in calendar:
            alone[name] = calendar[name]
    for event in series:
        alone.add_component(event)
    found = recurring_ical_events.of(alone).between(since, until)
    if len(found) > MOST_OF_ONE:
        raise _TooMany
    for occurrence in found:
        yield _told(occurrence, zone)


def _insist_on_sense(event: Event) -> None:
    """Raises for what has no start, or a rule that no session and no absence has."""
    if event.decoded("DTSTART").year < _EARLIEST:
        raise _TooLong
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if {str(one).upper() for one in rule.get("FREQ", [])} & _TOO_FINE or rule.keys() & {"BYSECOND", "BYMINUTE"}:
            raise _TooLong


def _told(event: Event, zone: ZoneInfo) -> dict[str, Any] | None:
    """An occurrence as plain values, None for one that was cancelled. Days are the practice's, both included."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    start, end = event.start, event.end
    told: dict[str, Any] = {"summary": str(event.get("SUMMARY", ""))[:LONGEST_NAME], "attendees": _attendees(event)}
    if isinstance(start, datetime) and isinstance(end, datetime):
        begins, ends = _instant(start, zone), _instant(end, zone)
        first, last = begins.astimezone(zone).date(), _last_day(begins, ends, zone)
        return told | _days(first, last) | {"start": begins.isoformat(), "end": ends.isoformat()}
    # DTEND is the first day that it does not hold any more (RFC 5545 3.6.1).
    return told | _days(start, max(start, end - timedelta(days=1)))


def _days(first: date, last: date) -> dict[str, str]:
    return {"first": first.isoformat(), "last": last.isoformat()}


def _instant(at: datetime, zone: ZoneInfo) -> datetime:
    """A floating time (RFC 5545 3.3.5) is meant where the practice is."""
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _last_day(start: datetime, end: datetime, zone: ZoneInfo) -> date:
    """What ends at midnight does not touch the day that begins then."""
    return max(start, end - timedelta(microseconds=1)).astimezone(zone).date()


def _attendees(event: Event) -> list[str]:
    """The addresses of those who were asked and did not decline."""
    listed = event.get("ATTENDEE", [])
    coming = [
        str(one) for one in (listed if isinstance(listed, list) else [listed])
        if str(one.params.get("PARTSTAT", "")).upper() != "DECLINED"
    ]  # fmt: skip
    mailed = [one[len("mailto:") :] for one in coming[:MOST_ATTENDEES] if one.lower().startswith("mailto:")]
    return [one for one in mailed if len(one) <= LONGEST_NAME]


@contextmanager
def _limited() -> Iterator[None]:
    """End what takes too long; time that others use of the machine does not count."""
    signal.setitimer(signal.ITIMER_VIRTUAL, ONE_SERIES)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise _TooLong


def _be_modest() -> None:
    """Work behind everybody else and within bounds."""
    signal.signal(signal.SIGVTALRM, _too_long)
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (ALL, ALL))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
