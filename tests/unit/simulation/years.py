"""Years of a practice's mail, drawn from a seed: the same seed gives the same octets, everywhere and always.

People write by day and by night, at weekends and on holidays, more than one message in a thread, in a crisis and about
appointments; machines write too; some messages come twice. The therapist answers some of them, forwards a few, and
writes to others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

from gateway.core.policy.client import Client

ANA = "ana@hopestreet.example"
FIRST = datetime(2024, 1, 2, 6, tzinfo=UTC)
_ROUTINE = (
    "since Tuesday I have been sleeping better and I tried the breathing before the meeting",
    "I noticed that I was waiting for somebody to say that I had done it wrong, and nobody did",
    "my sister came to visit and we talked about the house for the first time in years",
    "I wrote down the dream as you asked and I will bring it with me",
    "work is loud at the moment and I find it hard to come home and be quiet",
    "I walked along the river for an hour and thought about what you said",
)
_DEUTSCH = (
    "ich habe in dieser Woche viel nachgedacht und es geht mir etwas besser als zuvor",
    "gestern war ein schwerer Tag, aber ich habe den Abend mit meiner Schwester verbracht",
)
_CRISIS = (
    "I can't do this any more. I want to end my life and I don't know whom else to tell.",
    "I want to kill myself.",
)
_URGENT = ("this is urgent, please call me today", "bluebird, I need to hear from you")
_APPOINTMENT = ("can we move Thursday's appointment to 3 pm?", "I need to cancel my appointment on Monday, sorry.")
_SIGNATURE = "\n\n-- \nSent from my phone\n"


@dataclass(frozen=True)
class Came:
    """A message as the mailbox has it: when, from which reverse-path, its octets with CRLF, and its mark."""

    at: datetime
    reverse_path: str
    content: bytes
    read: bool = True


@dataclass(frozen=True)
class Years:
    """All of it, each list in the order of time."""

    inbox: tuple[Came, ...]
    sent: tuple[Came, ...]
    roster: tuple[Client, ...]


def draw(count: int, seed: int = 20260302, people: int = 60) -> Years:
    """`count` messages over two years, and the answers to them."""
    random = Random(seed)
    writers = [f"client{number}@client.example" for number in range(people)]
    drawing = _Drawing(random, writers)
    span = timedelta(days=730).total_seconds()
    for at in sorted(FIRST + timedelta(seconds=int(random.uniform(0, span))) for _ in range(count)):
        drawing.message(at)
    inbox = sorted(drawing.inbox[:count], key=lambda one: one.at)
    return Years(tuple(inbox), tuple(sorted(drawing.sent, key=lambda one: one.at)), _roster(writers))


def _roster(writers: Sequence[str]) -> tuple[Client, ...]:
    """Two of three are on it; some with what goes before the policy."""
    own: dict[int, dict[str, object]] = {
        0: {"urgent_word": "bluebird"},
        1: {"trusted": True},
        2: {"quiet": True},
        3: {"acks": False},
        4: {"language": "de"},
        5: {"messages": 2},
        6: {"always_person": True},
        7: {"exempt": True},
    }
    return tuple(
        Client.model_validate({"address": address, **own.get(number, {})})
        for number, address in enumerate(writers)
        if number % 3 != 2 or number in own
    )


class _Drawing:
    def __init__(self, random: Random, writers: Sequence[str]) -> None:
        self.random = random
        self.writers = writers
        self.inbox: list[Came] = []
        self.sent: list[Came] = []
        self._threads: dict[str, list[str]] = {}
        self._number = 0

    def message(self, at: datetime) -> None:
        """One message, by somebody, of some kind; and what is answered to it."""
        kind = self.random.choices(
            ("person", "burst", "newsletter", "absence", "bounce", "again"), (86, 4, 4, 2, 2, 2)
        )[0]
        if kind == "again" and self.inbox:
            self._again(at, self.random.choice(self.inbox[-200:]))
        elif kind == "newsletter":
            fields = ["List-Unsubscribe: <https://news.example/u>", "Precedence: bulk"]
            self._put(at, "news@news.example", "News of the month", "Read this.", fields)
        elif kind == "absence":
            author = self.random.choice(self.writers)
            self._put(at, author, "Automatic reply: your message", "I am away.", ["Auto-Submitted: auto-replied"])
        elif kind == "bounce":
            self._put(at, "MAILER-DAEMON@mail.example", "Undelivered Mail", "It failed.", [], reverse_path="")
        else:
            author = self.random.choice(self.writers)
            for step in range(3 if kind == "burst" else 1):
                self._personal(at + timedelta(minutes=7 * step), author)

    def _again(self, at: datetime, earlier: Came) -> None:
        """The very same octets at the same instant, or a second copy that took longer."""
        if self.random.random() < 0.5:
            self.inbox.append(earlier)
            return
        slow, quick = format_datetime(at).encode(), format_datetime(earlier.at).encode()
        self.inbox.append(replace(earlier, at=at, content=earlier.content.replace(b"; " + quick, b"; " + slow)))

    def _personal(self, at: datetime, author: str) -> None:
        fields, thread = [], self._threads.setdefault(author, [])
        answers_in = thread[-1:] if thread and self.random.random() < 0.4 else []
        if answers_in:
            fields += [f"In-Reply-To: {answers_in[0]}", f"References: {' '.join(thread[-4:])}"]
        else:
            thread.clear()
        if self.random.random() < 0.1:
            fields.append(f"Disposition-Notification-To: {author}")
        if self.random.random() < 0.05:
            fields.append("Importance: high")
        subject = self.random.choice(("This week", "Thursday", "A thought", "=?utf-8?q?Gr=C3=BC=C3=9Fe?="))
        sent = at - timedelta(seconds=self.random.randrange(1, 90))
        if self.random.random() < 0.01:
            sent -= timedelta(days=3)
        named = self._put(at, author, subject, self._words(), fields, sent=sent)
        thread.append(named)
        if self.random.random() < 0.55:
            self._answer(at + timedelta(minutes=int(self.random.expovariate(1 / 900)) + 1), author, named, thread)

    def _words(self) -> str:
        draw = self.random.random()
        if draw < 0.02:
            return self.random.choice(_CRISIS)
        if draw < 0.05:
            return self.random.choice(_URGENT)
        if draw < 0.12:
            return self.random.choice(_APPOINTMENT)
        if draw < 0.125:
            return "STOP"
        if draw < 0.13:
            return "Please don't reply to this address, my partner reads it."
        if draw < 0.2:
            return (
                "Dear Ana,\n\n" + ". ".join(self.random.choices(_DEUTSCH, k=self.random.randrange(2, 8))) + _SIGNATURE
            )
        quoted = "\n\n> " + "\n> ".join(self.random.choices(_ROUTINE, k=3)) if self.random.random() < 0.3 else ""
        text = ".\nFrom here on: ".join(self.random.choices(_ROUTINE, k=self.random.randrange(1, 9)))
        return f"Dear Ana,\n\n{text}{quoted}{_SIGNATURE}"

    def _put(
        self,
        at: datetime,
        author: str,
        subject: str,
        text: str,
        fields: Sequence[str],
        reverse_path: str | None = None,
        sent: datetime | None = None,
    ) -> str:
        self._number += 1
        named = f"<{self._number}.{self.random.randrange(10**9)}@{author.rpartition('@')[2]}>"
        path = author if reverse_path is None else reverse_path
        identity = [] if self.random.random() < 0.01 else [f"Message-ID: {named}"]
        lines = [
            f"Return-Path: <{path}>",
            f"Delivered-To: {ANA}",
            f"Received: from mail.example by mx.hopestreet.example; {format_datetime(at)}",
            f"From: {author}",
            f"To: {ANA}",
            f"Subject: {subject}",
            f"Date: {format_datetime(sent or at)}",
            *identity,
            *fields,
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
        ]
        read = self.random.random() < 0.97
        self.inbox.append(Came(at, path, _octets([*lines, f"Status: {'RO' if read else 'O'}"], text), read))
        return named

    def _answer(self, at: datetime, to: str, named: str, thread: Sequence[str]) -> None:
        draw = self.random.random()
        forwarded = draw < 0.05
        lines = [
            f"From: Ana <{ANA}>",
            f"To: {'colleague@clinic.example' if forwarded else to}",
            f"Subject: {'Fwd' if forwarded else 'Re'}: yours",
            f"Date: {format_datetime(at)}",
            f"Message-ID: <answer-{len(self.sent)}-{self.random.randrange(10**9)}@hopestreet.example>",
            *([] if draw > 0.97 else [f"In-Reply-To: {named}", f"References: {' '.join([*thread[-3:], named])}"]),
            "Content-Type: text/plain; charset=utf-8",
        ]
        words = " ".join(self.random.choices(("thank", "you", "for", "telling", "me", "until", "Thursday"), k=40))
        self.sent.append(Came(at, ANA, _octets(lines, words)))


def _octets(lines: Sequence[str], text: str) -> bytes:
    return ("\r\n".join([*lines, "", *text.split("\n")]) + "\r\n").encode()


def write_mbox(path: Path, messages: Sequence[Came]) -> Path:
    """As Unix programs write it: LF, `From ` lines, `>From` in the text, `Status` as the mark."""
    with path.open("wb") as file:
        for one in messages:
            head, _, body = one.content.replace(b"\r\n", b"\n").partition(b"\n\n")
            escaped = re.sub(rb"^(>*From )", rb">\1", body, flags=re.MULTILINE)
            file.write(f"From {one.reverse_path or 'MAILER-DAEMON'} {one.at:%a %b %e %H:%M:%S %Y}\n".encode())
            file.write(head + b"\n\n" + escaped + b"\n")
    return path


def write_maildir(folder: Path, messages: Sequence[Came]) -> Path:
    """Each message a file; what is unread and came last lies in `new/`."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(messages):
        path = folder / "cur" / f"{int(one.at.timestamp())}.M{number}.host:2,{'S' if one.read else ''}"
        path.write_bytes(one.content)
        os.utime(path, (one.at.timestamp(), one.at.timestamp()))
    return folder
