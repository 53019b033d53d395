"""The policy: one typed, frozen value that is promise, behaviour and text.

Every knob here is kept by code; a knob that no code keeps does not exist.
The docstring beside each field is also the comment in the starter file and the reference page.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from enum import IntEnum, StrEnum, unique
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
#: What is added to an instant must stay within the years that there are: `9999y` for ever would stop everything.
_LONGEST = 200 * _UNITS["y"]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdwy])")


def duration(value: object) -> timedelta:
    """`90s`, `2m`, `4h`, `14d`, `2w`, `7y`, `1h30m`, and plain `0`. Raises ValueError with an example."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text == "0":
        return timedelta()
    if not text or _DURATION.sub("", text).strip():
        raise ValueError(f"{value!r} is no duration; write for example 90s, 15m, 4h, 14d")
    seconds = sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(text))
    if seconds > _LONGEST:
        raise ValueError(f"{value!r} is too long to reckon with; write at most 200y")
    return timedelta(seconds=seconds)


def in_units(value: timedelta) -> str:
    """The duration as the file would say it, in the largest unit that divides it."""
    seconds = int(value.total_seconds())
    unit = next((u for u in "ydhm" if seconds and seconds % _UNITS[u] == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}" if seconds else "0"


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(in_units)]


@unique
class Weekday(IntEnum):
    """As `datetime.date.weekday()` counts."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


class Frozen(BaseModel):
    """Base of everything that comes from a file: frozen, no unknown keys, docstrings as reference."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Span(Frozen):
    """A span of local civil time within one day, both ends in the practice's zone."""

    start: time
    end: time

    def __str__(self) -> str:
        """As the file says it."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}" if self.start != self.end else f"{self.start:%H:%M}"


def _span(value: object) -> object:
    if not isinstance(value, str):
        return value
    start, dash, end = (part.strip() for part in value.partition("-"))
    try:
        first = time.fromisoformat(start)
        last = time.fromisoformat(end) if dash else first
    except ValueError as error:
        raise ValueError(f"{value!r} is no time of day; write 07:00-09:00, or 17:00 for a moment") from error
    if last < first:
        raise ValueError(f"{value!r} ends before it begins; write a night as two spans")
    return {"start": first, "end": last}


def _spans(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _days(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = [day.name.lower() for day in Weekday]
    found: set[Weekday] = set()
    for part in value.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in names or (dash and last not in names):
            raise ValueError(f"{part!r} is no weekday; write for example mon-fri or mon,wed,sat")
        start, end = names.index(first), names.index(last if dash else first)
        count = (end - start) % 7 + 1
        found |= {Weekday((start + step) % 7) for step in range(count)}
    return found


def days_in_words(days: frozenset[Weekday]) -> str:
    """`mon,tue,sat`, in the order of the week."""
    return ",".join(day.name.lower() for day in sorted(days))


Spans = Annotated[tuple[Annotated[Span, BeforeValidator(_span), PlainSerializer(str)], ...], BeforeValidator(_spans)]
Days = Annotated[frozenset[Weekday], BeforeValidator(_days), PlainSerializer(days_in_words)]


class Hours(Frozen):
    """When mail is read."""

    reading: Spans = ()
    """When mail is read: spans (`07:00-09:00`) or moments (`17:00`), in the practice's zone. Empty: no set hours."""
    days: Days = frozenset(Weekday)
    """Days on which mail is read, for example `mon-fri`."""


@unique
class PromiseKind(StrEnum):
    """Until when an answer is promised."""

    NONE = "none"
    WITHIN = "within"
    NEXT_READING_TIME = "next-reading-time"
    NEXT_WORKING_DAY = "next-working-day"


class Promise(Frozen):
    """What is promised about an answer."""

    what: PromiseKind
    within: Duration = timedelta()


def _promise(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = value.split()
    if words[:1] == ["within"] and len(words) == 2:
        return {"what": "within", "within": words[1]}
    plain = [kind.value for kind in PromiseKind if kind is not PromiseKind.WITHIN]
    if value not in plain:
        raise ValueError(f"{value!r} is no promise; write {', '.join(plain)}, or for example 'within 24h'")
    return {"what": value}


def _promise_text(value: Promise) -> str:
    return f"within {in_units(value.within)}" if value.what is PromiseKind.WITHIN else value.what.value


class Answer(Frozen):
    """What a client may expect."""

    promise: Annotated[Promise, BeforeValidator(_promise), PlainSerializer(_promise_text)] = Promise(
        what=PromiseKind.NONE
    )
    """By when an answer is promised: `none`, `within 24h`, `next-reading-time` or `next-working-day`."""


@unique
class AckWhen(StrEnum):
    """Which messages are acked."""

    ALWAYS = "always"
    FIRST = "first"
    OUTSIDE_HOURS = "outside-hours"
    IF_URGENT = "if-urgent"
    NEVER = "never"


class Acknowledge(Frozen):
    """The automatic answer that says: it arrived."""

    when: AckWhen = AckWhen.ALWAYS
    """`always`, `first` (once a thread), `outside-hours`, `if-urgent` or `never`."""
    at_most_every: Duration = timedelta()
    """At most one ack to a person in this time, unless the urgency rises; `0` acks each message."""


@unique
class ReceiptSend(StrEnum):
    """Which messages get a receipt once they are read."""

    ALWAYS = "always"
    ON_REQUEST = "on-request"
    IMPORTANT = "important"
    IF_URGENT = "if-urgent"
    NEVER = "never"


class ReceiptRule(Frozen):
    """The message that says: it was read."""

    send: ReceiptSend = ReceiptSend.ON_REQUEST
    """`always`, `on-request`, `important` (marked so by the client, or a receipt asked for), `if-urgent` or `never`."""
    grace: Duration = timedelta(minutes=2)
    """How long a message must stay read; marking it unread within this time cancels the receipt."""


class Urgency(Frozen):
    """What follows from words of urgency."""

    alert: Literal["crisis", "urgent", "never"] = "crisis"
    """From which level on the therapist gets an alert at once."""
    trust_all: bool = False
    """Whether every message counts as urgent."""


class Allowance(Frozen):
    """How much a client may write. Nothing is ever dropped or delayed for it."""

    messages: Annotated[int, Field(ge=1)] | None = None
    """Messages a client may write in each period; leave it out for no limit."""
    per: Literal["week", "month"] = "week"
    """The period: calendar `week` (from Monday) or `month`, in the practice's zone."""
    warn_at: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The share from which on the ack says how much is left."""


class Billing(Frozen):
    """How time is counted for the ledger."""

    counts: Literal["nothing", "read", "read+answer"] = "read+answer"
    """Which time is counted."""
    words_per_minute: Annotated[int, Field(ge=50, le=1000)] = 238
    """Reading speed. 238 is the mean for silent reading of English non-fiction (Brysbaert 2019)."""
    typed_words_per_minute: Annotated[int, Field(ge=5, le=200)] = 19
    """Writing speed for answers. 19 is the mean for composing (Karat et al. 1999)."""
    exempt: tuple[str, ...] = ()
    """Categories that never count, for example `scheduling`."""


class Record(Frozen):
    """What is kept on file, and for how long."""

    kept_for: Annotated[Duration, Field(alias="for")] = timedelta(days=7 * 365)
    """How long events are kept, for example `7y`."""


class Policy(Frozen):
    """One arrangement between a practice and its clients."""

    summary: str = ""
    """One or two sentences, in the therapist's own words, that open the policy card."""
    hours: Hours = Hours()
    answer: Answer = Answer()
    acknowledge: Acknowledge = Acknowledge()
    receipt: ReceiptRule = ReceiptRule()
    urgency: Urgency = Urgency()
    allowance: Allowance = Allowance()
    billing: Billing = Billing()
    record: Record = Record()


class Client(Frozen):
    """What a practice has noted about one person in therapy; overrides the policy where it says so."""

    address: str
    name: str = ""
    language: str = ""
    """Language of what we write to them; empty: the message's own, else the practice's."""
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


def as_file(policy: Policy) -> dict[str, Any]:
    """The policy as its file would say it, with every default written out."""
    return policy.model_dump(mode="json", by_alias=True)
