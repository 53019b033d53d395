"""What the therapist sees and does: watches over mailboxes (RFC 9051, Maildir), and what is done there for them.

`watch_for` makes the watch that a mailbox's `watch` URL asks for. It tells a `ports.Observer` of new messages, changed
flags and answers, at least once each; it decides nothing about mail and stores nothing but the folders' states.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gateway.core.tracking import Copy
from gateway.mailbox.condition import Condition, Intervals, State, Support
from gateway.mailbox.door import Door
from gateway.mailbox.drafts import ImapDrafts, MaildirDrafts
from gateway.mailbox.imap import Access
from gateway.mailbox.maildir import MaildirWatch
from gateway.mailbox.moves import ImapMoves, MaildirMoves
from gateway.mailbox.watch import ImapWatch
from gateway.mailbox.world import World
from gateway.ports import Alerts, Bearer, Clock, Drafts, Flags, Folders, Moves, Observer, Record
from gateway.settings.schema import Mailbox

__all__ = ["Condition", "Hand", "Intervals", "State", "Support", "Watch", "watch_for"]


class Watch(Protocol):
    """Watches one mailbox."""

    @property
    def condition(self) -> Condition:
        """How it does, for people."""
        ...

    async def run(self) -> None:
        """Watch until cancelled. Ends by itself for no fault of the mailbox."""
        ...


@dataclass(frozen=True)
class Hand:
    """What the gateway may do in a mailbox: set flags, put drafts and move messages."""

    flags: Flags
    drafts: Drafts
    moves: Moves

    async def add(self, copy: Copy, flags: frozenset[str]) -> frozenset[str]:
        """See `ports.Flags.add`. Unavailable while the watch does not run, as it goes over its connections."""
        return await self.flags.add(copy, flags)

    async def put(self, message_id: str, content: bytes) -> None:
        """See `ports.Drafts.put`. Over a connection of its own: drafts are seldom, and lie in a folder of their own."""
        await self.drafts.put(message_id, content)

    async def move(self, copy: Copy, folder: str, *, unseen: bool = False) -> bool:
        """See `ports.Moves.move`. Over a connection of its own, as drafts."""
        return await self.moves.move(copy, folder, unseen=unseen)

    async def find(self, folder: str, message_id: str, since: datetime) -> tuple[Copy, ...]:
        """See `ports.Moves.find`."""
        return await self.moves.find(folder, message_id, since)


def watch_for(
    name: str,
    settings: Mailbox,
    *,
    password: Callable[[], str],
    bearer: Bearer | None = None,
    observer: Observer,
    folders: Folders,
    record: Record,
    alerts: Alerts,
    clock: Clock,
    intervals: Intervals | None = None,
    dice: random.Random | None = None,
) -> tuple[Watch, Hand]:
    """The watch over a mailbox and what may be done in it, by the scheme of its `watch` URL.

    `name` is the mailbox's in the settings; `password` is asked at each login, so that a renewed one is taken up; with
    `bearer` its tokens are shown in place of it.
    Raises ValueError where the settings have no `watch`.
    """
    if settings.watch is None:
        raise ValueError(f"mailboxes.{name} has no `watch`, so nothing can be observed there")
    intervals = intervals or Intervals()
    dice = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
    world = World(name, observer, folders, record, alerts, clock, clock.now())
    if settings.watch.startswith("maildir:"):
        root = Path(settings.watch.removeprefix("maildir:"))
        files = MaildirMoves(root)
        maildir = MaildirWatch(replace(world, moves=files), settings, root, intervals, dice)
        return maildir, Hand(maildir, MaildirDrafts(root, settings.drafts, clock), files)
    user = settings.user or settings.address
    access = Access.from_url(settings.watch, user, password, settings.trust, bearer)
    access = replace(access, patience=intervals.command.total_seconds())
    door = Door(name, access, clock, alerts, intervals)
    moves = ImapMoves(door)
    imap = ImapWatch(replace(world, moves=moves), settings, door, dice)
    return imap, Hand(imap, ImapDrafts(door, settings.drafts), moves)
