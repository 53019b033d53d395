"""`handrail clients`: the roster of a mailbox. It is kept encrypted in the store, not in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.admin import roster
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, fail, print_json, print_table, say
from gateway.core.decide.decision import Setting
from gateway.core.policy.calendar import Session
from gateway.core.policy.client import Client
from gateway.core.policy.sessions import next_session
from gateway.settings.schema import Settings

app = typer.Typer(
    no_args_is_help=True, help="People in therapy whom a mailbox knows, and what was agreed with each. Kept encrypted."
)

Mailbox = Annotated[str, typer.Option("--mailbox", "-m", help="The mailbox's name in gateway.yaml.")]
Address = Annotated[str, typer.Argument(help="The client's own address.")]
#: Fields whose option is called otherwise.
_OPTIONS = {"address": "ADDRESS", "sessions": "--session"}


@app.command()
def add(
    address: Address,
    mailbox: Mailbox,
    config: Config = DEFAULT,
    name: Annotated[str | None, typer.Option(help="How they are called.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of what we write to them, for example de.")] = None,
    country: Annotated[
        str | None, typer.Option(help="Where they live, two letters (ISO 3166-1): its crisis lines are named to them.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="The zone in which they are told times, for example Europe/Berlin.")
    ] = None,
    urgent_word: Annotated[str | None, typer.Option(help="The agreed word that makes a message urgent.")] = None,
    policy: Annotated[str | None, typer.Option(help="A policy of their own; an empty one takes it back.")] = None,
    messages: Annotated[
        int | None, typer.Option(min=0, help="Messages they may write in each period; 0 for the policy's number.")
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(
            help="When they are seen: `thu 15:00-15:50`, or `thu 15:00-15:50 every 2 weeks from 2026-11-26`. "
            "Give it once for each; an empty one takes all back."
        ),
    ] = None,
    calendar_name: Annotated[
        str | None, typer.Option(help="How the sessions calendar calls them: the summary of their events.")
    ] = None,
    exempt: Annotated[bool | None, typer.Option("--exempt/--not-exempt", help="Never charge them anything.")] = None,
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
    """Add a client, or change what was noted about one: what is not named stays as it was, and `""` takes it back.

    Sessions are in the practice's zone. Examples:

    * `handrail clients add carla@client.example --mailbox ana --name "Carla Reyes" --urgent-word bluebird`

    * `handrail clients add tom@client.example --mailbox ana --session "thu 15:00-15:50" --country NZ`
    """
    settings = _settings(config, mailbox)
    written = {
        "address": address,
        "name": name,
        "language": language,
        "country": country,
        "timezone": timezone,
        "urgent_word": urgent_word,
        "policy": policy,
        "messages": None if messages is None else str(messages),
        "sessions": None if session is None else ";".join(session),
        "calendar_name": calendar_name,
    }
    flags = {"exempt": exempt, "trusted": trusted, "always_person": always_person, "quiet": quiet, "acks": acks}
    changes = {field: _value(field, text) for field, text in written.items() if text is not None}
    changes |= {field: flag for field, flag in flags.items() if flag is not None}
    if changes.get("policy"):
        must_know("policy", changes["policy"], settings.policies, "--policy")
    run(lambda: _save(settings, mailbox, changes))
    say(f"Noted for {mailbox}. It holds from the next message on.")
    if changes.get("country"):
        _hint(settings, changes["country"])


def _value(field: str, text: str) -> Any:
    try:
        return roster.value(field, text)
    except ValueError as error:
        option = _OPTIONS.get(field, f"--{field.replace('_', '-')}")
        raise typer.BadParameter(str(error), param_hint=option) from None


async def _save(settings: Settings, mailbox: str, changes: Mapping[str, Any]) -> None:
    async with house.open_desk(settings) as desk:
        known = await desk.queries.client(mailbox, changes["address"]) or Client(address=changes["address"])
        await desk.actions.save_client(mailbox, roster.changed(known, {**changes, "address": known.address}))


def _hint(settings: Settings, country: str) -> None:
    """What a country is noted for may be missing."""
    if country not in settings.crisis_lines:
        say(f"No crisis lines of {country} are known here, so what we write names the practice's own.")


@app.command("list")
def everybody(mailbox: Mailbox, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List the clients of a mailbox, with what was agreed.

    Example: `handrail clients list --mailbox ana`
    """
    settings = _settings(config, mailbox)

    async def clients() -> tuple[Client, ...]:
        async with house.open_desk(settings) as desk:
            return await desk.queries.clients(mailbox)

    found = run(clients)
    if as_json:
        print_json([client.model_dump(mode="json") for client in found])
    elif not found:
        say(f"Nobody is on the roster of {mailbox} yet: `handrail clients add ADDRESS --mailbox {mailbox}`.")
    else:
        names = ("address", "name", "language", "country", "zone", "urgent word", "policy", "sessions", "agreed")
        print_table([_row(client) for client in found], names)


@dataclass(frozen=True)
class _Whole:
    """A client with what holds for them now."""

    client: Client
    setting: Setting
    session: Session | None


@app.command()
def show(address: Address, mailbox: Mailbox, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show all that is noted about one client, the policy that holds for them, and their next session.

    Example: `handrail clients show carla@client.example --mailbox ana`
    """
    settings = _settings(config, mailbox)

    async def whole() -> _Whole | None:
        async with house.open_desk(settings) as desk:
            client, now = await desk.queries.client(mailbox, address), desk.clock.now()
            if client is None:
                return None
            policy = desk.in_force.default_route(mailbox).policy
            setting = desk.in_force.setting(mailbox, policy, client, now)
            return _Whole(client, setting, next_session(client, setting.calendar, now))

    found = run(whole)
    if found is None:
        raise _nobody(mailbox)
    if as_json:
        holds = {"name": found.setting.policy_name, "version": found.setting.version}
        print_json({**found.client.model_dump(mode="json"), "in_force": holds, "next_session": found.session})
    else:
        _tell(found, ZoneInfo(settings.gateway.practice.timezone))


@app.command()
def forget(address: Address, mailbox: Mailbox, config: Config = DEFAULT) -> None:
    """Take a client off the roster. Their messages stay on record as long as the policy says.

    Example: `handrail clients forget carla@client.example --mailbox ana`
    """
    settings = _settings(config, mailbox)

    async def forgotten() -> bool:
        async with house.open_desk(settings) as desk:
            return await desk.actions.forget_client(mailbox, address)

    if not run(forgotten):
        raise _nobody(mailbox)
    say("Taken off the roster.")


def _settings(config: Any, mailbox: str) -> Settings:
    settings = settings_from(config)
    must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    return settings


def _nobody(mailbox: str) -> typer.Exit:
    mend = f"`handrail clients list --mailbox {mailbox}` shows who is"
    return fail(FOUND, f"Nobody with this address is on the roster of {mailbox}; {mend}.")


def _row(client: Client) -> tuple[str, ...]:
    agreed = ", ".join(words for words, holds in _agreed(client).items() if holds)
    noted = (client.address, client.name, client.language, client.country, client.timezone, client.urgent_word)
    return *noted, client.policy, roster.cell(client, "sessions"), agreed


def _agreed(client: Client) -> dict[str, bool]:
    return {
        "always urgent": client.trusted,
        "always a person": client.always_person,
        "quiet": client.quiet,
        "no acks": not client.acks,
        f"{client.messages} messages": client.messages is not None,
        "never charged": client.exempt,
    }


def _tell(found: _Whole, zone: ZoneInfo) -> None:
    client, setting = found.client, found.setting
    own = "their own" if client.policy == setting.policy_name else "the mailbox's"
    version = f", version {setting.version}" if setting.version else ""
    coming = setting.coming
    change = f"; version {coming.number} from {_local(coming.since, zone)}" if coming else ""
    rows = [
        *((name.replace("_", " "), roster.cell(client, name)) for name in ("address", "name", "language", "country")),
        ("time zone", client.timezone),
        ("urgent word", client.urgent_word),
        ("sessions", roster.cell(client, "sessions")),
        ("calendar", client.calendar_name),
        ("agreed", ", ".join(words for words, holds in _agreed(client).items() if holds)),
        ("policy", f"{setting.policy_name} ({own}{version}){change}"),
        ("next seen", _session(found.session, zone)),
    ]
    for name, text in rows:
        if text:
            say(f"{name:12} {text}", " " * 13)


def _session(session: Session | None, zone: ZoneInfo) -> str:
    if session is None:
        return "no session is known"
    return f"{_local(session.start, zone)}-{session.end.astimezone(zone):%H:%M}"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%A %Y-%m-%d %H:%M}"
