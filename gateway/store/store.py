"""Everything that is kept, behind eleven ports: `Record`, `Tokens`, `Stories`, `Notes`, `Versions`, `Keeping`,
`Roster`, `Folders`, `Outbox`, `OutboxDesk` and `SignIns`.

In go and out come values of the core; each call is one transaction of plain functions over a connection, the same on
SQLite and PostgreSQL. Every call raises `Unavailable` while the database does not answer, and nothing else for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.effects import Cancel, Effect
from gateway.core.events import Event, Received, Ref
from gateway.core.history import History, Note, Story
from gateway.core.policy.client import Client
from gateway.core.policy.versions import Version
from gateway.core.tracking import Copy, FolderState
from gateway.ports import Claim, Pending, Question, Unavailable
from gateway.store import clients, effects, events, folders, keeping, notes, sign_ins, spent, versions
from gateway.store import history as past
from gateway.store import migrate as migrating
from gateway.store.engine import Database, Work, database
from gateway.store.sealing import Sealer

#: Seconds that a report may take; nobody's mail waits for it.
_REPORT = 60.0


@asynccontextmanager
async def open_store(url: str, *, sealer: Sealer, host: str, password: str = "") -> AsyncIterator[Store]:
    """The store at `url` (`sqlite:///PATH` or `postgresql://user@host/name`), not yet connected.

    `host` is the domain of the Message-IDs drawn for effects. Raises ValueError for a URL that can't be.
    """
    opened = database(url, password)
    try:
        yield Store(opened, sealer, host)
    finally:
        await opened.close()


class Store:
    """All eleven ports, over one database. Made by `open_store`."""

    def __init__(self, opened: Database, sealer: Sealer, host: str) -> None:
        """Opens nothing."""
        self._db = opened
        self._sealer = sealer
        self._host = host
        #: Set when effects were stored or made due in this process; who waits for it clears it.
        self.bell = asyncio.Event()

    async def migrate(self) -> None:
        """Bring the database to the newest form. Raises Unavailable, and WrongKey."""
        await self._db.write(lambda db: migrating.migrate(db, self._sealer), patience=None)

    async def take_over(self) -> None:
        """Where only one process may serve (SQLite), be that one and free what a dead one had claimed; else nothing:
        the claims of a dead node run out. Raises Unavailable, and Taken.
        """
        if self._db.serve_alone():
            await self._db.write(effects.free_leases)

    # Record

    async def history(self, question: Question, now: datetime) -> History:
        """See `ports.Record`."""
        return await self._db.read(lambda db: past.history(db, self._sealer, question, now))

    async def append(self, ref: Ref, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        """See `ports.Record`. Raises ValueError for a message that was never received and is not received now."""
        return await self._causing(lambda db: self._append(db, ref, events, effects), effects)

    async def cause(self, effects: Sequence[Effect]) -> None:
        """See `ports.Record`. Such an effect counts from when it is due."""
        await self._causing(lambda db: self._cause(db, effects), effects)

    async def story(self, ref: Ref) -> Story | None:
        """See `ports.Record`."""
        return await self._db.read(lambda db: events.story(db, self._sealer, ref))

    async def find(self, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
        """See `ports.Record`."""
        return await self._db.read(lambda db: events.find(db, self._sealer, mailbox, message_ids))

    # Tokens

    async def spend(
        self,
        token: str,
        until: datetime,
        ref: Ref,
        events: Sequence[Event],
        effects: Sequence[Effect],
        *,
        client: Client | None = None,
        note: Note | None = None,
    ) -> bool:
        """See `ports.Tokens`. Raises ValueError for events of a message that was never received."""

        def work(db: Connection) -> bool:
            if not spent.spend(db, self._sealer, token, until):
                return False
            if client is not None:
                clients.save(db, self._sealer, ref.mailbox, [client])
            if note is not None:
                notes.keep(db, self._sealer, ref.mailbox, note)
            return self._append(db, ref, events, effects) if ref.key else self._cause(db, effects)

        return await self._causing(work, effects)

    # Stories

    async def stories(self, mailbox: str | None, since: datetime | None, until: datetime | None) -> tuple[Story, ...]:
        """See `ports.Stories`."""
        return await self._db.read(lambda db: events.stories(db, self._sealer, mailbox, since, until), patience=_REPORT)

    async def waiting(self, mailbox: str, author: str) -> tuple[Story, ...]:
        """See `ports.Stories`."""
        return await self._db.read(lambda db: events.waiting(db, self._sealer, mailbox, author))

    async def open(self, mailbox: str, since: datetime) -> tuple[Story, ...]:
        """See `ports.Stories`."""
        return await self._db.read(lambda db: events.opened(db, self._sealer, mailbox, since), patience=_REPORT)

    # Notes

    async def note(self, mailbox: str) -> Note | None:
        """See `ports.Notes`."""
        return await self._db.read(lambda db: notes.note(db, self._sealer, mailbox))

    async def keep_note(self, mailbox: str, note: Note | None) -> None:
        """See `ports.Notes`."""
        await self._db.write(lambda db: notes.keep(db, self._sealer, mailbox, note))

    # Versions

    async def versions(self) -> tuple[Version, ...]:
        """See `ports.Versions`."""
        return await self._db.read(versions.every)

    async def add_versions(self, versions: Sequence[Version], effects: Sequence[Effect]) -> None:
        """See `ports.Versions`."""
        await self._causing(lambda db: self._add_versions(db, versions, effects), effects)

    # Keeping

    async def oldest(self) -> Mapping[str, datetime]:
        """See `ports.Keeping`."""
        return await self._db.read(keeping.oldest, patience=_REPORT)

    async def erase(self, policy: str, before: datetime) -> int:
        """See `ports.Keeping`. A transaction a block, so that nobody's mail waits for the whole."""
        erased = 0
        while count := await self._db.write(lambda db: keeping.erase(db, policy, before), patience=_REPORT):
            erased += count
        return erased

    async def erase_said(self, before: datetime) -> int:
        """See `ports.Keeping`."""
        return await self._db.write(lambda db: keeping.erase_said(db, before), patience=_REPORT)

    # Roster

    async def client(self, mailbox: str, address: str) -> Client | None:
        """See `ports.Roster`."""
        return await self._db.read(lambda db: clients.one(db, self._sealer, mailbox, address))

    async def clients(self, mailbox: str) -> tuple[Client, ...]:
        """See `ports.Roster`."""
        return await self._db.read(lambda db: clients.every(db, self._sealer, mailbox), patience=_REPORT)

    async def save(self, mailbox: str, client: Client) -> None:
        """See `ports.Roster`."""
        await self._db.write(lambda db: clients.save(db, self._sealer, mailbox, [client]))

    async def save_all(self, mailbox: str, several: Sequence[Client]) -> None:
        """See `ports.Roster`."""
        await self._db.write(lambda db: clients.save(db, self._sealer, mailbox, several), patience=_REPORT)

    async def forget(self, mailbox: str, address: str) -> bool:
        """See `ports.Roster`."""
        return await self._db.write(lambda db: clients.forget(db, self._sealer, mailbox, address))

    # Folders

    async def folder(self, mailbox: str, folder: str) -> FolderState:
        """See `ports.Folders`."""
        return await self._db.read(lambda db: folders.folder(db, self._sealer, mailbox, folder), patience=_REPORT)

    async def keep(self, mailbox: str, state: FolderState) -> None:
        """See `ports.Folders`."""
        await self._db.write(lambda db: folders.keep(db, self._sealer, mailbox, state), patience=_REPORT)

    async def change(self, mailbox: str, before: FolderState, after: FolderState) -> None:
        """See `ports.Folders`."""
        await self._db.write(lambda db: folders.change(db, self._sealer, mailbox, before, after), patience=_REPORT)

    async def copies(self, ref: Ref) -> tuple[Copy, ...]:
        """See `ports.Folders`."""
        return await self._db.read(lambda db: folders.of_message(db, self._sealer, ref))

    # Outbox

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> tuple[Claim, ...]:
        """See `ports.Outbox`. `attempts` of a claim counts the claim itself: 1 the first time."""
        return await self._db.write(lambda db: effects.claim(db, self._sealer, now, lease_until, limit))

    async def settle(self, claim: Claim, events: Sequence[Event]) -> None:
        """See `ports.Outbox`. With a GivenUp among the events it is kept for an admin to retry."""
        await self._db.write(lambda db: effects.settle(db, self._sealer, claim, events))

    async def postpone(self, claim: Claim, due: datetime, error: str) -> None:
        """See `ports.Outbox`."""
        await self._db.write(lambda db: effects.postpone(db, claim, due, error))

    async def next_due(self) -> datetime | None:
        """See `ports.Outbox`."""
        return await self._db.read(effects.next_due)

    # OutboxDesk

    async def pending(self) -> tuple[Pending, ...]:
        """See `ports.OutboxDesk`. State is `waiting`, `claimed` or `given-up`."""
        return await self._db.read(effects.pending)

    async def retry(self, number: int) -> bool:
        """See `ports.OutboxDesk`."""
        return await self._db.write(lambda db: effects.retry(db, number), after=self._ring)

    async def drop(self, number: int) -> bool:
        """See `ports.OutboxDesk`."""
        return await self._db.write(lambda db: effects.drop(db, number))

    # SignIns

    async def sign_in(self, name: str) -> str | None:
        """See `ports.SignIns`."""
        return await self._db.read(lambda db: sign_ins.sign_in(db, self._sealer, name))

    async def keep_sign_in(self, name: str, tokens: str | None) -> None:
        """See `ports.SignIns`."""
        await self._db.write(lambda db: sign_ins.keep(db, self._sealer, name, tokens))

    def _append(self, db: Connection, ref: Ref, new: Sequence[Event], caused: Sequence[Effect]) -> bool:
        first = new[0] if new else None
        if isinstance(first, Received):
            message = events.begin(db, self._sealer, ref, first)
            if message is None:
                return False
        else:
            message = events.known(db, self._sealer, ref)
            if message is None:
                raise ValueError("events of a message that was never received")
        events.add(db, self._sealer, ref, message, new)
        at = max((event.at for event in new), default=None)
        for effect in caused:
            effects.put(db, self._sealer, self._host, effect, at, {ref: message})
        return True

    def _cause(self, db: Connection, caused: Sequence[Effect]) -> bool:
        for effect in caused:
            effects.put(db, self._sealer, self._host, effect, None)
        return True

    def _add_versions(self, db: Connection, new: Sequence[Version], caused: Sequence[Effect]) -> bool:
        versions.add(db, new)
        return self._cause(db, caused)

    async def _causing(self, work: Work[bool], caused: Sequence[Effect]) -> bool:
        """Run what stores effects, and ring where it stored any to carry out."""
        rings = any(not isinstance(effect, Cancel) for effect in caused)
        try:
            return await self._db.write(work, after=self._ring if rings else None)
        except Unavailable:
            # Nobody can tell whether it was stored: who waits for the bell looks.
            self._ring(rings)
            raise

    def _ring(self, stored: bool) -> None:
        if stored:
            self.bell.set()
