"""A small world round a watch: it remembers what it was told, and can be out of order for a while."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser

from gateway.clock import SystemClock
from gateway.core.effects import Effect
from gateway.core.events import Event, Ref
from gateway.core.history import History, Story
from gateway.core.tracking import Copy, FlagChange, FolderState
from gateway.mailbox import Hand, Intervals, Watch, watch_for
from gateway.ports import Bearer, Placed, Question, Sighting, Unavailable
from gateway.settings.schema import Mailbox
from tests.ports.record_samples import received

#: Quick to come back, and slow to look by timer, so that a test shows what IDLE alone does.
BRISK = Intervals(
    look=timedelta(seconds=30),
    full=timedelta(minutes=5),
    command=timedelta(seconds=5),
    retry=timedelta(milliseconds=50),
    retry_cap=timedelta(milliseconds=200),
    refused=timedelta(milliseconds=300),
    maildir=timedelta(milliseconds=30),
)


def message_id_of(content: bytes) -> str:
    """Its Message-ID."""
    return str(BytesHeaderParser().parsebytes(content)["Message-ID"])


def letter(
    message_id: str, subject: str = "Next week", extra: str = "", body: str = "Dear Ana,\r\nthank you.\r\n"
) -> bytes:
    """A message of an invented client."""
    head = f"From: Cleo <cleo@client.example>\r\nTo: ana@hopestreet.example\r\nMessage-ID: {message_id}\r\n"
    return f"{head}Subject: {subject}\r\n{extra}\r\n{body}".encode()


@dataclass
class World:
    """Observer, Folders, Record and Alerts in one, all plain values."""

    tags: frozenset[str] = frozenset()
    #: Message-IDs that the record has already.
    recorded: set[str] = field(default_factory=set)
    states: dict[str, FolderState] = field(default_factory=dict)
    arrivals: list[tuple[str, Sighting]] = field(default_factory=list)
    kept_tags: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    changes: list[FlagChange] = field(default_factory=list)
    #: The same as they were told together, with "since".
    batches: list[tuple[tuple[FlagChange, ...], datetime]] = field(default_factory=list)
    #: The uids under which the message was kept when a change of its flags was told.
    places_at_changes: list[set[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    down: bool = False
    refusals: int = 0
    #: A Message-ID that breaks the observer.
    poison: str = ""
    told: asyncio.Condition = field(default_factory=asyncio.Condition)

    # ports.Observer

    async def arrived(self, mailbox: str, sighting: Sighting) -> Placed:
        await self._heard()
        message_id = message_id_of(sighting.content)
        if message_id == self.poison:
            raise ValueError(message_id)
        self.arrivals.append((message_id, sighting))
        return Placed(Ref(mailbox, message_id), self.tags)

    async def tagged(self, mailbox: str, ref: Ref, wanted: frozenset[str], kept: frozenset[str]) -> None:
        await self._heard()
        self.kept_tags.append((ref.key, kept))

    async def changed(self, mailbox: str, changes: Sequence[FlagChange], since: datetime) -> None:
        await self._heard()
        for change in changes:
            assert change.now.ref is not None
            if change.now.ref.key == self.poison:
                raise ValueError(self.poison)
        self.batches.append((tuple(changes), since))
        for change in changes:
            assert change.now.ref is not None
            self.changes.append(change)
            self.places_at_changes.append({copy.uid for copy in await self.copies(change.now.ref)})

    async def sent(self, mailbox: str, sighting: Sighting) -> None:
        await self._heard()
        self.answers.append(message_id_of(sighting.content))

    # ports.Folders

    async def folder(self, mailbox: str, folder: str) -> FolderState:
        return self.states.get(folder, FolderState(folder))

    async def keep(self, mailbox: str, state: FolderState) -> None:
        await self._heard()
        self.states[state.folder] = state

    async def change(self, mailbox: str, before: FolderState, after: FolderState) -> None:
        assert self.states.get(before.folder, before) == before
        await self.keep(mailbox, after)

    async def copies(self, ref: Ref) -> tuple[Copy, ...]:
        return tuple(copy for state in self.states.values() for copy in state.copies.values() if copy.ref == ref)

    # ports.Record

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        return tuple(Ref(mailbox, one) for one in message_ids if self._knows(one))

    async def history(self, question: Question, now: datetime) -> History:
        raise Unavailable("no history is kept here")

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        raise Unavailable("no events are kept here")

    async def cause(self, effects: Sequence[Effect]) -> None:
        raise Unavailable("no effects are kept here")

    async def story(self, ref: Ref) -> Story | None:
        return Story(ref, (received(message_id=ref.key),)) if self._knows(ref.key) else None

    def _knows(self, message_id: str) -> bool:
        return message_id in self.recorded or any(one == message_id for one, _ in self.arrivals)

    # ports.Alerts

    def tell(self, code: str, **ids: str) -> None:
        if code not in self.alerts:
            self.alerts.append(code)

    def standing(self) -> Mapping[str, str]:
        return dict.fromkeys(self.alerts, "")

    def clear(self, code: str, **ids: str) -> None:
        if code in self.alerts:
            self.alerts.remove(code)

    # What tests ask.

    async def _heard(self) -> None:
        async with self.told:
            self.told.notify_all()
        if self.down:
            self.refusals += 1
            raise Unavailable("the record is down")

    async def until(self, holds: Callable[[], bool], seconds: float = 15) -> None:
        """Wait until something holds; it is asked whenever the world was told of something, and every so often."""
        async with asyncio.timeout(seconds):
            while not holds():
                await self._next()

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(0.05), self.told:
                await self.told.wait()
        except TimeoutError:
            return

    def seen_arrivals(self) -> list[str]:
        """Message-IDs in the order in which they were told."""
        return [message_id for message_id, _ in self.arrivals]

    def last_flags(self, message_id: str) -> frozenset[str]:
        """The flags of the last change told of a message."""
        told = [change.now.flags for change in self.changes if change.now.ref and change.now.ref.key == message_id]
        return told[-1] if told else frozenset()

    def copy_of(self, message_id: str, folder: str = "INBOX") -> Copy:
        """The copy as it was kept."""
        return next(c for c in self.states[folder].copies.values() if c.ref and c.ref.key == message_id)


def mailbox_settings(watch: str, **more: object) -> Mailbox:
    """Settings of Ana's mailbox."""
    return Mailbox.model_validate(
        {
            "address": "ana@hopestreet.example",
            "deliver": "lmtp://127.0.0.1:24",
            "policy": "calm",
            "watch": watch,
            **more,
        }
    )


@asynccontextmanager
async def watching(
    world: World, settings: Mailbox, password: str = "pw", intervals: Intervals = BRISK, bearer: Bearer | None = None
) -> AsyncIterator[tuple[Watch, Hand]]:
    """A running watch; entered once the inbox was looked at, unless it is down."""
    watch, flags = watch_for(
        "ana",
        settings,
        password=lambda: password,
        bearer=bearer,
        observer=world,
        folders=world,
        record=world,
        alerts=world,
        clock=SystemClock(),
        intervals=intervals,
        dice=random.Random(1),
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run())
        try:
            yield watch, flags
        finally:
            task.cancel()
