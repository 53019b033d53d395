"""Calendars for tests, as programs write them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

_NUMBERS: Iterator[int] = count()


def calendar(*events: str, head: str = "") -> bytes:
    """A whole calendar."""
    first = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//calendar//EN\n{head}"
    return f"{first}{''.join(events)}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def event(start: str, end: str = "", *lines: str, uid: str = "") -> str:
    """An event by the values of DTSTART and DTEND with their parameters: `;VALUE=DATE:20260302`."""
    uid = uid or f"{next(_NUMBERS)}@calendar.example"
    given = [f"DTSTART{start}", *([f"DTEND{end}"] if end else []), *lines]
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *given, "END:VEVENT", ""])
