"""`handrail clients import` and `export`: a roster as a table that a spreadsheet makes and reads."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway import app as house
from gateway.admin.roster import COLUMNS, BadTable, Entry, read_table, write_table
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json, say
from gateway.core.policy.client import Client

Mailbox = Annotated[str, typer.Option("--mailbox", "-m", help="The mailbox's name in gateway.yaml.")]


def read(
    file: Annotated[Path, typer.Argument(help="A table (.csv) in UTF-8; - reads it from standard input.")],
    mailbox: Mailbox,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Add and change clients by a table: all of it, or, where a line is wrong, nothing.

    The first line names the fields, as `handrail clients export` writes them; `address` must be among them. A column
    that is not there leaves what was noted, an empty cell takes it back. Several sessions are parted by `;`.
    Who is not in the table stays. Ends with 1 where a line is wrong. Example:

    `handrail clients import roster.csv --mailbox ana --dry-run`
    """
    settings = settings_from(config)
    must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    text = _text(file)

    async def entries() -> tuple[Entry, ...]:
        async with house.open_desk(settings) as desk:
            found = read_table(text, await desk.queries.clients(mailbox), settings.policies)
            if not dry_run:
                await desk.actions.save_clients(mailbox, [one.client for one in found if one.what != "unchanged"])
            return found

    try:
        found = run(entries)
    except BadTable as error:
        if as_json:
            print_json({"faults": error.faults})
            raise typer.Exit(FOUND) from None
        raise fail(FOUND, f"{error}\nNothing was noted: mend these, and import it again.") from None
    if as_json:
        lines = [{"line": one.line, "what": one.what} for one in found]
        print_json({"faults": [], "dry_run": dry_run, "lines": lines})
    else:
        _tell(found, mailbox, dry_run=dry_run)


def write(mailbox: Mailbox, config: Config = DEFAULT) -> None:
    """Print the roster of a mailbox as a table (CSV) that `handrail clients import` takes.

    It names people: keep it where only you can read it, and no longer than you need it. Example:

    `handrail clients export --mailbox ana > roster.csv`
    """
    settings = settings_from(config)
    must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")

    async def clients() -> tuple[Client, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.clients(mailbox)

    sys.stdout.write(write_table(run(clients)))


def _text(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode()
    except OSError as error:
        mend = "name a table (.csv), or - for standard input"
        raise fail(WRONG, f"{file} can't be read ({error.strerror}); {mend}") from None
    except UnicodeDecodeError:
        mend = "save it as CSV in UTF-8"
        raise fail(WRONG, f"{file} is no text in UTF-8; {mend}; the columns are {', '.join(COLUMNS)}") from None


def _tell(found: Sequence[Entry], mailbox: str, *, dry_run: bool) -> None:
    counts = Counter(entry.what for entry in found)
    told = ", ".join(f"{counts[what]} {what}" for what in ("new", "changed", "unchanged") if counts[what])
    if dry_run:
        for entry in found:
            say(f"line {entry.line}: {entry.what}")
        say(f"It would be noted for {mailbox}: {told or 'nothing'}. Without --dry-run it is done.")
    else:
        say(f"Noted for {mailbox}: {told or 'nothing'}.")
