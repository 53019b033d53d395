"""Instants and spans of time as people say them: civil time in a zone, in the words of a language (Babel, CLDR).

In go instants, the zone and language of whoever reads, and the instant at which it is told; out come words that
templates put together: weekday, date, time of day. The clock has twelve hours where a country is known that counts so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, get_timezone_name

from gateway.settings.schema import Practice
from gateway.wording.say import clock

#: CLDR's `pt` is Brazil's.
_HOMES = {"pt": "pt_PT"}


@dataclass(frozen=True, slots=True)
class Day:
    """A date as people say it."""

    #: Days after the one that it is told on: 0 today, 1 tomorrow.
    days: int
    #: `Tuesday` and `November 24`.
    weekday: str
    date: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as people say it."""

    days: int
    weekday: str
    date: str
    #: `07:00`, or `7:00 am`.
    time: str
    #: A deadline at midnight: meant is the end of the day before, and `time` must not be said.
    end_of_day: bool = False
    #: The zone's name, where it is not the practice's; empty: it need not be said.
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in the parts that people say; 24 hours stay hours."""

    days: int
    hours: int
    minutes: int

    @classmethod
    def of(cls, length: timedelta) -> Span:
        """Whole minutes; what is left over is not said."""
        minutes = int(length.total_seconds()) // 60
        days = minutes // 1440 if minutes >= 2 * 1440 else 0
        rest = minutes - days * 1440
        return cls(days, rest // 60, rest % 60)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells one reader of instants, at an instant."""

    told: datetime
    zone: ZoneInfo
    locale: Locale
    #: The reader's zone is not the practice's, so that it must be named.
    abroad: bool = False

    def moment(self, at: datetime) -> Moment:
        """An instant."""
        day = self.day(at.astimezone(self.zone).date())
        return Moment(day.days, day.weekday, day.date, self._time(at), zone=self._zone(at))

    def deadline(self, at: datetime | None) -> Moment | None:
        """Like `moment`, but midnight is the end of the day that it closes."""
        if at is None:
            return None
        if at.astimezone(self.zone).time() != time():
            return self.moment(at)
        eve = self.moment(at - timedelta(minutes=1))
        return Moment(eve.days, eve.weekday, eve.date, eve.time, end_of_day=True, zone=eve.zone)

    def day(self, day: date) -> Day:
        """A date, which has no zone."""
        weekday, said = _date(day, self.locale)
        return Day((day - self.told.astimezone(self.zone).date()).days, weekday, said)

    def _time(self, at: datetime) -> str:
        return clock(at.astimezone(self.zone).time().replace(second=0, microsecond=0), self.locale)

    def _zone(self, at: datetime) -> str:
        return get_timezone_name(at.astimezone(self.zone), locale=self.locale) if self.abroad else ""


def locale_for(language: str, *tags: str) -> Locale:
    """The first of the tags that is in this language and known (`en-AU` for `en`), else the language's own locale."""
    base = language.partition("-")[0]
    wanted = [tag.replace("_", "-") for tag in tags]
    for tag in (*(tag for tag in wanted if tag.partition("-")[0] == base and tag != base), language):
        try:
            return Locale.parse(_HOMES.get(tag, tag), sep="-" if tag not in _HOMES else "_")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def teller(told: datetime, practice: Practice, locale: Locale, zone: str = "") -> Teller:
    """For a reader with a zone of their own; empty, or a zone that there is not: the practice's."""
    try:
        own = ZoneInfo(zone or practice.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        own = ZoneInfo(practice.timezone)
    return Teller(told, own, locale, abroad=own.key != practice.timezone)


@cache
def _date(day: date, locale: Locale) -> tuple[str, str]:
    said = format_skeleton("MMMMd", day, locale=locale)
    # CLDR writes `1 décembre`; French says `1er`.
    first = locale.language == "fr" and day.day == 1
    return format_date(day, "EEEE", locale=locale), said.replace("1 ", "1er ", 1) if first else said
