"""What a practice has noted about one person in therapy; it goes before the policy where it says so."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from gateway.core.policy.schema import Policy
from gateway.core.policy.units import Frozen, Weekday

_RULE = re.compile(
    r"(?P<day>mon|tue|wed|thu|fri|sat|sun) (?P<start>\d{1,2}:\d{2})-(?P<end>\d{1,2}:\d{2})"
    r"( every (?P<every>\d{1,2}) weeks from (?P<since>\d{4}-\d{2}-\d{2}))?",
    re.IGNORECASE,
)


class SessionRule(Frozen):
    """A session that comes back: each week, or every so many weeks from a date on; local civil time."""

    day: Weekday
    start: time
    end: time
    every: Annotated[int, Field(ge=1, le=52)] = 1
    since: date | None = None

    def __str__(self) -> str:
        """As it is written on the roster."""
        text = f"{self.day.name.lower()} {self.start:%H:%M}-{self.end:%H:%M}"
        return text if self.since is None else f"{text} every {self.every} weeks from {self.since}"


def session_rule(value: object) -> object:
    """`thu 15:00-15:50`, or `thu 15:00-15:50 every 2 weeks from 2026-11-26`. Raises ValueError with an example."""
    if not isinstance(value, str):
        return value
    example = "write thu 15:00-15:50, or thu 15:00-15:50 every 2 weeks from 2026-11-26"
    found = _RULE.fullmatch(" ".join(value.split()))
    if found is None:
        raise ValueError(f"{value!r} is no session; {example}")
    try:
        start, end = (time.fromisoformat(found[name].zfill(5)) for name in ("start", "end"))
        since = date.fromisoformat(found["since"]) if found["since"] else None
    except ValueError as error:
        raise ValueError(f"{value!r} is no session; {example}") from error
    if end <= start:
        raise ValueError(f"{value!r} ends before it begins; {example}")
    day = Weekday[found["day"].upper()]
    if since is not None and since.weekday() != day:
        raise ValueError(f"{value!r}: {since} is no {found['day']}; name the date of the first one")
    return {"day": day, "start": start, "end": end, "every": int(found["every"] or 1), "since": since}


Rule = Annotated[SessionRule, BeforeValidator(session_rule), PlainSerializer(str), WithJsonSchema({"type": "string"})]


class Client(Frozen):
    """What a practice has noted about one person in therapy; overrides the policy where it says so."""

    address: str
    name: str = ""
    language: str = ""
    """Language of what we write to them; empty: the message's own, else the practice's."""
    country: str = ""
    """Where they live (ISO 3166-1, two letters): its crisis lines are named; empty: the practice's."""
    timezone: str = ""
    """The zone in which they are told times; empty: the practice's."""
    urgent_word: str = ""
    """The agreed word that makes a message urgent."""
    trusted: bool = False
    """Every message of theirs counts as urgent."""
    always_person: bool = False
    """No sign of automation counts against them."""
    quiet: bool = False
    """Nothing automatic is ever sent to them."""
    acks: bool = True
    """False: no acks. They set it themselves by a message that says `STOP` and nothing else."""
    policy: str = ""
    """Their own policy; empty: the route's."""
    messages: Annotated[int, Field(ge=1)] | None = None
    """Their own allowance of messages in each period; None: the policy's."""
    exempt: bool = False
    """Nothing is ever charged to them."""
    sessions: tuple[Rule, ...] = ()
    """Their sessions by weekly rules, in the practice's zone."""
    calendar_name: str = ""
    """How the sessions calendar calls them: an event whose summary is this, or which they attend, is their session."""


def as_agreed(policy: Policy, messages: int | None, exempt: bool) -> Policy:
    """The policy as it holds for one client, with an allowance of messages of their own and free of charge or not."""
    changes: dict[str, object] = {}
    if messages is not None:
        changes["allowance"] = policy.allowance.model_copy(update={"messages": messages})
    if exempt:
        changes["billing"] = policy.billing.model_copy(update={"rate": None})
    return policy.model_copy(update=changes)
