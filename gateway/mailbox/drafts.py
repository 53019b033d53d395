"""Drafts put into a mailbox, for the therapist to finish and send.

In goes a mail with its Message-ID, out comes a copy of it in the folder of drafts, marked as one and as read: it is no
news. It is put there once: one with the same Message-ID is looked for first. Knows nothing of what a draft says.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from gateway.mailbox.door import Door
from gateway.mailbox.faults import Lost, MailboxFault, Missing
from gateway.mailbox.imap import Connection
from gateway.mailbox.maildir import folder_of
from gateway.ports import Clock, Unavailable

FLAGS = frozenset({"\\Draft", "\\Seen"})
#: The same in the name of a Maildir's file.
_LETTERS = "DS"
#: Commands that one draft takes at most, each of which may take as long as any.
_COMMANDS = 6


class ImapDrafts:
    """`ports.Drafts` over a short connection, let in by the same door as the watch's."""

    def __init__(self, door: Door, named: str) -> None:
        """`named` is the folder where the server marks none as `\\Drafts` (RFC 6154)."""
        self._door = door
        self._named = named

    async def put(self, message_id: str, content: bytes) -> None:
        """See `ports.Drafts`."""
        if not self._door.is_open:
            raise Unavailable("the mail server is left alone for a while; drafts wait")
        try:
            async with asyncio.timeout(self._door.intervals.command.total_seconds() * _COMMANDS):
                async with self._door.connection() as connection:
                    await self._put(connection, message_id, content)
        except TimeoutError as error:
            raise Unavailable("the mailbox is too busy to take a draft now") from error

    async def _put(self, connection: Connection, message_id: str, content: bytes) -> None:
        try:
            folder = await connection.drafts_folder(self._named)
            await connection.select(folder)
            if not await connection.holds(message_id):
                await connection.append(folder, content, FLAGS)
        except MailboxFault as fault:
            self._door.heed(fault)
            raise


class MaildirDrafts:
    """`ports.Drafts` as files of a Maildir, whose folder is made where it is missing."""

    def __init__(self, root: Path, named: str, clock: Clock) -> None:
        self._root = root
        self._folder = folder_of(root, named)
        self._clock = clock

    async def put(self, message_id: str, content: bytes) -> None:
        """See `ports.Drafts`."""
        if self._folder.exists and await self._folder.holds(message_id):
            return
        await asyncio.to_thread(self._write, message_id, content, self._clock.now())

    def _write(self, message_id: str, content: bytes, now: datetime) -> None:
        if not self._root.is_dir():
            raise Missing("the Maildir is not there yet; the first delivery makes it")
        path = self._folder.path
        name = f"{int(now.timestamp())}.{sha256(message_id.encode()).hexdigest()[:32]}.handrail"
        try:
            for folder in (path, path / "tmp", path / "new", path / "cur"):
                folder.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(path / "tmp" / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            (path / "tmp" / name).rename(path / "cur" / f"{name}:2,{_LETTERS}")
        except OSError as error:
            raise Lost("a Maildir takes no drafts; check its owner and mode, and the disk") from error
