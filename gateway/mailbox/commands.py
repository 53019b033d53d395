"""What is asked of a mailbox over one IMAP connection: folders, flags, contents; flags set and messages put there.

In go names, uids and flags, out come values; whatever fails on the way is one of `faults`. Content is read with
BODY.PEEK[], which never sets `\\Seen`; keyword support is judged by SELECT's PERMANENTFLAGS; uid lists are asked for in
short ascending blocks (Yahoo allows 1,000 messages a command). Knows nothing of what a change means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.parser import BytesHeaderParser

from aioimaplib import aioimaplib as ai

from gateway.mailbox import responses
from gateway.mailbox.faults import Lost, Missing, Throttled
from gateway.mailbox.names import encode, quote
from gateway.mailbox.protocol import MAX_LITERAL, Completion, Parts, SturdyProtocol
from gateway.mailbox.responses import Selected

#: Messages in one command.
BLOCK = 400
#: Refusals that pass by themselves (RFC 5530), and Gmail's "Too many simultaneous connections".
PASSING = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "ALERT"})


class Commands:
    """A connection's commands. For one task at a time."""

    def __init__(self, protocol: SturdyProtocol, patience: float) -> None:
        """`patience` is in seconds of silence, after which a command has failed."""
        self._protocol = protocol
        self._patience = patience
        self._capabilities: frozenset[str] = frozenset()

    # Folders.

    async def sent_folders(self, inbox: str, named: Sequence[str]) -> tuple[str, ...]:
        """Folders of sent mail that exist: those that the server marks and those named."""
        return responses.sent_folders(await self._listing(), inbox, named)

    async def drafts_folder(self, named: str) -> str:
        """The folder of drafts: the one that the server marks, else the one named, which is made if need be."""
        found = responses.drafts_folder(await self._listing(), named)
        if found is None:
            _insist(await self._run("CREATE", quote(encode(named))))
            await self._run("SUBSCRIBE", quote(encode(named)))  # many mail programs show no other folders
        return found or named

    async def _listing(self) -> list[Parts]:
        special = {"SPECIAL-USE", "LIST-EXTENDED"} <= self._capabilities
        options = ("RETURN (SPECIAL-USE)",) if special else ()
        return (await self._run("LIST", '""', '"*"', *options)).untagged

    async def select(self, folder: str) -> Selected:
        """Select a folder; the selection lasts until the connection ends. Raises Missing."""
        options = ("(CONDSTORE)",) if self.has_modseq else ()
        reply = await self._run("SELECT", quote(encode(folder)), *options)
        if reply.status != "OK":
            raise Missing("a watched folder is not there")
        self._protocol.state = ai.SELECTED
        return responses.selected(reply.untagged)

    @property
    def has_modseq(self) -> bool:
        """Whether the server can tell what changed since (RFC 7162)."""
        return "CONDSTORE" in self._capabilities

    # Messages. Uids are strings, as the store keeps them.

    async def flags(self) -> dict[str, frozenset[str]]:
        """Every message's flags, by ascending uid."""
        found: dict[str, frozenset[str]] = {}
        for block in _blocks(await self._uids()):
            found |= await self._flags_of(f"{block[0]}:{block[-1]}")
        return found

    async def holds(self, message_id: str) -> bool:
        """Whether a message with this Message-ID lies in the folder."""
        return bool(await self._uids("HEADER", "Message-ID", quote(message_id)))

    async def append(self, folder: str, content: bytes, flags: Iterable[str]) -> None:
        """Put a message into a folder. Raises Lost where the server does not take it."""
        self._protocol.continuation = content
        wanted = f"({' '.join(sorted(flags))})"
        _insist(await self._run("APPEND", quote(encode(folder)), wanted, f"{{{len(content)}}}"))

    async def _uids(self, *criteria: str) -> list[int]:
        reply = await self._run("SEARCH", *(criteria or ("ALL",)), by_uid=True)
        _insist(reply)
        words = (parts[0] or b"" for parts in reply.untagged)
        numbers = {int(n) for line in words if line[:6].upper() == b"SEARCH" for n in line.split() if n.isdigit()}
        return sorted(numbers)

    async def _flags_of(self, uids: str) -> dict[str, frozenset[str]]:
        return (await self._fetch_flags(uids, "(UID FLAGS)", 0))[0]

    async def flags_since(self, modseq: int) -> tuple[dict[str, frozenset[str]], int]:
        """The flags of what is new or changed since a mod-sequence, and the highest one seen (RFC 7162 3.1.4.1)."""
        return await self._fetch_flags("1:*", f"(UID FLAGS) (CHANGEDSINCE {modseq})", modseq)

    async def _fetch_flags(self, uids: str, wanted: str, modseq: int) -> tuple[dict[str, frozenset[str]], int]:
        found: dict[str, frozenset[str]] = {}
        for uid, items in await self._fetch(uids, wanted, insist=True):
            flags = responses.flags(items.get("FLAGS"))
            if flags is not None:
                found[uid] = flags
                modseq = max(modseq, responses.number(items.get("MODSEQ")) or 0)
        return dict(sorted(found.items(), key=lambda item: int(item[0]))), modseq

    async def message_ids(self, uids: Sequence[str]) -> dict[str, str]:
        """The Message-ID of each message that has one, angle brackets included."""
        found: dict[str, str] = {}
        parser = BytesHeaderParser()
        for block in _blocks([int(uid) for uid in uids], size=100):
            asked = {str(uid) for uid in block}
            wanted = "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
            for uid, items in await self._fetch(",".join(map(str, block)), wanted):
                header = responses.literal(items, "BODY[")
                value = str(parser.parsebytes(header).get("Message-ID", "")).strip() if header else ""
                if uid in asked and value:
                    found[uid] = value
        return found

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> list[str]:
        """Those of the newest hundred messages whose INTERNALDATE is not before an instant."""
        newest = sorted(uids, key=int)[-100:]
        if not newest:
            return []
        found = []
        for uid, items in await self._fetch(",".join(newest), "(UID INTERNALDATE)"):
            came = responses.instant(items.get("INTERNALDATE"))
            if uid in newest and came is not None and came >= at:
                found.append(uid)
        return sorted(set(found), key=int)

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        """A message and its INTERNALDATE; None for one that is gone, or longer than we read."""
        size, at = await self._measure(uid)
        if size > MAX_LITERAL:
            return None
        for found, items in await self._fetch(uid, "(UID BODY.PEEK[])"):
            content = responses.literal(items, "BODY[]")
            if found == uid and content is not None:
                return content, at
        return None

    async def _measure(self, uid: str) -> tuple[int, datetime | None]:
        size, at = 0, None
        for found, items in await self._fetch(uid, "(UID RFC822.SIZE INTERNALDATE)"):
            if found == uid:
                size = responses.number(items.get("RFC822.SIZE")) or size
                at = responses.instant(items.get("INTERNALDATE")) or at
        return size, at

    async def add_flags(self, uid: str, flags: Iterable[str]) -> frozenset[str]:
        """Set flags and read back what the message has then, for an OK to STORE is no proof.

        A message that is gone has none.
        """
        words = sorted(flags)
        if words:
            await self._run("STORE", uid, f"+FLAGS.SILENT ({' '.join(words)})", by_uid=True)
        return (await self._flags_of(uid)).get(uid, frozenset())

    # The wire.

    async def poke(self) -> None:
        """NOOP: servers without IDLE tell news with its reply."""
        _insist(await self._run("NOOP"))

    def stir(self) -> None:
        """End a wait for the server early."""
        self._protocol.stirred.set()

    async def _fetch(
        self, uids: str, items: str, *, insist: bool = False
    ) -> list[tuple[str, dict[str, responses.Value]]]:
        """FETCH's items by uid. A refusal gives none, for it may concern one broken message; `insist` raises Lost."""
        reply = await self._run("FETCH", uids, items, by_uid=True)
        if insist:
            _insist(reply)
        if reply.status != "OK" and responses.code(reply.text) in PASSING:
            raise Lost("the mail server cannot show messages for now")
        found = []
        for parts in reply.untagged:
            values = responses.fetched(parts)
            uid = responses.number(values.get("UID")) if values is not None else None
            if uid is not None and values is not None:
                found.append((str(uid), values))
            elif values is not None:
                self.stir()  # somebody changed something, told without its uid
        return found

    def _heed(self, reply: Completion) -> None:
        """Raise where a refusal means more than that this command failed."""
        pause = responses.backoff(reply.text) if reply.status != "OK" else None
        if pause is not None:
            raise Throttled(pause)

    async def _run(self, name: str, *arguments: str, by_uid: bool = False) -> Completion:
        patience = self._patience
        with faults_of_the_wire():
            command = self._protocol.command(name, *arguments, by_uid=by_uid, patience=patience)
            async with asyncio.timeout(patience * 20):
                reply = await self._protocol.converse(command)
        self._heed(reply)
        return reply


def _insist(reply: Completion) -> None:
    if reply.status != "OK":
        raise Lost(f"the mail server answered {reply.status} to a plain question")


@contextmanager
def faults_of_the_wire() -> Iterator[None]:
    """Whatever the wire does wrong is Lost."""
    try:
        yield
    except (OSError, ValueError, ai.AioImapException) as error:
        raise Lost(f"the connection to the mail server failed ({type(error).__name__})") from error


def _blocks(numbers: Sequence[int], size: int = BLOCK) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
