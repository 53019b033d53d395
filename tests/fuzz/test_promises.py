"""No promise is before arrival or inside closed hours, none is earlier for who writes later, and no server's own time
zone changes one: on every day of 2020-2035 in five zones, and for any hours that a policy may have.
"""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.policy.calendar import Absence, Calendar, Session, open_time
from gateway.core.policy.promise import DAYTIME, nudge_at, promised
from gateway.core.policy.schema import Hours, Policy
from gateway.core.policy.units import Span, Weekday
from tests.fuzz import years

HERE = Path(__file__).parents[2]
INSTANT = timedelta(microseconds=1)


def spans_of(hours: Hours, calendar: Calendar, day: date) -> tuple[Span, ...] | None:
    """What the policy says of a date, said again without the calendar's help; None for a closed day."""
    if hours.holidays == "closed" and calendar.holiday(day):
        return None
    if hours.vacations == "closed" and any(one.first <= day <= one.last for one in calendar.absences):
        return None
    weekday = Weekday(day.weekday())
    other = next((other for other in hours.other if weekday in other.days), None)
    if other is not None:
        return other.reading
    return hours.reading if weekday in hours.days else None


def is_open(hours: Hours, calendar: Calendar, at: datetime) -> bool:
    """By the wall clock; ends count as open, and so does the midnight that ends a day without set hours."""
    local = at.astimezone(calendar.zone)
    spans = spans_of(hours, calendar, local.date())
    if spans and any(span.start <= local.time() <= span.end for span in spans):
        return True
    return spans == () or spans_of(hours, calendar, (at - INSTANT).astimezone(calendar.zone).date()) == ()


@pytest.mark.parametrize("zone", years.ZONES)
@pytest.mark.parametrize("policy", years.POLICIES)
def test_on_every_day_a_promise_is_ahead_in_open_time_and_no_earlier_for_who_writes_later(
    zone: str, policy: str
) -> None:
    rule = years.POLICIES[policy]
    before = datetime.min.replace(tzinfo=UTC)
    for arrived, calendar, due in years.due(zone, rule):
        assert due.answer_by is not None, arrived
        assert before <= due.answer_by >= arrived, arrived
        assert is_open(rule.hours, calendar, due.answer_by), arrived
        assert due.read_by is None or due.read_by >= arrived, arrived
        before = due.answer_by


@pytest.mark.parametrize("zone", years.ZONES)
def test_the_servers_own_time_zone_changes_no_promise(zone: str) -> None:
    elsewhere = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.years", zone],
        # Far from UTC, and with half an hour of summer time.
        env={"TZ": "Australia/Lord_Howe", "PYTHONPATH": str(HERE)},
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout == years.digest(zone)


zones = st.sampled_from([*years.ZONES, "Asia/Beirut", "Australia/Lord_Howe", "America/Havana", "UTC"]).map(ZoneInfo)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
durations = st.sampled_from(["10m", "1h", "7h30m", "24h", "3d", "2w"])
weekdays = st.frozensets(st.sampled_from(Weekday), min_size=1)


def spans(first: time, last: time) -> st.SearchStrategy[tuple[Span, ...]]:
    """Any, overlapping or in any order, moments too."""
    times = st.times(first, last).map(lambda at: at.replace(second=0, microsecond=0))
    one = st.tuples(times, times).map(lambda ends: Span(start=min(ends), end=max(ends)))
    return st.lists(one, max_size=3).map(tuple)


def hours(first: time = time(0), last: time = time(23, 59)) -> st.SearchStrategy[Hours]:
    """Days that have spans, days that have none, and days on which mail is not read."""
    other = st.builds(lambda days, reading: {"days": days, "reading": reading}, weekdays, spans(first, last))
    return st.builds(
        lambda **drawn: Hours.model_validate(drawn),
        reading=spans(first, last),
        days=weekdays,
        other=st.lists(other, max_size=1),
        holidays=st.sampled_from(["open", "closed"]),
        vacations=st.sampled_from(["open", "closed"]),
        before_session=st.booleans(),
    )


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Leave of up to two months, and a holiday on the first of some months."""
    begin = draw(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
    away = Absence.model_validate({"from": begin, "until": begin + timedelta(days=draw(st.integers(0, 60)))})
    month = draw(st.integers(1, 12))
    return Calendar(draw(zones), lambda day: "Day" if day.day == 1 and day.month >= month else "", (away,))


promises = st.one_of(
    durations.map(lambda length: f"within {length}"),
    durations.map(lambda length: f"within {length} of reading time"),
    st.sampled_from(["same-day", "next-reading-time", "next-working-day"]),
)


def policy(rule: Hours, promise: str, **answer: object) -> Policy:
    return Policy.model_validate({"hours": rule, "answer": {"promise": promise, **answer}})


@given(hours(), promises, calendars(), instants, st.timedeltas(timedelta(), timedelta(days=20)))
def test_who_writes_later_is_promised_nothing_earlier(
    rule: Hours, promise: str, calendar: Calendar, arrived: datetime, later: timedelta
) -> None:
    first = promised(policy(rule, promise), calendar, arrived)
    second = promised(policy(rule, promise), calendar, arrived + later)
    for one, other in ((first.read_by, second.read_by), (first.answer_by, second.answer_by)):
        assert (one is None) == (other is None)
        assert one is None or other is None or arrived <= one <= other


@given(hours(time(5), time(22)), promises, calendars(), instants)
def test_promises_fall_into_open_time(rule: Hours, promise: str, calendar: Calendar, arrived: datetime) -> None:
    due = promised(policy(rule, promise), calendar, arrived)
    for at in (due.read_by, due.answer_by):
        assert at is None or is_open(rule, calendar, at)


@given(hours(), st.sampled_from([10, 60, 1440, 4320]), calendars(), instants)
def test_within_so_long_is_kept_within_it_wherever_a_reading_ends_in_that_time(
    rule: Hours, minutes: int, calendar: Calendar, arrived: datetime
) -> None:
    span = timedelta(minutes=minutes)
    due = promised(policy(rule, f"within {minutes}m"), calendar, arrived).answer_by
    nearest = next(one for one in open_time(rule, calendar, arrived) if one.end > arrived or one.start == one.end)
    assert due is not None
    if nearest.end <= arrived + span:
        assert nearest.end <= due <= arrived + span
    else:
        assert due == min(nearest.end, max(nearest.start, arrived) + span)


@given(hours(time(5), time(22)), promises, calendars(), instants, durations)
def test_a_reminder_comes_between_arrival_and_deadline_and_neither_at_night_nor_on_a_closed_day(
    rule: Hours, promise: str, calendar: Calendar, arrived: datetime, nudge: str
) -> None:
    rules = policy(rule, promise, nudge=nudge)
    due = promised(rules, calendar, arrived).answer_by
    at = nudge_at(rules, calendar, arrived, due) if due else None
    if at is None or due is None:
        return
    assert arrived < at < due
    local = at.astimezone(calendar.zone)
    spans = spans_of(rule, calendar, local.date())
    assert spans is not None
    lasting = [span for span in spans if span.start != span.end] or [DAYTIME]
    assert any(span.start <= local.time() <= span.end for span in lasting)


@given(hours(), calendars(), instants, st.timedeltas(-timedelta(days=3), timedelta(days=30)))
def test_what_is_due_by_the_session_is_due_as_it_begins(
    rule: Hours, calendar: Calendar, arrived: datetime, ahead: timedelta
) -> None:
    session = Session(arrived + ahead, arrived + ahead + timedelta(minutes=50))
    due = promised(policy(rule, "before-session"), calendar, arrived, session)
    assert due.answer_by == (session.start if ahead >= timedelta() else None)
    if rule.before_session and ahead >= timedelta():
        assert due.read_by is not None
        assert arrived <= due.read_by <= session.start
