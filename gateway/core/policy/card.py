"""The policy card: what a client may ask of an arrangement, each question answered from a knob that code keeps.

In go the policy and what the practice says of itself; out come questions with answers in plain words. It promises
nothing that the policy does not: a question that no knob answers is answered by what the gateway does for everybody.
No sentence may suggest that somebody, or a machine, is watching the mail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from gateway.core.policy.schema import AckWhen, Hours, Policy, PromiseKind, ReceiptSend
from gateway.core.policy.units import Weekday


class Passage(NamedTuple):
    """One question with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class About:
    """What a practice says of itself."""

    phone: str = ""
    crisis_line: str = ""
    #: The zone in which times of day are meant, for example `Europe/Berlin`.
    zone: str = ""


def card(policy: Policy, about: About = About(), language: str = "en") -> tuple[Passage, ...]:
    """The ten questions, answered in the language. Raises ValueError for a language that no card is written in."""
    if language != "en":
        raise ValueError(f"no policy card in {language!r}; there is one in en")
    return (
        Passage("May I write as much as I like?", _limit(policy)),
        Passage("Will I always get an answer?", _answer(policy)),
        Passage("By when?", _by_when(policy, about)),
        Passage("Will I know that my message has been read?", _receipt(policy)),
        Passage("Will I be charged?", _charge(policy)),
        Passage("May I write at weekends, on holidays, during vacations?", _days_off(policy)),
        Passage("What do I do in a crisis?", _crisis(about)),
        Passage("Is what I write kept on file, for how long, and who can see it?", _record(policy)),
        Passage("How will I hear of a change to any of this?", _change()),
        Passage("Can I take back a message that I regret before it is read?", _take_back()),
    )


def _limit(policy: Policy) -> str:
    rule = policy.allowance
    if rule.messages is None:
        return "Yes. There is no limit."
    start = "from Monday" if rule.per == "week" else "from the first of the month"
    limit = f"The limit is {_plural(rule.messages, 'message')} a {rule.per}, counted {start}."
    never_lost = "Nothing beyond it is ever dropped or delayed: every message arrives like any other."
    if policy.acknowledge.when is AckWhen.NEVER:
        return f"{limit} No confirmation will tell you how many you have written. {never_lost}"
    first = math.ceil(rule.warn_at * rule.messages)
    told = f"A confirmation that you get says how many you have written, and from number {first} on how many are left."
    return f"{limit} {told} {never_lost}"


def _answer(policy: Policy) -> str:
    promised = _has_promise(policy)
    first = (
        "Yes, by the time said below."
        if promised
        else "Not always. No answer by email is promised, so please don't wait for one."
    )
    return " ".join([first, _confirmation(policy), *(["Every message counts as urgent."] * policy.urgency.trust_all)])


def _confirmation(policy: Policy) -> str:
    rule = policy.acknowledge
    says = {
        AckWhen.ALWAYS: "An automatic confirmation says that your message has arrived",
        AckWhen.FIRST: "An automatic confirmation says that the first message of a conversation has arrived",
        AckWhen.OUTSIDE_HOURS: "Outside reading hours an automatic confirmation says that your message has arrived",
        AckWhen.IF_URGENT: "An automatic confirmation goes out only where words of urgency are found",
        AckWhen.NEVER: "No automatic confirmation is sent",
    }[rule.when]
    if rule.when is AckWhen.NEVER or not rule.at_most_every:
        return f"{says}."
    return f"{says}, at most one every {in_words(rule.at_most_every)} unless the urgency rises."


def _has_promise(policy: Policy) -> bool:
    """A promise that is kept: the next reading time is none where no reading hours are set."""
    what = policy.answer.promise.what
    return what is not PromiseKind.NONE and (what is not PromiseKind.NEXT_READING_TIME or bool(policy.hours.reading))


def _by_when(policy: Policy, about: About) -> str:
    promise, hours = policy.answer.promise, reading_hours(policy.hours)
    read = f"Mail is read {hours}{f' ({about.zone})' if about.zone and policy.hours.reading else ''}."
    if not _has_promise(policy):
        return f"{read} There is no set time for an answer."
    by = {
        PromiseKind.WITHIN: f"You get an answer within {in_words(promise.within)} of your message's arrival.",
        PromiseKind.NEXT_READING_TIME: "You get an answer by the end of the next of these times.",
        PromiseKind.NEXT_WORKING_DAY: "You get an answer on the next day on which mail is read.",
    }[promise.what]
    return f"{read} {by}"


def _receipt(policy: Policy) -> str:
    rule = policy.receipt
    when = {
        ReceiptSend.ALWAYS: "Yes. A short note tells you once it has been read",
        ReceiptSend.ON_REQUEST: "If you ask for a read receipt in your mail program, you get one once it has been read",
        ReceiptSend.IMPORTANT: "If you mark it as important or ask for a receipt, you are told once it has been read",
        ReceiptSend.IF_URGENT: "Only where words of urgency were found: then you are told once it has been read",
        ReceiptSend.NEVER: "No. Nothing tells you when it is read",
    }[rule.send]
    if rule.send is ReceiptSend.NEVER:
        return f"{when}."
    grace = f", as soon as it has stayed so for {in_words(rule.grace)}" if rule.grace else ""
    return f"{when}{grace}. Read means: opened in your therapist's mail program."


def _charge(policy: Policy) -> str:
    rule = policy.billing
    if rule.counts == "nothing":
        return "No time is counted for email."
    counted = (
        f"The time it takes to read your messages is counted: new words at {rule.words_per_minute} a minute, "
        "attached text too, quoted text not."
    )
    if rule.counts == "read+answer":
        counted += (
            f" So is the time to write the answer: its own words at {rule.typed_words_per_minute} a minute, "
            "once, however many messages it answers."
        )
    never = f" Never counted: messages about {_and(rule.exempt)}." if rule.exempt else ""
    return (
        f"{counted}{never} Each line of the account shows its arithmetic. What time costs is not settled on this page."
    )


def _days_off(policy: Policy) -> str:
    off = [day for day in Weekday if day not in policy.hours.days]
    unread = f" Mail is not read on {_and([_day(day) for day in off])}." if off else ""
    return (
        f"You may write at any time; every message is delivered at once.{unread} "
        "Public holidays and vacations are not part of this arrangement, and nobody else covers for them by email: "
        "please ask beforehand."
    )


def _crisis(about: About) -> str:
    numbers = [number for number in (about.phone, about.crisis_line) if number]
    call = f"Call {_or(numbers)}. " if numbers else ""
    return (
        f"Don't wait for email. {call}Where life is at risk, call your local emergency number. "
        "An email may lie unread for a long time, whatever it says."
    )


def _record(policy: Policy) -> str:
    return (
        "Your message itself lies in your therapist's mailbox. Beside it are kept: who wrote to whom and when, "
        "the subject, how many words, and what became of it; addresses, names and subjects encrypted. "
        f"This is erased after {in_words(policy.record.kept_for)}. "
        "Your therapist can see it, and whoever looks after their email. "
        "A program counts the words and compares them with lists of words of urgency, to mark messages in the mailbox; "
        "it often finds nothing where something is urgent, so please don't count on it."
    )


def _change() -> str:
    return (
        "This page is made from the rules in force at this moment, so it changes with them. "
        "No time of notice is set: please ask your therapist to tell you."
    )


def _take_back() -> str:
    return "No. Every message reaches the mailbox at once and can't be taken back."


def reading_hours(hours: Hours) -> str:
    """When mail is read: `on Monday to Friday, 07:00-09:00 and 17:00`."""
    days = _days(hours.days)
    return f"{days}, {_and([str(span) for span in hours.reading])}" if hours.reading else f"{days}, at no set hours"


def _days(days: frozenset[Weekday]) -> str:
    if len(days) == len(Weekday):
        return "every day"
    ordered = sorted(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"on {_day(ordered[0])} to {_day(ordered[-1])}"
    return f"on {_and([_day(day) for day in ordered])}" if ordered else "on no day"


def _day(day: Weekday) -> str:
    return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[day]


def in_words(value: timedelta) -> str:
    """`7 years`, `14 days`, `24 hours`, `1 hour 30 minutes`."""
    seconds = int(value.total_seconds())
    if seconds and seconds % (365 * 86400) == 0:
        return _plural(seconds // (365 * 86400), "year")
    days = seconds // 86400 if seconds >= 2 * 86400 else 0
    rest = seconds - days * 86400
    parts = [(days, "day"), (rest // 3600, "hour"), (rest % 3600 // 60, "minute"), (rest % 60, "second")]
    return " ".join(_plural(count, unit) for count, unit in parts if count) or "0 seconds"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _and(words: Sequence[str]) -> str:
    return _joined(words, "and")


def _or(words: Sequence[str]) -> str:
    return _joined(words, "or")


def _joined(words: Sequence[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
