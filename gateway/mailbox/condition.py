"""How a watch is doing, and how often it does things. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

#: A fault that lasts so long is told to the admin.
ALARM = timedelta(minutes=5)


@unique
class State(StrEnum):
    """What a watch is about."""

    STARTING = "starting"
    LOOKING = "looking"
    IDLE = "idle"
    DOWN = "down"


@unique
class Support(StrEnum):
    """How a mailbox can show a tag: the rung of the ladder that holds."""

    UNKNOWN = "unknown"
    KEYWORD = "keyword"
    FLAGGED = "flagged"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Condition:
    """A watch's condition, for `handrail status` and the web page. `why` names a fault's kind, never a person."""

    state: State = State.STARTING
    #: Since when it is in this state.
    since: datetime | None = None
    tags: Support = Support.UNKNOWN
    #: When the inbox was last looked at with success.
    looked: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often and how long."""

    #: A timer looks beside IDLE, because some servers' IDLE keeps silent.
    look: timedelta = timedelta(seconds=60)
    #: IDLE is renewed before 9 minutes, where Gmail and home routers cut (RFC 2177 allows 29).
    idle: timedelta = timedelta(minutes=8, seconds=30)
    #: A pause after a look that the server called for and that found nothing: some tell news with every IDLE.
    breath: timedelta = timedelta(seconds=1)
    #: A look at every message's flags, because CONDSTORE may lie.
    full: timedelta = timedelta(minutes=10)
    #: Silence after which a command has failed.
    command: timedelta = timedelta(seconds=30)
    #: First pause and longest pause after a fault.
    retry: timedelta = timedelta(seconds=1)
    retry_cap: timedelta = timedelta(minutes=5)
    #: First and longest pause after a refused login, so that no account gets locked.
    refused: timedelta = timedelta(minutes=2)
    refused_cap: timedelta = timedelta(hours=6)
    #: The longest that a server may send us away for.
    throttled_cap: timedelta = timedelta(minutes=30)
    #: How often a Maildir is looked at.
    maildir: timedelta = timedelta(seconds=1)
