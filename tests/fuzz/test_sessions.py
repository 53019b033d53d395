"""A session by a rule is on its weekday, at its hour of the wall clock, as many weeks apart as it says, in any zone."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.policy.calendar import Absence, Calendar
from gateway.core.policy.client import Client, SessionRule
from gateway.core.policy.sessions import last_session, next_session, sessions_between
from gateway.core.policy.units import Weekday
from tests.fuzz.years import ZONES

instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@st.composite
def rules(draw: st.DrawFn) -> SessionRule:
    start = draw(st.integers(5 * 60, 21 * 60))
    ends = [time(minute // 60, minute % 60) for minute in (start, start + draw(st.integers(10, 110)))]
    since = draw(st.none() | days)
    day = Weekday(since.weekday()) if since else draw(st.sampled_from(Weekday))
    every = draw(st.integers(1, 5)) if since else 1
    return SessionRule(day=day, start=ends[0], end=ends[1], every=every, since=since)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    begin = draw(days)
    away = Absence.model_validate({"from": begin, "until": begin + timedelta(days=draw(st.integers(0, 40)))})
    return Calendar(draw(st.sampled_from(list(ZONES)).map(ZoneInfo)), absences=(away,))


@given(rules(), calendars(), instants)
def test_a_rule_holds_by_the_wall_clock_and_during_no_absence(
    rule: SessionRule, calendar: Calendar, at: datetime
) -> None:
    client = Client(address="cleo@client.example", sessions=(rule,))
    found = sessions_between(client, calendar, at, at + timedelta(days=120))
    for session in found:
        start, end = (one.astimezone(calendar.zone) for one in (session.start, session.end))
        assert (start.weekday(), start.time(), end.time()) == (rule.day, rule.start, rule.end)
        assert not any(start.date() in absence for absence in calendar.absences)
        assert rule.since is None or ((start.date() - rule.since).days >= 0)
    for one, other in pairwise(found):
        gap = other.start.astimezone(calendar.zone).date() - one.start.astimezone(calendar.zone).date()
        assert gap.days % (7 * rule.every) == 0


@given(st.lists(rules(), max_size=3), calendars(), instants)
def test_between_the_last_session_and_the_next_there_is_none(
    some: list[SessionRule], calendar: Calendar, at: datetime
) -> None:
    client = Client(address="cleo@client.example", sessions=tuple(some))
    last, ahead = last_session(client, calendar, at), next_session(client, calendar, at)
    assert last is None or last.end <= at
    assert ahead is None or ahead.start > at
    if last is not None and ahead is not None:
        between = sessions_between(client, calendar, last.end, ahead.start)
        assert all(one.start <= at < one.end for one in between)
