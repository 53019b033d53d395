"""The second stage of stories once more, for a mailbox that mail reaches without us: no MX record leads to the gateway.

    story (the client's mail server) --LMTP, as the provider does--> Dovecot: the therapist's mailbox
                                                                        ^ IMAP: watch, tags, drafts; the mail program
    gateway --SMTP--> Postfix --LMTP--> Dovecot: everybody's mailbox ---'

The provider writes what it has verified on top, as Gmail does; a forger's own field lies below.
"""

from __future__ import annotations

import asyncio
import smtplib
from typing import Any

from tests.e2e.house import HouseStage
from tests.e2e.practice import parse
from tests.servers.dovecot import Dovecot
from tests.stories.practice import MAILBOX

AUTHSERV = "mx.provider.example"


class WithoutUs(HouseStage):
    """A `Stage` on a running gateway that listens to nobody."""

    LISTEN = ()

    @staticmethod
    def ways(dovecot: Dovecot) -> dict[str, Any]:
        return {"trusted_authserv": AUTHSERV}

    async def deliver(self, reverse_path: str, content: bytes) -> None:
        message_id = parse(content)["Message-ID"]
        await asyncio.to_thread(self._take_in, reverse_path, verified(reverse_path) + content)

        async def found() -> bool:
            return bool(await self.house.store.find(MAILBOX, [message_id]))

        await self._until(found, "the gateway to find the message")
        await self._until(self._at_rest, "the gateway to come to rest")

    def _take_in(self, reverse_path: str, content: bytes) -> None:
        with smtplib.LMTP("127.0.0.1", self._servers.dovecot.lmtp_port, AUTHSERV) as provider:
            provider.sendmail(reverse_path, [self.cast.therapist], content)


def verified(reverse_path: str) -> bytes:
    """What the provider writes of a message from this reverse-path, and what somebody else wrote below."""
    domain = reverse_path.rpartition("@")[2] or "client.example"
    result = f"dkim=pass header.i=@{domain}; spf=pass smtp.mailfrom={reverse_path}; dmarc=pass header.from={domain}"
    return (
        f"Authentication-Results: {AUTHSERV};\r\n {result}\r\n"
        f"Received: from mail.{domain} by {AUTHSERV}\r\n"
        f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from={domain}\r\n"
    ).encode()
