"""What an admin can do. Each action is one call of a port and a line in the log; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import structlog

from gateway.core.history import Note
from gateway.core.policy.client import Client
from gateway.ports import Notes, OutboxDesk, Roster
from gateway.settings.schema import Settings

log = structlog.get_logger(__name__)


class UnknownName(LookupError):
    """The settings have no mailbox or policy of this name; the text lists those that they have."""


class Actions:
    """Acts on the ports. `wake` tells a running outbox that something is due at once."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        desk: OutboxDesk,
        roster: Roster,
        notes: Notes,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """The settings say which mailboxes and policies exist."""
        self._settings = settings
        self._desk = desk
        self._roster = roster
        self._notes = notes
        self._wake = wake

    async def retry(self, number: int) -> bool:
        """Try an effect of the outbox again at once, given up or not; False where there is none. Raises Unavailable."""
        found = await self._desk.retry(number)
        if found:
            log.info("outbox-retry", effect=number)
            self._wake()
        return found

    async def drop(self, number: int) -> bool:
        """Never carry an effect of the outbox out; False where there is none. Raises Unavailable."""
        found = await self._desk.drop(number)
        if found:
            log.info("outbox-drop", effect=number)
        return found

    async def save_client(self, mailbox: str, client: Client) -> None:
        """Put a client on a mailbox's roster, or replace what was noted. Raises UnknownName, Unavailable."""
        await self.save_clients(mailbox, (client,))

    async def save_clients(self, mailbox: str, clients: Sequence[Client]) -> None:
        """Put them on a mailbox's roster, all or none. Raises UnknownName, Unavailable."""
        _known("mailbox", mailbox, self._settings().gateway.mailboxes)
        for policy in sorted({client.policy for client in clients} - {""}):
            _known("policy", policy, self._settings().policies)
        await self._roster.save_all(mailbox, clients)
        log.info("clients-saved", mailbox=mailbox, count=len(clients))

    async def forget_client(self, mailbox: str, address: str) -> bool:
        """Take a client off the roster; False where there was none. Raises UnknownName, Unavailable."""
        _known("mailbox", mailbox, self._settings().gateway.mailboxes)
        found = await self._roster.forget(mailbox, address)
        if found:
            log.info("client-forgotten", mailbox=mailbox)
        return found

    async def keep_note(self, mailbox: str, note: Note) -> None:
        """Let acks carry a presence note in place of the last one. Raises UnknownName, Unavailable."""
        _known("mailbox", mailbox, self._settings().gateway.mailboxes)
        await self._notes.keep_note(mailbox, note)
        log.info("presence-note", mailbox=mailbox, kept=True)

    async def end_note(self, mailbox: str) -> bool:
        """Take the presence note back; False where there was none. Raises UnknownName, Unavailable."""
        _known("mailbox", mailbox, self._settings().gateway.mailboxes)
        found = await self._notes.note(mailbox) is not None
        await self._notes.keep_note(mailbox, None)
        log.info("presence-note", mailbox=mailbox, kept=False)
        return found


def _known(kind: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        raise UnknownName(f"no {kind} {name!r} in the settings; there is {', '.join(names) or 'none'}")
