"""The process that is measured: watches over many mailboxes, and nothing else of the house.

Settings come as one line of JSON; then `begin` starts the watches, and `how` asks how many stand. Out goes a line for
each thing told of a mailbox, with the moment by the machine's monotonic clock, which `watch.py` reads too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from time import perf_counter
from typing import Any

import structlog

from gateway.cli.loop import run_loop
from gateway.clock import SystemClock
from gateway.core.effects import Effect
from gateway.core.events import Event, Ref
from gateway.core.history import History, Story
from gateway.core.tracking import Copy, FlagChange, FolderState
from gateway.mailbox import State, Watch, watch_for
from gateway.ports import Placed, Question, Sighting, Unavailable
from gateway.settings.schema import Mailbox


def say(**what: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


@dataclass
class Telling:
    """Observer, Folders, Record and Alerts of all mailboxes: says what it is told, and keeps the folders' states."""

    states: dict[tuple[str, str], FolderState] = field(default_factory=dict)

    async def arrived(self, mailbox: str, sighting: Sighting) -> Placed:
        """Every message is one of ours."""
        message_id = str(BytesHeaderParser().parsebytes(sighting.content)["Message-ID"])
        say(at=perf_counter(), mailbox=mailbox, message=message_id)
        return Placed(Ref(mailbox, message_id))

    async def tagged(self, mailbox: str, ref: Ref, wanted: frozenset[str], kept: frozenset[str]) -> None:
        """No tag is set here."""

    async def changed(self, mailbox: str, changes: Sequence[FlagChange], since: datetime) -> None:
        """What each has now."""
        for change in changes:
            if change.now.ref is not None:
                flags = sorted(change.now.flags)
                say(at=perf_counter(), mailbox=mailbox, message=change.now.ref.key, flags=flags)

    async def sent(self, mailbox: str, sighting: Sighting) -> None:
        """Nobody answers here."""

    async def folder(self, mailbox: str, folder: str) -> FolderState:
        return self.states.get((mailbox, folder), FolderState(folder))

    async def keep(self, mailbox: str, state: FolderState) -> None:
        self.states[mailbox, state.folder] = state

    async def copies(self, ref: Ref) -> tuple[Copy, ...]:
        mine = [state for (mailbox, _), state in self.states.items() if mailbox == ref.mailbox]
        return tuple(copy for state in mine for copy in state.copies.values() if copy.ref == ref)

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        return ()

    async def history(self, question: Question, now: datetime) -> History:
        raise Unavailable("no history is kept here")

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        raise Unavailable("no events are kept here")

    async def cause(self, effects: Sequence[Effect]) -> None:
        raise Unavailable("no effects are kept here")

    async def story(self, ref: Ref) -> Story | None:
        return None

    def tell(self, code: str, **ids: str) -> None:
        say(alert=code, mailbox=ids.get("mailbox", ""))

    def standing(self) -> Mapping[str, str]:
        return {}

    def clear(self, code: str, **ids: str) -> None:
        """Nothing stands."""


def watches(settings: Mapping[str, Any], telling: Telling) -> dict[str, Watch]:
    """A watch for each mailbox, with the house's own intervals."""
    clock, found = SystemClock(), {}
    for address in settings["mailboxes"]:
        mailbox = Mailbox(
            address=address,
            deliver="lmtp://127.0.0.1:24",
            policy="calm",
            watch=f"imaps://127.0.0.1:{settings['port']}",
            trust=Path(settings["trust"]),
        )
        found[address], _ = watch_for(
            address,
            mailbox,
            password=lambda: str(settings["password"]),
            observer=telling,
            folders=telling,
            record=telling,
            alerts=telling,
            clock=clock,
        )
    return found


async def watch() -> None:
    """Do as the lines say, until they end."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    settings = json.loads(await reader.readline())
    telling, standing = Telling(), dict[str, Watch]()
    async with asyncio.TaskGroup() as group:
        tasks = []
        while line := (await reader.readline()).decode().strip():
            if line == "begin":
                standing = watches(settings, telling)
                tasks = [group.create_task(one.run()) for one in standing.values()]
            say(**how(standing, telling))
        for task in tasks:
            task.cancel()


def how(standing: Mapping[str, Watch], telling: Telling) -> dict[str, object]:
    """How many watches stand (some look just now: each does once a minute), with inbox and sent mail both seen."""
    up = [name for name, one in standing.items() if one.condition.state in (State.IDLE, State.LOOKING)]
    return {"well": sum((name, "Sent") in telling.states for name in up)}


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    run_loop(watch)
