"""What a policy says and cannot keep, or says against itself, for one mailbox of one practice.

In go a policy and what its promises hang on; out come contradictions, each with its mend, errors first. The plain ones
are a table (`rules`); here is what has to be reckoned: waits that outlast a promise, and who covers on which days.
Reads no clock: holidays are judged by the years below, whichever it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from gateway.core.policy.about import About
from gateway.core.policy.calendar import Absence
from gateway.core.policy.contradiction import Inconsistency, Severity
from gateway.core.policy.public import holidays_of
from gateway.core.policy.rules import RULES
from gateway.core.policy.schema import Policy, PromiseKind
from gateway.core.policy.units import Dates, Weekday, days_in_words, in_units
from gateway.core.policy.waits import A_WEEK, Wait, in_words, longest_wait

__all__ = ["Inconsistency", "Severity", "inconsistencies"]

_DAY = timedelta(days=1)
#: In eleven years a feast of a fixed date falls on each weekday, beside each weekend that it can make long.
_YEARS = (date(2026, 1, 1), date(2036, 12, 31))
#: On either side of an absence, so that the opening before and after it are seen.
_AROUND = 15 * _DAY
_PERIODS = {"week": 7 * _DAY, "month": 31 * _DAY}
#: What waits to be sent hangs on its message: for so long at least that is kept.
_SENDING = _DAY

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Reckoning = Callable[[Policy, About], Iterator[Inconsistency]]


def inconsistencies(policy: Policy, about: About, name: str = "") -> tuple[Inconsistency, ...]:
    """Every contradiction, errors first; `name` is the policy's, and each finding bears it."""
    plain = [found for rule in RULES if (found := rule.found(policy, about)) is not None]
    reckoned = [found for reckoning in _RECKONINGS for found in reckoning(policy, about)]
    ordered = sorted([*plain, *reckoned], key=lambda one: one.severity != "error")
    return tuple(replace(one, policy=name) for one in ordered)


def _weekly_wait(policy: Policy, about: About) -> Iterator[Inconsistency]:  # noqa: ARG001 - as all of them
    promise, within, wait = policy.answer.promise, _within(policy), longest_wait(policy.hours, A_WEEK)
    if wait is not None and timedelta() < within < wait.length:
        yield Inconsistency(
            "answer.promise",
            f"an answer is promised within {in_words(within)}, but what comes {_weekly(wait.since)} waits "
            f"{in_words(wait.length)} before mail is read again {_weekly(wait.until)}",
            f"promise `within {in_units(wait.length)}` or more, or `next-reading-time`, or read on more days",
            "error",
        )
    closed = frozenset(day for day in Weekday if policy.hours.spans_on(day) is None)
    if promise.what is PromiseKind.SAME_DAY and 0 < len(closed) < len(Weekday):
        yield Inconsistency(
            "answer.promise",
            f"an answer is promised on the same day, but mail is not read on {days_in_words(closed)}",
            "promise `next-working-day`, or read on every day",
            "warning",
        )


def _holidays(policy: Policy, about: About) -> Iterator[Inconsistency]:
    within = _within(policy)
    if not within or not about.region or policy.hours.holidays == "open":
        return
    usual = longest_wait(policy.hours, A_WEEK)
    if usual is not None and within < usual.length:
        return  # told as what happens each week
    first, last = _YEARS
    days = [first + step * _DAY for step in range((last - first).days + 1)]
    wait = longest_wait(policy.hours, days, holidays_of(about.region))
    if wait is not None and within < wait.length:
        yield Inconsistency(
            "answer.promise",
            f"an answer is promised within {in_words(within)}, but over public holidays {in_words(wait.length)} can "
            f"pass until mail is read again, for example from {_dated(wait.since)} to {_dated(wait.until)}",
            f"promise `within {in_units(wait.length)}` or `next-reading-time`, or write `hours: {{holidays: open}}`",
            "warning",
        )


def _absences(policy: Policy, about: About) -> Iterator[Inconsistency]:
    within = _within(policy)
    for number, absence in enumerate(about.absences if policy.hours.vacations == "closed" else ()):
        wait = _wait_over(policy, about, absence) if within else None
        if wait is not None and within < wait.length:
            yield Inconsistency(
                f"absences[{number}]",
                f"an answer is promised within {in_words(within)}, but from {_dated(wait.since)} to "
                f"{_dated(wait.until)} mail is not read",
                "promise `next-reading-time`, write `hours: {vacations: open}`, or tell clients of the absence before",
                "warning",
            )
        if not absence.cover:
            yield Inconsistency(
                f"absences[{number}].cover",
                f"nobody covers {_span(absence)}",
                "name a cover, for example `cover: ben`, and who that is under `covers` in gateway.yaml",
                "warning",
            )


def _wait_over(policy: Policy, about: About, absence: Absence) -> Wait | None:
    days = [absence.first - _AROUND + step * _DAY for step in range((absence.last - absence.first + 2 * _AROUND).days)]
    holiday = holidays_of(about.region if policy.hours.holidays == "closed" else "")
    return longest_wait(policy.hours, days, lambda day: holiday(day) or any(day in one for one in about.absences))


def _covers(policy: Policy, about: About) -> Iterator[Inconsistency]:
    for number, absence in enumerate(about.absences):
        yield from _cover(about, absence.cover, f"absences[{number}].cover", (absence,))
    yield from _cover(about, policy.urgency.cover, "urgency.cover", about.absences)


def _cover(about: About, name: str, key: str, needed: tuple[Absence, ...]) -> Iterator[Inconsistency]:
    """What is wrong with somebody who is to cover on the days of the absences."""
    if not name:
        return
    cover = about.covers.get(name)
    if cover is None:
        what = f"{name!r} is to cover, and it is not known who that is"
        yield Inconsistency(key, what, "add them under `covers` in gateway.yaml, or take the name out", "error")
        return
    if key != "urgency.cover" and not cover.phone:
        what = f"{cover.name} covers, but clients are given no number to reach them"
        yield Inconsistency(key, what, f"set `covers.{name}.phone` in gateway.yaml", "warning")
    both = [shared for mine in needed for theirs in cover.absences if (shared := _overlap(mine, theirs)) is not None]
    for shared in both:
        what = f"{cover.name} is to cover {_span(shared)}, and is away then as well"
        yield Inconsistency(key, what, "name another cover, or agree on other days", "error")


def _overlap(one: Dates, other: Dates) -> Dates | None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Dates.model_validate({"from": first, "until": last}) if first <= last else None


def _languages(policy: Policy, about: About) -> Iterator[Inconsistency]:  # noqa: ARG001 - as all of them
    """Templates of `de` serve `de-AT`; where it is not known what there is, nothing is said."""
    spoken = {language.partition("-")[0] for language in about.spoken}
    for language in sorted({language.partition("-")[0] for language in about.needed} - spoken if spoken else ()):
        yield Inconsistency(
            "language",
            f"somebody is to be written to in {language}, and there are no templates in it",
            f"add templates/{language}, or choose one of {', '.join(sorted(spoken))}",
            "error",
        )


def _forgetting(policy: Policy, about: About) -> Iterator[Inconsistency]:  # noqa: ARG001 - as all of them
    """What is forgotten before it has done its work."""
    needed = {"what waits to be sent about them can go out": _SENDING}
    if within := _within(policy):
        needed["the promised answer is due"] = within
    period = _PERIODS.get(policy.allowance.per)
    if policy.allowance.limited and period:
        needed[f"the {policy.allowance.per} is over in which they are counted"] = period
    if policy.billing.cluster is not None:
        needed["a cluster of them is complete"] = policy.billing.cluster.within
    reason, span = max(needed.items(), key=lambda one: one[1])
    if policy.record.kept_for < span:
        what = f"messages are forgotten after {in_words(policy.record.kept_for)}, before {reason}"
        yield Inconsistency("record.for", what, f"write {in_units(span)} or more", "warning")


def _within(policy: Policy) -> timedelta:
    """The time that is promised from the arrival on; none for every other promise."""
    promise = policy.answer.promise
    return promise.within if promise.what is PromiseKind.WITHIN else timedelta()


def _weekly(at: datetime) -> str:
    return f"on {_NAMES[at.weekday()]} at {at:%H:%M}"


def _dated(at: datetime) -> str:
    return f"{_NAMES[at.weekday()]}, {at:%Y-%m-%d %H:%M}"


def _span(days: Dates) -> str:
    return f"on {days.first}" if days.first == days.last else f"from {days.first} to {days.last}"


_RECKONINGS: tuple[Reckoning, ...] = (_weekly_wait, _holidays, _absences, _covers, _languages, _forgetting)
