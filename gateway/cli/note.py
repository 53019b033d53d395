"""`handrail note`: the presence note, a few words of the therapist's own that acks carry for a while."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json, say
from gateway.core.decide.arrival import decide
from gateway.core.decide.decision import Setting
from gateway.core.decide.presence import LONGEST, expires
from gateway.core.effects import Ack
from gateway.core.history import History, Note
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read
from gateway.core.policy.calendar import instant, local_day
from gateway.core.policy.client import Client
from gateway.core.policy.units import duration
from gateway.settings.schema import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="A few words of the therapist's own, for clients to hold on to: acks carry them for a while, with their date.",
)

#: Stands for any client of the mailbox.
_SOMEBODY = Client(address="client@client.example")
_SPAN = re.compile(r"\d+\s*[hdw]", re.IGNORECASE)

Mailbox = Annotated[str, typer.Option("--mailbox", "-m", help="Whose note; needed where there are several mailboxes.")]


@dataclass(frozen=True)
class _Kept:
    """A note, whether it holds, and an ack as it would carry it; none where no ack of the mailbox would."""

    note: Note | None
    holds: bool
    ack: str
    policy: str


@app.command("set")
def keep(
    words: Annotated[str, typer.Argument(help="The words, in quotes.")],
    mailbox: Mailbox = "",
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The last day on which it is carried.")] = "",
    lasting: Annotated[str, typer.Option("--for", help="How long it is carried, for example 36h, 10d or 2w.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Set the presence note, in place of the one before, and show how an ack carries it.

    Without `--until` and `--for` it is carried for as long as the policy's `presence.lasts` says. It never stands as an
    answer to anybody's message. It is the same as a mail to the mailbox's `control` address. Example:

    `handrail note set "I am by the sea, and back on the 5th. You are not forgotten." --until 2027-01-04`
    """
    settings = settings_from(config)
    owner, zone = _mailbox(settings, mailbox), ZoneInfo(settings.gateway.practice.timezone)
    text = _text(words)
    when = _when(until, lasting)

    async def kept() -> _Kept:
        async with house.open_desk(settings) as desk:
            now = desk.clock.now()
            setting = _setting(desk, owner, now)
            if until and date.fromisoformat(until) < local_day(now, zone):
                raise typer.BadParameter(f"{until} is over; name a day to come", param_hint="--until")
            note = Note(text, now, expires(when, setting, now))
            await desk.actions.keep_note(owner, note)
            return _shown(desk, owner, note, now)

    _tell(run(kept), owner, zone)


@app.command()
def show(mailbox: Mailbox = "", config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show the presence note, until when it is carried, and how an ack carries it.

    Example: `handrail note show --mailbox ana`
    """
    settings = settings_from(config)
    owner = _mailbox(settings, mailbox)

    async def kept() -> _Kept:
        async with house.open_desk(settings) as desk:
            return _shown(desk, owner, await desk.queries.note(owner), desk.clock.now())

    found = run(kept)
    if as_json:
        print_json({"mailbox": owner, "note": found.note, "holds": found.holds, "ack": found.ack})
    else:
        _tell(found, owner, ZoneInfo(settings.gateway.practice.timezone))


@app.command()
def end(mailbox: Mailbox = "", config: Config = DEFAULT) -> None:
    """Take the presence note back at once.

    Example: `handrail note end --mailbox ana`
    """
    settings = settings_from(config)
    owner = _mailbox(settings, mailbox)

    async def ended() -> bool:
        async with house.open_desk(settings) as desk:
            note = await desk.queries.note(owner)
            await desk.actions.end_note(owner)
            return note is not None and note.expires > desk.clock.now()

    if not run(ended):
        raise fail(FOUND, f"There was no presence note of {owner} that was still carried.")
    say(f"Taken back: no ack of {owner} carries it from here on.")


def _mailbox(settings: Settings, name: str) -> str:
    known = settings.gateway.mailboxes
    if name:
        must_know("mailbox", name, known, "--mailbox")
    elif len(known) > 1:
        raise typer.BadParameter(f"there are several; name one of {', '.join(sorted(known))}", param_hint="--mailbox")
    return name or next(iter(known))


def _text(words: str) -> str:
    """The words without what no mail should carry. One that is too long is refused here, where it can be mended."""
    text = "".join(sign for sign in words if sign == "\n" or sign.isprintable()).strip()
    if not text:
        raise typer.BadParameter("a note has words; to take one back: handrail note end", param_hint="WORDS")
    if len(text) > LONGEST:
        raise typer.BadParameter(f"{len(text)} letters; an ack carries at most {LONGEST}", param_hint="WORDS")
    return text


def _when(until: str, lasting: str) -> str:
    """As the subject of a mail would say it; empty for the policy's own time."""
    if until and lasting:
        raise typer.BadParameter("name one of both", param_hint="--until, --for")
    if until:
        try:
            instant(date.fromisoformat(until) + timedelta(days=1), time(), ZoneInfo("UTC"))
        except (ValueError, OverflowError):
            raise typer.BadParameter(
                f"{until!r} is no date; write for example 2027-01-04", param_hint="--until"
            ) from None
        return f"until {until}"
    if not lasting:
        return ""
    try:
        fits = bool(_SPAN.fullmatch(lasting.strip()) and duration(lasting))
    except ValueError:
        fits = False
    if not fits:
        raise typer.BadParameter(f"{lasting!r} is no time; write for example 36h, 10d or 2w", param_hint="--for")
    return f"for {lasting.strip()}"


def _setting(desk: house.Desk, mailbox: str, now: datetime) -> Setting:
    return desk.in_force.setting(mailbox, desk.in_force.default_route(mailbox).policy, _SOMEBODY, now)


def _shown(desk: house.Desk, mailbox: str, note: Note | None, now: datetime) -> _Kept:
    setting = _setting(desk, mailbox, now)
    holds = note is not None and note.expires > now
    ack = _ack(setting, note, now) if holds and note is not None else None
    wording = house.templates_of(desk.settings, desk.in_force.policy_of)
    try:
        return _Kept(note, holds, wording.render(ack).text if ack else "", setting.policy_name)
    except ValueError as error:
        raise fail(WRONG, f"{error}; `handrail check` says why") from None


def _ack(setting: Setting, note: Note, now: datetime) -> Ack | None:
    """The ack of a client's message that came now, where it carries the note."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = _SOMEBODY.address, setting.address
    message.set_content("Hello.\n")
    facts = read(message.as_bytes(), Envelope(_SOMEBODY.address, (setting.address,)), own=setting.own)
    decision = decide(facts, setting, History(known=True, note=note), now)
    return next((effect for effect in decision.effects if isinstance(effect, Ack) and effect.note), None)


def _tell(found: _Kept, mailbox: str, zone: ZoneInfo) -> None:
    note = found.note
    if note is None or not found.holds:
        over = f"; the last one ended on {note.expires.astimezone(zone):%Y-%m-%d %H:%M}" if note else ""
        say(f"There is no presence note of {mailbox}{over}.")
        return
    say(f"Written {note.written.astimezone(zone):%Y-%m-%d %H:%M}, carried until {_end(note.expires, zone)}.")
    if not found.ack:
        say(f"But a routine message under {found.policy} gets no ack that would carry it now:")
        say("look at `presence.carry` and `acknowledge.when` of the policy.")
        return
    say(f"An ack of {mailbox} now reads:\n")
    say("\n".join(f"  {line}".rstrip() for line in found.ack.splitlines()))


def _end(at: datetime, zone: ZoneInfo) -> str:
    """The end of a day is said by that day."""
    local = at.astimezone(zone)
    if local.time() == time():
        return f"the end of {local - timedelta(minutes=1):%A %Y-%m-%d}"
    return f"{local:%A %Y-%m-%d %H:%M}"
