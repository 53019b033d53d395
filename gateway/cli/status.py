"""`handrail status`: how the house is doing."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import FOUND, plain, print_json
from gateway.settings.schema import Settings

#: Seconds; the page is on loopback.
_PATIENCE = 3


def status(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show mailboxes, the outbox, the last day and what needs a person. Asks the running gateway where there is one."""
    settings = settings_from(config)
    found = _ask(settings)
    running = found is not None
    if found is None:
        found = run(lambda: _from_record(settings))
    found["running"] = running
    if as_json:
        print_json(found)
    else:
        _tell(found)
    if found["store"] or found["troubles"]:
        raise typer.Exit(FOUND)


def _ask(settings: Settings) -> dict[str, Any] | None:
    """What the running gateway says of itself; None where none answers."""
    web = settings.gateway.web
    if web is None:
        return None
    try:
        with urllib.request.urlopen(f"http://{web.listen}/status.json", timeout=_PATIENCE) as page:
            told = json.load(page)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "mailboxes" in told else None


async def _from_record(settings: Settings) -> dict[str, Any]:
    async with house.open_desk(settings) as desk:
        told: dict[str, Any] = plain(await desk.queries.status(desk.clock.now()))
        return told


def _tell(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    where = "is running" if found["running"] else "is not running, or its page is off; this is from the record"
    console.print(f"Handrail {found['version']} {where}.")
    if found["store"]:
        console.print(f"[bold]The record:[/] {found['store']}")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("mailbox", "policy", "watch", "tags", "last look"):
        table.add_column(name)
    for one in found["mailboxes"]:
        watch = f"{one['watch']} ({one['why']})" if one["why"] else one["watch"]
        table.add_row(one["name"], one["policy"], watch, one["tags"] or "", (one["looked"] or "")[:19])
    console.print(table)
    waiting = ", ".join(f"{count} {state}" for state, count in found["outbox"].items()) or "empty"
    console.print(f"Outbox: {waiting}")
    day = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found["last_day"].items() if count)
    console.print(f"Last day: {day or 'no mail'}")
    for trouble in found["troubles"]:
        console.print(f"[bold]Needs you:[/] {trouble['words']}")
