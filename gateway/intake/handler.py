"""What becomes of a mail transaction: each command's hook asks the flow and gives a reply.

In go parsed commands and a whole content, out comes one reply each. Knows the routes and the limits of a message;
refuses to know sockets. Whatever goes wrong here is `451 4.3.0`: the peer keeps the message and comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog
from aiosmtpd.smtp import Envelope as BaseEnvelope

from gateway.core.message.facts import Envelope
from gateway.core.message.lines import normalised, unstuffed
from gateway.core.message.trace import MAX_HOPS, hops
from gateway.core.replies import UNKNOWN, Reply, accepted, permanent, transient
from gateway.core.routing import Route
from gateway.intake.commands import Mail
from gateway.intake.limits import Hold, Limits
from gateway.intake.reading import NO_ROOM, TOO_BIG
from gateway.settings.schema import Smtp

#: Reverse-path and recipient to a route, or to the refusal (550 5.7.1, 550 5.1.1).
Router = Callable[[str, str], Route | Reply]
#: Takes a message on; its reply is the peer's.
Arrive = Callable[[Route, Envelope, bytes], Awaitable[Reply]]
#: Starts work that no peer can cut short.
Start = Callable[[Coroutine[Any, Any, Reply]], asyncio.Task[Reply]]

TOO_MANY_RECIPIENTS = transient(452, "5.3", "Too many recipients")
OTHER_MAILBOX = transient(452, "5.3", "One mailbox at a time: send to this recipient in a transaction of its own")
LOOP = permanent(554, "4.6", "Too many hops: this message goes round in circles")

log = structlog.get_logger(__name__)


class Transaction(BaseEnvelope):
    """A mail transaction: from MAIL to the reply to its content. `mail` is None outside of one."""

    def __init__(self) -> None:
        super().__init__()
        self.mail: Mail | None = None
        self.route: Route | None = None
        self.recipients: tuple[str, ...] = ()


class Handler:
    """The hooks, in the order in which a peer meets them."""

    def __init__(self, smtp: Smtp, limits: Limits, route: Router, arrive: Arrive, start: Start) -> None:
        self._smtp = smtp
        self._limits = limits
        self._route = route
        self._arrive = arrive
        self._start = start

    def mail(self, transaction: Transaction, mail: Mail) -> Reply:
        """MAIL: a declared size may be refused before a single octet was sent (RFC 1870 6.1)."""
        if mail.size > self._smtp.max_message_size:
            return TOO_BIG
        if self._limits.octets + mail.size > self._smtp.max_in_flight:
            return NO_ROOM
        transaction.mail = mail
        return accepted("Sender ok", "1.0")

    def rcpt(self, transaction: Transaction, recipient: str) -> Reply:
        """RCPT: by route alone; the first recipient decides which mailbox the transaction serves."""
        assert transaction.mail is not None
        if len(transaction.recipients) >= self._smtp.max_recipients:
            return TOO_MANY_RECIPIENTS
        route = self._route(transaction.mail.reverse_path, recipient)
        if isinstance(route, Reply):
            return route
        first = transaction.route or route
        if (first.mailbox, first.policy) != (route.mailbox, route.policy):
            return OTHER_MAILBOX
        transaction.route = first
        # Twice the same recipient would be two copies at the downstream.
        transaction.recipients = tuple(dict.fromkeys((*transaction.recipients, recipient)))
        return accepted("Recipient ok", "1.5")

    async def data(self, route: Route, envelope: Envelope, stuffed: bytes, hold: Hold) -> Reply:
        """The content has come. A peer that hangs up now can't cut a relay in two; it only misses the reply."""
        return await asyncio.shield(self._start(self._settle(route, envelope, stuffed, hold)))

    async def _settle(self, route: Route, envelope: Envelope, stuffed: bytes, hold: Hold) -> Reply:
        try:
            return await self._take(route, envelope, unstuffed(stuffed))
        except Exception as error:  # noqa: BLE001 - the edge: a 5yz would lose the mail
            # Without traceback: an error's text may hold mail.
            log.error("arrival-failed", mailbox=route.mailbox, error=type(error).__name__)  # noqa: TRY400
            return UNKNOWN
        finally:
            hold.release()

    async def _take(self, route: Route, envelope: Envelope, content: bytes) -> Reply:
        if len(content) > self._smtp.max_message_size:
            return TOO_BIG
        if hops(content) > MAX_HOPS:
            return LOOP
        clean = normalised(content)
        reply = await self._arrive(route, envelope, clean)
        # 421 would announce that we hang up (RFC 5321 4.2.1), which we don't.
        return replace(reply, code=451) if reply.code == 421 else reply
