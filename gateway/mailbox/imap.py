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

from gateway import sasl
from gateway.mailbox import responses
from gateway.mailbox.commands import PASSING, Commands, faults_of_the_wire
from gateway.mailbox.entrance import entrance
from gateway.mailbox.faults import Lost, Refused
from gateway.mailbox.names import quote
from gateway.mailbox.protocol import Completion, SturdyProtocol
from gateway.mailbox.tls import context_for
from gateway.ports import Bearer, Unavailable, Unsigned

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
    #: Gives the tokens to sign in with, in place of the password.
    bearer: Bearer | None = field(default=None, repr=False)

    @classmethod
    def from_url(
        cls, url: str, default_user: str, password: Callable[[], str], trust: Path | None, bearer: Bearer | None = None
    ) -> Access:
        """Read `imaps://user@host:993`, `imap+starttls://` or `imap://`; without a user the default one signs in."""
        parts = urlsplit(url)
        port = parts.port or (993 if parts.scheme == "imaps" else 143)
        user = unquote(parts.username or default_user)
        return cls(parts.scheme, parts.hostname or "", port, user, password, trust, bearer=bearer)


@asynccontextmanager
async def connect(access: Access, unfit: set[str] | None = None) -> AsyncIterator[Connection]:
    """Open a connection and sign in; close it at the end. Raises Lost, Throttled and Refused.

    `unfit` is where it is remembered what the server offers and does not keep.
    """
    if access.bearer is not None:
        await _token(access.bearer)  # who has none need not bother the server
    async with entrance(access.host, access.port):
        protocol = await _open(access)
    connection = Connection(access, protocol, set() if unfit is None else unfit)
    try:
        await connection.sign_in()
        yield connection
    finally:
        await protocol.close()


async def _open(access: Access) -> SturdyProtocol:
    loop = asyncio.get_running_loop()
    protocol = SturdyProtocol(loop)
    try:
        context = await asyncio.to_thread(context_for, access.trust) if access.scheme != "imap" else None
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


async def _token(bearer: Bearer, refused: str = "") -> str:
    """As the bearer gives it. Raises Unsigned, which only a person ends, and Lost for what passes."""
    try:
        return await bearer.token(refused)
    except Unsigned:
        raise
    except Unavailable as fault:
        raise Lost(str(fault)) from fault


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
        self._capabilities = responses.capabilities(tuple(parts[0] or b"" for parts in reply.untagged))
        return reply.status == "OK"

    async def _authenticate(self) -> Completion:
        if self._access.bearer is not None:
            return await self._show_token(self._access.bearer)
        user, password = self._access.user, self._access.password()
        wanted = "LOGINDISABLED" in self._capabilities or not (user + password).isascii()
        if not wanted or "AUTH=PLAIN" not in self._capabilities:
            return await self._run("LOGIN", quote(user), quote(password))
        secret = b64encode(f"\0{user}\0{password}".encode())
        if "SASL-IR" in self._capabilities:
            return await self._run("AUTHENTICATE", "PLAIN", secret.decode())
        self._protocol.continuation = secret
        return await self._run("AUTHENTICATE", "PLAIN")

    async def _show_token(self, bearer: Bearer) -> Completion:
        """AUTHENTICATE with a token, and once more with a renewed one: servers end tokens when they like."""
        mechanism = sasl.chosen({word.removeprefix("AUTH=") for word in self._capabilities if word[:5] == "AUTH="})
        if mechanism is None:
            raise Refused(
                "the mail server takes no OAuth 2 tokens; check `watch`, or set `password` in place of `oauth2`"
            )
        token = await _token(bearer)
        reply = await self._show(mechanism, token)
        if reply.status != "OK" and responses.code(reply.text) not in PASSING:
            reply = await self._show(mechanism, await _token(bearer, refused=token))
        return reply

    async def _show(self, mechanism: sasl.Mechanism, token: str) -> Completion:
        access = self._access
        said = b64encode(mechanism.says(access.user, token, access.host, access.port))
        gives_in = b64encode(mechanism.gives_in)
        if "SASL-IR" in self._capabilities:
            self._protocol.continuation = gives_in
            return await self._run("AUTHENTICATE", mechanism.name, said.decode())
        self._protocol.continuation, self._protocol.last_word = said, gives_in
        return await self._run("AUTHENTICATE", mechanism.name)

    def _unwelcome(self, reply: Completion) -> Exception:
        code = responses.code(reply.text)
        if code in PASSING:
            return Lost(f"the mail server lets nobody in for now ({code})")
        what = "user or password" if self._access.bearer is None else "a fresh token: is it of the right person,"
        mend = "check `watch` and `password`" if self._access.bearer is None else "and may it use IMAP? Sign in again"
        return Refused(f"the mail server refused {what} ({code or reply.status}); {mend}")

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
