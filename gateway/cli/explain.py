"""`handrail explain`: what would be done with a message, step by step, and the very ack that would go out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, run, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json, say
from gateway.core.decide.decision import Decision
from gateway.core.effects import Mail
from gateway.core.message.facts import Envelope, Facts
from gateway.core.replies import Reply
from gateway.core.routing import Route
from gateway.ports import Words
from gateway.settings.schema import Settings

#: Years in which messages are written; far beyond them, promises end outside the calendar.
_FIRST_YEAR, _LAST_YEAR = 1971, 2200
_SAMPLE = "Hello, this is a message to see what would happen with it.\n"


@dataclass(frozen=True)
class Explained:
    """One decision with the words that it would bring about."""

    route: Route
    facts: Facts
    decision: Decision
    said: tuple[tuple[Mail, Words], ...]


def explain(
    sender: Annotated[str, typer.Option("--from", help="The reverse-path: who sends it. <> is the null one.")],
    recipient: Annotated[str, typer.Option("--to", help="The recipient.")],
    file: Annotated[Path | None, typer.Argument(help="A message (.eml); - reads it from standard input.")] = None,
    at: Annotated[str, typer.Option(help="When, for example 2026-11-23T21:10, in the practice's zone.")] = "",
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Explain the decision about a message: route, facts, urgency, promise, effects, and why. Sends nothing.

    Without a FILE, a message of a few words stands for one. Examples:

    * `handrail explain --from tom@client.example --to ana@hopestreet.example`

    * `handrail explain --from tom@client.example --to ana@hopestreet.example --at 2026-11-23T21:10 message.eml`
    """
    settings = settings_from(config)
    reverse_path = sender.strip("<>")
    now = _instant(at, settings)

    async def explained() -> Explained | Reply:
        async with house.open_desk(settings) as desk:
            moment = now or desk.clock.now()
            content = _content(file, reverse_path, recipient, moment)
            envelope = Envelope(reverse_path, (recipient,))
            route = desk.in_force.route(reverse_path, recipient)
            if isinstance(route, Reply):
                return route
            facts, decision = await desk.decide(route, envelope, content, moment)
            return Explained(route, facts, decision, _said(settings, decision))

    found = run(explained)
    if isinstance(found, Reply):
        if as_json:
            print_json({"refused": str(found)})
            raise typer.Exit(FOUND)
        known = ", ".join(rule.to for rule in settings.routes)
        raise fail(FOUND, f"Refused at RCPT: {found}\nNo route takes {recipient}; there are routes for {known}.")
    if as_json:
        print_json(_as_json(found))
    else:
        _tell(found, ZoneInfo(settings.gateway.practice.timezone))


def _said(settings: Settings, decision: Decision) -> tuple[tuple[Mail, Words], ...]:
    wording = house.templates_of(settings)
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


def _as_json(found: Explained) -> dict[str, Any]:
    facts, decision = found.facts, found.decision
    hidden = {"text", "new_text", "quoted_text"}
    return {
        "route": found.route,
        "facts": {name: getattr(facts, name) for name in facts.__dataclass_fields__ if name not in hidden},
        "urgency": {
            "level": decision.assessment.level,
            "category": decision.assessment.category,
            "hits": decision.assessment.hits,
        },
        "promise": decision.promised,
        "allowance": decision.usage,
        "effects": [
            {"kind": effect.kind, "to": effect.to, "due": effect.due, "subject": words.subject, "body": words.text}
            for effect, words in found.said
        ],
        "fields": [{"name": name, "value": value} for name, value in decision.fields],
        "reasons": [{"code": reason.code, "why": str(reason)} for reason in decision.reasons],
    }


def _tell(found: Explained, zone: ZoneInfo) -> None:
    facts, decision = found.facts, found.decision
    usage = decision.usage
    limit = f"{usage.used} of {usage.allowed} this {usage.per}" if usage.allowed else "no limit"
    rows = [
        ("route", f"{found.route.pattern} leads to mailbox {found.route.mailbox}"),
        ("policy", decision.received.policy),
        ("read", f"{facts.new_words} new words, {facts.quoted_words} quoted, {facts.attachment_words} attached"),
        (
            "origin",
            f"{decision.received.origin.value}, {'answerable' if facts.automation.answerable else 'not answerable'}",
        ),
        ("urgency", " ".join(filter(None, (decision.assessment.level.value, decision.assessment.category)))),
        ("read by", _local(decision.promised.read_by, zone)),
        ("answer by", _local(decision.promised.answer_by, zone)),
        ("allowance", limit),
    ]
    for name, value in rows:
        say(f"{name:10} {value}", " " * 11)
    say("\nwhy")
    for reason in decision.reasons:
        say(f"  - {reason}", "  ")
    say("\nheader fields put on top")
    for name, value in decision.fields:
        say(f"  {name}: {value}", "  ")
    for effect, words in found.said:
        say(f"\n{effect.kind} to {effect.to}\n  Subject: {words.subject}\n")
        say("\n".join(f"  {line}".rstrip() for line in words.text.splitlines()))
    if not found.said:
        say("\nNothing would be sent.")


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%A %Y-%m-%d %H:%M %Z}" if at else "nothing is promised"
