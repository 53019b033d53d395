"""Runs `gateway.diary.expand` over a calendar's bytes, in a process that is ended where it takes too long.

In go bytes and a span, out come occurrences. The process gets no secrets of ours with its environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.diary.source import Unreadable

#: Seconds, beside those of work that `expand` allows itself: the machine may be busy.
PATIENCE = 180.0
#: What `expand` says by its exit status.
_NO_CALENDAR, _TOO_MANY = 3, 4
#: What a Python needs to start; the rest may hold passwords.
_NEEDED = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONTZPATH", "LANG", "LC_ALL")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event on one occasion. Days are the practice's, both inclusive; instants are None for whole days."""

    first: date
    last: date
    start: datetime | None
    end: datetime | None
    summary: str
    attendees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A calendar's occurrences within a span, and how many series of events made no sense."""

    occurrences: tuple[Occurrence, ...]
    skipped: int


async def occurrences(content: bytes, since: datetime, until: datetime, zone: ZoneInfo) -> Reading:
    """What the calendar says of a span. Raises Unreadable."""
    status, out = await _run(content, since.isoformat(), until.isoformat(), zone.key)
    if status == _NO_CALENDAR:
        raise Unreadable("it is no iCalendar; check that the address gives the calendar itself and not its page")
    if status == _TOO_MANY:
        raise Unreadable("the calendar has too many events; give one of its own to absences and to sessions")
    if status != 0:
        raise Unreadable("the calendar can't be worked out in time; look for events that repeat without sense")
    said = json.loads(out)
    return Reading(tuple(_occurrence(one) for one in said["occurrences"]), said["skipped"])


async def _run(content: bytes, *arguments: str) -> tuple[int, bytes]:
    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    program = (sys.executable, "-m", "gateway.diary.expand", *arguments)
    try:
        process = await asyncio.create_subprocess_exec(
            *program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
        )
    except OSError as error:
        raise Unreadable(f"no process can be started to read a calendar ({error.strerror})") from error
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate(content)
    except TimeoutError:
        raise Unreadable("the calendar can't be worked out in time; the machine is too busy") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out


def _occurrence(said: Mapping[str, Any]) -> Occurrence:
    return Occurrence(
        first=date.fromisoformat(said["first"]),
        last=date.fromisoformat(said["last"]),
        start=_instant(said.get("start")),
        end=_instant(said.get("end")),
        summary=said["summary"],
        attendees=tuple(said["attendees"]),
    )


def _instant(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said).astimezone(UTC) if said is not None else None
