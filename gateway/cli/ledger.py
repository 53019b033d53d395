"""`handrail ledger`: reading and answering time, each line with its derivation."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import plain, print_account, print_json, say
from gateway.core.billing.ledger import Line, total

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="In the practice's zone; both ends are included.")]


def ledger(
    config: Config = DEFAULT,
    mailbox: Annotated[str, typer.Option("--mailbox", "-m", help="One mailbox only.")] = "",
    since: Day = "",
    until: Day = "",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
) -> None:
    """Show the minutes of reading and answering, message by message, and how each was counted.

    Example, for one month: `handrail ledger --mailbox ana --since 2026-11-01 --until 2026-11-30 --csv`
    """
    settings = settings_from(config)
    zone = ZoneInfo(settings.gateway.practice.timezone)
    if mailbox:
        must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    if as_json and as_csv:
        raise typer.BadParameter("name one of both", param_hint="--json, --csv")
    first, last = _instant(since, zone, 0, "--since"), _instant(until, zone, 1, "--until")
    if first and last and last <= first:
        raise typer.BadParameter(f"{until} is before {since}; name the earlier day with --since", param_hint="--until")

    async def lines() -> tuple[Line, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.ledger_for(mailbox or None, first, last)

    found = run(lines)
    if as_json:
        print_json(found)
    elif as_csv:
        _print_csv(found)
    elif not found:
        say("Nothing is recorded in this span yet.")
    else:
        tell(found, zone)


def _instant(day: str, zone: ZoneInfo, days: int, option: str) -> datetime | None:
    """The beginning of the day, or of the one after."""
    if not day:
        return None
    try:
        at = date.fromisoformat(day) + timedelta(days=days)
        return datetime.combine(at, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{day!r} is no date; write for example 2026-11-23", param_hint=option) from None


def tell(lines: Sequence[Line], zone: ZoneInfo) -> None:
    """The minutes for people, with their sum."""
    names = ("received", "from", "read", "answer", "counted", "how")
    rows = [
        (
            f"{line.received_at.astimezone(zone):%Y-%m-%d %H:%M}",
            line.author,
            f"{line.read_minutes:.1f}",
            f"{line.answer_minutes:.1f}",
            f"{line.counted_minutes:.1f}",
            line.derivation,
        )
        for line in lines
    ]
    print_account(rows, names, frozenset({"read", "answer", "counted"}))
    say(f"\n{total(lines):.1f} minutes counted, {len(lines)} {'message' if len(lines) == 1 else 'messages'}.")


def _print_csv(lines: Sequence[Line]) -> None:
    names = [field.name for field in fields(Line) if field.name != "ref"]
    writer = csv.DictWriter(sys.stdout, ["mailbox", "message", *names], lineterminator="\n")
    writer.writeheader()
    for line in lines:
        row = {name: _cell(plain(getattr(line, name))) for name in names}
        writer.writerow({"mailbox": line.ref.mailbox, "message": line.ref.key[:12], **row})


def _cell(value: str) -> str:
    """What a client wrote must not run as a formula in the practice's spreadsheet."""
    return f"'{value}" if value.startswith(_FORMULA) else value
