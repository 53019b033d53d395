"""Where our own mail goes out: the smart host, or a Maildir for trying things out.

A reverse-path, a recipient and content go in, the smart host's reply comes out, a refusal like any other.
One kept connection and a pace, since providers throttle (Microsoft 365: 30 messages a minute). Never sends again
once content has gone out: whether to try later is the outbox's matter.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections import deque
from pathlib import Path

import aiosmtplib
import structlog

from gateway import sasl
from gateway.core.replies import NO_DOWNSTREAM, Reply, parse, permanent, transient
from gateway.ports import Bearer, Unavailable
from gateway.transport.closing import Closing
from gateway.transport.findings import LOOK, found, is_switched_off, no_trust, trouble
from gateway.transport.maildir import look, noted, put
from gateway.transport.pool import trusting
from gateway.transport.smtp import Target

#: Longest that a message waits for its turn, in seconds: less than any lease of the outbox.
PATIENCE = 15.0
#: Seconds of the first and the longest pause after a refused sign-in: whole queues of it lock accounts.
BARRED, BARRED_CAP = 60.0, 600.0
#: A connection idle for longer is opened anew.
MAX_IDLE = 30.0

TOO_FAST = transient(451, "4.5", "Our own limit of messages a minute is reached")
NO_LOGIN = transient(454, "7.8", "The smart host refused our sign-in: look at user and password")
UNSIGNED = transient(454, "7.8", "Signing in to the smart host waits: handrail status says for what")
SENDING_OFF = transient(
    454,
    "7.139",
    "The provider has SMTP sign-in switched off for this mailbox (5.7.139): its administrator can allow it",
)
NO_TLS = transient(451, "7.5", "No trusted TLS connection to the smart host")
BAD_ADDRESS = permanent(553, "1.3", "The address can't be written into a command")
NEEDS_SMTPUTF8 = permanent(550, "6.7", "The smart host does not take non-ASCII addresses")

#: RFC 4954 4 and 6: the server wants more, and it is content; and the class of replies that pass.
_GO_ON, _SIGNED_IN, _LATER = 334, 235, 4

log = structlog.get_logger(__name__)


class Pace:
    """At most so many turns in any span of 60 seconds."""

    def __init__(self, per_minute: int, patience: float = PATIENCE, span: float = 60.0) -> None:
        self._turns: deque[float] = deque(maxlen=per_minute)
        self._patience = patience
        self._span = span

    async def turn(self) -> bool:
        """Wait for a turn; False where it would take too long."""
        loop = asyncio.get_running_loop()
        full = len(self._turns) == self._turns.maxlen
        due = self._turns[0] + self._span if full else loop.time()
        if due - loop.time() > self._patience:
            return False
        self._turns.append(max(due, loop.time()))
        if due > loop.time():
            come: asyncio.Future[None] = loop.create_future()
            timer = loop.call_at(due, come.set_result, None)
            try:
                await come
            finally:
                timer.cancel()
        return True


class Smarthost(Closing):
    """`gateway.ports.Submission` by SMTP, one message at a time."""

    def __init__(
        self,
        target: Target,
        per_minute: int,
        trust: Path | None = None,
        timeout: float = 60.0,
        bearer: Bearer | None = None,
    ) -> None:
        """With a `bearer`, its tokens are shown in place of the target's password."""
        self._target = target
        self._bearer = bearer
        self._trust = trust
        self._timeout = timeout
        self._pace = Pace(per_minute)
        self._turn = asyncio.Lock()
        self._smtp: aiosmtplib.SMTP | None = None
        self._last_used = 0.0
        self._refusals = 0
        #: Till when nobody signs in, and what is said meanwhile.
        self._barred: tuple[float, Reply] | None = None

    async def aclose(self) -> None:
        """Close the kept connection."""
        async with self._turn:
            await self._drop()

    async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
        """As `gateway.ports.Submission` says. Our own faults (sign-in, certificate, pace) are 4yz."""
        if not (reverse_path.isprintable() and recipient.isprintable() and recipient):
            return BAD_ADDRESS
        async with self._turn:
            if self._barred is not None and asyncio.get_running_loop().time() < self._barred[0]:
                return self._barred[1]
            if not await self._pace.turn():
                return TOO_FAST
            try:
                return await self._submit(reverse_path, recipient, content)
            except aiosmtplib.SMTPAuthenticationError as error:
                fault = error.__class__.__name__
                reply = self._bar(SENDING_OFF if is_switched_off(error) else NO_LOGIN)
            except Unavailable as error:
                fault = error.__class__.__name__
                reply = UNSIGNED
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                fault = error.__class__.__name__
                reply = NO_TLS if _is_tls(error) else NO_DOWNSTREAM
            log.warning("smarthost-failed", host=self._target.host, error=fault)
            await self._drop()
            return reply

    async def probe(self) -> str:
        """Open a connection as `submit` would, and close it: what answers, in words. Raises Unavailable."""
        try:
            await self._context()
        except OSError as error:
            raise no_trust(self._trust) from error
        async with self._turn:
            await self._drop()
            try:
                smtp = await self._open(min(self._timeout, LOOK))
                offers = {name.upper(): words for name, words in smtp.esmtp_extensions.items()}
            except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
                raise trouble(self._target, error) from error
            finally:
                await self._drop()
        return found(self._target, offers)

    async def _submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
        kept = await self._kept()
        if kept is not None:
            try:
                return await self._transact(kept, reverse_path, recipient, content)
            except _Stale:
                await self._drop()
        return await self._transact(await self._open(self._timeout), reverse_path, recipient, content)

    async def _transact(self, smtp: aiosmtplib.SMTP, reverse_path: str, recipient: str, content: bytes) -> Reply:
        refusal = await self._envelope(smtp, reverse_path, recipient, content)
        if refusal is not None:
            return refusal
        try:
            done = await smtp.data(content)
        except aiosmtplib.SMTPDataError as error:
            return await self._refused(smtp, error)
        self._last_used = asyncio.get_running_loop().time()
        return _reply(done.code, done.message)

    async def _envelope(self, smtp: aiosmtplib.SMTP, reverse_path: str, recipient: str, content: bytes) -> Reply | None:
        options = ["BODY=8BITMIME"] if not content.isascii() and smtp.supports_extension("8bitmime") else []
        if not (reverse_path + recipient).isascii():
            if not smtp.supports_extension("smtputf8"):
                return NEEDS_SMTPUTF8
            options.append("SMTPUTF8")
        try:
            await smtp.mail(reverse_path, options=options, encoding="utf-8")
            await smtp.rcpt(recipient, encoding="utf-8")
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused) as error:
            if error.code == 421:
                raise _Stale(error.message) from error
            return await self._refused(smtp, error)
        except aiosmtplib.SMTPServerDisconnected as error:
            raise _Stale(error.message) from error
        except ValueError:
            # aiosmtplib's own look at addresses.
            await self._drop()
            return BAD_ADDRESS
        return None

    async def _refused(self, smtp: aiosmtplib.SMTP, error: aiosmtplib.SMTPResponseException) -> Reply:
        """The refusal as a reply; the connection is made ready for the next message."""
        if smtp.is_connected:
            try:
                await smtp.rset()
            except aiosmtplib.SMTPException:
                await self._drop()
        self._last_used = asyncio.get_running_loop().time()
        return _reply(error.code, error.message)

    async def _kept(self) -> aiosmtplib.SMTP | None:
        """The kept connection, if it stands and was used not long ago."""
        fresh = asyncio.get_running_loop().time() - self._last_used < MAX_IDLE
        if self._smtp is not None and self._smtp.is_connected and fresh:
            return self._smtp
        await self._drop()
        return None

    async def _context(self) -> ssl.SSLContext | None:
        return await asyncio.to_thread(trusting, self._trust) if self._target.security else None

    async def _open(self, timeout: float) -> aiosmtplib.SMTP:
        target = self._target
        smtp = aiosmtplib.SMTP(
            hostname=target.host,
            port=target.port,
            local_hostname=target.helo,
            use_tls=target.security == "tls",
            start_tls=target.security == "starttls",
            tls_context=await self._context(),
            timeout=timeout,
        )
        await smtp.connect()
        self._smtp = smtp
        # Else aiosmtplib greets only with MAIL, and nothing counts as offered until then.
        try:
            await smtp.ehlo()
        except aiosmtplib.SMTPHeloError:
            await smtp.helo()
        if self._bearer is not None:
            await self._show_token(smtp, self._bearer)
        elif target.user:
            await smtp.login(target.user, target.password)
        self._refusals, self._barred = 0, None
        return smtp

    def _bar(self, reply: Reply) -> Reply:
        """Leave the smart host alone for a while, longer each time."""
        pause = min(BARRED * 2 ** min(self._refusals, 10), BARRED_CAP)
        self._refusals += 1
        self._barred = asyncio.get_running_loop().time() + pause, reply
        return reply

    async def _show_token(self, smtp: aiosmtplib.SMTP, bearer: Bearer) -> None:
        """AUTH with a token, and once more with a renewed one: servers end tokens when they like."""
        mechanism = sasl.chosen([name.upper() for name in smtp.server_auth_methods])
        if mechanism is None:
            raise aiosmtplib.SMTPException("takes no OAuth 2 tokens")
        token = await bearer.token()
        try:
            await self._show(smtp, mechanism, token)
        except aiosmtplib.SMTPAuthenticationError as error:
            if is_switched_off(error) or error.code // 100 == _LATER:
                raise
            await self._show(smtp, mechanism, await bearer.token(refused=token))

    async def _show(self, smtp: aiosmtplib.SMTP, mechanism: sasl.Mechanism, token: str) -> None:
        said = mechanism.says(self._target.user, token, self._target.host, self._target.port)
        reply = await smtp.execute_command(b"AUTH", mechanism.name.encode(), b64encode(said))
        if reply.code == _GO_ON:  # it says what was wrong, and only then no (RFC 7628 3.2.3)
            reply = await smtp.execute_command(b64encode(mechanism.gives_in))
        if reply.code != _SIGNED_IN:
            raise aiosmtplib.SMTPAuthenticationError(reply.code, reply.message)

    async def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None or not smtp.is_connected:
            return
        try:
            await smtp.quit(timeout=2.0)
        except (aiosmtplib.SMTPException, OSError):
            smtp.close()


class MaildirSmarthost(Closing):
    """`gateway.ports.Submission` into a Maildir, with the envelope on top; nothing leaves the machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def probe(self) -> str:
        """Whether a message could be put there, in words. Raises Unavailable."""
        return await asyncio.to_thread(look, self._path)

    async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
        """As `gateway.ports.Submission` says."""
        if not (reverse_path.isprintable() and recipient.isprintable() and recipient):
            return BAD_ADDRESS
        return await put(self._path, noted(reverse_path, recipient, content))


class _Stale(aiosmtplib.SMTPServerDisconnected):
    """The connection went before content did."""


def _is_tls(error: BaseException) -> bool:
    causes = (error, error.__cause__, error.__context__)
    return any(isinstance(cause, ssl.SSLError) for cause in causes)


def _reply(code: int, message: str) -> Reply:
    return parse(code, tuple(message.split("\n")))
