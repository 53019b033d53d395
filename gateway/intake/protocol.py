"""One connection of a peer: aiosmtpd's SMTP with its traps closed.

Bytes come in from a peer, replies go out; `handler` says which. What differs from aiosmtpd 1.4.6, and why:

- Nothing of a command or of content is ever logged, at no level, so commands are read and dispatched here.
- Content is read in bulk, ends at `<CRLF>.<CRLF>` alone, and may have lines of any length.
- An error anywhere is `451 4.3.0`, never 500 with the error's text, which would lose the mail and tell of it.
- The end of a peer's side of the connection cancels nothing; its reply is still written.
- Time runs out by bytes that don't come, not by commands; a connection has a longest life all the same.
- The null reverse-path is the empty string; every reply has an enhanced code (RFC 2034 3); no AUTH.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import defaultdict
from dataclasses import replace
from typing import cast

import structlog
from aiosmtpd.proxy_protocol import get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from gateway.core.message.facts import Envelope
from gateway.core.replies import UNKNOWN, Reply, permanent, transient
from gateway.intake import commands
from gateway.intake.handler import Handler, Transaction
from gateway.intake.limits import Limits
from gateway.intake.reading import Gone, Reading
from gateway.settings.schema import Smtp

#: RFC 5321 4.5.3.1.4 asks for 512, each extension for some more.
COMMAND_LIMIT = 2048
#: Commands that don't exist; more of them, and it is no mail server that talks.
MISTAKES = 5
#: Seconds in which a last reply may still be read by the peer.
FAREWELL = 5.0

CROWDED = transient(421, "7.0", "Too many connections, please try again later")
SLOW = transient(421, "4.2", "Timeout, closing connection")
STOPPING = transient(421, "3.2", "Service closing down, please try again later")
_TOO_LONG = permanent(500, "5.2", "Line too long")
_UNKNOWN_COMMAND = permanent(500, "5.2", "Command not recognized")
_NO_MAIL_SERVER = transient(421, "7.0", "Too many unknown commands")
_HELO_FIRST = permanent(503, "5.1", "Send HELO or EHLO first")
_HELO_SYNTAX = permanent(501, "5.4", "Syntax: EHLO hostname")
_NESTED = permanent(503, "5.1", "Nested MAIL command")
_MAIL_FIRST = permanent(503, "5.1", "Need MAIL command")
_NO_RECIPIENTS = permanent(554, "5.1", "No valid recipients")
_NO_ARGUMENT = permanent(501, "5.4", "No argument expected")
_TLS_ALREADY = permanent(503, "5.1", "TLS is in use already")
_HELP = Reply(214, "2.0.0", ("We speak SMTP as in RFC 5321",))
_VRFY = Reply(252, "2.5.2", ("Send some mail and see",))

_BARE_REPLY = re.compile(r"([245]\d\d) (?!\d\.\d{1,3}\.\d{1,3} )")
#: Enhanced codes for what aiosmtpd says without one (RFC 3463).
_ENHANCED = {"500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "454": "4.7.0"}
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_UNPRINTABLE_UTF8 = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

log = structlog.get_logger(__name__)


def _say(transport: asyncio.BaseTransport, reply: Reply) -> None:
    # uvloop's transports are no subclass of asyncio.Transport.
    cast("asyncio.Transport", transport).write(str(reply).encode() + b"\r\n")


class Connection(SMTP):
    """A peer's connection. aiosmtpd keeps STARTTLS, RSET, NOOP and QUIT; the rest is here."""

    #: The stream's buffer, not a limit to lines of content.
    line_length_limit = 1 << 16

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        crowd: set[Connection],
        smtp: Smtp,
        tls: ssl.SSLContext | None,
    ) -> None:
        # aiosmtpd has one for all connections, and it grows.
        self.command_size_limits = defaultdict(lambda: COMMAND_LIMIT)
        self._handler, self._limits, self._crowd, self._smtp = handler, limits, crowd, smtp
        self._address: str | None = None
        self._peer = ""
        self._counted = self._busy = False
        self._leaving: Reply | None = None
        self._progress = 0.0
        self._transaction = Transaction()
        self._mistakes = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        super().__init__(
            object(),
            data_size_limit=smtp.max_message_size,
            enable_SMTPUTF8=True,
            hostname=smtp.hostname,
            tls_context=tls,
            timeout=smtp.connection_timeout.total_seconds(),
            loop=asyncio.get_running_loop(),
        )
        for refused in ("AUTH", "EXPN"):
            self._smtp_methods.pop(refused)

    # -- the life of a connection

    @property
    def conversation(self) -> asyncio.Task[None] | None:
        """The task that talks with the peer."""
        return self._handler_coroutine

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer has connected, or the same one has turned TLS on."""
        if self._original_transport is None and not self._admitted(transport):
            return
        super().connection_made(transport)
        if self._original_transport is None:
            self._reading = Reading(self._reader)
            self._progress = self.loop.time()
            self._watch_progress()

    def _admitted(self, transport: asyncio.BaseTransport) -> bool:
        name = transport.get_extra_info("peername")
        self._peer = str(name[0]) if isinstance(name, tuple) else ""
        self._counted = self._limits.enter()
        if self._counted and (self._smtp.proxy_protocol or self._enter_from(self._peer)):
            self._crowd.add(self)
            return True
        _say(transport, CROWDED)
        transport.close()
        return False

    def _enter_from(self, address: str) -> bool:
        if not self._limits.enter_from(address):
            return False
        self._address = address
        return True

    def data_received(self, data: bytes) -> None:
        """Any byte is progress."""
        if self in self._crowd:
            self._progress = self.loop.time()
            super().data_received(data)

    def eof_received(self) -> bool:
        """The peer has said its last: what it said is still answered."""
        if self not in self._crowd:
            return False
        self._reader.feed_eof()
        return self._original_transport is None

    def connection_lost(self, error: Exception | None) -> None:
        """Count it out, once."""
        if self._counted:
            self._counted = False
            self._limits.leave(self._address)
        for timer in self._timers.values():
            timer.cancel()
        if self in self._crowd:
            self._crowd.remove(self)
            super().connection_lost(error)

    def retire(self, farewell: Reply) -> None:
        """End the connection: at once between transactions, else as soon as the one in hand has its reply."""
        self._leaving = farewell
        if not self._busy and self._transaction.mail is None:
            self._hang_up(farewell)

    def abort(self) -> None:
        """End the connection now."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    def _hang_up(self, farewell: Reply) -> None:
        if self.transport is not None and not self.transport.is_closing():
            _say(self.transport, farewell)
            self.transport.close()
            # A peer that reads nothing would keep it open for ever.
            self._timers["farewell"] = self.loop.call_later(FAREWELL, self.abort)

    def _watch_progress(self) -> None:
        idle = self._smtp.idle_timeout.total_seconds()
        left = idle if self._busy else self._progress + idle - self.loop.time()
        if left > 0:
            self._timers["progress"] = self.loop.call_later(left, self._watch_progress)
        else:
            self._hang_up(SLOW)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """aiosmtpd begins anew with each command; ours is the longest life of the connection."""
        if self._timeout_handle is None:
            super()._reset_timeout(duration)

    def _timeout_cb(self) -> None:
        self._leaving = SLOW
        if not self._busy:
            self._hang_up(SLOW)

    # -- the conversation

    def _set_rset_state(self) -> None:
        self.envelope = self._transaction = Transaction()

    async def _handle_client(self) -> None:
        try:
            if self._smtp.proxy_protocol and not await self._introduced():
                return
            await self._write(f"220 {self.hostname} ESMTP Handrail")
            await self._converse()
        except (Gone, ConnectionError, asyncio.IncompleteReadError):
            log.debug("peer-gone")
        except TLSSetupException as error:
            log.info("tls-failed")
            # Without a handshake asyncio never tells the protocol of the end.
            self.connection_lost(error)
        finally:
            self._writer.close()

    async def _introduced(self) -> bool:
        """Read the PROXY header; the peer is the one that it names, or the balancer itself for its health checks."""
        header = await get_proxy(self._reader)
        if not header.valid:
            return False
        self._peer = str(header.src_addr) if header.src_addr is not None else self._peer
        if self._enter_from(self._peer):
            return True
        await self._write(str(CROWDED))
        return False

    async def _converse(self) -> None:
        while self.transport is not None and not self.transport.is_closing():
            if self._leaving is not None and self._transaction.mail is None:
                self._hang_up(self._leaving)
                return
            line = await self._reading.line(COMMAND_LIMIT)
            try:
                await (self.push(_TOO_LONG) if line is None else self._obey(line))
            except (Gone, ConnectionError, TLSSetupException):
                raise
            except Exception as error:  # noqa: BLE001 - the edge: a 5yz would lose the mail
                # Without traceback: an error's text may hold mail.
                log.error("command-failed", error=type(error).__name__)  # noqa: TRY400
                await self.push(UNKNOWN)

    async def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        method = self._smtp_methods.get(verb.decode("ascii", "replace").upper())
        if method is not None:
            await method(argument.strip(b" ").decode("utf-8", "surrogateescape"))
            return
        self._mistakes += 1
        if self._mistakes < MISTAKES:
            await self.push(_UNKNOWN_COMMAND)
        else:
            self._hang_up(_NO_MAIL_SERVER)

    async def push(self, status: Reply | str) -> None:  # type: ignore[override] # aiosmtpd knows no Reply
        """Write a reply, with an enhanced code where aiosmtpd gave none."""
        if isinstance(status, Reply):
            await self._write(str(self._printable(status)))
            return
        bare = _BARE_REPLY.match(status)
        if bare:
            status = f"{bare[1]} {_ENHANCED.get(bare[1], bare[1][0] + '.0.0')} {status[bare.end() :]}"
        await self._write(status)

    def _printable(self, reply: Reply) -> Reply:
        """A downstream's lines may hold anything; UTF-8 is for who asked for it (RFC 6531 3.7.4)."""
        mail = self._transaction.mail
        bad = _UNPRINTABLE_UTF8 if mail and mail.smtputf8 else _UNPRINTABLE
        return replace(reply, lines=tuple(bad.sub("?", line) for line in reply.lines))

    async def _write(self, lines: str) -> None:
        self._writer.write(f"{lines}\r\n".encode())
        await self._writer.drain()

    # -- commands; the names are aiosmtpd's

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        """HELO, for peers that know no extensions."""
        await self._greeted(hostname, False, [])

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        """EHLO, with what we offer (RFC 1869)."""
        offers = [f"SIZE {self._smtp.max_message_size}", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"]
        if self.tls_context and not self._tls_protocol:
            offers.append("STARTTLS")
        await self._greeted(hostname, True, offers)

    async def _greeted(self, hostname: str, extended: bool, offers: list[str]) -> None:
        if not hostname:
            await self.push(_HELO_SYNTAX)
            return
        self._set_rset_state()
        assert self.session is not None
        self.session.extended_smtp, self.session.host_name = extended, hostname
        await self._write(str(Reply(250, "", (self.hostname, *offers))))

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        """STARTTLS: nothing from before the handshake is believed after it (RFC 3207 4.2)."""
        if self.tls_context is None:
            await self.push(_UNKNOWN_COMMAND)
        elif self._tls_protocol is not None:
            await self.push(_TLS_ALREADY)
        else:
            self._reading.forget()
            await super().smtp_STARTTLS(arg)
            self._reading.forget()

    async def smtp_HELP(self, _arg: str) -> None:  # noqa: N802
        """HELP: where it stands."""
        await self.push(_HELP)

    async def smtp_VRFY(self, _arg: str) -> None:  # noqa: N802
        """VRFY: tells nothing of who has a mailbox (RFC 5321 7.3)."""
        await self.push(_VRFY)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        """MAIL: opens a mail transaction."""
        await self.push(self._mail(arg))

    def _mail(self, arg: str) -> Reply:
        assert self.session is not None
        if not self.session.host_name:
            return _HELO_FIRST
        if self._transaction.mail is not None:
            return _NESTED
        mail = commands.mail(arg, self.session.extended_smtp)
        return mail if isinstance(mail, Reply) else self._handler.mail(self._transaction, mail)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        """RCPT: adds a recipient."""
        await self.push(self._rcpt(arg))

    def _rcpt(self, arg: str) -> Reply:
        mail = self._transaction.mail
        if mail is None:
            return _MAIL_FIRST
        recipient = commands.rcpt(arg, mail.smtputf8)
        return recipient if isinstance(recipient, Reply) else self._handler.rcpt(self._transaction, recipient)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """DATA: takes the content, and with its reply the transaction ends."""
        transaction = self._transaction
        if transaction.mail is None or transaction.route is None or arg:
            await self.push(_NO_ARGUMENT if arg else _MAIL_FIRST if transaction.mail is None else _NO_RECIPIENTS)
            return
        await self._write("354 End data with <CR><LF>.<CR><LF>")
        reply = await self._content(transaction)
        await self.push(reply)
        self._set_rset_state()

    async def _content(self, transaction: Transaction) -> Reply:
        hold = self._limits.hold()
        # A line that begins with a dot has three octets at least and is sent with four.
        limit = self._smtp.max_message_size // 3 * 4 + 4
        try:
            stuffed = await self._reading.content(limit, hold.take)
        except BaseException:
            hold.release()
            raise
        if isinstance(stuffed, Reply):
            hold.release()
            return stuffed
        self._busy = True
        try:
            assert transaction.route is not None
            return await self._handler.data(transaction.route, self._envelope(transaction), stuffed, hold)
        finally:
            self._busy = False
            self._progress = self.loop.time()

    def _envelope(self, transaction: Transaction) -> Envelope:
        mail, session = transaction.mail, self.session
        assert mail is not None
        assert session is not None
        return Envelope(
            reverse_path=mail.reverse_path,
            recipients=transaction.recipients,
            peer=self._peer,
            helo=str(session.host_name or ""),
            smtputf8=mail.smtputf8,
            eightbit=mail.eightbit,
            tls=self._tls_protocol is not None,
            esmtp=session.extended_smtp,
        )
