"""`handrail clients`: the roster of a mailbox. It is kept encrypted in the store, not in a file."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway import app as house
from gateway.admin.actions import UnknownName
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json
from gateway.core.policy.schema import Client

app = typer.Typer(help="People in therapy whom a mailbox knows, and what was agreed with each.")

Mailbox = Annotated[str, typer.Option("--mailbox", "-m", help="The mailbox's name in gateway.yaml.")]
Address = Annotated[str, typer.Argument(help="The client's own address.")]


@app.command()
def add(
    address: Address,
    mailbox: Mailbox,
    config: Config = DEFAULT,
    name: Annotated[str, typer.Option(help="How they are called.")] = "",
    language: Annotated[str, typer.Option(help="Language of what we write to them, for example de.")] = "",
    urgent_word: Annotated[str, typer.Option(help="The agreed word that makes a message urgent.")] = "",
    policy: Annotated[str, typer.Option(help="A policy of their own.")] = "",
    trusted: Annotated[bool, typer.Option("--trusted", help="Every message of theirs counts as urgent.")] = False,
    always_person: Annotated[bool, typer.Option("--always-person", help="Never take them for a machine.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Never send them anything automatic.")] = False,
    no_acks: Annotated[bool, typer.Option("--no-acks", help="Send them no acks.")] = False,
) -> None:
    """Add a client, or replace what was noted about them."""
    if "@" not in address:
        raise typer.BadParameter(f"{address!r} is no address", param_hint="ADDRESS")
    settings = settings_from(config)
    client = Client(
        address=address,
        name=name,
        language=language,
        urgent_word=urgent_word,
        policy=policy,
        trusted=trusted,
        always_person=always_person,
        quiet=quiet,
        acks=not no_acks,
    )

    async def save() -> None:
        async with house.open_desk(settings) as desk:
            await desk.actions.save_client(mailbox, client)

    try:
        run(save)
    except UnknownName as error:
        raise fail(WRONG, str(error)) from None
    typer.echo(f"Noted for {mailbox}. It holds from the next message on.")


@app.command("list")
def show(mailbox: Mailbox, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List the clients of a mailbox, with what was agreed."""
    settings = settings_from(config)

    async def clients() -> tuple[Client, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.clients(mailbox)

    found = run(clients)
    if as_json:
        print_json([client.model_dump(mode="json") for client in found])
    elif not found:
        typer.echo(f"Nobody is on the roster of {mailbox} yet: `handrail clients add ADDRESS --mailbox {mailbox}`.")
    else:
        Console().print(_table(found))


@app.command()
def forget(address: Address, mailbox: Mailbox, config: Config = DEFAULT) -> None:
    """Take a client off the roster. Their messages stay on record as long as the policy says."""
    settings = settings_from(config)

    async def forgotten() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.forget_client(mailbox, address)

    try:
        found = run(forgotten)
    except UnknownName as error:
        raise fail(WRONG, str(error)) from None
    if not found:
        raise fail(FOUND, f"Nobody with this address is on the roster of {mailbox}.")
    typer.echo("Taken off the roster.")


def _table(found: tuple[Client, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("address", "name", "language", "urgent word", "policy", "agreed"):
        table.add_column(name)
    for one in found:
        agreed = [words for words, holds in _agreed(one).items() if holds]
        table.add_row(one.address, one.name, one.language, one.urgent_word, one.policy, ", ".join(agreed))
    return table


def _agreed(client: Client) -> dict[str, bool]:
    return {
        "always urgent": client.trusted,
        "always a person": client.always_person,
        "quiet": client.quiet,
        "no acks": not client.acks,
    }
