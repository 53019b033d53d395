"""What is promised for a message, from policy, calendar and arrival alone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.core.policy.calendar import Absence, Calendar, Session
from gateway.core.policy.promise import nudge_at, promised
from gateway.core.policy.schema import Policy

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = Calendar(BERLIN)
MORNINGS = {"reading": "07:00-09:00", "days": "mon-fri"}
OFFICE = {"reading": "09:00-17:00", "days": "mon-fri"}
SPLIT = {"reading": ["09:00-12:00", "14:00-17:00"], "days": "mon-fri"}
TWICE = {"reading": ["08:00", "17:00"], "days": "mon-fri"}
WEEKDAYS = {"days": "mon-fri"}
ALWAYS: dict[str, object] = {}

# 23 November 2026 is a Monday.
MON, TUE, WED, FRI, SAT, NEXT_MON, NEXT_TUE, WED_AFTER = (
    "2026-11-23",
    "2026-11-24",
    "2026-11-25",
    "2026-11-27",
    "2026-11-28",
    "2026-11-30",
    "2026-12-01",
    "2026-12-02",
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def policy(hours: dict[str, object], promise: str, **answer: object) -> Policy:
    return Policy.model_validate({"hours": hours, "answer": {"promise": promise, **answer}})


def founders_day(day: date) -> str:
    return "Founders' day" if day == date(2026, 11, 30) else ""


@pytest.mark.parametrize(
    ("hours", "promise", "arrived", "answer_by"),
    [
        (MORNINGS, "none", f"{MON} 21:10", None),
        # Within so long of arrival, drawn back to the last end of open time.
        (ALWAYS, "within 24h", f"{MON} 21:10", f"{TUE} 21:10"),
        (OFFICE, "within 24h", f"{MON} 10:00", f"{TUE} 10:00"),
        (OFFICE, "within 4h", f"{MON} 10:00", f"{MON} 14:00"),
        (OFFICE, "within 4h", f"{MON} 16:30", f"{MON} 17:00"),
        (OFFICE, "within 20h", f"{MON} 16:30", f"{TUE} 12:30"),
        (OFFICE, "within 24h", f"{MON} 21:10", f"{TUE} 17:00"),
        (OFFICE, "within 24h", f"{MON} 17:00", f"{TUE} 17:00"),
        (OFFICE, "within 24h", f"{FRI} 12:00", f"{FRI} 17:00"),
        (OFFICE, "within 24h", f"{SAT} 12:00", f"{NEXT_MON} 17:00"),  # nothing is read in that time
        (OFFICE, "within 4h", f"{SAT} 12:00", f"{NEXT_MON} 13:00"),
        (MORNINGS, "within 24h", f"{MON} 21:10", f"{TUE} 09:00"),
        (MORNINGS, "within 12h", f"{MON} 21:10", f"{TUE} 09:00"),
        (WEEKDAYS, "within 24h", f"{FRI} 12:00", f"{SAT} 00:00"),
        (WEEKDAYS, "within 24h", f"{SAT} 12:00", f"{NEXT_TUE} 00:00"),
        (TWICE, "within 24h", f"{MON} 10:00", f"{TUE} 08:00"),
        (TWICE, "within 8h", f"{MON} 10:00", f"{MON} 17:00"),
        (TWICE, "within 8h", f"{MON} 08:00", f"{MON} 17:00"),  # not the moment that it comes
        # So much reading time.
        (OFFICE, "within 1h of reading time", f"{FRI} 16:30", f"{NEXT_MON} 09:30"),
        (OFFICE, "within 1h of reading time", f"{FRI} 16:00", f"{FRI} 17:00"),
        (OFFICE, "within 1h of reading time", f"{FRI} 17:00", f"{NEXT_MON} 10:00"),
        (OFFICE, "within 10h of reading time", f"{MON} 08:00", f"{TUE} 11:00"),
        (SPLIT, "within 4h of reading time", f"{MON} 11:00", f"{MON} 17:00"),
        (WEEKDAYS, "within 24h of reading time", f"{FRI} 12:00", f"{NEXT_MON} 12:00"),
        (TWICE, "within 1h of reading time", f"{MON} 10:00", None),
        # The same day, or the next on which mail is read.
        (SPLIT, "same-day", f"{MON} 08:00", f"{MON} 17:00"),
        (SPLIT, "same-day", f"{MON} 13:00", f"{MON} 17:00"),
        (SPLIT, "same-day", f"{MON} 17:00", f"{TUE} 17:00"),
        (SPLIT, "same-day", f"{FRI} 18:00", f"{NEXT_MON} 17:00"),
        (TWICE, "same-day", f"{MON} 10:00", f"{MON} 17:00"),
        (WEEKDAYS, "same-day", f"{MON} 23:59", f"{TUE} 00:00"),
        (WEEKDAYS, "same-day", f"{SAT} 09:00", f"{NEXT_TUE} 00:00"),
        # The next reading.
        (MORNINGS, "next-reading-time", f"{MON} 20:10", f"{TUE} 09:00"),
        (MORNINGS, "next-reading-time", f"{MON} 09:00", f"{TUE} 09:00"),
        (SPLIT, "next-reading-time", f"{MON} 10:00", f"{MON} 12:00"),
        (TWICE, "next-reading-time", f"{MON} 10:00", f"{MON} 17:00"),
        (WEEKDAYS, "next-reading-time", f"{MON} 10:00", None),
        # The next working day.
        (MORNINGS, "next-working-day", f"{MON} 06:00", f"{TUE} 09:00"),
        (MORNINGS, "next-working-day", f"{FRI} 06:00", f"{NEXT_MON} 09:00"),
        (WEEKDAYS, "next-working-day", f"{FRI} 06:00", f"{NEXT_TUE} 00:00"),
    ],
)
def test_each_promise_gives_its_instant(
    hours: dict[str, object], promise: str, arrived: str, answer_by: str | None
) -> None:
    due = promised(policy(hours, promise), PLAIN, berlin(arrived)).answer_by
    assert due == (berlin(answer_by) if answer_by else None)


@pytest.mark.parametrize(
    ("promise", "arrived", "answer_by"),
    [
        ("within 24h", f"{FRI} 16:30", f"{FRI} 17:00"),
        ("within 24h", f"{FRI} 17:30", f"{NEXT_TUE} 17:00"),
        ("within 1h of reading time", f"{FRI} 16:30", f"{NEXT_TUE} 09:30"),
        ("same-day", f"{FRI} 17:30", f"{NEXT_TUE} 17:00"),
        ("next-reading-time", f"{FRI} 17:30", f"{NEXT_TUE} 17:00"),
        ("next-working-day", f"{FRI} 17:30", f"{NEXT_TUE} 17:00"),
    ],
)
@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(BERLIN, founders_day),
        Calendar(BERLIN, absences=(Absence.model_validate({"from": NEXT_MON, "until": NEXT_MON}),)),
    ],
    ids=["holiday", "absence"],
)
def test_a_promise_skips_holidays_and_absences(calendar: Calendar, promise: str, arrived: str, answer_by: str) -> None:
    due = promised(policy(OFFICE, promise), calendar, berlin(arrived)).answer_by
    assert due == berlin(answer_by)


def test_what_is_open_on_holidays_is_promised_for_holidays() -> None:
    open_too = policy({**OFFICE, "holidays": "open"}, "next-working-day")
    due = promised(open_too, Calendar(BERLIN, founders_day), berlin(f"{FRI} 10:00"))
    assert due.answer_by == berlin(f"{NEXT_MON} 17:00")


def test_nothing_is_promised_where_nobody_is_back_within_the_horizon() -> None:
    decade = Absence.model_validate({"from": "2026-01-01", "until": "2035-12-31"})
    for promise in ("within 24h", "within 1h of reading time", "same-day", "next-reading-time", "next-working-day"):
        due = promised(policy(OFFICE, promise), Calendar(BERLIN, absences=(decade,)), berlin(f"{MON} 10:00"))
        assert (due.read_by, due.answer_by) == (None, None)


def test_when_mail_is_read_is_said_even_where_no_answer_is_promised() -> None:
    due = promised(policy(MORNINGS, "none"), PLAIN, berlin(f"{MON} 21:10"))
    assert due.read_by == berlin(f"{TUE} 09:00")
    assert due.answer_by is None


SESSION = Session(berlin(f"{WED} 15:00"), berlin(f"{WED} 15:50"))


def test_before_the_session_is_its_beginning_and_nothing_where_none_is_known() -> None:
    before = policy(OFFICE, "before-session")
    assert promised(before, PLAIN, berlin(f"{MON} 10:00"), SESSION).answer_by == SESSION.start
    assert promised(before, PLAIN, berlin(f"{MON} 10:00")).answer_by is None
    assert promised(before, PLAIN, berlin(f"{WED} 15:10"), SESSION).answer_by is None


@pytest.mark.parametrize(
    ("hours", "arrived", "read_by"),
    [
        (WEEKDAYS, f"{MON} 10:00", f"{WED} 15:00"),  # no set hours: by the session
        (OFFICE, f"{MON} 10:00", f"{MON} 17:00"),  # the reading is sooner
        (OFFICE, f"{WED} 10:00", f"{WED} 15:00"),  # the session is
    ],
)
def test_mail_is_read_before_the_session_where_the_policy_says_so(
    hours: dict[str, object], arrived: str, read_by: str
) -> None:
    before = policy({**hours, "before_session": True}, "none")
    assert promised(before, PLAIN, berlin(arrived), SESSION).read_by == berlin(read_by)


def test_a_session_changes_nothing_where_the_policy_names_none() -> None:
    assert promised(policy(WEEKDAYS, "none"), PLAIN, berlin(f"{MON} 10:00"), SESSION).read_by is None
    due = promised(policy(OFFICE, "next-reading-time"), PLAIN, berlin(f"{WED} 10:00"), SESSION)
    assert due.answer_by == berlin(f"{WED} 17:00")


@pytest.mark.parametrize(
    ("hours", "nudge", "arrived", "answer_by", "at"),
    [
        (OFFICE, "2h", f"{MON} 10:00", f"{TUE} 10:00", f"{MON} 16:00"),  # an hour today, an hour yesterday
        (OFFICE, "2h", f"{MON} 10:00", f"{TUE} 17:00", f"{TUE} 15:00"),
        (OFFICE, "1h", f"{FRI} 10:00", f"{NEXT_MON} 10:00", f"{NEXT_MON} 09:00"),
        (OFFICE, "3h", f"{FRI} 10:00", f"{NEXT_MON} 10:00", f"{FRI} 15:00"),  # not on Sunday
        (SPLIT, "4h", f"{MON} 10:00", f"{TUE} 15:00", f"{TUE} 09:00"),
        (MORNINGS, "2h", f"{MON} 21:00", f"{TUE} 09:00", f"{TUE} 07:00"),
        (OFFICE, "2h", f"{MON} 10:00", f"{MON} 11:00", None),  # would be before it came
        (OFFICE, "1h", f"{MON} 10:00", f"{MON} 11:00", None),
        (OFFICE, "0", f"{MON} 10:00", f"{TUE} 10:00", None),
        # Readings without extent, and days without set hours: in the daytime of days on which mail is read.
        (TWICE, "2h", f"{MON} 10:00", f"{TUE} 17:00", f"{TUE} 15:00"),
        (TWICE, "2h", f"{MON} 10:00", f"{TUE} 08:00", f"{MON} 18:00"),
        (ALWAYS, "2h", f"{MON} 23:00", f"{TUE} 23:00", f"{TUE} 18:00"),
        (ALWAYS, "2h", f"{MON} 04:00", f"{TUE} 04:00", f"{MON} 18:00"),
        (WEEKDAYS, "2h", f"{FRI} 12:00", f"{NEXT_MON} 09:00", f"{FRI} 19:00"),
        (WEEKDAYS, "2h", f"{FRI} 21:00", f"{SAT} 00:00", None),
        # A session outside hours.
        (OFFICE, "2h", f"{MON} 10:00", f"{SAT} 11:00", f"{FRI} 15:00"),
    ],
)
def test_the_reminder_counts_back_in_reading_time(
    hours: dict[str, object], nudge: str, arrived: str, answer_by: str, at: str | None
) -> None:
    rule = policy(hours, "next-working-day", nudge=nudge)
    assert nudge_at(rule, PLAIN, berlin(arrived), berlin(answer_by)) == (berlin(at) if at else None)


def test_no_reminder_comes_on_a_holiday() -> None:
    rule = policy(OFFICE, "next-working-day")
    calendar = Calendar(BERLIN, founders_day)
    at = nudge_at(rule, calendar, berlin(f"{FRI} 10:00"), berlin(f"{NEXT_TUE} 10:00"))
    assert at == berlin(f"{FRI} 16:00")


def test_a_promise_ends_on_the_wall_clock_across_a_change_of_clocks() -> None:
    saturday = berlin("2026-03-28 12:00")
    every_day = policy({"reading": "09:00-17:00"}, "next-working-day")
    assert promised(every_day, PLAIN, saturday).answer_by == berlin("2026-03-29 17:00")
    # 24 hours are 24 hours: by the new clock that is an hour later.
    assert promised(policy(ALWAYS, "within 24h"), PLAIN, saturday).answer_by == saturday + timedelta(hours=24)
