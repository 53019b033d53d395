"""Reading hours become instants, right across clock changes, holidays, absences and week ends."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from gateway.core.policy.calendar import (
    Absence,
    Calendar,
    Reading,
    absence_at,
    end_of_next_working_day,
    holidays_ahead,
    instant,
    next_reading,
    open_time,
    readings,
    spans_on,
    within_hours,
)
from gateway.core.policy.public import holidays_of
from gateway.core.policy.schema import Hours

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = Calendar(BERLIN)
#: Monday 30 November to Wednesday 2 December.
AWAY = Absence.model_validate({"from": "2026-11-30", "until": "2026-12-02", "cover": "ben"})


def hours(reading: str | list[str] = "07:00-09:00", days: str = "mon-fri", **more: object) -> Hours:
    return Hours.model_validate({"reading": reading, "days": days, **more})


MORNINGS = hours()
TWICE = hours(["08:00", "17:00"], "mon-sun")
NO_SET_HOURS = Hours.model_validate({"days": "mon-fri"})


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def closed_on(*days: str) -> Callable[[date], str]:
    return lambda day: "Founders' day" if day.isoformat() in days else ""


@pytest.mark.parametrize(
    ("arrived", "read_by"),
    [
        ("2026-11-23T06:00", "2026-11-23T09:00"),  # before the span: that morning
        ("2026-11-23T07:30", "2026-11-23T09:00"),  # within it: by its end
        ("2026-11-23T09:00", "2026-11-23T09:00"),  # at its very end
        ("2026-11-23T09:01", "2026-11-24T09:00"),  # after it: tomorrow
        ("2026-11-27T21:10", "2026-11-30T09:00"),  # Friday night: Monday
        ("2026-03-28T12:00", "2026-03-30T09:00"),  # over the change to summer time
        ("2026-12-31T23:59", "2027-01-01T09:00"),  # over the end of the year, a Friday
    ],
)
def test_mail_is_read_by_the_end_of_the_span_under_way_or_the_next(arrived: str, read_by: str) -> None:
    reading = next_reading(MORNINGS, PLAIN, berlin(arrived))
    assert reading is not None
    assert reading.end == berlin(read_by)


def test_a_moment_is_read_at_that_moment() -> None:
    reading = next_reading(TWICE, PLAIN, berlin("2026-11-23T08:01"))
    assert reading is not None
    assert reading.start == reading.end == berlin("2026-11-23T17:00")


def test_without_set_hours_nothing_is_said_about_reading() -> None:
    assert next_reading(Hours(), PLAIN, berlin("2026-11-23T08:00")) is None


def test_days_may_have_times_of_their_own() -> None:
    short_friday = hours("09:00-17:00", other={"fri": "08:00-09:00", "sat": "10:00"})
    week = [one.end for one in islice(readings(short_friday, PLAIN, berlin("2026-11-26T12:00")), 4)]
    assert week == [
        berlin("2026-11-26T17:00"),
        berlin("2026-11-27T09:00"),
        berlin("2026-11-28T10:00"),
        berlin("2026-11-30T17:00"),
    ]


def test_within_hours_holds_from_the_start_up_to_the_end() -> None:
    assert within_hours(MORNINGS, PLAIN, berlin("2026-11-23T07:00"))
    assert within_hours(MORNINGS, PLAIN, berlin("2026-11-23T08:59"))
    assert not within_hours(MORNINGS, PLAIN, berlin("2026-11-23T09:00"))
    assert not within_hours(MORNINGS, PLAIN, berlin("2026-11-28T08:00"))
    assert not within_hours(TWICE, PLAIN, berlin("2026-11-23T08:00"))


def test_of_spans_that_overlap_any_one_is_enough_to_be_within_hours() -> None:
    assert within_hours(hours(["08:00-09:00", "07:00-10:00"]), PLAIN, berlin("2026-11-23T07:30"))


def test_on_a_public_holiday_mail_is_not_read_unless_the_policy_says_so() -> None:
    calendar = Calendar(BERLIN, closed_on("2026-11-24"))
    monday = berlin("2026-11-23T12:00")
    assert next_reading(MORNINGS, calendar, monday) == next_reading(MORNINGS, PLAIN, berlin("2026-11-25T00:00"))
    open_too = hours(holidays="open")
    assert next_reading(open_too, calendar, monday) == next_reading(MORNINGS, PLAIN, monday)
    assert not within_hours(MORNINGS, calendar, berlin("2026-11-24T08:00"))
    assert within_hours(open_too, calendar, berlin("2026-11-24T08:00"))


def test_during_an_absence_mail_is_not_read_unless_the_policy_says_so() -> None:
    calendar = Calendar(BERLIN, absences=(AWAY,))
    sunday = berlin("2026-11-29T12:00")
    reading = next_reading(MORNINGS, calendar, sunday)
    assert reading == Reading(berlin("2026-12-03T07:00"), berlin("2026-12-03T09:00"))
    assert next_reading(hours(vacations="open"), calendar, sunday) == next_reading(MORNINGS, PLAIN, sunday)


def test_a_years_leave_is_looked_past_and_nothing_is_said_beyond_the_horizon() -> None:
    year = Absence.model_validate({"from": "2026-01-01", "until": "2026-12-31"})
    decade = Absence.model_validate({"from": "2026-01-01", "until": "2035-12-31"})
    new_years_eve = berlin("2025-12-31T12:00")
    reading = next_reading(MORNINGS, Calendar(BERLIN, absences=(year,)), new_years_eve)
    assert reading is not None
    assert reading.end == berlin("2027-01-01T09:00")
    assert next_reading(MORNINGS, Calendar(BERLIN, absences=(decade,)), new_years_eve) is None


def test_which_absence_an_instant_falls_in_goes_by_the_practices_dates() -> None:
    calendar = Calendar(BERLIN, absences=(AWAY,))
    assert absence_at(calendar, berlin("2026-11-29T23:59")) is None
    assert absence_at(calendar, berlin("2026-11-30T00:00")) == AWAY
    assert absence_at(calendar, berlin("2026-12-02T23:59")) == AWAY
    assert absence_at(calendar, berlin("2026-12-03T00:00")) is None


def test_of_absences_that_overlap_the_longest_is_told_and_rather_one_with_a_cover() -> None:
    longer = Absence.model_validate({"from": "2026-12-01", "until": "2026-12-09"})
    bare = Absence.model_validate({"from": "2026-12-01", "until": "2026-12-02"})
    at = berlin("2026-12-01T12:00")
    assert absence_at(Calendar(BERLIN, absences=(AWAY, longer)), at) == longer
    assert absence_at(Calendar(BERLIN, absences=(bare, AWAY)), at) == AWAY


def test_a_day_without_set_hours_is_open_from_midnight_to_midnight() -> None:
    stretches = list(islice(open_time(NO_SET_HOURS, PLAIN, berlin("2026-11-27T10:00")), 2))
    assert stretches == [
        Reading(berlin("2026-11-27T00:00"), berlin("2026-11-28T00:00")),
        Reading(berlin("2026-11-30T00:00"), berlin("2026-12-01T00:00")),
    ]


def test_spans_that_overlap_count_once() -> None:
    stretches = open_time(hours(["07:00-09:00", "08:00-10:00", "10:00"]), PLAIN, berlin("2026-11-23T06:00"))
    assert next(stretches) == Reading(berlin("2026-11-23T07:00"), berlin("2026-11-23T10:00"))


def test_the_next_working_day_skips_weekend_holiday_and_absence() -> None:
    friday = berlin("2026-11-27T10:00")
    assert end_of_next_working_day(MORNINGS, PLAIN, friday) == berlin("2026-11-30T09:00")
    assert end_of_next_working_day(MORNINGS, Calendar(BERLIN, closed_on("2026-11-30")), friday) == berlin(
        "2026-12-01T09:00"
    )
    both = Calendar(BERLIN, closed_on("2026-12-03"), (AWAY,))
    assert end_of_next_working_day(MORNINGS, both, friday) == berlin("2026-12-04T09:00")


def test_the_next_working_day_without_hours_lasts_until_midnight() -> None:
    assert end_of_next_working_day(NO_SET_HOURS, PLAIN, berlin("2026-11-23T10:00")) == berlin("2026-11-25T00:00")


def test_a_wall_clock_time_that_does_not_exist_is_taken_on_the_old_offset() -> None:
    assert instant(date(2026, 3, 29), time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "day", "first", "last"),
    [
        ("01:00-04:00", "2026-03-29", "00:00", "02:00"),  # cut by an hour
        ("02:00-03:00", "2026-03-29", "01:00", "01:00"),  # skipped: a mere moment
        ("02:30-03:00", "2026-03-29", "01:00", "01:00"),
        ("01:00-04:00", "2026-10-25", "23:00", "03:00"),  # stretched by an hour, begun on the day before in UTC
        ("02:30", "2026-10-25", "00:30", "00:30"),  # of the two, the first
    ],
)
def test_a_change_of_clocks_cuts_and_stretches_spans(span: str, day: str, first: str, last: str) -> None:
    calendar, here = Calendar(BERLIN), date.fromisoformat(day)
    reading = next_reading(hours(span, "mon-sun"), calendar, instant(here, time(), BERLIN))
    assert reading is not None
    assert (f"{reading.start:%H:%M}", f"{reading.end:%H:%M}") == (first, last)
    assert reading.end.date() == here


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Santiago", "2026-09-06", 23),  # midnight itself is skipped
        ("America/Santiago", "2026-04-04", 25),  # the hour before midnight comes twice
        ("America/Havana", "2026-11-01", 25),  # the hour after midnight comes twice
    ],
)
def test_a_whole_day_lasts_as_long_as_its_clocks_say(zone: str, day: str, length: int) -> None:
    here = ZoneInfo(zone)
    noon = instant(date.fromisoformat(day), time(12), here)
    stretches = open_time(Hours(), Calendar(here), noon)
    (whole,) = [one for one in islice(stretches, 3) if one.start <= noon < one.end]
    assert whole.end - whole.start == timedelta(hours=length)


def test_the_calendar_says_which_holidays_come_next() -> None:
    calendar = Calendar(BERLIN, holidays_of("DE-BY", "de"))
    assert holidays_ahead(calendar, berlin("2026-12-25T10:00"), 3) == (
        (date(2026, 12, 25), "Erster Weihnachtstag"),
        (date(2026, 12, 26), "Zweiter Weihnachtstag"),
        (date(2027, 1, 1), "Neujahr"),
    )


def test_a_closed_day_has_no_spans_and_a_day_without_set_hours_has_none_to_name() -> None:
    saturday, monday = date(2026, 11, 28), date(2026, 11, 23)
    assert spans_on(NO_SET_HOURS, PLAIN, saturday) is None
    assert spans_on(NO_SET_HOURS, PLAIN, monday) == ()
