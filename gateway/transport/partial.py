"""What an LMTP downstream took for some recipients and not for others, so that nobody gets it twice.

LMTP replies to each recipient after the final dot (RFC 2033 4.2), SMTP to all at once. If one was taken and
another not, 2yz would lose a copy, and 4yz would bring a copy more with each retry. So the peer gets the refusal,
and this remembers, while the process lives, who has the message: the retry goes to the others alone.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from gateway.core.message.facts import Envelope
from gateway.core.replies import Reply

#: Messages remembered at most; each is retried for days, and there are few.
KEPT = 1000
#: Fields that stay the same from try to try; Received and ours don't.
_STABLE = re.compile(rb"(?im)^(?:message-id|date|from|to|subject)[ \t]*:[^\r]*")


@dataclass(slots=True)
class Partial:
    """Memory of half deliveries, by a hash of the message."""

    _taken: OrderedDict[bytes, frozenset[str]] = field(default_factory=OrderedDict)

    def missing(self, envelope: Envelope, content: bytes) -> Envelope:
        """The envelope without the recipients that have this message already."""
        if not self._taken:
            return envelope
        taken = self._taken.get(_key(envelope, content), frozenset())
        left = tuple(recipient for recipient in envelope.recipients if recipient not in taken)
        # All of them: it is sent again on purpose.
        return replace(envelope, recipients=left or envelope.recipients)

    def settled(self, envelope: Envelope, content: bytes, replies: tuple[Reply, ...]) -> Reply:
        """One reply for all: the first refusal, else the first. What was taken beside a refusal is remembered."""
        refusal = next((reply for reply in replies if not reply.accepted), None)
        if refusal is None:
            if self._taken:
                self._taken.pop(_key(envelope, content), None)
            return replies[0]
        if len(replies) == len(envelope.recipients):
            taken = {name for name, reply in zip(envelope.recipients, replies, strict=True) if reply.accepted}
            self._remember(_key(envelope, content), taken)
        return refusal

    def _remember(self, key: bytes, taken: set[str]) -> None:
        if not taken:
            return
        self._taken[key] = self._taken.pop(key, frozenset()) | taken
        while len(self._taken) > KEPT:
            self._taken.popitem(last=False)


def _key(envelope: Envelope, content: bytes) -> bytes:
    header, _, body = content.partition(b"\r\n\r\n")
    digest = hashlib.sha256(envelope.reverse_path.encode("utf-8", "surrogateescape"))
    for part in (*_STABLE.findall(header), body):
        digest.update(hashlib.sha256(part).digest())
    return digest.digest()
