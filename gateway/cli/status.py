"""`handrail status`: how the house is doing."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import DOWN, FOUND, plain, print_json, print_table, say
from gateway.settings.schema import Settings, Web

#: Seconds; the page is on loopback.
_PATIENCE = 3
_NAMES = ("mailbox", "policy", "watch", "tags show as", "last look")
#: What the watch and the mailbox call it, and what an admin does.
_WATCH = {"idle": "up", "looking": "up"}
_TAGS = {"keyword": "a tag", "flagged": "a star", "none": "nothing"}


def status(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show mailboxes, the outbox, the last day and what is wrong with the gateway.

    Asks the running gateway where there is one. Times are the practice's.
    Ends with 0 where all is well, 1 where something needs you, 3 where no gateway answers at `web.listen`.
    """
    settings = settings_from(config)
    page = _page(settings.gateway.web)
    found = _ask(page) if page else None
    running = found is not None
    if found is None:
        found = run(lambda: _from_record(settings))
    found["running"] = running
    if as_json:
        print_json(found)
    else:
        _tell(found, page, ZoneInfo(settings.gateway.practice.timezone), house.users_of(settings))
    unsigned = any(one["mend"] for one in found.get("sign_ins", []))
    if found["store"] or found["troubles"] or unsigned:
        raise typer.Exit(FOUND)
    if page and not running:
        raise typer.Exit(DOWN)


def _page(web: Web | None) -> str:
    """Where the running gateway can be asked; empty where its pages are off or on a port that nobody knows."""
    if web is None or web.listen.endswith(":0"):
        return ""
    return f"http://{web.listen}/status.json"


def _ask(page: str) -> dict[str, Any] | None:
    """What the running gateway says of itself; None where none answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(page, timeout=_PATIENCE) as answer:
            told = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "mailboxes" in told else None


async def _from_record(settings: Settings) -> dict[str, Any]:
    async with house.open_desk(settings) as desk:
        told: dict[str, Any] = plain(await desk.queries.status(desk.clock.now()))
        return told


def _tell(found: dict[str, Any], page: str, zone: ZoneInfo, users: dict[str, str]) -> None:
    if found["running"]:
        say(f"Handrail {found['version']} is running.")
    elif page:
        say(f"Handrail {found['version']} does not answer at {page.rpartition('/')[0]}; this is from the record.")
        say("Start it with `handrail serve`, or look at `web.listen`.")
    else:
        say(f"Handrail {found['version']}: this is from the record. Whether it runs can't be asked: see `web.listen`.")
    if found["store"]:
        say(f"The record: {found['store']}")
    print_table([_row(one, zone) for one in found["mailboxes"]], _NAMES)
    for one in found.get("sign_ins", []):
        say(_sign_in(one, zone, users.get(one["place"], "?")), "  ")
    waiting = ", ".join(f"{count} {state}" for state, count in found["outbox"].items()) or "empty"
    say(f"Outbox: {waiting}")
    day = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found["last_day"].items() if count)
    say(f"Last day: {day or 'no mail'}")
    if promises := found.get("promises"):
        say(f"Promises: {_promises(promises)}")
    for trouble in found["troubles"]:
        say(f"Needs you: {trouble['words']}")


def _sign_in(one: dict[str, Any], zone: ZoneInfo, user: str) -> str:
    """Never a token: who signed in, and when it was renewed."""
    if one["mend"]:
        why = f"the provider ended the sign-in ({one['why']})" if one["why"] else "nobody has signed in yet"
        return f"Needs you: {one['place']}: {why}; run `{one['mend']}`"
    since, renewed = (datetime.fromisoformat(one[key]).astimezone(zone) for key in ("since", "renewed"))
    return f"Signed in: {one['place']} as {user} since {since:%Y-%m-%d}, renewed {renewed:%Y-%m-%d %H:%M}"


def _promises(counts: dict[str, int]) -> str:
    if not counts["open"] + counts["overdue"]:
        return "none is open"
    overdue = f", {counts['overdue']} overdue (`handrail promises --open`)" if counts["overdue"] else ""
    return f"{counts['open']} open{overdue}"


def _row(mailbox: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    state = _WATCH.get(mailbox["watch"], mailbox["watch"])
    watch = f"{state} ({mailbox['why']})" if mailbox["why"] else state
    looked = datetime.fromisoformat(mailbox["looked"]).astimezone(zone) if mailbox["looked"] else None
    seen = f"{looked:%Y-%m-%d %H:%M:%S}" if looked else ""
    return mailbox["name"], mailbox["policy"], watch, _TAGS.get(mailbox["tags"], ""), seen
