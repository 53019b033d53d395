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
from rich.console import Console

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import plain, print_json
from gateway.core.billing.ledger import Line
from gateway.demo import ledger_table

Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="In the practice's zone; both ends are included.")]


def ledger(
    config: Config = DEFAULT,
    mailbox: Annotated[str, typer.Option(help="One mailbox only.")] = "",
    since: Day = "",
    until: Day = "",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
) -> None:
    """Show the minutes of reading and answering, message by message, and how each was counted."""
    settings = settings_from(config)
    zone = ZoneInfo(settings.gateway.practice.timezone)
    if mailbox and mailbox not in settings.gateway.mailboxes:
        known = ", ".join(sorted(settings.gateway.mailboxes))
        raise typer.BadParameter(f"there is no mailbox {mailbox!r}; there is {known}", param_hint="--mailbox")
    first, last = _instant(since, zone, 0, "--since"), _instant(until, zone, 1, "--until")

    async def lines() -> tuple[Line, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.ledger_for(mailbox or None, first, last)

    found = run(lines)
    if as_json:
        print_json(found)
    elif as_csv:
        _print_csv(found)
    elif not found:
        typer.echo("Nothing is recorded in this span yet.")
    else:
        Console().print(ledger_table(found))


def _instant(day: str, zone: ZoneInfo, days: int, option: str) -> datetime | None:
    """The beginning of the day, or of the one after."""
    if not day:
        return None
    try:
        at = date.fromisoformat(day) + timedelta(days=days)
    except ValueError:
        raise typer.BadParameter(f"{day!r} is no date; write for example 2026-11-23", param_hint=option) from None
    return datetime.combine(at, time(), zone).astimezone(UTC)


def _print_csv(lines: Sequence[Line]) -> None:
    names = [field.name for field in fields(Line) if field.name != "ref"]
    writer = csv.DictWriter(sys.stdout, ["mailbox", "message", *names], lineterminator="\n")
    writer.writeheader()
    for line in lines:
        row = {name: plain(getattr(line, name)) for name in names}
        writer.writerow({"mailbox": line.ref.mailbox, "message": line.ref.key[:12], **row})
