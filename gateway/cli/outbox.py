"""`handrail outbox`: what still has to be said, and what could not be."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import FOUND, fail, print_json
from gateway.ports import Pending

app = typer.Typer(help="What still has to be said: acks, receipts and alerts that wait or were given up.")


@app.command("list")
def show(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List what waits and what was given up, with the reason."""
    settings = settings_from(config)

    async def pending() -> tuple[Pending, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.outbox()

    found = run(pending)
    if as_json:
        print_json(found)
    elif not found:
        typer.echo("The outbox is empty: everything was said.")
    else:
        Console().print(_table(found))


@app.command()
def retry(number: int, config: Config = DEFAULT) -> None:
    """Try one again at once. A running gateway looks within half a minute."""
    settings = settings_from(config)

    async def again() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.retry(number)

    if not run(again):
        raise fail(FOUND, f"There is no {number} in the outbox; `handrail outbox list` shows the numbers.")
    typer.echo(f"{number} is due now.")


@app.command()
def drop(
    number: int,
    config: Config = DEFAULT,
    yes: bool = typer.Option(False, "--yes", help="Don't ask."),
) -> None:
    """Never send one. This can't be undone."""
    settings = settings_from(config)
    if not yes:
        typer.confirm(f"Never send {number}?", abort=True)

    async def never() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.drop(number)

    if not run(never):
        raise fail(FOUND, f"There is no {number} in the outbox; `handrail outbox list` shows the numbers.")
    typer.echo(f"{number} will not be sent.")


def _table(found: tuple[Pending, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("number", "what", "mailbox", "state", "tries", "due", "last error"):
        table.add_column(name)
    for one in found:
        due = f"{one.due.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), one.kind, one.mailbox, one.state, str(one.attempts), due, one.error)
    return table
