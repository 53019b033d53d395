"""Days on the command line: `--since` and `--until` name days of the practice, and both are included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="In the practice's zone; both ends are included.")]


def span(since: str, until: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The half-open span of instants from the first day to the last; None where an end is left open."""
    first, last = _instant(since, zone, 0, "--since"), _instant(until, zone, 1, "--until")
    if first and last and last <= first:
        raise typer.BadParameter(f"{until} is before {since}; name the earlier day with --since", param_hint="--until")
    return first, last


def _instant(day: str, zone: ZoneInfo, days: int, option: str) -> datetime | None:
    """The beginning of the day, or of the one after."""
    if not day:
        return None
    try:
        at = date.fromisoformat(day) + timedelta(days=days)
        return datetime.combine(at, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{day!r} is no date; write for example 2026-11-23", param_hint=option) from None
