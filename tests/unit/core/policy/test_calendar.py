"""Reading hours become instants, right across clock changes and week ends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.policy.calendar import end_of_next_working_day, instant, next_reading, within_hours
from gateway.core.policy.schema import Hours

BERLIN = ZoneInfo("Europe/Berlin")
SYDNEY = ZoneInfo("Australia/Sydney")
MORNINGS = Hours.model_validate({"reading": "07:00-09:00", "days": "mon-fri"})
TWICE = Hours.model_validate({"reading": ["08:00", "17:00"], "days": "mon-sun"})


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


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
    reading = next_reading(MORNINGS, BERLIN, berlin(arrived))
    assert reading is not None
    assert reading.end == berlin(read_by)


def test_a_moment_is_read_at_that_moment() -> None:
    reading = next_reading(TWICE, BERLIN, berlin("2026-11-23T08:01"))
    assert reading is not None
    assert reading.start == reading.end == berlin("2026-11-23T17:00")


def test_without_set_hours_nothing_is_said_about_reading() -> None:
    assert next_reading(Hours(), BERLIN, berlin("2026-11-23T08:00")) is None


def test_within_hours_holds_from_the_start_up_to_the_end() -> None:
    assert within_hours(MORNINGS, BERLIN, berlin("2026-11-23T07:00"))
    assert within_hours(MORNINGS, BERLIN, berlin("2026-11-23T08:59"))
    assert not within_hours(MORNINGS, BERLIN, berlin("2026-11-23T09:00"))
    assert not within_hours(MORNINGS, BERLIN, berlin("2026-11-28T08:00"))


def test_the_next_working_day_skips_the_weekend() -> None:
    assert end_of_next_working_day(MORNINGS, BERLIN, berlin("2026-11-27T10:00")) == berlin("2026-11-30T09:00")


def test_the_next_working_day_without_hours_lasts_until_midnight() -> None:
    hours = Hours.model_validate({"days": "mon-fri"})
    assert end_of_next_working_day(hours, BERLIN, berlin("2026-11-23T10:00")) == berlin("2026-11-25T00:00")


def test_a_wall_clock_time_that_does_not_exist_is_taken_on_the_old_offset() -> None:
    assert instant(date(2026, 3, 29), time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds of a zoned draw
    st.sampled_from([BERLIN, SYDNEY, ZoneInfo("America/New_York"), ZoneInfo("America/Sao_Paulo")]),
    st.sampled_from([MORNINGS, TWICE]),
)
def test_reading_never_ends_before_arrival_and_always_within_the_hours(
    arrived: datetime, zone: ZoneInfo, hours: Hours
) -> None:
    reading = next_reading(hours, zone, arrived)
    assert reading is not None
    assert arrived <= reading.end <= arrived + timedelta(days=8)
    local = reading.end.astimezone(zone)
    assert local.weekday() in {int(day) for day in hours.days}
    assert local.time() in {span.end for span in hours.reading}


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(), timedelta(days=10)),
)
def test_who_writes_later_is_never_read_earlier(arrived: datetime, later: timedelta) -> None:
    first = next_reading(MORNINGS, SYDNEY, arrived)
    second = next_reading(MORNINGS, SYDNEY, arrived + later)
    assert first is not None
    assert second is not None
    assert first.end <= second.end
