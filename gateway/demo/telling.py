"""Tells the story on a terminal: what became of each message, the very words that were sent, and where to look.

In go stories of the record and the folder with our own mail; out come lines. It acts on nothing.
"""

from __future__ import annotations

import mailbox
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gateway.core.events import Level, Origin, Received
from gateway.core.history import Story
from gateway.demo.letters import ANA

#: Reasons that tell a machine's message.
_SIGNS = frozenset({"automatic", "maybe-automatic", "no-answer-wanted", "null-reverse-path"})
#: Reasons that tell why a message counts as urgent.
_WHY_URGENT = frozenset({"phrase", "agreed-word", "trusted-client"})
_SHOWN = {"keyword": "a tag in the mailbox", "flagged": "a star in the mailbox"}

Row = tuple[str, datetime | None, str]


@dataclass(frozen=True)
class Places:
    """Where to look further. `smtp` and `page` are None once the house is down."""

    folder: Path
    program: str
    smtp: tuple[str, int] | None
    page: tuple[str, int] | None


class Telling:
    """Prints; remembers what was quoted, since most of an ack is the same each time."""

    def __init__(self, console: Console, zone: ZoneInfo, folder: Path) -> None:
        self.zone = zone
        self._console = console
        self._outgoing = folder / "outgoing"
        self._quoted = set[str]()
        self._known = set[str]()

    def opening(self) -> None:
        """Say what is running."""
        self._console.print(
            "\n[bold]Handrail[/] stands in front of Ana's mailbox at Hope Street Practice.\n"
            "Clients write as they always do; Ana reads in her own mail program.\n"
            f"All people here are invented. Times are the practice's: {self.zone.key}."
        )

    def heading(self, title: str) -> None:
        """Begin something new."""
        self._console.print()
        self._console.rule(f"[bold]{title}", align="left")

    def envelope(self, author: str, subject: str) -> None:
        """Say whose message it is."""
        self._console.print(Text(_plain(f"From: {author}   Subject: {subject}"), style="dim"))

    def life(self, story: Story) -> None:
        """Say what became of a message, and quote what was sent since the last one."""
        table = Table.grid(padding=(0, 2))
        for what, at, words in rows(story):
            when = f"{at.astimezone(self.zone):%H:%M:%S}" if at else ""
            table.add_row(Text(what, style="bold"), Text(when, style="dim"), Text(words))
        self._console.print(Padding(table, (0, 0, 0, 2), expand=False))
        # By caption: the ack stands before the alert and the receipt.
        for caption, text in sorted(self._newly_sent()):
            self._quote(caption, text)

    def _newly_sent(self) -> Iterator[tuple[str, str]]:
        sent = mailbox.Maildir(self._outgoing, create=True)
        for key in set(sent.keys()) - self._known:
            self._known.add(key)
            mail = message_from_bytes(sent.get_bytes(key), policy=default)
            body = mail.get_body(("plain",))
            yield _caption(mail), _plain(str(body.get_content()).strip()) if body else ""

    def _quote(self, caption: str, text: str) -> None:
        """The words; of a text that begins as one before did, only what is new."""
        paragraphs = text.split("\n\n")
        new = [one for one in paragraphs if one not in self._quoted]
        again = paragraphs[0] in self._quoted
        self._quoted.update(paragraphs)
        shown = (new if again else paragraphs) + (["(the rest as before)"] if again and new else [])
        self._console.print(Padding(Text(f"{caption}{':' if shown else ', as before'}", style="bold"), (0, 0, 0, 2)))
        if shown:
            self._console.print(Padding(Text("\n\n".join(shown), style="italic"), (0, 0, 0, 4)))

    def end(self) -> None:
        """Leave the line on which a terminal shows the keys that interrupted."""
        self._console.print()

    def closing(self, places: Places) -> None:
        """Say where to look further. Lines to be copied are not broken by us, however long."""
        self.heading("Where to look further")
        for what, lines in _to_look_at(places):
            self._console.print(f"  {what}", style="bold")
            for line in lines:
                self._console.print(f"    {line}", markup=False, soft_wrap=True)
        stays = f"What it wrote stays in {places.folder} until you delete it."
        self._console.print()
        if places.smtp:
            self._console.print("The gateway stays up until you press Ctrl-C.", style="dim")
        self._console.print(stays, style="dim", soft_wrap=True)


def rows(story: Story) -> list[Row]:
    """What became of a message: a word, the instant, and a sentence."""
    received = story.received
    if received is None:
        return []
    found: list[Row] = [("received", received.at, f"{received.new_words} new words, {received.quoted_words} quoted")]
    if story.relayed_at:
        found.append(("relayed", story.relayed_at, "it is in the mailbox; only then did the sender hear 250"))
    found += _marks(story, received)
    if story.alerted_at:
        found.append(("alert", story.alerted_at, "a mail tells Ana that a message needs her"))
    if story.acknowledged_at:
        found.append(("acked", story.acknowledged_at, "once, from Ana's address, marked as automatic"))
    else:
        found.append(("no ack", None, _why_no_ack(received)))
    if story.read:
        found.append(("seen", story.read.at, "Ana opened it"))
    if story.receipt:
        found.append(("receipt", story.receipt.at, "the client asked for one, and was told (RFC 8098)"))
    if story.answered:
        found.append(("answered", story.answered.at, f"{story.answered.words} words"))
    return found


def _marks(story: Story, received: Received) -> list[Row]:
    marks: list[Row] = []
    if received.level is not Level.ROUTINE:
        how = _SHOWN.get(story.tagged.how, "") if story.tagged else ""
        why = "; ".join(str(one) for one in received.reasons if one.code in _WHY_URGENT)
        level = f"{received.level.value}, {how or 'in the header fields'}"
        marks.append(("tagged", story.tagged.at if story.tagged else None, f"{level}: {why}"))
    if received.category:
        marks.append(("tagged", None, f"{received.category}, in the header field X-Handrail-Category"))
    return marks


def _why_no_ack(received: Received) -> str:
    """A machine's signs; to a person, the last reason that was found against an ack."""
    signs = dict.fromkeys(str(one) for one in received.reasons if one.code in _SIGNS)
    if signs or received.origin is Origin.MACHINE:
        return "; ".join(signs)
    codes = ("ack-", "client-", "history-", "own-", "forged-")
    against = [str(one) for one in received.reasons if one.code.startswith(codes)]
    return "; ".join(against) or "not yet"


def _caption(mail: EmailMessage) -> str:
    """What a mail of ours is, and to whom."""
    to = _plain(str(mail["To"])).strip("<>")
    if mail.get_content_type() == "multipart/report":
        return f"the receipt, to {to}"
    return f"the alert, to {to}" if to == ANA else f"the ack, to {to}"


def _to_look_at(places: Places) -> Iterator[tuple[str, tuple[str, ...]]]:
    config, smtp, page = places.folder / "config", places.smtp, places.page
    folder = shlex.quote(str(config))
    if page:
        yield "The page", (f"http://{page[0]}:{page[1]}/",)
    if smtp:
        yield (
            "Write a mail of your own: what becomes of it will be told here",
            (
                r"printf 'From: me@client.example\nSubject: Hello\n\nThursday at 3?\n' |",
                f"  curl -sS --crlf smtp://{smtp[0]}:{smtp[1]} --mail-from me@client.example \\",
                f"  --mail-rcpt {ANA} -T -",
            ),
        )
    yield "The ledger", (f"{places.program} ledger --config {folder}",)
    yield (
        "Why, step by step",
        (f"{places.program} explain --config {folder} \\", f"  --from tom@client.example --to {ANA}"),
    )
    yield "The policy: change it, and ask why again", (f"{config}/policies/hope-street.yaml",)
    yield "Ana's mailbox, a Maildir: header fields X-Handrail-* say why", (f"{places.folder}/mailbox",)
    yield "What was sent, a Maildir", (f"{places.folder}/outgoing",)


def _plain(text: str) -> str:
    """What others wrote moves no terminal's cursor."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)
