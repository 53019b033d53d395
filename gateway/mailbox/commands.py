"""What is asked of a mailbox over one IMAP connection: folders, flags, contents; flags set and messages put there.

In go names, uids and flags, out come values; whatever fails on the way is one of `faults`. Content is read with
BODY.PEEK[], which never sets `\\Seen`; keyword support is judged by SELECT's PERMANENTFLAGS; uid lists are asked for in
short ascending blocks (Yahoo allows 1,000 messages a command). Knows nothing of what a change means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from aioimaplib import aioimaplib as ai

from gateway.mailbox import responses
from gateway.mailbox.faults import Lost, Missing, Throttled
from gateway.mailbox.names import encode, quote
from gateway.mailbox.protocol import MAX_LITERAL, Completion, Parts, SturdyProtocol
from gateway.mailbox.responses import Listed, Selected, Status

#: Messages in one command.
BLOCK = 400
#: Octets of one command's list of uids (Yahoo and UW take lines of a thousand).
LINE = 800
#: Refusals that pass by themselves (RFC 5530), and Gmail's "Too many simultaneous connections".
PASSING = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "ALERT"})
#: Spans of uids, both ends inclusive.
Spans = tuple[tuple[int, int], ...]
#: Flags by uid.
FlagsByUid = dict[str, frozenset[str]]

_EVENTS = "(MessageNew MessageExpunge FlagChange)"


class Commands:
    """A connection's commands. For one task at a time."""

    def __init__(self, protocol: SturdyProtocol, patience: float, unfit: set[str]) -> None:
        """`patience` is in seconds of silence, after which a command has failed.

        `unfit` are capabilities that this server offers and does not keep, remembered from one connection to the next.
        """
        self._protocol = protocol
        self._patience = patience
        self._unfit = unfit
        self._capabilities: frozenset[str] = frozenset()
        self._has_qresync = False
        self._is_introduced = False
        self._flag_sets: dict[frozenset[str], frozenset[str]] = {}

    def offers(self, capability: str) -> bool:
        """Whether the server offers something that it did not yet fail to keep."""
        return capability in self._capabilities and capability not in self._unfit

    # Folders.

    async def folders(self) -> tuple[Listed, ...]:
        """Every folder that can hold messages, with its special use (RFC 6154, or XLIST before that)."""
        return responses.folders(await self._listing())

    async def drafts_folder(self, named: str) -> str:
        """The folder of drafts: the one that the server marks, else the one named, which is made if need be."""
        found = responses.drafts_folder(await self._listing(), named)
        if found is None:
            _insist(await self._run("CREATE", quote(encode(named))))
            await self._run("SUBSCRIBE", quote(encode(named)))  # many mail programs show no other folders
        return found or named

    async def _listing(self) -> list[Parts]:
        special = {"SPECIAL-USE", "LIST-EXTENDED"} <= self._capabilities
        if not special and self.offers("XLIST"):
            reply = await self._run("XLIST", '""', '"*"')
            if reply.status == "OK":
                return reply.untagged
            self._unfit.add("XLIST")
        options = ("RETURN (SPECIAL-USE)",) if special else ()
        return (await self._run("LIST", '""', '"*"', *options)).untagged

    async def select(self, folder: str) -> Selected:
        """Select a folder; the selection lasts until the next one, or the connection ends. Raises Missing."""
        reply = await self._select(folder)
        if reply.status != "OK" and self.offers("ID") and not self._is_introduced:
            self._is_introduced = True
            await self._run("ID", '("name" "handrail")')  # 163.com lets nobody look who did not say a name
            reply = await self._select(folder)
        if reply.status != "OK":
            self._protocol.state = ai.AUTH  # RFC 9051 6.3.2: a SELECT that fails leaves none selected
            raise Missing("a watched folder is not there")
        self._protocol.state = ai.SELECTED
        return responses.selected(reply.untagged)

    async def _select(self, folder: str) -> Completion:
        options = ("(CONDSTORE)",) if self.has_modseq else ()
        return await self._run("SELECT", quote(encode(folder)), *options)

    async def status(self, folder: str) -> Status | None:
        """What STATUS says of a folder that is not selected; None where it says nothing."""
        wanted = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", *(["HIGHESTMODSEQ"] if self.has_modseq else [])]
        reply = await self._run("STATUS", quote(encode(folder)), f"({' '.join(wanted)})")
        return next(filter(None, map(responses.status, reply.untagged)), None) if reply.status == "OK" else None

    @property
    def has_modseq(self) -> bool:
        """Whether the server can tell what changed since (RFC 7162)."""
        return self.offers("CONDSTORE") or self._has_qresync

    async def enable(self) -> None:
        """Switch QRESYNC on (RFC 5161, RFC 7162 3.2.3), which must be done before a folder is selected."""
        if self.offers("QRESYNC") and self.offers("ENABLE"):
            reply = await self._run("ENABLE", "QRESYNC")
            self._has_qresync = reply.status == "OK" and "QRESYNC" in responses.enabled(reply.untagged)

    async def notify(self, folders: Sequence[str]) -> bool:
        """Have the server tell of the selected folder and of others (RFC 5465); False where it does not."""
        if not self.offers("NOTIFY"):
            return False
        # Dovecot 2.3 knows no names in modified UTF-7 here; then all of the user's folders are asked for.
        plain = all(encode(folder) == folder for folder in folders)
        which = f"mailboxes ({' '.join(map(quote, folders))})" if plain else "personal"
        others = f" ({which} {_EVENTS})" if folders else ""
        reply = await self._run("NOTIFY", "SET", f"(selected {_EVENTS}){others}")
        if reply.status != "OK":
            self._unfit.add("NOTIFY")
        return reply.status == "OK"

    def take_news(self) -> list[Status]:
        """What the server told of other folders, unasked, since this was called last."""
        news, self._protocol.news = self._protocol.news, {}
        if self._protocol.overflowed:
            self._unfit.add("NOTIFY")
            raise Lost("the mail server has too much to tell of other folders")
        return [one for parts in news.values() if (one := responses.status(parts))]

    # Messages. Uids are strings, as the store keeps them.

    async def uids(self) -> list[int]:
        """Every message, ascending."""
        return await self._search()

    async def there(self, uids: Iterable[str]) -> frozenset[str]:
        """Those of the messages that are in the folder."""
        found: set[str] = set()
        for wanted in uid_sets(int(uid) for uid in uids):
            found.update(map(str, await self._search("UID", wanted)))
        return frozenset(found)

    def take_expunged(self) -> bool:
        """Whether the server told that messages are gone since this was called last."""
        expunged, self._protocol.expunged = self._protocol.expunged, False
        return expunged

    async def flags_of(self, uids: Iterable[str]) -> FlagsByUid:
        """The flags of messages, by ascending uid; those that are gone are left out."""
        found: FlagsByUid = {}
        for wanted in uid_sets(int(uid) for uid in uids):
            found |= (await self._fetch_flags(wanted, "(UID FLAGS)", 0))[0]
        return found

    async def flags_from(self, uid: int) -> FlagsByUid:
        """The flags of what is new: `n:*` gives the last message, too, where there is none from n on."""
        flags, _ = await self._fetch_flags(f"{max(uid, 1)}:*", "(UID FLAGS)", 0)
        return {one: flags[one] for one in flags if int(one) >= uid}

    async def flags_since(self, modseq: int) -> tuple[FlagsByUid, int, Spans | None] | None:
        """What is new or changed since a mod-sequence, and the highest one seen (RFC 7162 3.1.4.1); with QRESYNC what
        is said to be gone, which may be wrong, else None. None in all where the server does not keep what it offers.
        """
        gone = " VANISHED" if self._has_qresync else ""
        reply = await self._run("FETCH", "1:*", f"(UID FLAGS) (CHANGEDSINCE {modseq}{gone})", by_uid=True)
        if reply.status != "OK":
            self._unfit.update(("CONDSTORE", "QRESYNC"))
            self._has_qresync = False
            return None
        vanished = tuple(span for parts in reply.untagged for span in responses.vanished(parts))
        return *self._flags_in(self._items(reply), modseq), vanished if self._has_qresync else None

    async def _fetch_flags(self, uids: str, wanted: str, modseq: int) -> tuple[FlagsByUid, int]:
        return self._flags_in(await self._fetch(uids, wanted, insist=True), modseq)

    def _flags_in(self, items: Items, modseq: int) -> tuple[FlagsByUid, int]:
        found: FlagsByUid = {}
        for uid, values in items:
            flags = responses.flags(values.get("FLAGS"))
            if flags is not None:
                found[uid] = self._shared(flags)
                modseq = max(modseq, responses.number(values.get("MODSEQ")) or 0)
        return dict(sorted(found.items(), key=lambda item: int(item[0]))), modseq

    def _shared(self, flags: frozenset[str]) -> frozenset[str]:
        """One value for equal sets: a folder of thousands has but a few."""
        if len(self._flag_sets) > BLOCK:
            self._flag_sets.clear()
        return self._flag_sets.setdefault(flags, flags)

    async def holds(self, message_id: str) -> bool:
        """Whether a message with this Message-ID lies in the folder."""
        return bool(await self._search("HEADER", "Message-ID", quote(message_id)))

    async def append(self, folder: str, content: bytes, flags: Iterable[str]) -> None:
        """Put a message into a folder. Raises Lost where the server does not take it."""
        self._protocol.continuation = content
        wanted = f"({' '.join(sorted(flags))})"
        _insist(await self._run("APPEND", quote(encode(folder)), wanted, f"{{{len(content)}}}"))

    async def _search(self, *criteria: str) -> list[int]:
        reply = await self._run("SEARCH", *(criteria or ("ALL",)), by_uid=True)
        _insist(reply)
        words = (parts[0] or b"" for parts in reply.untagged)
        numbers = {int(n) for line in words if line[:6].upper() == b"SEARCH" for n in line.split() if n.isdigit()}
        return sorted(numbers)

    async def message_ids(self, uids: Sequence[str]) -> Mapping[str, str]:
        """The Message-ID of each message that has one, angle brackets included."""
        found: dict[str, str] = {}
        asked = frozenset(uids)
        for block in uid_sets((int(uid) for uid in uids), most=100):
            for uid, items in await self._fetch(block, "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"):
                header = responses.literal(items, "BODY[")
                value = responses.message_id(header or b"")
                if uid in asked and value:
                    found[uid] = value
        return found

    async def arrived_since(self, uids: Sequence[str], at: datetime) -> list[str]:
        """Those of the newest hundred messages whose INTERNALDATE is not before an instant."""
        newest = frozenset(sorted(uids, key=int)[-100:])
        found = set()
        for block in uid_sets(int(uid) for uid in newest):
            for uid, items in await self._fetch(block, "(UID INTERNALDATE)"):
                came = responses.instant(items.get("INTERNALDATE"))
                if uid in newest and came is not None and came >= at:
                    found.add(uid)
        return sorted(found, key=int)

    async def content(self, uid: str) -> tuple[bytes, datetime | None] | None:
        """A message and its INTERNALDATE; None for one that is gone, or longer than we read."""
        size, at = await self._measure(uid)
        if size > MAX_LITERAL:
            return None
        for found, items in await self._fetch(uid, "(UID BODY.PEEK[])"):
            content = responses.literal(items, "BODY[]")
            if found == uid and content:
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
        return (await self.flags_of([uid])).get(uid, frozenset())

    # The wire.

    async def poke(self) -> None:
        """NOOP: servers without IDLE tell news with its reply."""
        _insist(await self._run("NOOP"))

    def stir(self) -> None:
        """End a wait for the server early."""
        self._protocol.stirred.set()

    async def _fetch(self, uids: str, wanted: str, *, insist: bool = False) -> Items:
        """FETCH's items by uid. A refusal gives none, for it may concern one broken message; `insist` raises Lost."""
        reply = await self._run("FETCH", uids, wanted, by_uid=True)
        if insist:
            _insist(reply)
        if reply.status != "OK" and responses.code(reply.text) in PASSING:
            raise Lost("the mail server cannot show messages for now")
        items = self._items(reply)
        if "FLAGS" not in wanted and any("FLAGS" in values for _, values in items):
            self.stir()  # somebody changed something, told among what we asked for
        return items

    def _items(self, reply: Completion) -> Items:
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

    async def ask(self, name: str, *arguments: str, by_uid: bool = False) -> Completion:
        """A command, and how it ended: for who can do without. Raises Lost and Throttled."""
        return await self._run(name, *arguments, by_uid=by_uid)

    async def _run(self, name: str, *arguments: str, by_uid: bool = False) -> Completion:
        with faults_of_the_wire():
            command = self._protocol.command(name, *arguments, by_uid=by_uid, patience=self._patience)
            async with asyncio.timeout(self._patience * 20):
                reply = await self._protocol.converse(command)
        self._heed(reply)
        return reply


Items = list[tuple[str, dict[str, responses.Value]]]


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


def uid_sets(numbers: Iterable[int], most: int = BLOCK) -> Iterator[str]:
    """Ascending sequence sets (RFC 9051 9), neighbours as ranges, none with more messages or octets than allowed."""
    spans: list[str] = []
    count = octets = 0
    for first, last in _runs(sorted(set(numbers)), most):
        span = str(first) if first == last else f"{first}:{last}"
        if spans and (count + last - first + 1 > most or octets + len(span) > LINE):
            yield ",".join(spans)
            spans, count, octets = [], 0, 0
        spans.append(span)
        count += last - first + 1
        octets += len(span) + 1
    if spans:
        yield ",".join(spans)


def _runs(ascending: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Neighbouring numbers together, `most` at a time."""
    start = previous = -1
    for number in ascending:
        if start >= 0 and (number != previous + 1 or number - start >= most):
            yield start, previous
            start = number
        start = number if start < 0 else start
        previous = number
    if start >= 0:
        yield start, previous
