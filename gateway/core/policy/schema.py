"""The policy: one typed, frozen value that is promise, behaviour and text.

Every knob here is kept by code; a knob that no code keeps does not exist.
The docstring beside each field is also the comment in the starter file, the reference page and the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum, unique
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from gateway.core.policy.units import (
    DAYS_SCHEMA,
    SPANS_SCHEMA,
    Dates,
    Days,
    Duration,
    Frozen,
    Price,
    Span,
    Spans,
    Texts,
    TimeOfDay,
    Weekday,
    in_units,
)


def _by_days(value: object) -> object:
    """`{mon-thu: ..., fri: ...}`; a list of such lines is what `as_file` writes."""
    if isinstance(value, Mapping):
        return [{"days": days, "reading": reading} for days, reading in value.items()]
    return value


class OtherDays(Frozen):
    """Times of reading on some days that differ from the others."""

    days: Days
    reading: Spans


_OTHER = {
    "anyOf": [
        {"type": "object", "propertyNames": DAYS_SCHEMA, "additionalProperties": SPANS_SCHEMA},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"days": DAYS_SCHEMA, "reading": SPANS_SCHEMA},
                "required": ["days", "reading"],
                "additionalProperties": False,
            },
        },
    ],
    "examples": [{"fri": "08:00-09:00"}],
}


class Hours(Frozen):
    """When mail is read."""

    reading: Spans = ()
    """When mail is read: spans (`07:00-09:00`) or moments (`17:00`), in the practice's zone. Empty: no set hours."""
    days: Days = frozenset(Weekday)
    """Days on which mail is read, for example `mon-fri`."""
    other: Annotated[tuple[OtherDays, ...], BeforeValidator(_by_days), WithJsonSchema(_OTHER)] = ()
    """Days with times of their own, for example `{fri: "08:00-09:00"}`; such a day is a day on which mail is read."""
    before_session: bool = False
    """Whether a client's mail is read before their next session."""
    holidays: Literal["closed", "open"] = "closed"
    """`closed`: mail is not read on public holidays of the practice's `region`."""
    vacations: Literal["closed", "open"] = "closed"
    """`closed`: mail is not read during the mailbox's `absences`."""

    def spans_on(self, day: Weekday) -> tuple[Span, ...] | None:
        """The spans of a weekday in order, none for no set hours; None on a day on which mail is not read."""
        for other in self.other:
            if day in other.days:
                return tuple(sorted(other.reading, key=lambda span: span.start))
        return tuple(sorted(self.reading, key=lambda span: span.start)) if day in self.days else None

    @property
    def set_hours(self) -> bool:
        """Whether there are times of day at which mail is read."""
        return bool(self.reading) or any(other.reading for other in self.other)


@unique
class PromiseKind(StrEnum):
    """Until when an answer is promised."""

    NONE = "none"
    WITHIN = "within"
    WITHIN_READING = "within-reading"
    SAME_DAY = "same-day"
    NEXT_READING_TIME = "next-reading-time"
    NEXT_WORKING_DAY = "next-working-day"
    BEFORE_SESSION = "before-session"


class Promise(Frozen):
    """What is promised about an answer."""

    what: PromiseKind
    within: Duration = timedelta()


_WITHIN = {PromiseKind.WITHIN: "", PromiseKind.WITHIN_READING: " of reading time"}


def _promise(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = value.split()
    if words[:1] == ["within"] and len(words) == 2:
        return {"what": "within", "within": words[1]}
    if words[:1] == ["within"] and words[2:] == ["of", "reading", "time"]:
        return {"what": "within-reading", "within": words[1]}
    if value not in _PLAIN:
        example = "'within 24h' or 'within 8h of reading time'"
        raise ValueError(f"{value!r} is no promise; write {', '.join(_PLAIN)}, or for example {example}")
    return {"what": value}


def _promise_text(value: Promise) -> str:
    return f"within {in_units(value.within)}{_WITHIN[value.what]}" if value.what in _WITHIN else value.what.value


_PLAIN = [kind.value for kind in PromiseKind if kind not in _WITHIN]
_PROMISE = {
    "anyOf": [
        {"enum": _PLAIN},
        {"type": "string", "pattern": r"^ *within +(0|(\d+(\.\d+)?[smhdwySMHDWY])+)( +of +reading +time)? *$"},
    ],
    "examples": ["within 24h", "within 8h of reading time", *_PLAIN],
}


@unique
class AnswerWhen(StrEnum):
    """Which messages are answered by email."""

    ALWAYS = "always"
    ON_REQUEST = "on-request"
    IF_URGENT = "if-urgent"
    SOMETIMES = "sometimes"
    NEVER = "never"


class Answer(Frozen):
    """What a client may expect."""

    promise: Annotated[Promise, BeforeValidator(_promise), PlainSerializer(_promise_text), WithJsonSchema(_PROMISE)] = (
        Promise(what=PromiseKind.NONE)
    )
    """By when an answer is promised: `none`, `within 24h`, `within 8h of reading time`, `same-day`,
    `next-reading-time`, `next-working-day` or `before-session`."""
    when: AnswerWhen = AnswerWhen.SOMETIMES
    """Which messages are answered: `always`, `on-request`, `if-urgent`, `sometimes` or `never`.

    Left out: `always` where something is promised, else `sometimes`. What is answered by it stays open, and in the
    digest, until it is; a deadline holds for these messages alone.
    """
    request: Texts = ()
    """Words with which a client asks for an answer, for `on-request`: for example `please answer`."""
    only: Texts = ()
    """Categories that alone are answered, for example `scheduling`; empty: every one."""
    rest: Literal["nothing", "session"] = "nothing"
    """What becomes of what is not answered: `session` takes it up in the next session, and every text says so."""
    words: Annotated[int, Field(ge=5, le=5000)] | None = None
    """An answer is brief, of about so many words at most; the ack says so, and `promises` counts longer ones."""
    nudge: Duration = timedelta(hours=2)
    """How much reading time before a promise lapses the therapist is reminded of it by mail; `0` never."""

    @model_validator(mode="before")
    @classmethod
    def _promise_means_always(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "when" not in value and value.get("promise", "none") != "none":
            return {**value, "when": AnswerWhen.ALWAYS}
        return value


@unique
class AckWhen(StrEnum):
    """Which messages are acked."""

    ALWAYS = "always"
    FIRST = "first"
    OUTSIDE_HOURS = "outside-hours"
    ON_REQUEST = "on-request"
    IF_URGENT = "if-urgent"
    NEVER = "never"


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _one_if_one(value: frozenset[AckWhen]) -> str | list[str]:
    names = [one.value for one in AckWhen if one in value]
    return names[0] if len(names) == 1 else names


def _some_time(value: timedelta) -> timedelta:
    """Each message is a moment old when it comes."""
    if value < timedelta(minutes=1):
        raise ValueError("nothing would ever be acked; write at least 1m, or `when: never`")
    return value


_ACK_WHEN = {"enum": [one.value for one in AckWhen]}


class Acknowledge(Frozen):
    """The automatic answer that says: it arrived."""

    when: Annotated[
        frozenset[AckWhen],
        BeforeValidator(_one_or_more),
        PlainSerializer(_one_if_one),
        WithJsonSchema({"anyOf": [_ACK_WHEN, {"type": "array", "items": _ACK_WHEN}]}),
    ] = frozenset({AckWhen.ALWAYS})
    """`always`, `first` (once a thread), `outside-hours`, `on-request` (a receipt was asked for, or `request` words
    are found), `if-urgent` or `never`; or a list of these, any of which is enough."""
    request: Texts = ()
    """Words with which a client asks for an ack, for `on-request`: for example `please confirm`."""
    at_most_every: Duration = timedelta()
    """At most one ack to a person in this time, unless the urgency rises; `0` acks each message."""
    latest: Annotated[Duration, AfterValidator(_some_time)] = timedelta(hours=24)
    """A message older than this is not acked, whatever brought it: yesterday's ack would only confuse."""
    subject: bool = False
    """Whether the ack repeats the subject that it answers. Others may see a screen."""

    @model_validator(mode="after")
    def _always_and_never_stand_alone(self) -> Acknowledge:
        alone = self.when & {AckWhen.ALWAYS, AckWhen.NEVER}
        if not self.when or (alone and len(self.when) > 1):
            raise ValueError("`always` and `never` stand alone; write one of these, or a list of the others")
        return self


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
    bulk: Annotated[int, Field(ge=0)] = 5
    """More messages than this marked as read within a second were not opened one by one: none of them gets a receipt.
    `0`: each gets its own all the same."""
    take_request: bool = False
    """Whether the client's request for a receipt is taken off as the message is handed on, so that the therapist's
    mail program asks nothing. A signature (DKIM) that covers the request no longer holds then."""


class Urgency(Frozen):
    """What follows from words of urgency."""

    alert: Literal["crisis", "urgent", "never"] = "crisis"
    """From which level on the therapist gets an alert at once."""
    trust_all: bool = False
    """Whether every message counts as urgent."""
    words: Texts = ()
    """Words with which any client makes a message urgent, for example `urgent`; the ack asks for the first of them."""
    cover: str = ""
    """Who else is alerted in a crisis: a name of `covers` in gateway.yaml."""
    by_email: bool = True
    """`false`: email is never for a crisis; card, welcome and every ack say so first. It is delivered all the same."""


class Allowance(Frozen):
    """How much a client may write. Nothing is ever dropped or delayed for it."""

    messages: Annotated[int, Field(ge=1)] | None = None
    """Messages a client may write in each period; leave it out for no limit."""
    minutes: Annotated[int, Field(ge=1)] | None = None
    """Minutes of reading, by new words, that a client may use in each period; leave it out for no limit."""
    per: Literal["week", "month", "session"] = "week"
    """The period: calendar `week` (from Monday), `month`, in the practice's zone; or from one `session` to the next.

    Where no session of a client is known, a week stands for it.
    """
    warn_at: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The share from which on the ack says how much is left."""
    answers: Annotated[int, Field(ge=1)] | None = None
    """Messages that the therapist writes in each period; leave it out where nothing is agreed."""
    remind: Duration | None = None
    """How long after a session the therapist is reminded to write, with a draft in Drafts; needs `answers`."""

    @property
    def limited(self) -> bool:
        """Whether there is any limit for the client."""
        return self.messages is not None or self.minutes is not None


class Cluster(Frozen):
    """A number of messages in a short time, which are billed however brief they are."""

    messages: Annotated[int, Field(ge=2)]
    """How many."""
    within: Duration = timedelta(hours=24)
    """In what time, counted from the first."""


class Billing(Frozen):
    """How time is counted for the ledger, and what of it is charged."""

    counts: Literal["nothing", "read", "read+answer"] = "read+answer"
    """Which time is counted."""
    words_per_minute: Annotated[int, Field(ge=50, le=1000)] = 238
    """Reading speed. 238 is the mean for silent reading of English non-fiction (Brysbaert 2019)."""
    typed_words_per_minute: Annotated[int, Field(ge=5, le=200)] = 19
    """Writing speed for answers. 19 is the mean for composing (Karat et al. 1999)."""
    rate: Price | None = None
    """What one increment costs, for example `45.00 AUD`; leave it out and nothing is charged."""
    increment: Duration = timedelta(minutes=15)
    """The step in which time is charged."""
    free: Duration = timedelta()
    """Time that is free for each message, or each cluster of messages; only what is beyond it is charged."""
    round: Literal["up", "down", "nearest"] = "up"
    """How a part of an increment is charged."""
    cluster: Cluster | None = None
    """So many messages in so short a time are charged together, and at least one increment, however brief."""
    exempt: Texts = ()
    """Categories that never count, for example `scheduling`, `stressor` or `touchpoint`."""
    touchpoint: Annotated[int, Field(ge=1, le=500)] | None = None
    """A message of fewer new words than this, about nothing else, is of the category `touchpoint`."""
    suspended: tuple[Dates, ...] = ()
    """Times without any charge: `{from: 2020-03-16, until: 2022-03-31}`, both days inclusive."""


class Record(Frozen):
    """What is kept on file, and for how long."""

    kept_for: Annotated[Duration, Field(alias="for")] = timedelta(days=7 * 365)
    """How long events are kept, for example `7y`."""
    subject: bool = True
    """Whether subjects are kept, encrypted. `false` keeps none."""
    letters: bool = False
    """Whether the therapist puts what clients write into their file; card and welcome say so."""
    readable_by: Literal["therapist", "practice"] = "therapist"
    """Who may see what is kept, beside whoever looks after the mail server; the card says so."""


class Change(Frozen):
    """How clients hear of a change to any of this."""

    notice: Duration = timedelta(days=14)
    """How long before it holds a change is announced to the clients whom it is about; until then the old rule holds."""
    announce_after: Duration = timedelta(minutes=10)
    """How long after the file has changed the announcement goes out; put the file back within it and nothing does."""


class Welcome(Frozen):
    """The first word to somebody new."""

    card: bool = True
    """Whether the ack of a client's very first message holds the card: the answers to ten questions."""


class Presence(Frozen):
    """A few words of the therapist's own, for clients to hold on to."""

    carry: bool = True
    """Whether acks carry the therapist's presence note while there is one, with its date."""
    lasts: Duration = timedelta(days=14)
    """How long a presence note is carried where it does not say until when."""


class DigestRule(Frozen):
    """What is still open and what is new, told to the therapist by mail; nothing is sent for nothing."""

    at: TimeOfDay | None = None
    """When, on each day on which mail is read, for example `"07:30"`; leave it out for no daily digest."""
    before_session: Duration = timedelta()
    """How long before a client's session the therapist gets what that client wrote and is open; `0` never."""


def _summary(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


def _summary_text(value: Mapping[str, str]) -> str | Mapping[str, str]:
    return value[""] if set(value) == {""} else value


Summary = Annotated[
    Mapping[str, str],
    BeforeValidator(_summary),
    PlainSerializer(_summary_text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]


class Policy(Frozen):
    """One arrangement between a practice and its clients."""

    extends: str = ""
    """The name of another policy that this one begins with; what stands here goes before what stands there.

    A mapping is taken key by key, anything else as a whole. A file of a shipped policy's name may extend that one.
    """
    summary: Summary = Field(default_factory=dict)
    """One or two sentences, in the therapist's own words, that open the policy card. A text is in the practice's
    language; `{en: ..., de: ...}` says it in several."""
    hours: Hours = Hours()
    answer: Answer = Answer()
    acknowledge: Acknowledge = Acknowledge()
    receipt: ReceiptRule = ReceiptRule()
    urgency: Urgency = Urgency()
    allowance: Allowance = Allowance()
    billing: Billing = Billing()
    presence: Presence = Presence()
    withdraw: Literal["unread", "never"] = "never"
    """`unread`: a client who answers an ack with the one word WITHDRAW, or that of their language, gets their message
    moved out of the inbox while it is unread, into the mailbox's folder `withdrawn`, and is told whether it was. What
    words of a crisis are found in stays. `never`: such a mail is like any other."""
    welcome: Welcome = Welcome()
    digest: DigestRule = DigestRule()
    record: Record = Record()
    change: Change = Change()

    def summary_in(self, language: str, practice_language: str) -> str:
        """The summary in a language; empty where the therapist has not said it in that one."""
        wanted, own = language.partition("-")[0], practice_language.partition("-")[0]
        return self.summary.get(wanted) or (self.summary.get("", "") if wanted == own else "")


def as_file(policy: Policy) -> dict[str, Any]:
    """The policy as its file would say it, with every default written out."""
    return policy.model_dump(mode="json", by_alias=True)
