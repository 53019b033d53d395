"""Calendars as single occurrences, worked out in a process of its own."""

from __future__ import annotations

import asyncio
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.diary.reading import Occurrence, Reading, occurrences
from gateway.diary.source import Unreadable
from tests.unit.diary.calendars import calendar, event

BERLIN = ZoneInfo("Europe/Berlin")
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


async def read(content: bytes, zone: ZoneInfo = BERLIN) -> Reading:
    return await occurrences(content, SINCE, UNTIL, zone)


def days(reading: Reading) -> list[tuple[date, date]]:
    return [(one.first, one.last) for one in reading.occurrences]


def starts(reading: Reading) -> list[datetime | None]:
    return [one.start for one in reading.occurrences]


async def test_whole_days_end_before_the_day_that_dtend_names() -> None:
    reading = await read(
        calendar(
            event(";VALUE=DATE:20260302", ";VALUE=DATE:20260307"),
            event(";VALUE=DATE:20260401", ";VALUE=DATE:20260402"),
            event(";VALUE=DATE:20260501"),
            event(";VALUE=DATE:20261224", "", "DURATION:P10D"),
        )
    )
    assert days(reading) == [
        (date(2026, 3, 2), date(2026, 3, 6)),
        (date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 5, 1), date(2026, 5, 1)),
        (date(2026, 12, 24), date(2027, 1, 2)),
    ]
    assert starts(reading) == [None] * 4


async def test_a_time_is_an_instant_and_its_days_are_the_practices() -> None:
    reading = await read(
        calendar(
            event(";TZID=Europe/Berlin:20260302T230000", ";TZID=Europe/Berlin:20260303T000000"),
            event(":20260302T230000Z", ":20260303T010000Z"),
            event(":20260702T150000", ":20260702T155000"),
            event(";TZID=Australia/Sydney:20260305T080000", "", "DURATION:PT50M"),
        )
    )
    assert [(one.start, one.end) for one in reading.occurrences] == [
        (datetime(2026, 3, 2, 22, tzinfo=UTC), datetime(2026, 3, 2, 23, tzinfo=UTC)),
        (datetime(2026, 3, 2, 23, tzinfo=UTC), datetime(2026, 3, 3, 1, tzinfo=UTC)),
        (datetime(2026, 7, 2, 13, tzinfo=UTC), datetime(2026, 7, 2, 13, 50, tzinfo=UTC)),
        (datetime(2026, 3, 4, 21, tzinfo=UTC), datetime(2026, 3, 4, 21, 50, tzinfo=UTC)),
    ]
    assert days(reading)[:2] == [(date(2026, 3, 2), date(2026, 3, 2)), (date(2026, 3, 3), date(2026, 3, 3))]


async def test_a_zone_that_the_calendar_defines_itself_is_kept() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\n"
        "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"
        "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    weekly = event(
        ";TZID=W. Europe Standard Time:20260325T150000",
        ";TZID=W. Europe Standard Time:20260325T155000",
        "RRULE:FREQ=WEEKLY;COUNT=2",
    )
    assert starts(await read(calendar(zone, weekly))) == [
        datetime(2026, 3, 25, 14, tzinfo=UTC),
        datetime(2026, 4, 1, 13, tzinfo=UTC),
    ]


async def test_a_rule_with_its_exceptions() -> None:
    at = ";TZID=Europe/Berlin:"
    reading = await read(
        calendar(
            event(
                f"{at}20260305T150000",
                f"{at}20260305T155000",
                "SUMMARY:Jonas",
                "RRULE:FREQ=WEEKLY;UNTIL=20260409T235959Z",
                f"EXDATE{at}20260312T150000",
                uid="series",
            ),
            event(f"{at}20260320T090000", "", f"RECURRENCE-ID{at}20260319T150000", "DURATION:PT50M", uid="series"),
            event(f"{at}20260326T150000", "", f"RECURRENCE-ID{at}20260326T150000", "STATUS:CANCELLED", uid="series"),
            event(f"{at}20260507T150000", f"{at}20260507T155000", "STATUS:CANCELLED", "SUMMARY:Mia"),
        )
    )
    assert sorted(one for one in starts(reading) if one) == [
        datetime(2026, 3, 5, 14, tzinfo=UTC),
        datetime(2026, 3, 20, 8, tzinfo=UTC),
        datetime(2026, 4, 2, 13, tzinfo=UTC),
        datetime(2026, 4, 9, 13, tzinfo=UTC),
    ]
    assert reading.skipped == 0


async def test_who_was_asked_and_has_not_declined() -> None:
    reading = await read(
        calendar(
            event(
                ":20260302T090000Z",
                ":20260302T100000Z",
                "SUMMARY:Session\\, weekly",
                "ATTENDEE;CN=Jonas;PARTSTAT=ACCEPTED:mailto:jonas@client.example",
                "ATTENDEE;PARTSTAT=NEEDS-ACTION:MAILTO:Mia@client.example",
                "ATTENDEE;PARTSTAT=DECLINED:mailto:cleo@client.example",
                "ATTENDEE:urn:uuid:1234",
            ),
            event(":20260303T090000Z", ":20260303T100000Z", "ATTENDEE:mailto:alone@client.example"),
        )
    )
    assert [one.attendees for one in reading.occurrences] == [
        ("jonas@client.example", "Mia@client.example"),
        ("alone@client.example",),
    ]
    assert [one.summary for one in reading.occurrences] == ["Session, weekly", ""]


@pytest.mark.parametrize(
    "content", [b"", b"<!DOCTYPE html><p>Sign in", b"BEGIN:VCALENDAR\r\n", b"\xff\xfe\x00", b"hello"]
)
async def test_what_is_no_calendar_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable, match="no iCalendar"):
        await read(content)


async def test_an_empty_calendar_says_nothing() -> None:
    assert await read(calendar()) == Reading((), 0)


NEVER = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
HOSTILE = {
    "each-second": [event(":20260101T000000Z", "", "RRULE:FREQ=SECONDLY")],
    "each-second-of-a-day": [event(":20260101T000000Z", "", "RRULE:FREQ=DAILY;BYSECOND=1,2,3;BYMINUTE=1,2,3")],
    "each-hour-by-the-day": [
        event(":20260101T000000Z", "", f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}")
    ],
    "since-the-year-one": [event(";VALUE=DATE:00010101", "", "RRULE:FREQ=DAILY")],
    "that-never-comes": [event(":20200101T100000Z", "", NEVER)],
    "without-a-start": [event(":nonsense"), event(":20260101T000000Z").replace("DTSTART:20260101T000000Z\n", "")],
    "days-and-times-mixed": [event(";VALUE=DATE:20260302", ":20260303T100000Z")],
    "that-ends-before-it-begins": [event(":20260302T100000Z", ":20260301T100000Z")],
    "in-the-year-9999": [event(";VALUE=DATE:99991231", "", "DURATION:P9999999D")],
    "with-a-rule-of-nonsense": [event(":20260302T100000Z", "", "RRULE:FREQ=SOMETIMES;INTERVAL=0")],
    "with-a-step-of-zero": [event(":20260302T100000Z", "", "RRULE:FREQ=DAILY;INTERVAL=0")],
}


@pytest.mark.parametrize("events", HOSTILE.values(), ids=HOSTILE)
async def test_a_series_without_sense_is_left_out_alone(events: list[str]) -> None:
    whole = event(":20260305T090000Z", ":20260305T095000Z", "SUMMARY:Jonas")
    began = clock.monotonic()
    reading = await read(calendar(*events, whole))
    kept = [one for one in reading.occurrences if one.summary == "Jonas"]
    assert [one.start for one in kept] == [datetime(2026, 3, 5, 9, tzinfo=UTC)]
    assert len(reading.occurrences) <= 2
    assert clock.monotonic() - began < 40


async def test_more_events_than_anybody_has_are_refused() -> None:
    series = [event(":20260101T090000Z", "", "RRULE:FREQ=DAILY;BYHOUR=9,10", "SUMMARY:x") for _ in range(30)]
    with pytest.raises(Unreadable, match="too many events"):
        await read(calendar(*series))


async def test_who_waits_for_a_calendar_may_be_stopped() -> None:
    began = clock.monotonic()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(read(calendar(*(event(":20200101T100000Z", "", NEVER) for _ in range(20)))))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.shield(task)
        task.cancel()
    assert clock.monotonic() - began < 10


RULES = st.lists(
    st.tuples(
        st.dates(date(2025, 6, 1), date(2026, 11, 30)),
        st.times(time(3), time(22)).map(lambda at: at.replace(second=0, microsecond=0)),
        st.integers(1, 4),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=4, deadline=None)
@given(RULES, st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC"]))
def test_weekly_sessions_keep_their_time_on_the_wall(rules: list[tuple[date, time, int, int]], zone: str) -> None:
    events, expected = [], []
    for first, at, every, times in rules:
        begin = datetime.combine(first, at)
        end = begin + timedelta(minutes=50)
        rule = f"RRULE:FREQ=WEEKLY;INTERVAL={every};COUNT={times}"
        events.append(event(f";TZID={zone}:{begin:%Y%m%dT%H%M%S}", f";TZID={zone}:{end:%Y%m%dT%H%M%S}", rule))
        for step in range(times):
            day = first + timedelta(weeks=every * step)
            start = datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
            if start + timedelta(minutes=50) > SINCE and start < UNTIL:
                expected.append(start)
    reading = asyncio.run(read(calendar(*events)))
    assert sorted(one for one in starts(reading) if one) == sorted(expected)
    assert all(
        isinstance(one, Occurrence) and one.end > one.start for one in reading.occurrences if one.start and one.end
    )


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.sampled_from(["BEGIN:", "END:", "VEVENT", "RRULE:FREQ=", "DAILY", ";", "DTSTART:", "\r\n", "2026", "Z"])
    )
)
def test_no_rubbish_does_more_than_be_unreadable(pieces: list[str]) -> None:
    body = calendar(event(":20260302T090000Z")).replace(b"DTSTAMP", "".join(pieces).encode() + b"\r\nDTSTAMP")
    try:
        reading = asyncio.run(read(body))
    except Unreadable:
        return
    assert len(reading.occurrences) <= 1000
