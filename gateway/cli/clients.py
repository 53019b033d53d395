"""`handrail clients`: the roster of a mailbox. It is kept encrypted in the store, not in a file."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, fail, print_json, print_table, say
from gateway.core.policy.client import Client

app = typer.Typer(
    no_args_is_help=True, help="People in therapy whom a mailbox knows, and what was agreed with each. Kept encrypted."
)

_ADDRESS = re.compile(r"[^\s<>,;@]+@[^\s<>,;@]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

Mailbox = Annotated[str, typer.Option("--mailbox", "-m", help="The mailbox's name in gateway.yaml.")]
Address = Annotated[str, typer.Argument(help="The client's own address.")]


@app.command()
def add(
    address: Address,
    mailbox: Mailbox,
    config: Config = DEFAULT,
    name: Annotated[str | None, typer.Option(help="How they are called.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of what we write to them, for example de.")] = None,
    urgent_word: Annotated[str | None, typer.Option(help="The agreed word that makes a message urgent.")] = None,
    policy: Annotated[str | None, typer.Option(help="A policy of their own; an empty one takes it back.")] = None,
    trusted: Annotated[
        bool | None, typer.Option("--trusted/--not-trusted", help="Every message of theirs counts as urgent.")
    ] = None,
    always_person: Annotated[
        bool | None, typer.Option("--always-person/--not-always-person", help="Never take them for a machine.")
    ] = None,
    quiet: Annotated[
        bool | None, typer.Option("--quiet/--not-quiet", help="Never send them anything automatic.")
    ] = None,
    acks: Annotated[bool | None, typer.Option("--acks/--no-acks", help="Send them acks.")] = None,
) -> None:
    """Add a client, or change what was noted about one: what is not named stays as it was.

    Example: `handrail clients add carla@client.example --mailbox ana --name "Carla Reyes" --urgent-word bluebird`
    """
    if not _ADDRESS.fullmatch(address):
        raise typer.BadParameter(
            f"{address!r} is no address; write for example carla@client.example", param_hint="ADDRESS"
        )
    if language and not _LANGUAGE.fullmatch(language):
        raise typer.BadParameter(f"{language!r} is no language; write for example en or de-AT", param_hint="--language")
    settings = settings_from(config)
    must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    if policy:
        must_know("policy", policy, settings.policies, "--policy")
    named = {
        "name": name,
        "language": language,
        "urgent_word": urgent_word,
        "policy": policy,
        "trusted": trusted,
        "always_person": always_person,
        "quiet": quiet,
        "acks": acks,
    }
    changes = {field: value for field, value in named.items() if value is not None}

    async def save() -> None:
        async with house.open_desk(settings) as desk:
            known = await desk.store.client(mailbox, address) or Client(address=address)
            await desk.actions.save_client(mailbox, known.model_copy(update=changes))

    run(save)
    say(f"Noted for {mailbox}. It holds from the next message on.")


@app.command("list")
def show(mailbox: Mailbox, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List the clients of a mailbox, with what was agreed.

    Example: `handrail clients list --mailbox ana`
    """
    settings = settings_from(config)
    must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")

    async def clients() -> tuple[Client, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.clients(mailbox)

    found = run(clients)
    if as_json:
        print_json([client.model_dump(mode="json") for client in found])
    elif not found:
        say(f"Nobody is on the roster of {mailbox} yet: `handrail clients add ADDRESS --mailbox {mailbox}`.")
    else:
        names = ("address", "name", "language", "urgent word", "policy", "agreed")
        print_table([_row(client) for client in found], names)


@app.command()
def forget(address: Address, mailbox: Mailbox, config: Config = DEFAULT) -> None:
    """Take a client off the roster. Their messages stay on record as long as the policy says.

    Example: `handrail clients forget carla@client.example --mailbox ana`
    """
    settings = settings_from(config)
    must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")

    async def forgotten() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.forget_client(mailbox, address)

    if not run(forgotten):
        mend = f"`handrail clients list --mailbox {mailbox}` shows who is"
        raise fail(FOUND, f"Nobody with this address is on the roster of {mailbox}; {mend}.")
    say("Taken off the roster.")


def _row(client: Client) -> tuple[str, ...]:
    agreed = ", ".join(words for words, holds in _agreed(client).items() if holds)
    return client.address, client.name, client.language, client.urgent_word, client.policy, agreed


def _agreed(client: Client) -> dict[str, bool]:
    return {
        "always urgent": client.trusted,
        "always a person": client.always_person,
        "quiet": client.quiet,
        "no acks": not client.acks,
    }
