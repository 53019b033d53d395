"""A few messages to one practice, played on the stage."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.app import settings_from
from gateway.core.policy.client import Client
from gateway.settings.schema import Settings
from gateway.simulation import Findings, Mail, Played, Span, find, open_mail, simulate
from tests.unit.simulation.years import ANA, Came, write_mbox

CARLA, TOM = "carla@client.example", "tom@client.example"
ALWAYS = Span()
SYDNEY = ZoneInfo("Australia/Sydney")
GATEWAY = """\
practice: {name: Hope Street Practice, timezone: Australia/Sydney}
smarthost: {url: "maildir:/nowhere"}
mailboxes:
  ana:
    address: ana@hopestreet.example
    aliases: [office@hopestreet.example]
    deliver: "maildir:/nowhere"
    policy: mornings
"""
MORNINGS = 'hours: {reading: "07:00-09:00"}\nanswer: {promise: next-reading-time}\nreceipt: {send: always, grace: 2m}\n'


def settings(folder: Path, *more: str, calendar: str = "", **policies: str) -> Settings:
    """The practice; its policy is `mornings` unless said otherwise. `more` are lines about Ana's mailbox."""
    config = folder / "config"
    (config / "policies").mkdir(parents=True)
    (config / "away.ics").write_text(calendar, encoding="utf-8")
    lines = "".join(f"    {line}\n" for line in more)
    (config / "gateway.yaml").write_text(GATEWAY + lines, encoding="utf-8")
    for name, text in ({"mornings": MORNINGS} | policies).items():
        (config / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return settings_from(config)


def local(text: str) -> datetime:
    """A time in Sydney as an instant: `2026-03-02 21:10`."""
    return datetime.fromisoformat(text).replace(tzinfo=SYDNEY).astimezone(UTC)


def note(
    at: str, author: str = CARLA, text: str = "I slept well.", *fields: str, name: str = "", read: bool = True
) -> Came:
    """A message of a client's."""
    lines = [
        f"Return-Path: <{author}>",
        f"Received: by mx.hopestreet.example; {format_datetime(local(at))}",
        f"From: {author}",
        f"To: {ANA}",
        "Subject: This week",
        f"Date: {format_datetime(local(at))}",
        f"Message-ID: <{name or at.replace(' ', '.')}@client.example>",
        *fields,
        f"Status: {'RO' if read else 'O'}",
        "",
        text,
        "",
    ]
    return Came(local(at), author, "\r\n".join(lines).encode(), read)


def answer(at: str, to: str, name: str, text: str = "Thank you, until Thursday.") -> Came:
    """The therapist's answer to the message with this name."""
    lines = [f"From: {ANA}", f"To: {to}", "Subject: Re: This week", f"Date: {format_datetime(local(at))}"]
    lines += [f"Message-ID: <answer.{at.replace(' ', '.')}@hopestreet.example>"]
    lines += [f"In-Reply-To: <{name.replace(' ', '.')}@client.example>", "", text, ""]
    return Came(local(at), ANA, "\r\n".join(lines).encode())


def played(
    folder: Path,
    inbox: Sequence[Came],
    sent: Sequence[Came] = (),
    *,
    known: Settings | None = None,
    policy: str = "mornings",
    roster: Sequence[Client] = (Client(address=CARLA), Client(address=TOM)),
) -> Played:
    """What comes of it."""
    answers = open_mail(write_mbox(folder / "sent", sent)) if sent else Mail(())
    mail = open_mail(write_mbox(folder / "inbox", inbox))
    return asyncio.run(simulate(known or settings(folder), "ana", policy, mail, answers, roster=roster))


def found(known: Settings, play: Played, *roster: Client, span: Span = ALWAYS, names: bool = False) -> Findings:
    """Its numbers."""
    return find(play, known.policies, SYDNEY, span, clients=roster, names=names)
