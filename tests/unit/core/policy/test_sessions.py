"""A client's sessions, from weekly rules and from the calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.core.policy.calendar import Absence, Calendar, Session
from gateway.core.policy.client import Client
from gateway.core.policy.sessions import last_session, next_session, sessions_between

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = Calendar(BERLIN)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def cleo(*rules: str) -> Client:
    return Client.model_validate({"address": "cleo@client.example", "sessions": rules})


def at(start: str, minutes: int = 50) -> Session:
    return Session(berlin(start), berlin(start) + timedelta(minutes=minutes))


THURSDAYS = cleo("thu 15:00-15:50")
FORTNIGHTLY = cleo("thu 15:00-15:50 every 2 weeks from 2026-11-26")


@pytest.mark.parametrize(
    ("now", "start"),
    [
        ("2026-11-23 10:00", "2026-11-26 15:00"),
        ("2026-11-26 14:59", "2026-11-26 15:00"),
        ("2026-11-26 15:00", "2026-12-03 15:00"),  # it has begun: the next one
        ("2026-12-31 16:00", "2027-01-07 15:00"),  # over the end of the year
        ("2026-03-26 16:00", "2026-04-02 15:00"),  # over the change to summer time
        ("2026-10-22 16:00", "2026-10-29 15:00"),
    ],
)
def test_a_weekly_session_is_at_its_hour_all_year_round(now: str, start: str) -> None:
    assert next_session(THURSDAYS, PLAIN, berlin(now)) == at(start)


def test_every_other_week_counts_from_its_first_date() -> None:
    starts = [one.start for one in sessions_between(FORTNIGHTLY, PLAIN, berlin("2026-11-01"), berlin("2027-01-15"))]
    assert starts == [berlin(f"{day} 15:00") for day in ("2026-11-26", "2026-12-10", "2026-12-24", "2027-01-07")]
    assert next_session(FORTNIGHTLY, PLAIN, berlin("2026-11-26 15:30")) == at("2026-12-10 15:00")
    assert last_session(FORTNIGHTLY, PLAIN, berlin("2026-11-26 15:30")) is None


def test_a_session_once_a_year_is_found() -> None:
    yearly = cleo("thu 15:00-15:50 every 52 weeks from 2026-11-26")
    assert next_session(yearly, PLAIN, berlin("2026-11-27")) == at("2027-11-25 15:00")
    assert last_session(yearly, PLAIN, berlin("2027-11-20")) == at("2026-11-26 15:00")


def test_the_last_session_is_the_one_that_has_ended() -> None:
    assert last_session(THURSDAYS, PLAIN, berlin("2026-11-26 15:49")) == at("2026-11-19 15:00")
    assert last_session(THURSDAYS, PLAIN, berlin("2026-11-26 15:50")) == at("2026-11-26 15:00")


def test_nobody_is_seen_by_a_rule_during_an_absence() -> None:
    away = Absence.model_validate({"from": "2026-11-26", "until": "2026-12-09"})
    calendar = Calendar(BERLIN, absences=(away,))
    assert next_session(THURSDAYS, calendar, berlin("2026-11-23")) == at("2026-12-10 15:00")
    assert last_session(THURSDAYS, calendar, berlin("2026-12-05")) == at("2026-11-19 15:00")


def test_the_calendars_sessions_are_taken_as_they_are() -> None:
    away = Absence.model_validate({"from": "2026-11-26", "until": "2026-12-09"})
    moved = at("2026-11-27 11:00")
    calendar = Calendar(BERLIN, absences=(away,), sessions=(moved,))
    assert next_session(None, calendar, berlin("2026-11-23")) == moved
    assert next_session(THURSDAYS, calendar, berlin("2026-11-23")) == moved
    assert last_session(THURSDAYS, calendar, berlin("2026-12-05")) == moved


def test_a_session_known_twice_is_one_and_as_the_calendar_has_it() -> None:
    longer = at("2026-11-26 15:00", 80)
    calendar = Calendar(BERLIN, sessions=(longer,))
    assert sessions_between(THURSDAYS, calendar, berlin("2026-11-23"), berlin("2026-11-30")) == (longer,)


def test_several_rules_come_in_order() -> None:
    twice = cleo("thu 15:00-15:50", "mon 09:00-09:50")
    found = sessions_between(twice, PLAIN, berlin("2026-11-23"), berlin("2026-11-30 09:00"))
    assert found == (at("2026-11-23 09:00"), at("2026-11-26 15:00"))


def test_without_rules_and_calendar_none_is_known() -> None:
    assert next_session(cleo(), PLAIN, berlin("2026-11-23")) is None
    assert last_session(None, PLAIN, berlin("2026-11-23")) is None


def test_a_session_in_the_hour_that_a_change_of_clocks_skips_does_not_end_before_it_begins() -> None:
    (session,) = sessions_between(cleo("sun 02:30-03:00"), PLAIN, berlin("2026-03-29"), berlin("2026-03-30"))
    assert session.start <= session.end
