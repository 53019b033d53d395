"""One IMAP connection: opened, signed in to, and waited on.

In go a `watch` URL and a password, out comes a connection with the commands of `commands`; whatever fails on the way is
one of `faults`. Knows nothing of what lies in a mailbox.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aioimaplib import aioimaplib as ai

from gateway.mailbox import responses
from gateway.mailbox.commands import PASSING, Commands, faults_of_the_wire
from gateway.mailbox.faults import Lost, Refused
from gateway.mailbox.names import quote
from gateway.mailbox.protocol import Completion, SturdyProtocol

_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3))


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
async def connect(access: Access, unfit: set[str] | None = None) -> AsyncIterator[Connection]:
    """Open a connection and sign in; close it at the end. Raises Lost, Throttled and Refused.

    `unfit` is where it is remembered what the server offers and does not keep.
    """
    protocol = await _open(access)
    connection = Connection(access, protocol, set() if unfit is None else unfit)
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


class Connection(Commands):
    """A signed-in connection. For one task at a time."""

    def __init__(self, access: Access, protocol: SturdyProtocol, unfit: set[str]) -> None:
        super().__init__(protocol, access.patience, unfit)
        self._access = access

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
        if code in PASSING:
            return Lost(f"the mail server lets nobody in for now ({code})")
        return Refused(
            f"the mail server refused user or password ({code or reply.status}); check `watch` and `password`"
        )

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

    async def until_stirred(self, limit: float) -> bool:
        """Wait by IDLE, no longer than `limit` seconds; False where the server has none and nothing was waited for."""
        if not self.offers("IDLE"):
            return False
        with faults_of_the_wire():
            reply = await self._protocol.idle_until_stirred(limit, self._access.patience)
        if reply.status != "OK":
            self._heed(reply)
            self._unfit.add("IDLE")
        return reply.status == "OK"
