"""A folder selected on an IMAP connection, as a lookout wants to see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.core.tracking import FolderState
from gateway.mailbox.imap import Connection
from gateway.mailbox.lookout import Look
from gateway.mailbox.responses import Selected


class ImapFolder:
    """Flags by uid are the base; counting changes (CONDSTORE) is a speed-up that may lie, so `full` does without."""

    def __init__(self, name: str, connection: Connection, selected: Selected) -> None:
        self.name = name
        self._connection = connection
        self._selected = selected

    async def look(self, known: FolderState, *, full: bool) -> Look:
        """Every flag by uid; or what changed since, laid over what was known."""
        selected = self._selected
        next_uid = selected.next_uid or 1
        if full or not known.modseq or not self._connection.has_modseq or known.validity != selected.validity:
            return Look(selected.validity, next_uid, selected.modseq, await self._connection.flags())
        changed, modseq = await self._connection.flags_since(known.modseq)
        before = {uid: copy.flags for uid, copy in known.copies.items()}
        return Look(selected.validity, next_uid, modseq, before | changed)

    async def message_ids(self, uids: Sequence[str]) -> Mapping[str, str]:
        """See `Connection.message_ids`."""
        return await self._connection.message_ids(uids)

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> Sequence[str]:
        """See `Connection.arrived_since`."""
        return await self._connection.arrived_since(uids, at)

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        """See `Connection.content`."""
        return await self._connection.content(uid)

    async def add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        """Set those of the flags that SELECT says are kept, and read back."""
        return await self._connection.add_flags(uid, {flag for flag in flags if self.keeps(flag)})

    def keeps(self, flag: str) -> bool:
        """By PERMANENTFLAGS of SELECT; EXAMINE's would be no evidence."""
        return self._selected.keeps(flag)
