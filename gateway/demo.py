"""The whole house on loopback, with invented people: it tells the story while it runs.

Nothing here is special: the demo writes an ordinary config folder, opens the ordinary house on it, sends mail through
its SMTP port and acts as the therapist's mail program would, on an ordinary Maildir.
"""

from __future__ import annotations

import asyncio
import mailbox
import signal
import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP, default
from email.utils import format_datetime
from pathlib import Path

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gateway.app import House, open_house, settings_from
from gateway.core.billing.ledger import Line
from gateway.core.events import Level, Ref
from gateway.core.history import Story
from gateway.core.policy.schema import Client

#: Reasons that tell a machine's message.
_SIGNS = frozenset({"automatic", "maybe-automatic", "no-answer-wanted", "null-reverse-path"})
#: How long the demo waits for anything before it says what is missing.
PATIENCE = timedelta(seconds=30)
_LOOK = timedelta(milliseconds=40)

GATEWAY = """\
practice:
  name: Hope Street Practice
  timezone: Australia/Sydney
  language: en
  phone: "02 5550 1234"
  crisis_line: Lifeline 13 11 14
smtp: {{listen: ["127.0.0.1:0"], hostname: gateway.hopestreet.example}}
store: {{url: "sqlite:///{folder}/handrail.db"}}
smarthost: {{url: "maildir:{folder}/outgoing"}}
web: {{listen: "127.0.0.1:0"}}
logs: {{level: warning}}
mailboxes:
  ana:
    address: ana@hopestreet.example
    deliver: "maildir:{folder}/mailbox"
    watch: "maildir:{folder}/mailbox"
    policy: hope-street
"""
POLICY = """\
summary: I read mail each morning and answer then. Write whenever you need to.
hours: {reading: "07:00-09:00", days: mon-sun}
answer: {promise: next-reading-time}
acknowledge: {when: always}
receipt: {send: on-request, grace: 1s}
allowance: {messages: 5, per: week, warn_at: 0.6}
urgency: {alert: urgent}
billing: {counts: read+answer, exempt: [scheduling]}
"""
CARLA = Client(address="carla@client.example", name="Carla Reyes", urgent_word="bluebird")
TOM = Client(address="tom@client.example", name="Tom Okafor")
MIA = Client(address="mia@client.example", name="Mia Lindqvist")


@dataclass(frozen=True)
class Letter:
    """One invented message, and what the therapist does with it."""

    title: str
    client: Client
    subject: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    reverse_path: str | None = None
    opened: bool = False
    answer: str = ""
    acked: bool = True
    alerted: bool = False
    receipt: bool = False


LETTERS = (
    Letter(
        "A routine message",
        CARLA,
        "This week",
        "Dear Ana,\n\nsince Tuesday I have been sleeping better. I tried the breathing before the meeting, and my hands"
        " stayed still for most of it. I noticed that I was waiting for somebody to say that I had done it wrong, and"
        " nobody did. I would like to talk about that on Thursday.\n\nCarla\n\n-- \nSent from my phone\n",
        opened=True,
        answer="Dear Carla,\n\nthank you for telling me. Keep that moment for Thursday: what it was like when nobody"
        " said it. Until then,\n\nAna\n",
    ),
    Letter(
        "A message about an appointment",
        TOM,
        "Thursday",
        "Hi Ana, can we move Thursday's appointment to 3 pm? Tom\n",
        opened=True,
    ),
    Letter(
        "The agreed urgent word",
        CARLA,
        "bluebird",
        "Bluebird. My mother was taken to hospital this afternoon and I don't know how to get through the night.\n",
        alerted=True,
    ),
    Letter(
        "A crisis",
        MIA,
        "(no subject)",
        "I can't do this any more. I want to end my life and I don't know whom else to tell.\n",
        alerted=True,
    ),
    Letter(
        "A message that asks for a receipt",
        TOM,
        "The letter for my employer",
        "Hello Ana, here is the wording that my employer asks for. Is that all right with you?\n\nTom\n",
        fields={"Disposition-Notification-To": "Tom Okafor <tom@client.example>"},
        opened=True,
        receipt=True,
    ),
    Letter(
        "An out-of-office note",
        TOM,
        "Out of office: The letter for my employer",
        "I am away until Monday.\n",
        fields={"Auto-Submitted": "auto-replied"},
        reverse_path="",
        acked=False,
    ),
)


def write_config(folder: Path) -> Path:
    """An ordinary config folder for Hope Street Practice, below `folder`."""
    config = folder / "config"
    (config / "policies").mkdir(parents=True, exist_ok=True)
    (config / "gateway.yaml").write_text(GATEWAY.format(folder=folder), encoding="utf-8")
    (config / "policies" / "hope-street.yaml").write_text(POLICY, encoding="utf-8")
    return config


async def run(folder: Path, console: Console, *, stay: bool) -> None:
    """Run the story in `folder`; with `stay` the house stays up until it is interrupted.

    Raises TimeoutError, with what was waited for, if a step of the story does not come.
    """
    config = write_config(folder)
    async with open_house(settings_from(config)) as house, asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        group.create_task(house.run(stop))
        stage = Stage(house, folder, console)
        await house.ready.wait()
        stage.opening()
        for letter in LETTERS:
            await stage.play(letter)
        await stage.closing(config, stay=stay)
        if stay:
            await stop.wait()
        stop.set()


class Stage:
    """Plays the letters one after the other and prints what became of each."""

    def __init__(self, house: House, folder: Path, console: Console) -> None:
        self._house = house
        self._folder = folder
        self._console = console
        self._started = house.clock.now()

    def opening(self) -> None:
        """Say what is running, and where."""
        host, port = self._house.smtp_address
        self._console.print(
            f"\n[bold]Handrail[/] stands in front of Ana's mailbox at Hope Street Practice: SMTP on {host}:{port}.\n"
            "Clients write as they always do; Ana reads in her own mail program. All people here are invented.\n"
        )

    async def play(self, letter: Letter) -> None:
        """Send one letter, act as the therapist, and tell what happened."""
        self._console.rule(f"[bold]{letter.title}", align="left")
        self._console.print(f"From: {letter.client.name}   Subject: {letter.subject}", style="dim")
        message = self._compose(letter)
        story = await self._send(letter, message)
        if letter.acked or letter.alerted:
            story = await self._until(story.ref, "its ack and alert", lambda one: _spoken(one, letter))
        if letter.opened:
            story = await self._open(letter, message, story)
        self._tell(story)
        if letter.acked:
            self._quote(message, "acked with")

    def _compose(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = f"{letter.client.name} <{letter.client.address}>"
        message["To"] = "Ana <ana@hopestreet.example>"
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(self._house.clock.now())
        message["Message-ID"] = f"<demo-{LETTERS.index(letter)}-{self._started:%Y%m%d%H%M%S}@client.example>"
        for name, value in letter.fields.items():
            message[name] = value
        message.set_content(letter.text)
        return message

    async def _send(self, letter: Letter, message: EmailMessage) -> Story:
        """As the client's own mail server would."""
        await self._house.store.save("ana", letter.client)
        host, port = self._house.smtp_address
        reverse_path = letter.client.address if letter.reverse_path is None else letter.reverse_path

        def hand_over() -> None:
            with smtplib.SMTP(host, port, "mail.client.example", timeout=20) as peer:
                peer.sendmail(reverse_path, ["ana@hopestreet.example"], message.as_bytes())

        await asyncio.to_thread(hand_over)
        return await self._until(message["Message-ID"], "its record", lambda one: one.relayed_at is not None)

    async def _open(self, letter: Letter, message: EmailMessage, story: Story) -> Story:
        """As the therapist's mail program would: read it, perhaps answer it."""
        box = mailbox.Maildir(self._folder / "mailbox", create=False)
        await asyncio.to_thread(_mark_read, box, str(message["Message-ID"]))
        story = await self._until(story.ref, "its being seen", lambda one: one.seen is not None)
        if letter.receipt:
            story = await self._until(story.ref, "its receipt", lambda one: one.receipt is not None)
        if letter.answer:
            await asyncio.to_thread(self._answer, box, letter, message)
            story = await self._until(story.ref, "its answer", lambda one: one.answered is not None)
        return story

    def _answer(self, box: mailbox.Maildir, letter: Letter, message: EmailMessage) -> None:
        answer = EmailMessage(policy=SMTP)
        answer["From"] = "Ana <ana@hopestreet.example>"
        answer["To"] = letter.client.address
        answer["Subject"] = f"Re: {letter.subject}"
        answer["Date"] = format_datetime(self._house.clock.now())
        answer["Message-ID"] = f"<answer-{LETTERS.index(letter)}-{self._started:%Y%m%d%H%M%S}@hopestreet.example>"
        answer["In-Reply-To"] = message["Message-ID"]
        answer["References"] = message["Message-ID"]
        answer.set_content(letter.answer)
        sent = box.add_folder("Sent")
        note = mailbox.MaildirMessage(answer.as_bytes())
        note.set_subdir("cur")
        note.add_flag("S")
        sent.add(note)

    async def _until(self, what: Ref | str, name: str, holds: Callable[[Story], bool]) -> Story:
        """The story once it holds; looks again and again, since nothing tells another process's reader."""
        clock, never = self._house.clock, asyncio.Event()
        deadline = clock.now() + PATIENCE
        while clock.now() < deadline:
            story = await self._find(what)
            if story is not None and holds(story):
                return story
            await clock.wait(never, clock.now() + _LOOK)
        raise TimeoutError(f"waited {PATIENCE.seconds} s for {name}; the log above may say why")

    async def _find(self, what: Ref | str) -> Story | None:
        store = self._house.store
        if isinstance(what, Ref):
            return await store.story(what)
        found = await store.find("ana", [what])
        return await store.story(found[0]) if found else None

    def _tell(self, story: Story) -> None:
        table = Table.grid(padding=(0, 2))
        for what, when, words in _life(story):
            table.add_row(Text(what, style="bold"), Text(_clock_time(when) if when else "", style="dim"), Text(words))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def _quote(self, message: Message, caption: str) -> None:
        text = _text_of_ack(self._folder / "outgoing", str(message["Message-ID"]))
        lines = Text(text.strip(), style="italic")
        self._console.print(
            Padding(Group(Text(f"{caption}:", style="bold"), Padding(lines, (0, 0, 1, 2))), (0, 0, 0, 2))
        )

    async def closing(self, config: Path, *, stay: bool) -> None:
        """The ledger, and where to look further."""
        self._console.rule("[bold]Ana's ledger", align="left")
        self._console.print(ledger_table(await self._house.queries.ledger_for("ana", None, None)))
        page = self._house.web_address
        look = Table.grid(padding=(0, 2))
        if stay and page:
            look.add_row("the page", f"http://{page[0]}:{page[1]}/")
            look.add_row(
                "write a mail of your own", f"to ana@hopestreet.example, SMTP {_host_port(self._house.smtp_address)}"
            )
        look.add_row("the ledger", f"handrail ledger --config {config}")
        look.add_row(
            "why, step by step",
            f"handrail explain --config {config} --from tom@client.example --to ana@hopestreet.example",
        )
        look.add_row("Ana's mailbox", f"{self._folder}/mailbox  (a Maildir; header fields X-Handrail-* say why)")
        look.add_row("what we sent", f"{self._folder}/outgoing  (a Maildir)")
        look.add_row("the policy", f"{config}/policies/hope-street.yaml  (change it and run the demo's commands again)")
        self._console.rule("[bold]Where to look further", align="left")
        self._console.print(look)
        if stay:
            self._console.print("\nThe gateway stays up. Press Ctrl-C to end.", style="dim")


def ledger_table(lines: Sequence[Line]) -> Table:
    """The ledger for a terminal."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("from", "read", "answer", "counted", "how"):
        table.add_column(name, justify="right" if name in {"read", "answer", "counted"} else "left")
    for line in lines:
        table.add_row(
            line.author,
            f"{line.read_minutes:.1f}",
            f"{line.answer_minutes:.1f}",
            f"{line.counted_minutes:.1f} min",
            line.derivation,
        )
    return table


def _spoken(story: Story, letter: Letter) -> bool:
    acked = story.acknowledged_at is not None or not letter.acked
    alerted = (story.alerted_at is not None and story.tagged is not None) or not letter.alerted
    return acked and alerted


def _life(story: Story) -> list[tuple[str, datetime | None, str]]:
    received = story.received
    if received is None:
        return []
    rows: list[tuple[str, datetime | None, str]] = [
        ("received", received.at, f"{received.new_words} new words, {received.quoted_words} quoted"),
        ("relayed", story.relayed_at, "the mailbox has it; only then did the client's server hear 250"),
    ]
    if received.level is not Level.ROUTINE or received.category:
        why = "; ".join(str(one) for one in received.reasons if one.code in {"phrase", "agreed-word"})
        shown = "a star in the mailbox" if story.tagged else "in the header fields"
        rows.append(("tagged", story.tagged.at if story.tagged else None, f"{why or received.category} ({shown})"))
    if story.alerted_at:
        rows.append(("alert", story.alerted_at, "a mail to Ana says that words of urgency were found"))
    if story.acknowledged_at:
        rows.append(("acked", story.acknowledged_at, "once, from Ana's address, marked as automatic"))
    else:
        rows.append(
            ("no ack", None, "; ".join(dict.fromkeys(str(one) for one in received.reasons if one.code in _SIGNS)))
        )
    if story.seen:
        rows.append(("seen", story.seen.at, "Ana opened it"))
    if story.receipt:
        rows.append(("receipt", story.receipt.at, "the client asked for one, and was told (RFC 8098)"))
    if story.answered:
        rows.append(("answered", story.answered.at, f"{story.answered.words} words"))
    return rows


def _mark_read(box: mailbox.Maildir, message_id: str) -> None:
    for key in box.iterkeys():
        note = box[key]
        if note["Message-ID"] == message_id:
            note.set_subdir("cur")
            note.add_flag("S")
            box[key] = note
            return
    raise LookupError("the message is not in the mailbox")


def _text_of_ack(outgoing: Path, message_id: str) -> str:
    for note in mailbox.Maildir(outgoing, create=False):
        mail = message_from_bytes(note.as_bytes(), policy=default)
        if mail["In-Reply-To"] == message_id and mail["Auto-Submitted"] == "auto-replied":
            body = mail.get_body(("plain",))
            return str(body.get_content()) if body else ""
    return ""


def _clock_time(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


def _host_port(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
