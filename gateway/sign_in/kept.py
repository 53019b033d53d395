"""What is kept of a sign-in, as a value and as the text that the store seals.

In go tokens with their times, out comes JSON, and the reverse. Text of another form (a newer gateway wrote it) reads as
nothing: then somebody signs in again. Knows no store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter, ValidationError

#: A token is renewed so long before it runs out: servers' clocks differ, and connections take a while.
AHEAD = timedelta(minutes=5)
#: ... or in the last tenth of its life, where that is shorter.
_SHARE = 10


@dataclass(frozen=True, slots=True)
class Place:
    """What is signed in to: a mailbox by its name in the settings, or the smart host where there is no name."""

    mailbox: str = ""

    @property
    def key(self) -> str:
        """Under which name it is kept: where the settings have it."""
        return f"mailboxes.{self.mailbox}" if self.mailbox else "smarthost"

    @property
    def command(self) -> str:
        """How a person signs in."""
        return f"handrail login {self.mailbox or '--smarthost'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A sign-in. Instants are aware, in UTC."""

    form: Literal[1] = 1
    user: str
    client_id: str
    #: The token endpoint that gave it: it is shown to no other.
    issuer: str
    refresh: str = field(repr=False)
    access: str = field(repr=False)
    #: When a person signed in, when the access token was given, and when it runs out (None: nobody said).
    since: datetime
    renewed: datetime
    until: datetime | None
    #: Why the provider ended it; empty while it holds.
    ended: str = ""

    @property
    def stale(self) -> datetime | None:
        """From when on the access token is to be renewed; None for not before a server refuses it."""
        if self.until is None:
            return None
        return self.until - min(AHEAD, (self.until - self.renewed) / _SHARE)

    def fresh(self, now: datetime) -> bool:
        """Whether the access token is good for a while yet."""
        return bool(self.access) and not self.ended and (self.stale is None or now < self.stale)


_KEPT = TypeAdapter(Kept)


def text_of(kept: Kept) -> str:
    """As text."""
    return _KEPT.dump_json(kept).decode()


def kept_of(text: str | None) -> Kept | None:
    """From text; None for none, and for a form that this gateway does not know."""
    try:
        return _KEPT.validate_json(text) if text is not None else None
    except ValidationError:
        return None
