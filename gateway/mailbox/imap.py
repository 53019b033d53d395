"""One IMAP connection as the watcher needs it: sign in, select, look at flags, fetch, set flags, idle.

In go a `watch` URL and a password, out come values; whatever fails on the way is one of `faults`. Content is read with
BODY.PEEK[], which never sets `\\Seen`; keyword support is judged by SELECT's PERMANENTFLAGS; uid lists are asked for in
short ascending blocks (Yahoo allows 1,000 messages a command). Knows nothing of what a change means.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aioimaplib import aioimaplib as ai

from gateway.mailbox import responses
from gateway.mailbox.faults import Lost, Missing, Refused, Throttled
from gateway.mailbox.names import encode, quote
from gateway.mailbox.protocol import MAX_LITERAL, Completion, Parts, SturdyProtocol
from gateway.mailbox.responses import Selected

#: Messages in one command.
BLOCK = 400
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3))
#: Login refusals that pass by themselves (RFC 5530), and Gmail's "Too many simultaneous connections".
_PASSING = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "ALERT"})


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a mailbox."""

    scheme: str
    host: str
    port: int
    user: str
    password: Callable[[], str] = field(repr=False)
    #: PEM file of an authority to trust beside the system's.
    trust: Path | None = None
    #: Seconds of silence after which a command has failed.
    patience: float = 30.0

    @classmethod
    def from_url(cls, url: str, default_user: str, password: Callable[[], str], trust: Path | None) -> Access:
        """Read `imaps://user@host:993`, `imap+starttls://` or `imap://`; without a user the default one signs in."""
        parts = urlsplit(url)
        port = parts.port or (993 if parts.scheme == "imaps" else 143)
        return cls(parts.scheme, parts.hostname or "", port, unquote(parts.username or default_user), password, trust)

    def tls(self) -> ssl.SSLContext:
        """Certificates are always verified."""
        context = ssl.create_default_context()
        if self.trust is not None:
            context.load_verify_locations(self.trust)
        return context


@asynccontextmanager
async def connect(access: Access) -> AsyncIterator[Connection]:
    """Open a connection and sign in; close it at the end. Raises Lost, Throttled and Refused."""
    protocol = await _open(access)
    connection = Connection(access, protocol)
    try:
        await connection.sign_in()
        yield connection
    finally:
        await protocol.close()


async def _open(access: Access) -> SturdyProtocol:
    loop = asyncio.get_running_loop()
    context = await asyncio.to_thread(access.tls) if access.scheme != "imap" else None
    protocol = SturdyProtocol(loop)
    try:
        async with asyncio.timeout(access.patience):
            transport, _ = await loop.create_connection(
                lambda: protocol, access.host, access.port, ssl=context if access.scheme == "imaps" else None
            )
            _keep_alive(transport.get_extra_info("socket"))
            await protocol.greeted.wait()
            if protocol.welcome_said and access.scheme == "imap+starttls":
                assert context is not None
                await _start_tls(protocol, access, context)
    except (OSError, UnicodeError, ai.AioImapException) as error:  # TimeoutError and ssl.SSLError are OSErrors
        await protocol.close()
        raise Lost(f"no connection to the mail server ({type(error).__name__}); check host, port and TLS") from error
    except BaseException:
        await protocol.close()
        raise
    if not protocol.welcome_said:
        await protocol.close()
        raise Lost("the mail server hung up instead of greeting")
    return protocol


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _start_tls(protocol: SturdyProtocol, access: Access, context: ssl.SSLContext) -> None:
    reply = await protocol.converse(protocol.command("STARTTLS", patience=access.patience))
    if reply.status != "OK":
        raise ai.Abort("the server offers no TLS")
    await protocol.upgrade(context, access.host)


class Connection:
    """A signed-in connection. For one task at a time."""

    def __init__(self, access: Access, protocol: SturdyProtocol) -> None:
        self._access = access
        self._protocol = protocol
        self._capabilities: frozenset[str] = frozenset()
        self._idles = True

    # Signing in.

    async def sign_in(self) -> None:
        """LOGIN, or AUTHENTICATE PLAIN where the server wants it or the letters need it; then ask what it can do."""
        await self._ask_capabilities()
        if self._protocol.state != ai.AUTH:
            reply = await self._authenticate()
            if reply.status != "OK":
                raise self._unwelcome(reply)
            self._protocol.state = ai.AUTH
        if not await self._ask_capabilities():  # most servers say more after login than before
            # Microsoft says OK to a login without rights, then BAD and BYE to the next command.
            raise Refused("signed in, but the mailbox is closed to us; check that IMAP is switched on for it")

    async def _ask_capabilities(self) -> bool:
        reply = await self._run("CAPABILITY")
        words: set[str] = set()
        for parts in reply.untagged:
            name, *rest = (parts[0] or b"").decode("ascii", "replace").upper().split() or [""]
            words.update(rest if name == "CAPABILITY" else ())
        self._capabilities = frozenset(words)
        return reply.status == "OK"

    async def _authenticate(self) -> Completion:
        user, password = self._access.user, self._access.password()
        wanted = "LOGINDISABLED" in self._capabilities or not (user + password).isascii()
        if not wanted or "AUTH=PLAIN" not in self._capabilities:
            return await self._run("LOGIN", quote(user), quote(password))
        secret = b64encode(f"\0{user}\0{password}".encode())
        if "SASL-IR" in self._capabilities:
            return await self._run("AUTHENTICATE", "PLAIN", secret.decode())
        self._protocol.continuation = secret
        return await self._run("AUTHENTICATE", "PLAIN")

    def _unwelcome(self, reply: Completion) -> Exception:
        code = responses.code(reply.text)
        if code in _PASSING:
            return Lost(f"the mail server lets nobody in for now ({code})")
        return Refused(
            f"the mail server refused user or password ({code or reply.status}); check `watch` and `password`"
        )

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

    # Waiting.

    @property
    def stirred(self) -> bool:
        """Whether the server told of something since `settle`."""
        return self._protocol.stirred.is_set()

    @property
    def stirring(self) -> asyncio.Event:
        """Set when the server tells of something, by `stir`, and when the connection is lost."""
        return self._protocol.stirred

    def settle(self) -> None:
        """Forget what the server told; call before looking."""
        if self._protocol.lost is None:
            self._protocol.stirred.clear()

    def stir(self) -> None:
        """End a wait for the server early."""
        self._protocol.stirred.set()

    async def until_stirred(self, limit: float) -> bool:
        """Wait by IDLE, no longer than `limit` seconds; False where the server has none and nothing was waited for."""
        if not self._idles or "IDLE" not in self._capabilities:
            return False
        with _faults():
            reply = await self._protocol.idle_until_stirred(limit, self._access.patience)
        if reply.status != "OK":
            self._heed(reply)
            self._idles = False
        return self._idles

    async def poke(self) -> None:
        """NOOP: servers without IDLE tell news with its reply."""
        _insist(await self._run("NOOP"))

    # The wire.

    async def _fetch(
        self, uids: str, items: str, *, insist: bool = False
    ) -> list[tuple[str, dict[str, responses.Value]]]:
        """FETCH's items by uid. A refusal gives none, for it may concern one broken message; `insist` raises Lost."""
        reply = await self._run("FETCH", uids, items, by_uid=True)
        if insist:
            _insist(reply)
        if reply.status != "OK" and responses.code(reply.text) in _PASSING:
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
        patience = self._access.patience
        with _faults():
            command = self._protocol.command(name, *arguments, by_uid=by_uid, patience=patience)
            async with asyncio.timeout(patience * 20):
                reply = await self._protocol.converse(command)
        self._heed(reply)
        return reply


def _insist(reply: Completion) -> None:
    if reply.status != "OK":
        raise Lost(f"the mail server answered {reply.status} to a plain question")


@contextmanager
def _faults() -> Iterator[None]:
    """Whatever the wire does wrong is Lost."""
    try:
        yield
    except (OSError, ValueError, ai.AioImapException) as error:
        raise Lost(f"the connection to the mail server failed ({type(error).__name__})") from error


def _blocks(numbers: Sequence[int], size: int = BLOCK) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
