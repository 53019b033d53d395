"""What the therapist sees and does: watches over mailboxes (RFC 9051, Maildir), and flags set there.

`watch_for` makes the watch that a mailbox's `watch` URL asks for. It tells a `ports.Observer` of new messages, changed
flags and answers, at least once each; it decides nothing about mail and stores nothing but the folders' states.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gateway.mailbox.condition import Condition, Intervals, State, Support
from gateway.mailbox.door import Door
from gateway.mailbox.imap import Access
from gateway.mailbox.lookout import World
from gateway.mailbox.maildir import MaildirWatch
from gateway.mailbox.watch import ImapWatch
from gateway.ports import Alerts, Clock, Flags, Folders, Observer, Record
from gateway.settings.schema import Mailbox

__all__ = ["Condition", "Intervals", "State", "Support", "Watch", "watch_for"]


class Watch(Protocol):
    """Watches one mailbox."""

    @property
    def condition(self) -> Condition:
        """How it does, for people."""
        ...

    async def run(self) -> None:
        """Watch until cancelled. Ends by itself for no fault of the mailbox."""
        ...


def watch_for(
    name: str,
    settings: Mailbox,
    *,
    password: Callable[[], str],
    observer: Observer,
    folders: Folders,
    record: Record,
    alerts: Alerts,
    clock: Clock,
    intervals: Intervals | None = None,
    dice: random.Random | None = None,
) -> tuple[Watch, Flags]:
    """The watch over a mailbox and the way to set flags in it, by the scheme of its `watch` URL.

    `name` is the mailbox's in the settings; `password` is asked at each login, so that a renewed one is taken up.
    Flags are set over the watch's own connections: they are Unavailable while it does not run.
    Raises ValueError where the settings have no `watch`.
    """
    if settings.watch is None:
        raise ValueError(f"mailboxes.{name} has no `watch`, so nothing can be observed there")
    intervals = intervals or Intervals()
    dice = dice or random.Random()  # noqa: S311 - spreads retries, guards nothing
    world = World(name, observer, folders, record, alerts, clock, clock.now())
    if settings.watch.startswith("maildir:"):
        root = Path(settings.watch.removeprefix("maildir:"))
        maildir = MaildirWatch(world, settings, root, intervals, dice)
        return maildir, maildir
    access = Access.from_url(settings.watch, settings.address, password, settings.trust)
    access = replace(access, patience=intervals.command.total_seconds())
    imap = ImapWatch(world, settings, Door(name, access, clock, alerts, intervals), dice)
    return imap, imap
