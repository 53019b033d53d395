"""Every kind of promise on every day of 2020-2035 in a zone: what the tests over all days look at.

`python -m tests.fuzz.years ZONE` prints a digest, so that a process in another time zone can be asked for it.
"""

import hashlib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from gateway.core.policy.calendar import Absence, Calendar
from gateway.core.policy.promise import Promised, promised
from gateway.core.policy.public import holidays_of
from gateway.core.policy.schema import Policy

#: Five zones with clock changes, each with its own public holidays. In Santiago midnight itself is skipped; Sydney has
#: its summer over New Year; Casablanca puts its clocks back for Ramadan.
ZONES = {
    "Europe/Berlin": "DE-BY",
    "America/New_York": "US-NY",
    "Australia/Sydney": "AU-NSW",
    "America/Santiago": "CL",
    "Africa/Casablanca": "MA",
}
_SPANS = {"reading": ["09:00-12:00", "14:30-17:00"], "days": "mon-fri", "other": {"sat": "10:00-11:00"}}
_MOMENTS = {"reading": ["08:00", "17:00"], "days": "mon-fri"}
_NO_SET_HOURS = {"days": "mon-sat"}
#: Each kind of promise but `before-session`, which no day decides. What comes of other hours is drawn at random.
POLICIES = {
    f"{promise}, {name}": Policy.model_validate({"hours": hours, "answer": {"promise": promise}})
    for promise, name, hours in (
        ("within 30h", "spans", _SPANS),
        ("within 30h", "no set hours", _NO_SET_HOURS),
        ("within 6h of reading time", "spans", _SPANS),
        ("same-day", "spans", _SPANS),
        ("same-day", "no set hours", _NO_SET_HOURS),
        ("next-reading-time", "moments", _MOMENTS),
        ("next-working-day", "spans", _SPANS),
    )
}
FIRST, LAST = date(2020, 1, 1), date(2035, 12, 31)
_HALF_A_DAY = timedelta(hours=12)


def calendar(zone: str, year: int) -> Calendar:
    """As it stands in a year: with three weeks of each summer, and the turn of each year."""
    near = range(year - 1, year + 3)
    spans = [(f"{one}-07-20", f"{one}-08-09") for one in near] + [(f"{one}-12-24", f"{one + 1}-01-02") for one in near]
    absences = tuple(Absence.model_validate({"from": first, "until": last}) for first, last in spans)
    return Calendar(ZoneInfo(zone), holidays_of(ZONES[zone]), absences)


def arrivals(zone: str) -> Iterator[tuple[datetime, Calendar]]:
    """In order: one at another time of each day, and one every four hours of the days around a change of clocks."""
    for year, days in groupby(_days(), key=lambda day: day.year):
        known = calendar(zone, year)
        for day in days:
            minutes = range(0, 1440, 240) if _clocks_change(day, known.zone) else (day.toordinal() * 457 % 1440,)
            yield from ((day + timedelta(minutes=one), known) for one in minutes)


def _clocks_change(day: datetime, zone: ZoneInfo) -> bool:
    """Between the noon before a day and the noon after it."""
    before, after = day - _HALF_A_DAY, day + 3 * _HALF_A_DAY
    return before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()


def _days() -> Iterator[datetime]:
    first = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    return (first + timedelta(days=number) for number in range((LAST - FIRST).days + 1))


def due(zone: str, policy: Policy) -> Iterator[tuple[datetime, Calendar, Promised]]:
    """Each arrival with what is promised for it."""
    return ((arrived, known, promised(policy, known, arrived)) for arrived, known in arrivals(zone))


def digest(zone: str) -> str:
    """SHA-256 over what is promised on every day, each day's by another policy in turn."""
    found, turns = hashlib.sha256(), list(POLICIES.values())
    for arrived, known in arrivals(zone):
        found.update(repr(promised(turns[arrived.toordinal() % len(turns)], known, arrived)).encode())
    return found.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(sys.argv[1]))
