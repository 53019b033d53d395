"""`Diary`: what calendars outside say, from files and over the network; and what it says while they can't be read."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trustme
from structlog.testing import capture_logs

from gateway.clock import ManualClock
from gateway.core.policy.calendar import Absence, Session
from gateway.core.policy.client import Client
from gateway.diary.diary import EVERY, Diary, Sources
from gateway.diary.source import LONGEST
from tests.ports.observed import World
from tests.servers.places import free_port
from tests.unit.diary.calendars import calendar, event

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
JONAS = Client(address="jonas@client.example", calendar_name="Jonas W.")
AWAY = calendar(event(";VALUE=DATE:20260406", ";VALUE=DATE:20260411", "SUMMARY:Canary holiday"))
SEEN = calendar(
    event(":20260305T140000Z", ":20260305T145000Z", "SUMMARY:  jonas   w. "),
    event(":20260312T140000Z", ":20260312T145000Z", "SUMMARY:x", "ATTENDEE:mailto:JONAS@client.example"),
    event(":20260310T140000Z", ":20260310T145000Z", "SUMMARY:Mia", "ATTENDEE:mailto:mia@client.example"),
    event(";VALUE=DATE:20260320", "", "SUMMARY:Jonas W."),
    event(
        ":20260319T140000Z", ":20260319T145000Z", "SUMMARY:Jonas W.", "ATTENDEE:mailto:jonas@client.example"
    ),
)  # fmt: skip


def session(day: int) -> Session:
    return Session(datetime(2026, 3, day, 14, tzinfo=UTC), datetime(2026, 3, day, 14, 50, tzinfo=UTC))


def away(first: date, last: date) -> Absence:
    return Absence.model_validate({"from": first, "until": last})


@dataclass
class Desk:
    """A diary with what is around it."""

    folder: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    world: World = field(default_factory=World)
    changes: int = 0

    def diary(self, absences: str = "", sessions: str = "", tls: Callable[[], ssl.SSLContext] | None = None) -> Diary:
        def changed() -> None:
            self.changes += 1

        return Diary(
            {"ana": Sources(absences, sessions), "ben": Sources()},
            folder=self.folder,
            zone=ZoneInfo("Europe/Berlin"),
            clock=self.clock,
            alerts=self.world,
            changed=changed,
            tls=tls or ssl.create_default_context,
        )

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_nothing_is_read_before_it_is_asked_to(desk: Desk) -> None:
    diary = desk.diary("missing.ics", "missing.ics")
    assert diary.absences("ana") == ()
    assert diary.sessions("ana", JONAS) == ()
    assert desk.world.alerts == []


async def test_days_away_that_follow_each_other_are_one_absence(desk: Desk) -> None:
    days = [event(f";VALUE=DATE:202604{day:02}", f";VALUE=DATE:202604{day + 1:02}") for day in (6, 7, 8, 20)]
    desk.write("away.ics", calendar(*days))
    diary = desk.diary("away.ics")
    await diary.load()
    assert diary.absences("ana") == (
        away(date(2026, 4, 6), date(2026, 4, 8)),
        away(date(2026, 4, 20), date(2026, 4, 20)),
    )


async def test_each_event_of_the_absences_calendar_is_an_absence(desk: Desk) -> None:
    desk.write(
        "away.ics",
        calendar(
            event(";VALUE=DATE:20260406", ";VALUE=DATE:20260411"),
            event(";TZID=Europe/Berlin:20260310T090000", ";TZID=Europe/Berlin:20260311T000000"),
            event(";VALUE=DATE:20260406", ";VALUE=DATE:20260411"),
        ),
    )
    diary = desk.diary("away.ics")
    assert await diary.load() == ()
    assert diary.absences("ana") == (
        away(date(2026, 3, 10), date(2026, 3, 10)),
        away(date(2026, 4, 6), date(2026, 4, 10)),
    )
    assert diary.absences("ben") == ()
    assert diary.absences("nobody") == ()
    assert diary.sessions("ana", JONAS) == ()


async def test_a_session_is_what_a_client_attends_or_what_bears_their_name(desk: Desk) -> None:
    desk.write("sessions.ics", SEEN)
    diary = desk.diary(sessions="sessions.ics")
    await diary.load()
    assert diary.sessions("ana", JONAS) == (session(5), session(12), session(19))
    assert diary.sessions("ana", Client(address="mia@client.example")) == (session(10),)
    assert diary.sessions("ana", Client(address="", calendar_name=" ")) == ()
    assert diary.sessions("ben", JONAS) == ()
    assert diary.absences("ana") == ()


async def test_the_span_reaches_sixty_days_back_and_four_hundred_ahead(desk: Desk) -> None:
    desk.write("sessions.ics", calendar(event(":20200101T140000Z", "", "RRULE:FREQ=DAILY", "SUMMARY:Jonas W.")))
    diary = desk.diary(sessions="sessions.ics")
    await diary.load()
    found = diary.sessions("ana", JONAS)
    assert abs(found[0].start - (NOW - timedelta(days=60))) < timedelta(days=1)
    assert abs(found[-1].start - (NOW + timedelta(days=400))) < timedelta(days=1)


async def test_a_calendar_that_can_not_be_read_any_more_keeps_what_it_said_and_the_admin_is_told(desk: Desk) -> None:
    desk.write("away.ics", AWAY)
    diary = desk.diary("away.ics")
    await diary.load()
    for broken in (b"BEGIN:VCALENDAR\r\nBEGIN:VEV", b"no calendar", b""):
        desk.write("away.ics", broken)
        [fault] = await diary.load()
        assert (fault.mailbox, fault.which) == ("ana", "absences")
        assert desk.world.alerts == ["calendar-unreadable"]
        assert len(diary.absences("ana")) == 1
    (desk.folder / "away.ics").unlink()
    [fault] = await diary.load()
    assert "No such file" in fault.why
    desk.write("away.ics", calendar())
    assert await diary.load() == ()
    assert desk.world.alerts == []
    assert diary.absences("ana") == ()


async def test_one_calendar_that_fails_holds_up_no_other(desk: Desk) -> None:
    desk.write("sessions.ics", SEEN)
    diary = desk.diary("missing.ics", "sessions.ics")
    assert [fault.which for fault in await diary.load()] == ["absences"]
    assert len(diary.sessions("ana", JONAS)) == 3


async def test_what_is_no_plain_file_is_not_waited_for(desk: Desk) -> None:
    os.mkfifo(desk.folder / "pipe.ics")
    for name in ("pipe.ics", "/dev/zero", "."):
        [fault] = await desk.diary(name).load()
        assert "no plain file" in fault.why


async def test_a_calendar_too_long_to_read_is_refused(desk: Desk) -> None:
    desk.write("away.ics", AWAY + b"\r\n" * LONGEST)
    [fault] = await desk.diary("away.ics").load()
    assert "longer than 5 MB" in fault.why


async def test_a_running_diary_reads_again_each_quarter_of_an_hour(desk: Desk) -> None:
    desk.write("away.ics", AWAY)
    diary = desk.diary("away.ics")
    async with running(diary):
        await desk.world.until(lambda: desk.clock.next_wake() == NOW + EVERY)
        assert (len(diary.absences("ana")), desk.changes) == (1, 1)
        desk.clock.advance(EVERY)
        await desk.world.until(lambda: desk.clock.next_wake() == NOW + 2 * EVERY)
        assert desk.changes == 1
        desk.write("away.ics", calendar())
        desk.clock.advance(EVERY)
        await desk.world.until(lambda: desk.clock.next_wake() == NOW + 3 * EVERY)
        assert (len(diary.absences("ana")), desk.changes) == (0, 2)


async def test_after_a_fault_it_looks_again_soon(desk: Desk) -> None:
    diary = desk.diary("away.ics")
    async with running(diary):
        for minutes in (1, 3, 7, 15, 30):
            wake = NOW + timedelta(minutes=minutes)
            await desk.world.until(lambda wake=wake: desk.clock.next_wake() == wake)  # type: ignore[misc]
            desk.clock.set(wake)
        desk.write("away.ics", AWAY)
        await desk.world.until(lambda: desk.clock.next_wake() == NOW + timedelta(minutes=45))
        desk.clock.advance(timedelta(minutes=15))
        await desk.world.until(lambda: bool(diary.absences("ana")))
    assert desk.world.alerts == []


async def test_other_calendars_hold_as_soon_as_they_are_named(desk: Desk) -> None:
    desk.write("away.ics", AWAY)
    desk.write("sessions.ics", SEEN)
    diary = desk.diary("away.ics", "sessions.ics")
    async with running(diary):
        await desk.world.until(lambda: desk.clock.next_wake() is not None)
        diary.replace({"ana": Sources(sessions="sessions.ics"), "ben": Sources("away.ics")}, ZoneInfo("UTC"))
        assert diary.absences("ana") == ()
        assert len(diary.sessions("ana", JONAS)) == 3
        await desk.world.until(lambda: bool(diary.absences("ben")))


async def test_no_log_line_quotes_an_event_or_an_address(desk: Desk) -> None:
    desk.write("away.ics", AWAY)
    desk.write("sessions.ics", SEEN + b"garbage")
    secret = f"http://127.0.0.1:{free_port()}/private-canary/calendar.ics"
    with capture_logs() as lines:
        await desk.diary("away.ics", "sessions.ics").load()
        faults = await desk.diary("canary.ics", secret).load()
    assert len(lines) == 4
    for personal in ("anary", "jonas", "Jonas", "mia", "client.example"):
        assert personal not in str(lines)
        assert personal not in str(faults)
    assert "canary" not in repr(Sources(secret, secret))


# Over the network.


def answer(content: bytes, status: str = "200 OK", *fields: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *fields])
    return f"{head}\r\n\r\n".encode() + content


@asynccontextmanager
async def serving(
    answers: dict[str, bytes], tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[tuple[int, list[str]]]:
    """A web server that answers each path as told, and 404 to the rest; its port, and the paths asked for."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split()[1].decode()
        asked.append(path)
        writer.write(answers.get(path, answer(b"", "404 Not Found")))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def running(diary: Diary) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(diary.run())
        yield
        task.cancel()


async def test_a_calendar_is_read_over_https_with_its_certificate_verified(desk: Desk) -> None:
    authority = trustme.CA()
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(secured)

    def trusting() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    async with serving({"/away.ics": answer(AWAY)}, secured) as (port, _):
        url = f"https://localhost:{port}/away.ics"
        diary = desk.diary(url, tls=trusting)
        assert await diary.load() == ()
        assert len(diary.absences("ana")) == 1
        [fault] = await desk.diary(url).load()
    assert "SSLCertVerificationError" in fault.why


async def test_plain_http_is_for_this_machine_alone(desk: Desk) -> None:
    async with serving({"/away.ics": answer(AWAY)}) as (port, _):
        assert await desk.diary(f"http://127.0.0.1:{port}/away.ics").load() == ()
        assert await desk.diary(f"http://localhost:{port}/away.ics").load() == ()
    for url in (
        "http://calendar.example/away.ics",
        "http://192.0.2.1/a.ics",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
    ):
        [fault] = await desk.diary(url).load()
        assert "not safe" in fault.why


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("file:///etc/hostname", "answered 302"),
        ("http://calendar.example/away.ics", "not safe"),
        ("ftp://127.0.0.1/away.ics", "not safe"),
        ("/elsewhere.ics", ""),
        ("/again.ics", "answered 30"),
        ("/missing.ics", "answered 404"),
    ],
)
async def test_where_a_server_leads_to_must_be_safe_too(desk: Desk, target: str, why: str) -> None:
    answers = {
        "/away.ics": answer(b"", "302 Found", f"Location: {target}"),
        "/again.ics": answer(b"", "302 Found", "Location: /again.ics"),
        "/elsewhere.ics": answer(AWAY),
    }
    async with serving(answers) as (port, _):
        faults = await desk.diary(f"http://127.0.0.1:{port}/away.ics").load()
    assert [bool(why) and why in fault.why for fault in faults] == ([True] if why else [])


async def test_a_server_out_there_does_not_lead_us_to_what_listens_here(desk: Desk) -> None:
    authority = trustme.CA()
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(secured)

    def trusting() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    async with serving({"/admin": answer(AWAY)}) as (inner, asked):
        leading = {"/away.ics": answer(b"", "302 Found", f"Location: http://127.0.0.1:{inner}/admin")}
        async with serving(leading, secured) as (port, _):
            [fault] = await desk.diary(f"https://localhost:{port}/away.ics", tls=trusting).load()
    assert "not safe" in fault.why
    assert asked == []


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answer(b"", "500 Internal Server Error"), "answered 500"),
        (answer(b"", "401 Unauthorized"), "answered 401"),
        (answer(b"x" * (LONGEST + 1)), "longer than 5 MB"),
        (b"not even HTTP", "can't be reached"),
        (b"", "can't be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nBEGIN:VCALENDAR", ""),
    ],
    ids=["fault", "refused", "too-long", "no-http", "hung-up", "cut-short"],
)
async def test_whatever_a_server_does_is_a_fault_with_its_mend(desk: Desk, reply: bytes, why: str) -> None:
    async with serving({"/away.ics": reply}) as (port, _):
        [fault] = await desk.diary(f"http://127.0.0.1:{port}/away.ics").load()
    assert why in fault.why
    assert "away.ics" not in fault.why
