"""`handrail simulate`: what a policy, or one beside another, would have made of recorded mail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import add
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from jinja2 import TemplateError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.app.roster import roster_of
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json, print_table, say
from gateway.settings.schema import Settings
from gateway.simulation import (
    Circumstances,
    Findings,
    Mail,
    NoMail,
    Span,
    find,
    open_mail,
    page,
    sections,
    sent_beside,
    taken_for_granted,
)
from gateway.simulation import (
    simulate as play,
)

Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="In the practice's zone; both ends are included.")]


@dataclass(frozen=True)
class _Wanted:
    """What the command line asks for."""

    settings: Settings
    mailbox: str
    policies: tuple[str, ...]
    mail: Mail
    #: None where no sent mail was given or found.
    sent: Mail | None
    span: Span
    names: bool
    with_roster: bool

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.gateway.practice.timezone)


def simulate(
    recorded: Annotated[list[Path], typer.Argument(metavar="MBOX|MAILDIR...", help="Mail that clients wrote.")],
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", "-p", help="A name that `handrail policy list` shows; twice compares. "),
    ] = None,
    sent: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MBOX|MAILDIR", help="The therapist's answers; a Maildir's own `.Sent` is found by itself."
        ),
    ] = None,
    mailbox: Annotated[str, typer.Option("--mailbox", "-m", help="Whose mail it is.")] = "",
    since: Day = "",
    until: Day = "",
    roster: Annotated[bool, typer.Option("--roster/--no-roster", help="Take clients as the roster has them.")] = True,
    names: Annotated[bool, typer.Option("--names", help="Name authors and subjects of broken promises.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with charts as well.")] = None,
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Run recorded mail through a policy: acks, promises kept and broken, receipts, urgency, allowance, minutes, money.

    Sends nothing and leaves the practice's record alone. Examples:

    * `handrail simulate --policy mornings-billed ~/Mail/inbox.mbox --sent ~/Mail/sent.mbox`

    * `handrail simulate --policy mornings-billed --policy open-door ~/Maildir --html compared.html`
    """
    settings = settings_from(config)
    wanted = _wanted(settings, recorded, sent or [], policy or [], mailbox, (since, until), names, roster)
    found, about = run(lambda: _found(wanted))
    if html is not None:
        _write(html, wanted, found, about)
    if as_json:
        print_json(
            {
                "mailbox": wanted.mailbox,
                "taken_for_granted": taken_for_granted(about, found),
                "policies": found,
            }
        )
        return
    _tell(wanted, found, about)
    if html is not None:
        say(f"\nThe page is in {html}.")


def _wanted(
    settings: Settings,
    recorded: Sequence[Path],
    sent: Sequence[Path],
    policies: Sequence[str],
    mailbox: str,
    days: tuple[str, str],
    names: bool,
    with_roster: bool,
) -> _Wanted:
    known = settings.gateway.mailboxes
    mailbox = mailbox or next(iter(known))
    must_know("mailbox", mailbox, known, "--mailbox")
    policies = tuple(dict.fromkeys(policies)) or (known[mailbox].policy,)
    for name in policies:
        must_know("policy", name, settings.policies, "--policy")
    zone = ZoneInfo(settings.gateway.practice.timezone)
    span = Span(_day(days[0], zone, 0, "--since"), _day(days[1], zone, 1, "--until"))
    if span.since and span.until and span.until <= span.since:
        raise typer.BadParameter(
            f"{days[1]} is before {days[0]}; name the earlier day with --since", param_hint="--until"
        )
    folders = list(sent) or [one for path in recorded for one in sent_beside(path, known[mailbox].sent)]
    mail, answers = _mail(recorded), _mail(folders) if folders else None
    return _Wanted(settings, mailbox, policies, mail, answers, span, names, with_roster)


def _mail(paths: Sequence[Path]) -> Mail:
    try:
        return reduce(add, (open_mail(path) for path in paths))
    except NoMail as error:
        raise fail(WRONG, str(error)) from None


def _day(day: str, zone: ZoneInfo, days: int, option: str) -> datetime | None:
    """The beginning of the day, or of the one after."""
    if not day:
        return None
    try:
        at = date.fromisoformat(day) + timedelta(days=days)
        return datetime.combine(at, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{day!r} is no date; write for example 2026-11-23", param_hint=option) from None


async def _found(wanted: _Wanted) -> tuple[list[Findings], Circumstances]:
    """Each policy's numbers, one policy after the other."""
    clients, why = await roster_of(wanted.settings, wanted.mailbox) if wanted.with_roster else ((), "")
    mail, sent = wanted.mail.before(wanted.span.until), wanted.sent or Mail(())
    about = Circumstances(
        messages=len(mail.messages),
        undated=wanted.mail.undated + sent.undated,
        marked=any(one.read is not None for one in mail.messages),
        sent=None if wanted.sent is None else len(sent.messages),
        roster=len(clients) if wanted.with_roster and not why else None,
        no_roster=why,
    )
    found = []
    for name in wanted.policies:
        with _progress(name, len(mail.messages) + len(sent.messages)) as progress:
            played = await play(wanted.settings, wanted.mailbox, name, mail, sent, roster=clients, progress=progress)
        found.append(
            find(played, wanted.settings.policies, wanted.zone, wanted.span, clients=clients, names=wanted.names)
        )
    return found, about


@contextmanager
def _progress(policy: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error where that is a terminal; else nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(policy, total=total)
        yield lambda done: shown.update(task, completed=done)


def _tell(wanted: _Wanted, found: Sequence[Findings], about: Circumstances) -> None:
    rows: list[tuple[str, ...]] = []
    for section in sections(found):
        rows += [(f"{section.title}:", *("" for _ in found))]
        rows += [(f"  {row.label}", *row.cells) for row in section.rows]
    print_table(rows, ("", *wanted.policies), frozenset(wanted.policies))
    say()
    for one in found:
        if one.late and wanted.names:
            say(f"Broken under {one.policy}:")
            late = [
                (
                    f"{late.received.astimezone(wanted.zone):%Y-%m-%d %H:%M}",
                    f"{late.by.astimezone(wanted.zone):%Y-%m-%d %H:%M}",
                    late.author,
                    late.subject,
                )
                for late in one.late
            ]
            print_table(late, ("came", "promised by", "from", "subject"))
            say()
    for sentence in taken_for_granted(about, found):
        say(sentence, "  ")


def _write(path: Path, wanted: _Wanted, found: Sequence[Findings], about: Circumstances) -> None:
    practice = wanted.settings.gateway.practice
    own = wanted.settings.folder / "templates"
    try:
        text = page(
            found,
            about,
            practice=practice.name,
            mailbox=wanted.mailbox,
            zone=wanted.zone,
            names=wanted.names,
            own=own,
        )
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(WRONG, f"{path} can't be written ({error.strerror}); name another file with --html") from None
    except TemplateError as error:
        raise fail(FOUND, f"The page can't be made: {error.message}; mend templates/web/simulation.html") from None
