"""`handrail promises`: what clients were promised, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.admin.promises import Line, Report
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import print_json, print_table, say
from gateway.cli.span import Day, span
from gateway.core import addresses
from gateway.settings.schema import Settings

_NUMBERS = frozenset({"late"})


def promises(
    config: Config = DEFAULT,
    mailbox: Annotated[str, typer.Option("--mailbox", "-m", help="One mailbox only.")] = "",
    since: Day = "",
    until: Day = "",
    standing: Annotated[
        bool, typer.Option("--open", help="List only what can still be done, overdue or not; the sums are of all.")
    ] = False,
    names: Annotated[bool, typer.Option("--names", help="Say whom each was promised to.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was promised about each message, read by and answered by, and whether it was kept.

    A promise belongs to the oldest unanswered message of a client, and only the therapist's own answer keeps it.
    What is `moot` counts neither way: it is part of an older promise, or nobody looked in time to tell.
    Times are the practice's; nobody is named without `--names`. Examples:

    * `handrail promises --open` for what is to be done, the oldest first

    * `handrail promises --mailbox ana --since 2026-11-01 --until 2026-11-30` for how a month went
    """
    settings = settings_from(config)
    zone = ZoneInfo(settings.gateway.practice.timezone)
    if mailbox:
        must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    first, last = span(since, until, zone)

    async def reported() -> tuple[Report, Mapping[str, str]]:
        async with house.open_desk(settings) as desk:
            now = desk.clock.now()
            asked = (mailbox or None, first, last, now)
            found = await desk.queries.promises_for(*asked, standing=standing, personal=names)
            return found, await _names(desk, settings) if names else {}

    found, called = run(reported)
    if as_json:
        print_json(found)
    else:
        _tell(found, called if names else None, zone, standing=standing)


async def _names(desk: house.Desk, settings: Settings) -> Mapping[str, str]:
    """Names by address, as the roster has them."""
    rosters = [await desk.queries.clients(mailbox) for mailbox in settings.gateway.mailboxes]
    return {addresses.key(client.address): client.name for roster in rosters for client in roster if client.name}


def _tell(found: Report, called: Mapping[str, str] | None, zone: ZoneInfo, *, standing: bool) -> None:
    whom = ("from",) if called is not None else ()
    heads = ("received", *whom, "message", "mailbox", "policy", "promised", "by", "state", "done", "late")
    if found.lines:
        print_table([_row(line, called, zone) for line in found.lines], heads, _NUMBERS)
        say()
    elif standing:
        say("Nothing is open.")
    say(_sums(found))
    if found.brief.answers:
        answers, longer = found.brief.answers, found.brief.longer
        say(f"Answers that were to be brief: {answers}, of which longer: {longer}.")
    for name in found.unwatched:
        say(f"{name} has no `watch`, so nobody can tell what was read or answered there.")


def _sums(found: Report) -> str:
    if not found.kept + found.broken + found.open + found.moot:
        return "Nothing was promised in this span."
    overdue = f" ({found.overdue} of them still to be done)" if found.overdue else ""
    share = "" if found.share is None else f" Kept: {found.share:.0%} of what is settled."
    return f"{found.kept} kept, {found.broken} broken{overdue}, {found.open} open, {found.moot} moot.{share}"


def _row(line: Line, called: Mapping[str, str] | None, zone: ZoneInfo) -> tuple[str, ...]:
    whom = () if called is None else (called.get(addresses.key(line.author), line.author),)
    state = "overdue" if line.state == "broken" and line.standing else line.state
    late = in_short(line.late) if line.late else ""
    by = _local(line.by, zone) if line.by else "no set time"
    described = (line.ref, line.mailbox, line.policy, line.what)
    return _local(line.received, zone), *whom, *described, by, state, _local(line.at, zone), late


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}" if at else ""


def in_short(span_of_time: timedelta) -> str:
    """`25 min`, `3 h 05 min`, `2 d 4 h`; a part of a minute is a whole one, for late is late."""
    minutes = -(-int(span_of_time.total_seconds()) // 60) or 1
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60:02} min" if hours else f"{minutes} min"
