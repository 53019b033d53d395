"""The token that a link of a digest carries in its subject: it has one action done, once, until it runs out.

    0  base32( sort: 1 | runs out: 4 | nonce: 8 | message: 32 | signature: 16 octets )  9

The signature is HMAC-SHA256 over the mailbox's name and all that stands before it, cut to half (RFC 2104 5). A token
names a message by its key, which is a hash already, and never an address: who reads a token learns nothing of anybody.
`0` and `9`, which base32 (RFC 4648 6) has not, frame it, so that it is found again among whatever a mail program puts
into a subject. The nonce is drawn from what the token stands in, so that a second node draws the same one.
Refuses to know what is done by an action, and whether a token was spent.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from gateway.core.news import Action, Link

#: How long the link of a digest may be used.
LIFETIME = timedelta(days=14)

_KEY_OCTETS = 32
_NONCE, _MESSAGE, _SIGNATURE = 8, 32, 16
_BODY = 1 + 4 + _NONCE + _MESSAGE
_LETTERS = -(-(_BODY + _SIGNATURE) * 8 // 5)
_NOTHING = bytes(_MESSAGE)
#: What each action is in a token: the numbers are for ever.
_SORTS = {
    Action.WAIVE: 1,
    Action.SCHEDULING: 2,
    Action.AS_FOUND: 3,
    Action.MUTE: 4,
    Action.UNMUTE: 5,
    Action.NOTE: 6,
}
_ACTIONS = {number: action for action, number in _SORTS.items()}
_FRAMED = re.compile(rf"0([a-z2-7]{{{_LETTERS}}})9")
#: Blanks that a mail program may have folded a long word with.
_BLANKS = re.compile(r"\s+")
#: A long word with digits in it stands in no subject that a person writes: a token that was cut or changed.
_REMAINS = re.compile(r"(?=[a-z]*[0-9])[a-z0-9]{40,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """What a token that we signed allows."""

    action: Action
    #: The key of the message that it is about; empty for none.
    message: str
    until: datetime
    #: Names it among those that were spent.
    id: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and reads the tokens of one practice. The key is 32 octets, drawn for nothing else."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError for a key of another length."""
        if len(self.key) != _KEY_OCTETS:
            raise ValueError(f"a key for tokens has {_KEY_OCTETS} octets")

    def link(self, mailbox: str, action: Action, message: str, until: datetime, place: str) -> Link:
        """A link for a mailbox, to stand in one `place` (the key of an effect). `message` is empty, or 64 hex digits.

        Raises ValueError for another.
        """
        about = bytes.fromhex(message) if message else _NOTHING
        if len(about) != _MESSAGE:
            raise ValueError("a message is named by 64 hex digits")
        seconds = int(until.timestamp()).to_bytes(4, "big")
        drawn = self._mac(b"nonce", mailbox, place.encode("utf-8", "surrogatepass") + about + action.encode())
        body = bytes([_SORTS[action]]) + seconds + drawn[:_NONCE] + about
        return Link(action, f"0{_written(body + self._signature(mailbox, body))}9")

    def read(self, text: str, mailbox: str) -> Token | None:
        """What a token allows in a mailbox, run out or not; None where we never signed it for that one."""
        octets = _octets(text)
        body, signature = octets[:_BODY], octets[_BODY:]
        if not hmac.compare_digest(signature, self._signature(mailbox, body)):
            return None
        action = _ACTIONS.get(body[0])
        if action is None:
            return None  # signed by a newer gateway
        about = body[-_MESSAGE:]
        until = datetime.fromtimestamp(int.from_bytes(body[1:5], "big"), UTC)
        return Token(action, "" if about == _NOTHING else about.hex(), until, sha256(octets).hexdigest())

    def _signature(self, mailbox: str, body: bytes) -> bytes:
        return self._mac(b"token", mailbox, body)[:_SIGNATURE]

    def _mac(self, purpose: bytes, mailbox: str, said: bytes) -> bytes:
        name = mailbox.encode("utf-8", "surrogatepass")
        return hmac.digest(self.key, purpose + len(name).to_bytes(4, "big") + name + said, sha256)


def token_in(subject: str) -> str | None:
    """The token that a subject holds, whatever stands round it; empty where only remains of one are left.

    None for a subject without one.
    """
    if (found := _FRAMED.search(_BLANKS.sub("", subject))) is not None:
        return found[0]
    return "" if _REMAINS.search(subject) else None


def _written(octets: bytes) -> str:
    return base64.b32encode(octets).decode("ascii").rstrip("=").lower()


def _octets(text: str) -> bytes:
    """The octets of a framed token; none where it is none, or is written in another way than ours."""
    found = _FRAMED.fullmatch(text)
    if found is None:
        return b""
    padded = found[1].upper() + "=" * (-len(found[1]) % 8)
    try:
        octets = base64.b32decode(padded)
    except (binascii.Error, ValueError):
        return b""
    # The last letter has two bits to spare.
    return octets if _written(octets) == found[1] else b""
