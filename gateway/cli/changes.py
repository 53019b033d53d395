"""`handrail policy versions` and `policy announce`: what clients were told, and how they hear of a change to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.admin.cards import about_for
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, fail, print_json, say
from gateway.core.billing.ledger import PolicyOf
from gateway.core.decide.change import Plan
from gateway.core.effects import Notice
from gateway.core.policy.calendar import local_day
from gateway.core.policy.schema import Policy
from gateway.core.policy.sheet import Change
from gateway.core.policy.versions import Version, in_force
from gateway.settings.schema import Settings

Name = Annotated[str, typer.Argument(help="A name that `handrail policy list` shows.")]


@dataclass(frozen=True)
class _Version:
    """One version, and what it changed for clients."""

    number: int
    state: Literal["in force", "coming", "overtaken", "past"]
    since: datetime
    recorded: datetime
    changes: tuple[Change, ...]


def versions(name: Name, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show the versions of a policy: since when each holds, when its file was first seen, and what it changed.

    A change that clients are told of is `coming` until its notice is over; one that another change followed before
    that is `overtaken` and never holds. The newest comes first; times are the practice's. Example:

    `handrail policy versions mornings-billed`
    """
    settings = settings_from(config)

    async def kept() -> tuple[_Version, ...]:
        async with house.open_desk(settings) as desk:
            found = desk.in_force.versions(name)
            if not found:
                must_know("policy", name, settings.policies, "NAME")
            return _told(settings, found, desk.clock.now())

    found = run(kept)
    if as_json:
        print_json([_by_name(version) for version in found])
    elif not found:
        say(f"No version of {name} is kept yet: `handrail serve` keeps the first, and so does")
        say(f"`handrail policy announce {name}`.")
    else:
        zone = ZoneInfo(settings.gateway.practice.timezone)
        for version in reversed(found):
            _tell_version(version, zone)


def _told(settings: Settings, kept: Sequence[Version], now: datetime) -> tuple[_Version, ...]:
    ordered = sorted(kept, key=lambda one: one.number)
    holds = in_force(ordered, now)
    before: Version | None = None
    found = []
    for version in ordered:
        changes = _changes(settings, before.policy, version) if before else ()
        state = _state(version, ordered, holds, now)
        found.append(_Version(version.number, state, version.since, version.recorded, changes))
        before = version
    return tuple(found)


def _state(
    version: Version, every: Sequence[Version], holds: Version | None, now: datetime
) -> Literal["in force", "coming", "overtaken", "past"]:
    if version is holds:
        return "in force"
    if any(one.number > version.number and one.recorded < version.since for one in every):
        return "overtaken"
    return "coming" if version.since > now else "past"


def _changes(settings: Settings, before: Policy, version: Version) -> tuple[Change, ...]:
    """As a client would read them, in the practice's language."""
    seen = local_day(version.recorded, ZoneInfo(settings.gateway.practice.timezone))
    about = about_for(settings, version.name, seen)
    try:
        return house.cards_of(settings).difference(before, version.policy, about, about.language, version.name)
    except ValueError as error:
        raise _at_fault(error) from None


def _by_name(one: _Version | _Announcement) -> dict[str, Any]:
    """For JSON."""
    told = {field.name: getattr(one, field.name) for field in fields(one)}
    return {**told, "changes": [change._asdict() for change in one.changes]}


def _at_fault(error: ValueError) -> typer.Exit:
    return fail(FOUND, f"{error}; `handrail check` says why")


def _tell_version(version: _Version, zone: ZoneInfo) -> None:
    since, recorded = _local(version.since, zone), _local(version.recorded, zone)
    say(f"version {version.number}: {version.state}, since {since} (its file was first seen {recorded})")
    for change in version.changes:
        say(f"  {change.question}", "  ")
        say(f"    before: {change.before}", "  ")
        say(f"    now:    {change.after}", "  ")
    if version.number > 1 and not version.changes:
        say("  nothing that a client would notice")


@dataclass(frozen=True)
class _Letter:
    """A notice in one language, and how many clients get it. Nobody is named."""

    language: str
    clients: int
    due: datetime
    subject: str
    body: str


@dataclass(frozen=True)
class _Announcement:
    """What follows from one changed file."""

    policy: str
    version: int
    since: datetime
    told: int
    changes: tuple[Change, ...]
    letters: tuple[_Letter, ...]


def announce(
    name: Annotated[str, typer.Argument(help="One policy only; without it, every one whose file has changed.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, and do nothing.")] = False,
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Announce changed policies to the clients whom they are about: how many, from when on, and in which words.

    It is what a gateway does at its start, and when it takes up changed settings (SIGHUP). The notices go out after the
    policy's `change.announce_after`; put the file back before that and announce again, and they don't. Until its notice
    is over the old version decides. Example, to look first:

    `handrail policy announce mornings-billed --dry-run`
    """
    settings = settings_from(config)
    if name:
        must_know("policy", name, settings.policies, "NAME")

    async def announced() -> tuple[_Announcement, ...]:
        async with house.open_desk(settings) as desk:
            before = {one: desk.in_force.versions(one) for one in settings.policies}
            plans = await (desk.changes.plans(desk.clock.now(), name) if dry_run else desk.changes.take_up(name))
            return tuple(_announcement(settings, plan, before[plan.version.name]) for plan in plans)

    found = run(announced)
    if as_json:
        print_json({"dry_run": dry_run, "announced": [_by_name(one) for one in found]})
        return
    if not found:
        say(f"{name or 'Every policy'} is as it was last recorded: there is nothing to announce.")
    zone = ZoneInfo(settings.gateway.practice.timezone)
    if first := [one.policy for one in found if one.version == 1]:
        say(f"Kept as they are, since a change is told by what was before: {', '.join(first)}.")
    for one in found:
        if one.version > 1:
            _tell(one, zone)
    if found and dry_run:
        say("Nothing was done; without --dry-run it is.")
    elif found:
        say(
            "A gateway that runs goes by it once it is told to take up changed settings (SIGHUP), or at its next start."
        )


def _announcement(settings: Settings, plan: Plan, before: Sequence[Version]) -> _Announcement:
    version, known = plan.version, {one.number: one.policy for one in (*before, plan.version)}

    def policy_of(name: str, number: int) -> Policy | None:
        return known.get(number) if name == version.name else settings.policies.get(name)

    notices = [effect for effect in plan.effects if isinstance(effect, Notice)]
    told = known.get(notices[0].before) if notices else None
    changes = _changes(settings, told, version) if told else ()
    letters = tuple(_letters(settings, notices, policy_of))
    return _Announcement(version.name, version.number, version.since, plan.told, changes, letters)


def _letters(settings: Settings, notices: Sequence[Notice], policy_of: PolicyOf) -> Iterator[_Letter]:
    """One for each language that the clients are written to in."""
    wording = house.templates_of(settings, policy_of)
    spoken = Counter(notice.language for notice in notices)
    first = {notice.language: notice for notice in reversed(notices)}
    for language, count in spoken.most_common():
        try:
            words = wording.render(first[language])
        except ValueError as error:
            raise _at_fault(error) from None
        yield _Letter(language, count, first[language].due, words.subject, words.text)


def _tell(one: _Announcement, zone: ZoneInfo) -> None:
    people = "nobody is" if not one.told else "1 client is" if one.told == 1 else f"{one.told} clients are"
    say(f"{one.policy}: version {one.version} holds from {_local(one.since, zone)}; {people} told of it.")
    for letter in one.letters:
        count = f"{letter.clients} in {letter.language}"
        say(f"\n  {count}, at {_local(letter.due, zone)}\n  Subject: {letter.subject}\n")
        say("\n".join(f"  {line}".rstrip() for line in letter.body.splitlines()))
    say()


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%A %Y-%m-%d %H:%M}"
