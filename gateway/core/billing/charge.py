"""What messages cost: from the ledger's minutes to money, with the arithmetic in words; and before that, whether a
message that just came may or will cost anything, so that its writer can be told beforehand.

In go ledger lines and the policy version that decided each, out come the same lines with their charge. Messages of one
person to one mailbox under one version of a policy are charged by **episodes**: where the policy names a cluster, all
that come within its time, counted from the first of them; else each message alone. Time beyond `free` is charged in
increments, and an episode with as many messages as a cluster has is charged at least one.

Episodes are cut by all that a person wrote, whether it counts or not: so to exempt a message can only lower what its
episode costs, and never draws others together. Exempt, suspended and unread messages add neither time nor number.
Money is Decimal in the policy's currency. Knows nothing of invoices, taxes or who pays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from gateway.core import addresses
from gateway.core.billing.duration import plural, reading, tenths
from gateway.core.billing.ledger import Line, PolicyOf
from gateway.core.history import CRISIS, Earlier
from gateway.core.policy.calendar import Calendar, local_day
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Billing
from gateway.core.policy.units import Money, in_units

TOUCHPOINT = "touchpoint"

_IN_WORDS = {"up": "rounded up", "down": "rounded down", "nearest": "rounded to the nearest"}
#: How many times a cluster's time is looked back: the episodes of somebody who never pauses hang on the first of all.
_LOOK_BACK = 30

T = TypeVar("T")
#: The roster's entry of an author, by mailbox and address.
ClientOf = Callable[[str, str], Client | None]


def category_of(category: str, new_words: int, billing: Billing) -> str:
    """The category as billing knows it: a short message about nothing else is a touchpoint."""
    if not category and billing.touchpoint is not None and new_words < billing.touchpoint:
        return TOUCHPOINT
    return category


def counted_since(billing: Billing, now: datetime) -> datetime | None:
    """From when on a person's earlier messages matter to `cost_ahead`; None where none do."""
    if billing.cluster is None or not _charges(billing):
        return None
    return now - billing.cluster.within * _LOOK_BACK


def cost_ahead(
    received_words: int,
    earlier: Sequence[Earlier],
    billing: Billing,
    client: Client | None,
    calendar: Calendar,
    category: str,
    now: datetime,
) -> Literal["", "may", "will"]:
    """What can be said to the writer of a message that just came, before anything is charged.

    `will`: reading it, with what came before it in its episode, is already charged. `may`: an answer, or more messages,
    can make it so. Empty: it costs nothing, whatever follows. `received_words` are its new and attached words; the
    category is `CRISIS` where words of one were found.
    """
    if not _charges(billing) or (client is not None and client.exempt):
        return ""
    if not _costs(category, now, billing, calendar.zone):
        return ""
    known = sorted((one for one in earlier if one.at <= now), key=lambda one: one.at)
    written = [*known, Earlier(now, received_words, category)]
    if _reached(written, billing, calendar.zone).charged:
        return "will"
    return "may" if billing.counts == "read+answer" or billing.cluster is not None else ""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far an episode has come, by the reading of what counts of it alone."""

    minutes: Decimal
    messages: int
    charged: bool


def may_cost(category: str, at: datetime, billing: Billing, client: Client | None, zone: ZoneInfo) -> bool:
    """Whether a message of a category that came at an instant can come to cost anything."""
    return _charges(billing) and not (client is not None and client.exempt) and _costs(category, at, billing, zone)


def reached(
    written: Sequence[Earlier], billing: Billing, client: Client | None, zone: ZoneInfo, now: datetime
) -> Reached | None:
    """How far the last episode of what one person wrote, oldest first, has come; None where nothing can come of it any
    more: it is over, it costs nothing, or there is none.
    """
    if not written or not _charges(billing) or (client is not None and client.exempt):
        return None
    episode = _episodes(written, lambda one: one.at, billing)[-1]
    if billing.cluster is not None and now - episode[0].at > billing.cluster.within:
        return None
    found = _reached(episode, billing, zone)
    return found if found.messages else None


def _reached(written: Sequence[Earlier], billing: Billing, zone: ZoneInfo) -> Reached:
    episode = _episodes(written, lambda one: one.at, billing)[-1]
    counted = [one for one in episode if not one.waived and _costs(one.category, one.at, billing, zone)]
    minutes = sum((reading(one.words, 0, billing).minutes for one in counted), Decimal(0))
    return Reached(minutes, len(counted), _increments(minutes, len(counted), billing) > 0)


def _charges(billing: Billing) -> bool:
    """Whether the policy charges for anything at all."""
    return bool(billing.rate and billing.rate.amount and billing.increment and billing.counts != "nothing")


def _costs(category: str, at: datetime, billing: Billing, zone: ZoneInfo) -> bool:
    exempt = category == CRISIS or (bool(category) and category in billing.exempt)
    return not exempt and not _suspended(at, billing, zone)


def _suspended(at: datetime, billing: Billing, zone: ZoneInfo) -> bool:
    day = local_day(at, zone)
    return any(day in dates for dates in billing.suspended)


def charges(lines: Iterable[Line], policy_of: PolicyOf, client_of: ClientOf, zone: ZoneInfo) -> tuple[Line, ...]:
    """The lines, oldest first, with what each costs; an episode's charge stands with its oldest line that counts.

    `zone` is the practice's, in which suspensions are meant. To cut episodes rightly this must be given all lines of a
    person: cut the lines to a span of time afterwards.
    """
    people: dict[tuple[str, str, str, int], list[Line]] = defaultdict(list)
    for line in lines:
        people[line.ref.mailbox, addresses.key(line.author), line.policy, line.version].append(line)
    charged: list[Line] = []
    for (mailbox, author, name, version), group in people.items():
        policy = policy_of(name, version)
        if policy is None or not _charges(policy.billing):
            charged += group
            continue
        case = _Case(policy.billing, client_of(mailbox, author), zone)
        charged += _of_person(sorted(group, key=_age), case)
    return tuple(sorted(charged, key=_age))


def total_charge(lines: Iterable[Line]) -> tuple[Money, ...]:
    """What lines cost in all, one sum for each currency; none where nothing is charged."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.charge is not None:
            sums[line.charge.currency] += line.charge.amount
    return tuple(Money(amount=sums[currency], currency=currency) for currency in sorted(sums))


@dataclass(frozen=True, slots=True)
class _Case:
    """What decides about one person's lines."""

    billing: Billing
    client: Client | None
    zone: ZoneInfo

    def why_free(self, line: Line) -> str:
        """Why a line is not charged; empty where it counts."""
        if line.exempt:
            return line.exempt
        if self.client is not None and self.client.exempt:
            return "nothing is charged to this person"
        if _suspended(line.received_at, self.billing, self.zone):
            return "charging was suspended on that day"
        return "" if line.read else "not read yet"


def _age(line: Line) -> tuple[datetime, str, str]:
    return line.received_at, line.ref.mailbox, line.ref.key


def _of_person(lines: Sequence[Line], case: _Case) -> list[Line]:
    machines = [line for line in lines if line.by_machine]
    found = [replace(line, charge_derivation=f"not charged: {case.why_free(line)}") for line in machines]
    written = [line for line in lines if not line.by_machine]
    for episode in _episodes(written, lambda line: line.received_at, case.billing):
        found += _of_episode(episode, case)
    return found


def _episodes(items: Sequence[T], at: Callable[[T], datetime], billing: Billing) -> list[list[T]]:
    """Cut what one person wrote, oldest first. An episode lasts as long as a cluster may, from its first on."""
    within = billing.cluster.within if billing.cluster is not None else None
    cut: list[list[T]] = []
    for item in items:
        if within is not None and cut and at(item) - at(cut[-1][0]) <= within:
            cut[-1].append(item)
        else:
            cut.append([item])
    return cut


def _of_episode(episode: Sequence[Line], case: _Case) -> list[Line]:
    """The charge and its derivation with the first line that counts; the others say where it stands, or why not."""
    free = {line.ref: why for line in episode if (why := case.why_free(line))}
    counted = [line for line in episode if line.ref not in free]
    return [_told(line, counted, free.get(line.ref, ""), case) for line in episode]


def _told(line: Line, counted: Sequence[Line], why_free: str, case: _Case) -> Line:
    if why_free:
        return replace(line, charge_derivation=f"not charged: {why_free}")
    if line is not counted[0]:
        first = f"{counted[0].received_at.astimezone(case.zone):%Y-%m-%d %H:%M}"
        return replace(line, charge_derivation=f"charged together with the message of {first}")
    charge, words = _charge(counted, case.billing)
    return replace(line, charge=charge, charge_derivation=words)


def _charge(counted: Sequence[Line], billing: Billing) -> tuple[Money | None, str]:
    minutes = sum((line.counted_minutes for line in counted), Decimal(0))
    increments = _increments(minutes, len(counted), billing)
    words = [*_together(counted, billing), *_steps(minutes, len(counted), billing)]
    if not increments or billing.rate is None:
        return None, "; ".join([*words, "nothing to charge"])
    cost = Money(amount=increments * billing.rate.amount, currency=billing.rate.currency)
    return cost, "; ".join([*words, f"{plural(increments, 'increment')} × {billing.rate} = {cost}"])


def _increments(minutes: Decimal, messages: int, billing: Billing) -> int:
    """How many are charged for an episode of so many minutes and messages."""
    return max(_by_time(minutes, billing), 1 if _is_cluster(messages, billing) else 0)


def _by_time(minutes: Decimal, billing: Billing) -> int:
    # Fractions: a third of a minute has no Decimal, and what is rounded up must not be off by a hair.
    steps = _beyond(minutes, billing) / _minutes(billing.increment)
    match billing.round:
        case "up":
            return ceil(steps)
        case "down":
            return floor(steps)
        case "nearest":
            return floor(steps + Fraction(1, 2))


def _beyond(minutes: Decimal, billing: Billing) -> Fraction:
    return max(Fraction(0), Fraction(minutes) - _minutes(billing.free))


def _minutes(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), 60_000_000)


def _is_cluster(messages: int, billing: Billing) -> bool:
    return billing.cluster is not None and messages >= billing.cluster.messages


def _together(counted: Sequence[Line], billing: Billing) -> list[str]:
    if len(counted) == 1 or billing.cluster is None:
        return []
    return [f"{len(counted)} messages within {in_units(billing.cluster.within)} are charged together"]


def _steps(minutes: Decimal, messages: int, billing: Billing) -> list[str]:
    """From minutes to increments."""
    free, step, beyond = in_units(billing.free), in_units(billing.increment), _beyond(minutes, billing)
    if beyond:
        left = f" - {free} free = {tenths(beyond)} min" if billing.free else ""
        words = [f"{minutes} min{left} in increments of {step}, {_IN_WORDS[billing.round]}"]
    else:
        words = [f"{minutes} min" + (f", all within the free {free}" if billing.free else "")]
    if not _by_time(minutes, billing) and _is_cluster(messages, billing):
        words.append("so many messages are charged at least one increment, however brief")
    return words
