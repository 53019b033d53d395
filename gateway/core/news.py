"""What a digest tells of, each piece as a value, and the actions that its links offer.

Effects hold these and the store keeps them with the effect; nothing of a subject or a body is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Literal

from gateway.core.events import Level


@unique
class Action(StrEnum):
    """What the therapist can have done by a mail to the control address, once for each token."""

    #: Charge nothing for a message.
    WAIVE = "waive"
    #: Count a message as one about appointments; and take that back.
    SCHEDULING = "scheduling"
    AS_FOUND = "as-found"
    #: Send no acks to who wrote a message; and send them again.
    MUTE = "mute"
    UNMUTE = "unmute"
    #: Leave a presence note.
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Link:
    """An action with the token that a mail must bear to have it done."""

    action: Action
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """One message that a digest lists."""

    author: str
    received: datetime
    answer_by: datetime | None
    level: Level
    read: bool
    #: Nobody can tell whether a person wrote it; it got no ack.
    unsure: bool = False
    #: The header field that made it unsure.
    sign: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """Somebody's message that a digest speaks of."""

    author: str
    received: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unacked:
    """Somebody whose messages got no ack, and why: too many of them, muted, quiet, or unsafe by their own word."""

    author: str
    received: datetime
    why: Literal["often", "muted", "quiet", "unsafe"]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """Somebody whose messages come close to what is free, or are over it."""

    author: str
    over: bool
    #: Minutes of reading so far, and what of them is free; None where nothing is.
    minutes: int
    free: timedelta | None
    #: Messages so far, and how many make a charge by their number; None where none do.
    messages: int
    cluster: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """Somebody who wrote more than the allowance of the period."""

    author: str
    used: int
    allowed: int
    unit: Literal["messages", "minutes"]
    per: str


#: What became of a mail that asked for an action: done; done before; its token is none of ours, ran out, or is another
#: mailbox's; nobody can tell that the therapist sent it; what it is about is gone; it says nothing where words are due.
Fate = Literal["done", "before", "unknown", "expired", "elsewhere", "unproven", "gone", "empty"]
