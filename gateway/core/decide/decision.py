"""What a decision is asked with, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.core.decide.tokens import Signer
from gateway.core.effects import Effect
from gateway.core.events import Event, Received, Ref
from gateway.core.history import Note
from gateway.core.policy.allowance import Usage
from gateway.core.policy.calendar import Calendar
from gateway.core.policy.client import Client
from gateway.core.policy.promise import Promised
from gateway.core.policy.schema import Policy
from gateway.core.policy.versions import Version
from gateway.core.reasons import Reason
from gateway.core.urgency.assess import Assessment, Matcher


@dataclass(frozen=True, slots=True)
class TagNames:
    """The keywords that a mailbox shows tags by; an empty one sets none."""

    urgent: str = ""
    #: In a crisis, in place of `urgent`; empty: as `urgent`.
    crisis: str = ""
    mention: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    #: Put before the subject of what is urgent as it is handed on.
    subject: str = ""
    #: The folder that what is urgent is moved to.
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """The part of the settings that decides for one mailbox under one policy."""

    mailbox: str
    address: str
    #: The practice's own addresses, as `addresses.key` folds them; nothing automatic goes to these.
    own: frozenset[str]
    policy_name: str
    policy: Policy
    calendar: Calendar
    language: str
    alert_to: str
    authserv: str
    tags: TagNames
    matcher: Matcher
    client: Client | None = None
    #: The number of the policy's version, 0 where none is kept.
    version: int = 0
    #: Addresses of those who may cover, by their names in the settings.
    covers: Mapping[str, str] = field(default_factory=dict)
    #: The address by which the therapist sends commands; empty for none.
    control: str = ""
    #: What signs the links of digests; None where none are.
    signer: Signer | None = None
    #: Whether it is seen what was read and answered.
    watched: bool = True
    #: A version of the policy that clients were told of and that is not in force yet.
    coming: Version | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The practice's."""
        return self.calendar.zone


@dataclass(frozen=True, slots=True)
class Order:
    """A mail that asks for an action."""

    #: The key of that mail.
    mail: str
    #: As its subject has it; empty where only remains of one are left.
    token: str
    subject: str
    #: What of its body is new.
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one arriving message."""

    ref: Ref
    received: Received
    effects: tuple[Effect, ...]
    #: Header fields to put on top, name and value.
    fields: tuple[tuple[str, str], ...]
    assessment: Assessment
    promised: Promised
    usage: Usage
    #: What the roster is to say from here on, where the author has changed it by this message.
    client: Client | None = None
    #: The client's request for a receipt is taken off as the message is handed on.
    take_request: bool = False
    #: A presence note that the author, the therapist, has written by this message; an empty text takes it back.
    note: Note | None = None
    #: What the author, the therapist, wants done by this message.
    order: Order | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason, in the order in which it was found."""
        return self.received.reasons


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a change in the mailbox."""

    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    reasons: tuple[Reason, ...] = ()
