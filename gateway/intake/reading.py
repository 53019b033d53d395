"""Bytes of a connection to command lines and contents: what ends what is decided here and nowhere else.

A command ends at LF (old devices leave the CR out, and nothing hangs on it). Content ends at `<CRLF>.<CRLF>`
alone (RFC 5321 4.1.1.4): every laxer reading lets one peer's message be another's commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.core.replies import Reply, permanent, transient

TOO_BIG = permanent(552, "3.4", "Message is larger than we take")
NO_ROOM = transient(452, "3.1", "Too many messages in hand, please try again later")

_CHUNK = 1 << 16
_END = b"\r\n.\r\n"


class Gone(Exception):
    """The peer ended the connection."""


class Reading:
    """Reads ahead from a stream; what was read ahead is dropped by `forget()` (STARTTLS)."""

    def __init__(self, source: asyncio.StreamReader) -> None:
        self._source = source
        self._ahead = bytearray()

    def forget(self) -> None:
        """Drop what was read but not used: it came before TLS and anyone may have put it there (RFC 3207 4.2)."""
        self._ahead.clear()

    async def line(self, limit: int) -> bytes | None:
        """The next command line without its end; None for one of more than `limit` octets. Raises Gone."""
        seen, long = 0, False
        while (end := self._ahead.find(b"\n", seen)) < 0:
            if len(self._ahead) > limit:
                long = True
                self._ahead.clear()
            seen = len(self._ahead)
            await self._more()
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return None if long or len(line) > limit else line.removesuffix(b"\r")

    async def content(self, limit: int, take: Callable[[int], bool]) -> bytes | Reply:
        """Content up to the final dot, with its last CRLF, dots still stuffed; or a refusal once it has all come by.

        `take` is asked before more octets are kept. Raises Gone.
        """
        refusal: Reply | None = None
        # The CRLF of the DATA command also begins the end of an empty message.
        kept = bytearray(b"\r\n") + self._ahead
        self._ahead.clear()
        new, seen = len(kept), 0
        while True:
            end = kept.find(_END, seen)
            arrived = new if end < 0 else new - (len(kept) - end - len(_END))
            refusal = refusal or self._refusal(arrived, (len(kept) if end < 0 else end) - 2, limit, take)
            if end >= 0:
                self._ahead += kept[end + len(_END) :]
                return refusal or bytes(kept[2 : end + 2])
            if refusal:
                del kept[: max(0, len(kept) - len(_END) + 1)]
            seen, before = max(0, len(kept) - len(_END) + 1), len(kept)
            await self._more()
            kept += self._ahead
            self._ahead.clear()
            new = len(kept) - before

    @staticmethod
    def _refusal(arrived: int, total: int, limit: int, take: Callable[[int], bool]) -> Reply | None:
        if total > limit:
            return TOO_BIG
        return None if take(max(0, arrived)) else NO_ROOM

    async def _more(self) -> None:
        chunk = await self._source.read(_CHUNK)
        if not chunk:
            raise Gone
        self._ahead += chunk
