"""What a play comes to, in numbers: acks and silences, promises, receipts, urgency, allowance, minutes and money.

In go what was played, the policies and the practice's zone; out come counts without a name or a subject, unless these
are asked for. A pure function of stories and effects.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from zoneinfo import ZoneInfo

from gateway.core import addresses
from gateway.core.billing.charge import charges, total_charge
from gateway.core.billing.ledger import Line, ledger, total
from gateway.core.effects import Ack, Alert, Nudge, Receipt
from gateway.core.events import Answered, Level, Origin, Received, Ref
from gateway.core.history import Story
from gateway.core.policy.client import Client
from gateway.core.policy.kept import Kept, track
from gateway.core.policy.schema import Policy
from gateway.core.policy.units import Money
from gateway.core.reasons import Reason
from gateway.simulation.play import Played

#: Kinds of ack, the weightiest first: each ack is of the first kind that fits it.
KINDS = ("crisis", "urgent", "neutral", "welcome", "ordinary")
#: Reasons against an ack that go before all others (`core.decide.ack.why_no_ack`), and those that are about an ack.
_FIRST = ("client-quiet", "answering-unsafe")
_SIGNS = frozenset(
    {"null-reverse-path", "own-address", "forged-author", "automatic", "maybe-automatic", "no-answer-wanted"}
)
_CLIENTS = frozenset({"client-stops-acks", "client-no-acks", "history-unknown", "note-kept", "note-taken-back"})


@dataclass(frozen=True, slots=True)
class Silence:
    """Why messages were not acked, and how many."""

    code: str
    why: str
    messages: int


@dataclass(frozen=True, slots=True)
class Promises:
    """What became of promises of an answer, and of messages that none was made for."""

    kept: int
    broken: int
    open: int
    moot: int
    none: int


@dataclass(frozen=True, slots=True)
class Late:
    """A promise that was broken. `answered` is None where no answer is on record."""

    received: datetime
    by: datetime
    answered: datetime | None
    level: Level
    author: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Acks that said how much is left, and acks of messages beyond what is allowed."""

    warned: int
    over: int


@dataclass(frozen=True, slots=True)
class Minutes:
    """Time by the ledger."""

    read: Decimal
    answer: Decimal
    counted: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """One month in the practice's zone, by when messages came."""

    month: str
    messages: int
    acked: int
    kept: int
    broken: int
    minutes: Decimal


@dataclass(frozen=True, slots=True)
class Findings:
    """One policy's numbers."""

    policy: str
    #: When the first and the last of the counted messages came, and where the recorded mail ends.
    first: datetime | None
    last: datetime | None
    ended: datetime | None
    messages: int
    people: int
    #: Messages that came more than once, over all that was played.
    again: int
    origins: Mapping[str, int]
    #: Policies that decided, where clients have one of their own.
    decided_by: Mapping[str, int]
    acks: Mapping[str, int]
    silent: tuple[Silence, ...]
    promises: Promises
    late: tuple[Late, ...]
    read: int
    answered: int
    #: Sent messages that answered something.
    answers: int
    #: The median time to an answer, of messages that were answered.
    answered_in: timedelta | None
    receipts: Mapping[str, int]
    alerts: int
    nudges: int
    #: Level to category to messages; an empty category is none.
    urgency: Mapping[str, Mapping[str, int]]
    allowance: Allowance
    minutes: Minutes
    #: A sum for each currency; none where nothing is charged.
    charged: tuple[Money, ...]
    months: tuple[Month, ...]
    #: Why calendars outside could not be read.
    unread_calendars: tuple[str, ...] = ()

    @property
    def acked(self) -> int:
        """Acks of any kind."""
        return sum(self.acks.values())


@dataclass(frozen=True, slots=True)
class Span:
    """Which messages are counted, by when they came: half-open, None for no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        """Whether an instant lies within."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def find(
    played: Played,
    policies: Mapping[str, Policy],
    zone: ZoneInfo,
    span: Span,
    *,
    clients: Iterable[Client] = (),
    names: bool = False,
) -> Findings:
    """Count the messages of a span; what came before was played as well, so that they have a past."""
    stories = [story for story in played.stories if story.received and story.received.at in span]
    received = {story.ref: story.received for story in stories if story.received}
    said = [effect for effect in played.said if effect.ref in received]
    acks = {effect.ref: effect for effect in said if isinstance(effect, Ack)}
    tracked = track(played.stories, played.ended) if played.ended else ()
    kept = {one.ref: one for one in tracked if one.what == "answer" and one.ref in received}
    lines = [line for line in _charged(played.stories, policies, clients, zone) if line.ref in received]
    when = [one.at for one in received.values()]
    return Findings(
        policy=played.policy,
        first=min(when, default=None),
        last=max(when, default=None),
        ended=played.ended,
        messages=len(received),
        people=len({one.author.casefold() for one in received.values() if one.origin is Origin.PERSON}),
        again=played.again,
        origins=_counted((one.origin.value for one in received.values()), [origin.value for origin in Origin]),
        decided_by=dict(Counter(one.policy for one in received.values()).most_common()),
        acks=_counted((kind_of(ack) for ack in acks.values()), KINDS),
        silent=_silences(one for ref, one in received.items() if ref not in acks),
        promises=_promises(kept.values(), len(received)),
        late=tuple(_late(one, received[one.ref], names) for one in kept.values() if one.state == "broken"),
        read=sum(story.read is not None for story in stories),
        answered=sum(story.answered is not None for story in stories),
        answers=_answers(stories),
        answered_in=_typical(stories),
        receipts=_counted((one.form for one in said if isinstance(one, Receipt)), ("mdn", "plain")),
        alerts=sum(isinstance(effect, Alert) for effect in said),
        nudges=sum(isinstance(effect, Nudge) for effect in said),
        urgency=_urgency(received.values()),
        allowance=_allowance(acks.values()),
        minutes=_minutes(lines),
        charged=total_charge(lines),
        months=_months(received, acks, kept, lines, zone),
        unread_calendars=played.unread_calendars,
    )


def _charged(
    stories: Sequence[Story], policies: Mapping[str, Policy], clients: Iterable[Client], zone: ZoneInfo
) -> tuple[Line, ...]:
    known = {addresses.key(client.address): client for client in clients}
    lines = ledger(stories, lambda name, _: policies.get(name))
    return charges(lines, lambda name, _: policies.get(name), lambda _, author: known.get(addresses.key(author)), zone)


def kind_of(ack: Ack) -> str:
    """The kind of an ack."""
    if ack.level.rank >= Level.URGENT.rank:
        return ack.level.value
    if not ack.known:
        return "neutral"
    return "welcome" if ack.welcome else "ordinary"


def why_silent(reasons: Sequence[Reason]) -> Reason | None:
    """The reason why a message without an ack got none."""
    first = next((one for code in _FIRST for one in reasons if one.code == code), None)
    return first or next((one for one in reasons if _is_against(one.code)), None)


def _is_against(code: str) -> bool:
    return code in _SIGNS | _CLIENTS or (code.startswith("ack-") and code != "ack-welcome")


def _silences(received: Iterable[Received]) -> tuple[Silence, ...]:
    counts = Counter(why_silent(one.reasons) for one in received)
    told = [(reason.code if reason else "", str(reason or "not said"), count) for reason, count in counts.items()]
    return tuple(Silence(*one) for one in sorted(told, key=lambda one: (-one[2], one[1])))


def _promises(kept: Iterable[Kept], messages: int) -> Promises:
    states = Counter(one.state for one in kept)
    none = messages - states.total()
    return Promises(states["kept"], states["broken"], states["open"], states["moot"], none)


def _late(one: Kept, received: Received, names: bool) -> Late:
    author, subject = (received.author, received.subject) if names else ("", "")
    return Late(received.at, one.by or received.at, one.at, received.level, author, subject)


def _answers(stories: Iterable[Story]) -> int:
    return len({event.answer for story in stories for event in story.events if isinstance(event, Answered)})


def _typical(stories: Iterable[Story]) -> timedelta | None:
    times = [
        (story.answered.at - story.received.at).total_seconds()
        for story in stories
        if story.received is not None and story.answered is not None
    ]
    return timedelta(seconds=round(median(times))) if times else None


def _urgency(received: Iterable[Received]) -> Mapping[str, Mapping[str, int]]:
    counts = Counter((one.level, one.category) for one in received)
    categories = sorted({category for _, category in counts})
    return {level.value: {category: counts[level, category] for category in categories} for level in Level}


def _allowance(acks: Iterable[Ack]) -> Allowance:
    over = {True: 0, False: 0}
    for ack in acks:
        beyond = _beyond(ack.used, ack.allowed) or _beyond(ack.minutes_used, ack.minutes_allowed)
        if beyond or ack.warn:
            over[beyond] += 1
    return Allowance(warned=over[False], over=over[True])


def _beyond(used: int, allowed: int | None) -> bool:
    return allowed is not None and used > allowed


def _minutes(lines: Sequence[Line]) -> Minutes:
    read = sum((line.read_minutes for line in lines), Decimal("0.0"))
    return Minutes(read, sum((line.answer_minutes for line in lines), Decimal("0.0")), total(lines))


def _months(
    received: Mapping[Ref, Received],
    acks: Mapping[Ref, Ack],
    kept: Mapping[Ref, Kept],
    lines: Sequence[Line],
    zone: ZoneInfo,
) -> tuple[Month, ...]:
    """Every month from the first to the last, those without mail too."""
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for ref, one in received.items():
        state = kept[ref].state if ref in kept else ""
        states[_month(one.at, zone)].update(["messages", *(["acked"] if ref in acks else []), state])
    minutes: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        minutes[_month(line.received_at, zone)] += line.counted_minutes
    return tuple(
        Month(
            month=name,
            messages=states[name]["messages"],
            acked=states[name]["acked"],
            kept=states[name]["kept"],
            broken=states[name]["broken"],
            minutes=minutes[name] or Decimal("0.0"),
        )
        for name in _between(min(states, default=""), max(states, default=""))
    )


def _month(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m}"


def _between(first: str, last: str) -> list[str]:
    """The months from one to another, both inclusive."""
    if not first:
        return []
    begin, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(begin, end + 1)]


def _counted(found: Iterable[str], names: Sequence[str]) -> dict[str, int]:
    counts = Counter(found)
    return {name: counts[name] for name in names}
