"""`handrail ledger`: reading and answering time, each line with its derivation."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import plain, print_account, print_json, say
from gateway.cli.span import Day, span
from gateway.core.billing.charge import total_charge
from gateway.core.billing.ledger import Line, total

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ledger(
    config: Config = DEFAULT,
    mailbox: Annotated[str, typer.Option("--mailbox", "-m", help="One mailbox only.")] = "",
    since: Day = "",
    until: Day = "",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
) -> None:
    """Show the minutes of reading and answering, message by message, how each was counted, and what it costs.

    Each message is counted by the version of the policy that decided it. What is charged together stands with the
    oldest message of it.

    Example, for one month: `handrail ledger --mailbox ana --since 2026-11-01 --until 2026-11-30 --csv`
    """
    settings = settings_from(config)
    zone = ZoneInfo(settings.gateway.practice.timezone)
    if mailbox:
        must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    if as_json and as_csv:
        raise typer.BadParameter("name one of both", param_hint="--json, --csv")
    first, last = span(since, until, zone)

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


def tell(lines: Sequence[Line], zone: ZoneInfo) -> None:
    """The minutes for people, with their sum; and money, where there is any."""
    charged = any(line.charge for line in lines)
    names = ("received", "from", "read", "answer", "counted", *(("charge",) if charged else ()), "how")
    rows = [
        (
            f"{line.received_at.astimezone(zone):%Y-%m-%d %H:%M}",
            line.author,
            f"{line.read_minutes:.1f}",
            f"{line.answer_minutes:.1f}",
            f"{line.counted_minutes:.1f}",
            *((str(line.charge or ""),) if charged else ()),
            _how(line),
        )
        for line in lines
    ]
    print_account(rows, names, frozenset({"read", "answer", "counted", "charge"}))
    say(f"\n{total(lines):.1f} minutes counted, {len(lines)} {'message' if len(lines) == 1 else 'messages'}.")
    for money in total_charge(lines):
        say(f"{money} charged.")


def _how(line: Line) -> str:
    """What is exempt says so once."""
    return "; ".join(filter(None, (line.derivation, "" if line.exempt else line.charge_derivation)))


def _print_csv(lines: Sequence[Line]) -> None:
    names = [field.name for field in fields(Line) if field.name not in {"ref", "charge"}]
    columns = ["mailbox", "message", *names, "charge", "currency"]
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        row = {name: _cell(plain(getattr(line, name))) for name in names}
        money = (line.charge.amount, line.charge.currency) if line.charge else ("", "")
        where = {"mailbox": line.ref.mailbox, "message": line.ref.key[:12]}
        writer.writerow(where | row | dict(zip(("charge", "currency"), money, strict=True)))


def _cell(value: object) -> str:
    """What a client wrote must not run as a formula in the practice's spreadsheet."""
    text = ("no", "yes")[value] if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
