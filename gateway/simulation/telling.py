"""Findings in words: the rows that terminal and page share, and what was taken for granted to come to them.

In go findings, one a policy; out come sections of rows with a cell a policy. Knows neither terminal nor HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.core.events import Level
from gateway.simulation.findings import KINDS, Findings

_KINDS = {
    "ordinary": "ordinary acks",
    "welcome": "with the welcome and the card",
    "neutral": "neutral, to unverified strangers",
    "urgent": "to urgent messages",
    "crisis": "to messages with words of crisis",
}
_LEVELS = {
    Level.CRISIS: "words of crisis",
    Level.URGENT: "urgent",
    Level.MENTION: "crisis is mentioned",
    Level.ROUTINE: "no words of urgency (not the same as safe)",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A label and one cell a policy."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the numbers hang on, beside the policy."""

    messages: int
    undated: int
    #: Whether the mailbox marks what was read.
    marked: bool
    #: Sent messages given; None where no sent mail was.
    sent: int | None
    #: Clients on the roster; None where it was left out.
    roster: int | None
    #: Why it could not be read; empty where it was left out as asked.
    no_roster: str = ""


def sections(found: Sequence[Findings]) -> tuple[Section, ...]:
    """Every number, side by side."""
    titled = (
        ("Mail", _mail),
        ("Acks", _acks),
        ("Promises of an answer", _promises),
        ("Receipts and reminders", _receipts),
        ("Urgency, by the words found", _urgency),
        ("Allowance", _allowance),
        ("Time", _time),
    )
    return tuple(Section(title, tuple(rows(found))) for title, rows in titled)


def taken_for_granted(about: Circumstances, found: Sequence[Findings]) -> tuple[str, ...]:
    """What a reader must know before they believe a number."""
    return tuple(_granted(about, found))


def _granted(about: Circumstances, found: Sequence[Findings]) -> Iterator[str]:
    yield (
        "Nothing was sent, and the practice's own record was not touched. Each message went through the gateway's own "
        "decisions, with the clock set to when it came, as if each policy had held from the first one on."
    )
    how = "at the end of the next time of reading, or when it was answered if that was sooner"
    marks = "; what is marked unread counts as unread" if about.marked else ", since this mailbox marks nothing as read"
    yield f"When a message was read is not on record. It is taken as read {how}{marks}."
    yield "Under a policy without set times of reading, a message counts as read once it is answered, and not before."
    if about.sent is None:
        yield "No sent mail was given, so no answer is known and no promise can be seen kept."
    else:
        yield f"Promises are held against {_count(about.sent, 'sent message')}; other answers, by phone, are unknown."
    if about.roster is None:
        why = f"could not be read ({about.no_roster})" if about.no_roster else "was left out"
        yield f"The roster {why}: everybody is a stranger, and acks are neutral where nothing proves the author."
    else:
        yield f"{_count(about.roster, 'client')} on the roster, as it is today."
    yield "What is charged can't know waivers or what was agreed in person."
    for why in dict.fromkeys(why for one in found for why in one.unread_calendars):
        yield f"A calendar could not be read ({why}): what only it tells of absences and sessions is left out."
    if about.undated:
        yield f"{_count(about.undated, 'message')} without any time could not be placed and are left out."
    if again := max((one.again for one in found), default=0):
        yield f"{_count(again, 'copy', 'copies')} of messages that were there already count once."
    for one in found:
        others = {name: count for name, count in one.decided_by.items() if name != one.policy}
        if others:
            named = ", ".join(f"{name} ({count})" for name, count in others.items())
            yield f"Under {one.policy}, clients with a policy of their own kept it: {named}."


def _count(number: int, noun: str, several: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {several or f'{noun}s'}"


def _row(label: str, found: Sequence[Findings], value: Callable[[Findings], object]) -> Row:
    return Row(label, tuple(str(value(one)) for one in found))


def _mail(found: Sequence[Findings]) -> Iterator[Row]:
    yield _row("messages", found, lambda one: one.messages)
    yield _row("written by people", found, lambda one: one.origins["person"])
    yield _row("written by machines", found, lambda one: one.origins["machine"])
    yield _row("nobody can tell by whom", found, lambda one: one.origins["unsure"])
    yield _row("different people", found, lambda one: one.people)
    yield _row("read", found, lambda one: one.read)
    yield _row("answered", found, lambda one: one.answered)
    yield _row("sent messages that answered", found, lambda one: one.answers)
    yield _row("half of the answers came within", found, lambda one: in_words(one.answered_in))


def _acks(found: Sequence[Findings]) -> Iterator[Row]:
    yield _row("acked", found, lambda one: one.acked)
    for kind in reversed(KINDS):
        yield Row(_KINDS[kind], tuple(str(one.acks[kind]) for one in found))
    yield _row("not acked", found, lambda one: one.messages - one.acked)
    for why in dict.fromkeys(silence.why for one in found for silence in one.silent):
        yield Row(f"not acked: {why}", tuple(str(_silent(one, why)) for one in found))


def _silent(one: Findings, why: str) -> int:
    return sum(silence.messages for silence in one.silent if silence.why == why)


def _promises(found: Sequence[Findings]) -> Iterator[Row]:
    yield _row("kept", found, lambda one: one.promises.kept)
    yield _row("broken", found, lambda one: one.promises.broken)
    yield _row("still open when the mail ends", found, lambda one: one.promises.open)
    yield _row("part of an earlier promise", found, lambda one: one.promises.moot)
    yield _row("no answer promised", found, lambda one: one.promises.none)


def _receipts(found: Sequence[Findings]) -> Iterator[Row]:
    yield _row("receipts that were asked for", found, lambda one: one.receipts["mdn"])
    yield _row("receipts in plain words", found, lambda one: one.receipts["plain"])
    yield _row("alerts to the therapist or who covers", found, lambda one: one.alerts)
    yield _row("reminders of a promise about to lapse", found, lambda one: one.nudges)


def _urgency(found: Sequence[Findings]) -> Iterator[Row]:
    for level, label in _LEVELS.items():
        yield Row(label, tuple(str(sum(one.urgency[level.value].values())) for one in found))
    categories = sorted({name for one in found for counts in one.urgency.values() for name in counts if name})
    for category in categories:
        yield Row(f"about {category}", tuple(str(_about(one, category)) for one in found))


def _about(one: Findings, category: str) -> int:
    return sum(counts.get(category, 0) for counts in one.urgency.values())


def _allowance(found: Sequence[Findings]) -> Iterator[Row]:
    yield _row("acks with an early warning", found, lambda one: one.allowance.warned)
    yield _row("acks beyond the allowance", found, lambda one: one.allowance.over)


def _time(found: Sequence[Findings]) -> Iterator[Row]:
    yield _row("minutes of reading", found, lambda one: one.minutes.read)
    yield _row("minutes of answering", found, lambda one: one.minutes.answer)
    yield _row("minutes counted by the policy", found, lambda one: one.minutes.counted)
    yield _row("charged", found, lambda one: ", ".join(map(str, one.charged)) or "nothing")


def in_words(span: timedelta | None) -> str:
    """`3 h 20 min`, `2 d 4 h`; a dash for none."""
    if span is None:
        return "-"
    minutes = round(span.total_seconds() / 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
