"""A folder selected on an IMAP connection, as a lookout wants to see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.mailbox.commands import Commands, FlagsByUid, Spans
from gateway.mailbox.responses import Selected
from gateway.mailbox.world import Known, Look


class ImapFolder:
    """Uids and flags are the base; counting changes (RFC 7162) is a speed-up that may lie, so `full` does without.

    Flags are asked for where somebody listens: of ours, and of what is new. A mailbox may hold tens of thousands.
    """

    def __init__(self, name: str, connection: Commands, selected: Selected) -> None:
        self.name = name
        self._connection = connection
        self._selected = selected
        #: Whether ours may have gone unnoticed since the folder was looked at last.
        self._doubtful = True

    async def look(self, known: Known, *, full: bool) -> Look:
        """Every uid; or what is new, changed and gone, as far as that can be told without asking for all."""
        doubtful, self._doubtful = self._doubtful or self._connection.take_expunged(), True
        look = await self._look(known, full=full, doubtful=doubtful)
        self._doubtful = False
        return look

    async def _look(self, known: Known, *, full: bool, doubtful: bool) -> Look:
        if full or known.validity != self._selected.validity:
            return await self._whole(known)
        if known.modseq and self._connection.has_modseq:
            counted = await self._connection.flags_since(known.modseq)
            if counted is not None:
                flags, modseq, vanished = counted
                return self._part(modseq, flags, await self._gone(known, vanished, doubtful=doubtful))
        return await self._compared(known)

    async def _whole(self, known: Known) -> Look:
        same = known.validity == self._selected.validity
        uids = [str(uid) for uid in await self._connection.uids()]
        asked = {uid for uid in uids if not same or uid in known.copies.ours or uid not in known.copies}
        flags = await self._connection.flags_of(asked)
        there = dict.fromkeys(uid for uid in uids if uid not in asked or uid in flags)
        selected = self._selected
        return Look(selected.validity, selected.next_uid or 1, selected.modseq, flags, there.keys())

    async def _compared(self, known: Known) -> Look:
        """Without mod-sequences: the flags of ours, and what is new."""
        flags = await self._connection.flags_of(known.copies.ours)
        gone = known.copies.ours.keys() - flags.keys()
        return self._part(0, flags | await self._connection.flags_from(known.next_uid), frozenset(gone))

    async def _gone(self, known: Known, vanished: Spans | None, *, doubtful: bool) -> frozenset[str]:
        """Those of ours that are not there. The list of what vanished says where to look; some servers' are wrong."""
        if vanished is None:
            asked = list(known.copies.ours) if doubtful else []
        else:
            asked = [uid for uid in known.copies.ours if any(first <= int(uid) <= last for first, last in vanished)]
        return frozenset(asked) - await self._connection.there(asked)

    def _part(self, modseq: int, flags: FlagsByUid, gone: frozenset[str]) -> Look:
        return Look(self._selected.validity, self._selected.next_uid or 1, modseq, flags, None, gone)

    async def message_ids(self, uids: Sequence[str]) -> Mapping[str, str]:
        """See `Commands.message_ids`."""
        return await self._connection.message_ids(uids)

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> Sequence[str]:
        """See `Commands.arrived_since`."""
        return await self._connection.arrived_since(uids, at)

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        """See `Commands.content`."""
        return await self._connection.content(uid)

    async def add_flags(self, uid: str, flags: frozenset[str]) -> frozenset[str]:
        """Set those of the flags that SELECT says are kept, and read back."""
        return await self._connection.add_flags(uid, {flag for flag in flags if self.keeps(flag)})

    def keeps(self, flag: str) -> bool:
        """By PERMANENTFLAGS of SELECT; EXAMINE's would be no evidence."""
        return self._selected.keeps(flag)
