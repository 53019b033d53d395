"""The ledger: for each message the minutes that reading and answering it took, and in words why these.

In go stories and, for each, the policy that decided it; out come lines, oldest first, whose counted minutes add up to
the total as shown, because each line is rounded and nothing after it. A message that does not count is a line too,
with its reason. What of it costs money is said by `charge`. Knows nothing of calendars or who asks.

To time every answer once, `ledger` must be given all messages that an answer may have closed:
cut the lines to a span of time afterwards, never the stories before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.core.billing.duration import answering, reading
from gateway.core.events import Answered, Level, Origin, Received, Ref, Seen
from gateway.core.history import Story
from gateway.core.policy.schema import Billing, Policy
from gateway.core.policy.units import Money

#: A policy as one of its versions says it; None for one that nobody knows any more.
PolicyOf = Callable[[str, int], Policy | None]

_NOTHING = Decimal("0.0")
#: Reasons of the therapist's own mails to the control address, which count nowhere.
_COMMANDS = frozenset({"command", "note-kept", "note-taken-back"})
_CLAIMED = frozenset({"own-address", "control-not-proven"})
_UNKNOWN_POLICY = Billing(counts="nothing")


@dataclass(frozen=True, slots=True)
class Line:
    """One message. Minutes are to a tenth; `counted_minutes` is what the policy counts of them."""

    ref: Ref
    received_at: datetime
    author: str
    subject: str
    category: str
    policy: str
    read_minutes: Decimal
    answer_minutes: Decimal
    counted_minutes: Decimal
    derivation: str
    #: Why nothing counts; empty where something may.
    exempt: str
    #: The version of the policy that decided.
    version: int = 0
    by_machine: bool = False
    #: Whether it was read, as far as anybody can tell.
    read: bool = False
    #: What it costs, others of its episode included; None for nothing. `charges` fills this in.
    charge: Money | None = None
    #: How that was come by; empty where the policy charges nothing at all.
    charge_derivation: str = ""


def ledger(stories: Iterable[Story], policy_of: PolicyOf) -> tuple[Line, ...]:
    """One line for each message whose beginning is on record, oldest first, by the version that decided it."""
    entries = sorted((entry for story in stories if (entry := _entry(story, policy_of))), key=_age)
    timed = _timed_with(entries)
    return tuple(_line(entry, timed) for entry in entries)


def total(lines: Iterable[Line]) -> Decimal:
    """Minutes counted in all; exact, for lines are rounded already."""
    return sum((line.counted_minutes for line in lines), _NOTHING)


@dataclass(frozen=True, slots=True)
class _Entry:
    story: Story
    received: Received
    billing: Billing
    #: Why the policy counts nothing of it; and why nothing counts at all, which the therapist may have said.
    exempt: str
    free: str


def _entry(story: Story, policy_of: PolicyOf) -> _Entry | None:
    received = story.received
    if received is None or received.request or _is_ours(received):
        return None
    policy = policy_of(received.policy, received.version)
    if policy is None:
        gone = f"the policy {received.policy} is not in the settings any more, so nobody can say what it counts"
        return _Entry(story, received, _UNKNOWN_POLICY, gone, gone)
    exempt = _taken_back(story) or _exempt(received, story.category, policy.billing)
    return _Entry(story, received, policy.billing, exempt, exempt or _waiver(story))


def _is_ours(received: Received) -> bool:
    """Whether the therapist wrote it to us, or somebody did in their name."""
    codes = {reason.code for reason in received.reasons}
    return bool(codes & _COMMANDS) or codes >= _CLAIMED


def _waiver(story: Story) -> str:
    if story.waived is None:
        return ""
    return f"waived: {story.waived.note}" if story.waived.note else "waived by the therapist"


def _taken_back(story: Story) -> str:
    return "taken back by its writer while it was unread: never counted" if story.withdrawn else ""


def _exempt(received: Received, category: str, billing: Billing) -> str:
    if received.origin is Origin.MACHINE:
        return "written by a machine: never counted"
    if billing.counts == "nothing":
        return "the policy counts no time"
    if received.level is Level.CRISIS:
        return "words of a crisis were found: never counted"
    if category and category in billing.exempt:
        return f"{category} is exempt by the policy"
    return ""


def _age(entry: _Entry) -> tuple[datetime, str, str]:
    return entry.received.at, entry.story.ref.mailbox, entry.story.ref.key


def _letters(entry: _Entry) -> tuple[Answered, ...]:
    """The answers to a message that were found in Sent, each once."""
    sent = (event for event in entry.story.events if isinstance(event, Answered) and event.words is not None)
    return tuple({event.answer: event for event in sent}.values())


def _timed_with(entries: Sequence[_Entry]) -> Mapping[tuple[str, str], Ref]:
    """For each answer the message that it is timed with: the oldest that counts, else the oldest.

    A waiver moves no answer to another message, which would cost more by it.
    """
    found: dict[tuple[str, str], Ref] = {}
    for entry in sorted(entries, key=lambda entry: (bool(entry.exempt), _age(entry))):
        for letter in _letters(entry):
            found.setdefault((entry.story.ref.mailbox, letter.answer), entry.story.ref)
    return found


def _line(entry: _Entry, timed: Mapping[tuple[str, str], Ref]) -> Line:
    received, story = entry.received, entry.story
    read, read_words = _reading(entry)
    answer, answer_words = _answering(entry, timed)
    counts_answer = entry.billing.counts == "read+answer"
    return Line(
        ref=story.ref,
        received_at=received.at,
        author=received.author,
        subject=received.subject,
        category=story.category,
        policy=received.policy,
        read_minutes=read,
        answer_minutes=answer,
        counted_minutes=_NOTHING if entry.free else read + (answer if counts_answer else _NOTHING),
        derivation="; ".join([*read_words, *answer_words, *_left_out(entry, answer)]),
        exempt=entry.free,
        version=received.version,
        by_machine=received.origin is Origin.MACHINE,
        read=_was_read(story),
    )


def _reading(entry: _Entry) -> tuple[Decimal, list[str]]:
    received, story = entry.received, entry.story
    if not _was_read(story):
        return _NOTHING, [_why_not_read(story)]
    estimate = reading(received.new_words, received.attachment_words, entry.billing)
    return estimate.minutes, [estimate.derivation]


def _was_read(story: Story) -> bool:
    return story.read is not None or story.answered is not None


def _why_not_read(story: Story) -> str:
    if story.seen is not None:
        return "marked as read together with many others: counts once it is opened by itself, or answered"
    again = any(isinstance(event, Seen) for event in story.events)
    return "marked unread again: counts once it is read" if again else "not read yet"


def _answering(entry: _Entry, timed: Mapping[tuple[str, str], Ref]) -> tuple[Decimal, list[str]]:
    """Minutes for the answers that are timed with this message, and a phrase for each answer."""
    mailbox, letters = entry.story.ref.mailbox, _letters(entry)
    if not letters:
        return _NOTHING, ["answered; words unknown"] if entry.story.answered else []
    minutes, words = _NOTHING, []
    for letter in letters:
        if timed[mailbox, letter.answer] != entry.story.ref:
            words.append("its answer is timed with another message that it answers, the oldest that counts")
            continue
        estimate = answering(letter.words or 0, entry.billing)
        minutes += estimate.minutes
        words.append(estimate.derivation)
    return minutes, words


def _left_out(entry: _Entry, answer: Decimal) -> list[str]:
    """What was not counted of a message that does count."""
    if entry.free:
        return [f"not counted: {entry.free}"]
    left = []
    if entry.received.quoted_words:
        left.append(f"quoted words ({entry.received.quoted_words}) not counted")
    if answer and entry.billing.counts == "read":
        left.append("writing the answer is not counted by the policy")
    return left
