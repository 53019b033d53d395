"""Plays the letters: sends each as the client's server would, acts as the therapist would, and has it told.

In go a folder and a console; out comes an ordinary house that has done its work. What becomes of a message is read
from the record alone.
"""

from __future__ import annotations

import asyncio
import mailbox
import signal
import smtplib
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from gateway.app import House, open_house, settings_from
from gateway.core.billing.ledger import Line
from gateway.core.events import Ref
from gateway.core.history import Story
from gateway.demo.letters import ANA, LETTERS, Letter, write_config
from gateway.demo.telling import Places, Telling

#: How long the demo waits for anything before it says what is missing.
PATIENCE = timedelta(seconds=30)
#: How long a visitor's own mail is given before it is told what became of it.
_SETTLING = timedelta(seconds=2)
_LOOK = timedelta(milliseconds=40)
_LOOK_FOR_OWN = timedelta(milliseconds=500)

#: Prints the ledger for people.
Account = Callable[[Sequence[Line], ZoneInfo], None]


async def run(folder: Path, console: Console, account: Account, *, program: str, stay: bool) -> None:
    """Run the story in `folder`; with `stay` the house stays up until it is interrupted.

    `program` is how a shell calls the command line. Raises TimeoutError, with what was waited for, if a step of the
    story does not come.
    """
    config = write_config(folder)
    settings = settings_from(config)
    async with open_house(settings) as house, asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        group.create_task(house.run(stop))
        telling = Telling(console, ZoneInfo(settings.gateway.practice.timezone), folder)
        stage = Stage(house, folder, telling, account)
        playing = group.create_task(stage.perform(program, stop, stay=stay))
        await stop.wait()
        if playing.cancel():
            telling.end()


class Stage:
    """Plays the letters one after the other and has told what became of each."""

    def __init__(self, house: House, folder: Path, telling: Telling, account: Account) -> None:
        self._house = house
        self._folder = folder
        self._telling = telling
        self._account = account
        self._started = house.clock.now()

    async def perform(self, program: str, stop: asyncio.Event, *, stay: bool) -> None:
        """The whole story; sets `stop` at its end, or tells of a visitor's own mail until it is set."""
        await self._house.ready.wait()
        self._telling.opening()
        for letter in LETTERS:
            await self.play(letter)
        self._telling.heading("Ana's ledger")
        self._account(await self._house.queries.ledger_for("ana", None, None), self._telling.zone)
        page = self._house.web_address if stay else None
        self._telling.closing(Places(self._folder, program, self._house.smtp_address if stay else None, page))
        if stay:
            await self._tell_own(stop)
        stop.set()

    async def play(self, letter: Letter) -> None:
        """Send one letter, act as the therapist, and tell what happened."""
        self._telling.heading(letter.title)
        self._telling.envelope(letter.client.name, letter.subject)
        message = self._compose(letter)
        story = await self._send(letter, message)
        if letter.acked or letter.alerted:
            story = await self._until(story.ref, "its ack and alert", lambda one: _spoken(one, letter))
        if letter.opened:
            story = await self._open(letter, message, story)
        self._telling.life(story)

    async def _tell_own(self, stop: asyncio.Event) -> None:
        """What becomes of mail that a visitor writes, until the demo ends."""
        clock, told = self._house.clock, set[Ref]()
        since = clock.now()
        while not stop.is_set():
            await clock.wait(stop, clock.now() + _LOOK_FOR_OWN)
            for story in await self._house.store.stories(None, since, clock.now() - _SETTLING):
                if story.ref not in told and story.received is not None:
                    told.add(story.ref)
                    self._telling.heading("A mail of your own")
                    self._telling.envelope(story.received.author, story.received.subject)
                    self._telling.life(story)

    def _compose(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = f"{letter.client.name} <{letter.client.address}>"
        message["To"] = f"Ana <{ANA}>"
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
                peer.sendmail(reverse_path, [ANA], message.as_bytes())

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
        answer["From"] = f"Ana <{ANA}>"
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


def _spoken(story: Story, letter: Letter) -> bool:
    acked = story.acknowledged_at is not None or not letter.acked
    alerted = (story.alerted_at is not None and story.tagged is not None) or not letter.alerted
    return acked and alerted


def _mark_read(box: mailbox.Maildir, message_id: str) -> None:
    for key in box.iterkeys():
        note = box[key]
        if note["Message-ID"] == message_id:
            note.set_subdir("cur")
            note.add_flag("S")
            box[key] = note
            return
    raise LookupError("the message is not in the mailbox")
