"""`handrail outbox`: what still has to be said, and what could not be."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import FOUND, fail, print_json, print_table, say
from gateway.ports import Pending

app = typer.Typer(
    no_args_is_help=True, help="What still has to be said: acks, receipts and alerts that wait or were given up."
)

Number = Annotated[int, typer.Argument(help="The number that `handrail outbox list` shows.")]


@app.command("list")
def show(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List what waits and what was given up, with the reason; times are the practice's."""
    settings = settings_from(config)

    async def pending() -> tuple[Pending, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.outbox()

    found = run(pending)
    if as_json:
        print_json(found)
    elif not found:
        say("The outbox is empty: everything was said.")
    else:
        zone = ZoneInfo(settings.gateway.practice.timezone)
        names = ("number", "what", "mailbox", "state", "tries", "due", "last error")
        print_table([_row(one, zone) for one in found], names, frozenset({"number", "tries"}))


@app.command()
def retry(number: Number, config: Config = DEFAULT) -> None:
    """Try one again at once, given up or not. A running gateway looks within half a minute.

    Example: `handrail outbox retry 17`
    """
    settings = settings_from(config)

    async def again() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.retry(number)

    if not run(again):
        raise _unknown(number)
    say(f"{number} is due now.")


@app.command()
def drop(
    number: Number,
    config: Config = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Never send one. This can't be undone.

    Example: `handrail outbox drop 17`
    """
    settings = settings_from(config)
    if not yes:
        typer.confirm(f"Never send {number}?", abort=True)

    async def never() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.drop(number)

    if not run(never):
        raise _unknown(number)
    say(f"{number} will not be sent.")


def _unknown(number: int) -> typer.Exit:
    return fail(FOUND, f"There is no {number} in the outbox; `handrail outbox list` shows the numbers.")


def _row(one: Pending, zone: ZoneInfo) -> tuple[str, ...]:
    due = f"{one.due.astimezone(zone):%Y-%m-%d %H:%M}"
    return str(one.id), one.kind, one.mailbox, one.state, str(one.attempts), due, one.error
