"""One connection to a downstream, as its client, in SMTP or LMTP (RFC 5321, RFC 2033).

An envelope and content go in, the downstream's reply for the whole transaction comes out. Own asyncio streams,
because aiosmtplib has neither LMTP nor pipelining. Refuses to know pools, mailboxes and what to do when it breaks:
that it raises as `Broken`, which says whether the final dot had gone out.

One transaction, one reply. A recipient that is refused before content is sent ends the transaction (RSET, first
refusal passed on), so nothing is half delivered. After the final dot LMTP replies for each recipient; there only
a reply of 2yz to all is passed on as such, else the first refusal: `relay` then sees to it that a second try
does not deliver twice (`gateway.transport.partial`).

8-bit content goes out as it is even where the downstream does not offer 8BITMIME: every server in use stores it,
and the other way, re-encoding, breaks DKIM signatures; refusing loses mail.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gateway.core.message.facts import Envelope
from gateway.core.message.lines import stuffed
from gateway.core.replies import NO_DOWNSTREAM, Reply, parse, permanent, transient

#: Limits to a downstream's reply: lines, octets a line (RFC 5321 4.5.3.1.5 has 512), and characters passed on.
MAX_LINES = 100
MAX_LINE = 4096
PASSED_LINES = 20
PASSED_TEXT = 400

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_CHUNK = 1 << 16

NEEDS_SMTPUTF8 = permanent(550, "6.7", "The mailbox server does not take non-ASCII addresses")
BAD_ADDRESS = permanent(553, "1.3", "An address of the envelope can't be written into a command")
#: Our own fault or the admin's: never a reason to lose the client's mail (RFC 3463 X.3.5, X.7.5, X.7.8).
NO_TLS = transient(451, "7.5", "No trusted TLS connection to the mailbox server, please try again later")
NO_LOGIN = transient(451, "7.8", "The mailbox server refused the gateway's sign-in, please try again later")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each phase (RFC 5321 4.5.3.2)."""

    connect: float = 30.0
    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    final: float = 600.0
    quit: float = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to connect. `socket` is the path of a Unix socket and goes before host and port."""

    helo: str
    host: str = ""
    port: int = 25
    socket: str = ""
    lmtp: bool = False
    #: "", "starttls" or "tls".
    security: str = ""
    user: str = ""
    password: str = ""


class Broken(Exception):
    """The connection is of no more use. `reply` is what a peer hears, `dot_sent` whether it may have been delivered."""

    def __init__(self, reason: str, reply: Reply = NO_DOWNSTREAM, dot_sent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply = reply
        self.dot_sent = dot_sent


async def connect(target: Target, timeouts: Timeouts, tls: ssl.SSLContext | None) -> Connection:
    """Open, greet, encrypt, sign in: a connection that is ready for a transaction. Raises Broken."""
    try:
        async with asyncio.timeout(timeouts.connect):
            reader, writer = await _open(target, tls)
    except (OSError, TimeoutError) as error:
        raise _no_connection(error) from error
    connection = Connection(target, timeouts, reader, writer)
    try:
        async with asyncio.timeout(timeouts.connect):
            await connection.prepare(tls)
    except (OSError, TimeoutError) as error:
        await connection.abort()
        raise _no_connection(error) from error
    except BaseException:
        await connection.abort()
        raise
    return connection


def _no_connection(error: OSError) -> Broken:
    # ssl.SSLError is an OSError, too.
    reply = NO_TLS if isinstance(error, ssl.SSLError) else NO_DOWNSTREAM
    return Broken(f"no connection: {type(error).__name__}", reply)


async def _open(target: Target, tls: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.socket:
        return await asyncio.open_unix_connection(target.socket)
    implicit = tls if target.security == "tls" else None
    return await asyncio.open_connection(target.host, target.port, ssl=implicit)


class Connection:
    """An open connection; one transaction at a time."""

    def __init__(
        self, target: Target, timeouts: Timeouts, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._target = target
        self._timeouts = timeouts
        self._reader = reader
        self._writer = writer
        self._offers: dict[str, list[str]] = {}
        self._ahead = bytearray()
        #: Event-loop time at which the pool got it back.
        self.last_used = 0.0

    @property
    def offers(self) -> Mapping[str, Sequence[str]]:
        """What the downstream offers: keyword to parameters (RFC 5321 4.1.1.1), as said last."""
        return self._offers

    # -- opening and closing

    async def prepare(self, tls: ssl.SSLContext | None) -> None:
        """Greet, encrypt, sign in, as the target says. Raises Broken, and OSError from the handshake."""
        greeting = await self._reply(self._timeouts.connect)
        if not greeting.accepted:
            raise Broken("greeted with a refusal")
        await self._greet()
        if self._target.security == "starttls":
            await self._encrypt(tls)
            await self._greet()
        if self._target.user:
            await self._sign_in()

    async def _greet(self) -> None:
        verb = "LHLO" if self._target.lmtp else "EHLO"
        reply = await self._ask(f"{verb} {self._target.helo}")
        words = [line.upper().split() for line in reply.lines[1:]] if reply.accepted else []
        self._offers = {line[0]: line[1:] for line in words if line}
        if not reply.accepted and not self._target.lmtp:
            reply = await self._ask(f"HELO {self._target.helo}")
        if not reply.accepted:
            raise Broken("greeting refused")

    async def _encrypt(self, tls: ssl.SSLContext | None) -> None:
        if "STARTTLS" not in self._offers:
            raise Broken("STARTTLS is not offered", NO_TLS)
        reply = await self._ask("STARTTLS")
        # What came in the clear behind the reply would be read as if it had come encrypted (CVE-2011-0411).
        if reply.code != 220 or self._ahead or not await self.quiet():
            raise Broken("STARTTLS failed", NO_TLS)
        assert tls is not None
        await self._writer.start_tls(tls, server_hostname=self._target.host)

    async def _sign_in(self) -> None:
        user, password = self._target.user.encode(), self._target.password.encode()
        mechanisms = self._offers.get("AUTH", [])
        if "PLAIN" in mechanisms:
            plain = _base64(b"\0".join((b"", user, password)))
            replies = [await self._ask(f"AUTH PLAIN {plain}")]
        elif "LOGIN" in mechanisms:
            replies = [await self._ask(line) for line in ("AUTH LOGIN", _base64(user), _base64(password))]
        else:
            raise Broken("neither AUTH PLAIN nor LOGIN is offered", NO_LOGIN)
        if not replies[-1].accepted:
            raise Broken("sign-in refused", NO_LOGIN)

    async def quiet(self) -> bool:
        """Whether the connection stands and the downstream has said nothing unasked (a 421, the end)."""
        if self._ahead or self._writer.is_closing():
            return False
        try:
            async with asyncio.timeout(0):
                await self._reader.read(1)
        except TimeoutError:
            return True
        except OSError:
            return False
        return False

    async def close(self) -> None:
        """Say QUIT and close; never raises for the network."""
        with suppress(Broken):
            await self._ask("QUIT", self._timeouts.quit)
        await self.abort()

    async def abort(self) -> None:
        """Close without a word."""
        self._writer.transport.abort()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._timeouts.quit):
                await self._writer.wait_closed()

    # -- a transaction

    async def relay(self, envelope: Envelope, content: bytes) -> tuple[Reply, ...]:
        """The downstream's replies: one refusal, or what it said after the final dot (LMTP: to each recipient).

        Raises Broken.
        """
        if not all(address.isprintable() for address in (envelope.reverse_path, *envelope.recipients)):
            return (BAD_ADDRESS,)
        if self._non_ascii(envelope) and "SMTPUTF8" not in self._offers:
            return (NEEDS_SMTPUTF8,)
        refusal = await self._envelope(envelope, content)
        if refusal is not None:
            return (refusal,)
        if (early := await self._send(content)) is not None:
            return (early,)
        count = len(envelope.recipients) if self._target.lmtp else 1
        return tuple([await self._final_reply() for _ in range(count)])

    @staticmethod
    def _non_ascii(envelope: Envelope) -> bool:
        return not all(address.isascii() for address in (envelope.reverse_path, *envelope.recipients))

    async def _envelope(self, envelope: Envelope, content: bytes) -> Reply | None:
        """MAIL, RCPT and DATA up to the 354; the first refusal where there is one."""
        mail = f"MAIL FROM:<{envelope.reverse_path}>{self._parameters(envelope, content)}"
        head = [mail, *(f"RCPT TO:<{recipient}>" for recipient in envelope.recipients)]
        # With one recipient DATA may ride along: refused, there is nobody to deliver to (RFC 2920 3.1).
        rides = "PIPELINING" in self._offers and len(envelope.recipients) == 1
        replies = await self._ask_all([*head, "DATA"] if rides else head)
        data = replies.pop() if len(replies) > len(head) else None
        refusal = next((reply for reply in replies if not reply.accepted), None)
        if refusal is not None:
            return await self._refused(refusal, data)
        data = data or await self._ask("DATA", self._timeouts.data)
        if data.code == 354:
            return None
        if data.accepted:
            raise Broken("DATA was not replied to with 354")
        return await self._refused(data, None)

    async def _refused(self, refusal: Reply, data: Reply | None) -> Reply:
        """The refusal, with the connection ready for the next transaction."""
        if refusal.code == 421:
            raise Broken("421", refusal)
        # A downstream that says 354 without a recipient waits for a dot; it has nobody to deliver to.
        await (self._ask(".") if data is not None and data.code == 354 else self._reset())
        return refusal

    def _parameters(self, envelope: Envelope, content: bytes) -> str:
        params = ""
        if "SIZE" in self._offers:
            params += f" SIZE={len(content)}"
        if "8BITMIME" in self._offers and (envelope.eightbit or not content.isascii()):
            params += " BODY=8BITMIME"
        if "SMTPUTF8" in self._offers and (envelope.smtputf8 or self._non_ascii(envelope)):
            params += " SMTPUTF8"
        return params

    async def _send(self, content: bytes) -> Reply | None:
        """Send content and the final dot; a refusal where the downstream hung up on the way with one."""
        wire = stuffed(content)
        view = memoryview(wire)
        try:
            for start in range(0, len(wire), _CHUNK):
                async with asyncio.timeout(self._timeouts.block):
                    self._writer.write(view[start : start + _CHUNK])
                    await self._writer.drain()
        except TimeoutError as error:
            raise Broken("content not taken in time") from error
        except OSError as error:
            return await self._last_words(error)
        self._writer.write(b".\r\n")
        return None

    async def _last_words(self, error: OSError) -> Reply:
        """What the downstream said before it hung up in the middle of content."""
        reply = await self._reply(self._timeouts.quit)
        if reply.accepted or reply.code < 400:
            raise Broken("hung up within content") from error
        await self.abort()
        return reply

    async def _final_reply(self) -> Reply:
        try:
            return await self._reply(self._timeouts.final)
        except Broken as error:
            error.dot_sent = True
            raise

    async def _reset(self) -> None:
        """Leave the connection ready for the next; if it is not, the refusal stands all the same."""
        try:
            reply = await self._ask("RSET")
        except Broken:
            await self.abort()
            return
        if not reply.accepted:
            await self.abort()

    # -- commands and replies

    async def _ask(self, command: str, timeout: float | None = None) -> Reply:
        self._write(command)
        return await self._reply(timeout or self._timeouts.command)

    async def _ask_all(self, lines: Sequence[str]) -> list[Reply]:
        """All commands in one go where the downstream can take it, else one after the other up to a refusal."""
        pipelining = "PIPELINING" in self._offers
        if pipelining:
            self._write(*lines)
        replies: list[Reply] = []
        for line in lines:
            replies.append(await (self._reply(self._timeouts.command) if pipelining else self._ask(line)))
            # After 421 nothing comes any more.
            if replies[-1].code == 421 or not (pipelining or replies[-1].accepted):
                break
        return replies

    def _write(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    async def _reply(self, timeout: float) -> Reply:
        lines: list[str] = []
        try:
            async with asyncio.timeout(timeout):
                while True:
                    found = _LINE.fullmatch(await self._line())
                    if found is None or len(lines) >= MAX_LINES:
                        raise Broken("no reply as RFC 5321 has it")
                    lines.append((found[3] or b"").decode("utf-8", "replace"))
                    if found[2] != b"-":
                        return _parsed(int(found[1]), lines)
        except (OSError, TimeoutError) as error:
            raise Broken(f"no reply: {type(error).__name__}") from error

    async def _line(self) -> bytes:
        while (end := self._ahead.find(b"\n")) < 0:
            chunk = await self._reader.read(_CHUNK)
            if not chunk or len(self._ahead) > MAX_LINE:
                raise Broken("hung up" if not chunk else "reply line too long")
            self._ahead += chunk
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line.removesuffix(b"\r")


def _parsed(code: int, lines: list[str]) -> Reply:
    """As it came, but for what is too long to pass on."""
    return parse(code, tuple(line[:PASSED_TEXT] for line in lines[:PASSED_LINES]))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
