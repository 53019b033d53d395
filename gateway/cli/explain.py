"""`handrail explain`: what would be done with a message, step by step, and the very ack that would go out."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli import steps
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json
from gateway.cli.steps import Explained
from gateway.core.decide.decision import Decision
from gateway.core.effects import Mail
from gateway.core.message.facts import Envelope
from gateway.core.replies import Reply
from gateway.ports import Words
from gateway.settings.schema import Settings

#: Years in which messages are written; far beyond them, promises end outside the calendar.
_FIRST_YEAR, _LAST_YEAR = 1971, 2200
_SAMPLE = "Hello, this is a message to see what would happen with it.\n"


def explain(
    sender: Annotated[str, typer.Option("--from", help="The reverse-path: who sends it. <> is the null one.")],
    recipient: Annotated[str, typer.Option("--to", help="The recipient.")],
    file: Annotated[Path | None, typer.Argument(help="A message (.eml); - reads it from standard input.")] = None,
    at: Annotated[str, typer.Option(help="When, for example 2026-11-23T21:10, in the practice's zone.")] = "",
    policy: Annotated[str, typer.Option(help="Try this policy, whatever route and client say.")] = "",
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Explain the decision about a message, step by step: route, client, policy, facts, urgency, promise, allowance,
    cost, effects with the very words of each mail, and why. Sends nothing, and changes nothing.

    Without a FILE, a message of a few words stands for one. A time to come is decided by what is on record today.
    Examples:

    * `handrail explain --from tom@client.example --to ana@hopestreet.example`

    * `handrail explain --from tom@client.example --to ana@hopestreet.example --at 2026-11-23T21:10 message.eml`

    * `handrail explain --from tom@client.example --to ana@hopestreet.example --policy one-each`
    """
    settings = settings_from(config)
    if policy:
        must_know("policy", policy, settings.policies, "--policy")
    reverse_path = sender.strip("<>")
    now = _instant(at, settings)

    async def explained() -> Explained | Reply:
        async with house.open_desk(settings) as desk:
            moment = now or desk.clock.now()
            content = _content(file, reverse_path, recipient, moment)
            envelope = Envelope(reverse_path, (recipient,))
            route = desk.in_force.found(recipient) or desk.in_force.route(reverse_path, recipient)
            if isinstance(route, Reply):
                return route
            found = await desk.examine(route, envelope, content, moment, policy)
            said = _said(settings, desk, found.decision)
            # Where it does not come by us, nothing is put on top of it.
            decision = found.decision if route.pattern else replace(found.decision, fields=())
            return Explained(moment, route, found.case, decision, said, policy)

    found = run(explained)
    if isinstance(found, Reply):
        if as_json:
            print_json({"refused": str(found)})
            raise typer.Exit(FOUND)
        known = ", ".join(rule.to for rule in settings.routes)
        raise fail(FOUND, f"Refused at RCPT: {found}\nNo route takes {recipient}; there are routes for {known}.")
    if as_json:
        print_json(steps.as_json(found))
    else:
        steps.tell(found, ZoneInfo(settings.gateway.practice.timezone))


def _said(settings: Settings, desk: house.Desk, decision: Decision) -> tuple[tuple[Mail, Words], ...]:
    """Each mail in the words of the version that decided."""
    wording = house.templates_of(settings, desk.in_force.policy_of)
    try:
        return tuple((effect, wording.render(effect)) for effect in decision.effects if isinstance(effect, Mail))
    except ValueError as error:
        raise fail(FOUND, f"{error}; `handrail check` says why") from None


def _instant(text: str, settings: Settings) -> datetime | None:
    if not text:
        return None
    zone = ZoneInfo(settings.gateway.practice.timezone)
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise typer.BadParameter(f"{text!r} is no time; write for example 2026-11-23T21:10", param_hint="--at")
    return at


def _content(file: Path | None, sender: str, recipient: str, at: datetime) -> bytes:
    if file is None:
        return _sample(sender, recipient, at)
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        mend = "name a message (.eml), or - for standard input"
        raise fail(WRONG, f"{file} can't be read ({error.strerror}); {mend}") from None
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _sample(sender: str, recipient: str, at: datetime) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender or "MAILER-DAEMON", recipient, "A message"
    message["Date"] = format_datetime(at)
    message.set_content(_SAMPLE)
    return message.as_bytes()
