"""The policy card without words: ten questions that a client may ask, each answered by statements that code keeps.

In go the policy and what the practice is; out come statements, each a code with typed values. `gateway.wording.cards`
says them in a language. A statement stands only where the knobs that it follows from are set so, and every knob that
a client can notice changes a statement; what nobody promised is answered by what the gateway does for everybody.
No statement may suggest that somebody, or a machine, is watching the mail.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import timedelta
from fractions import Fraction

from gateway.core.policy.about import About, Covering
from gateway.core.policy.schema import AckWhen, AnswerWhen, Policy, PromiseKind, ReceiptSend
from gateway.core.policy.statements import QUESTIONS, Answer, Statement
from gateway.core.policy.units import Span, Weekday


def card(policy: Policy, about: About) -> tuple[Answer, ...]:
    """The ten questions, answered."""
    answers = {
        "limit": _limit(policy),
        "answer": _answer(policy, about),
        "when": _when(policy, about),
        "receipt": _receipt(policy, about),
        "charge": _charge(policy),
        "days": _days(policy, about),
        "crisis": _crisis(policy, about),
        "record": _record(policy),
        "change": _change(policy),
        "back": [_say("back_unread" if _takes_back(policy, about) else "back_never")],
    }
    return tuple(Answer(question, tuple(answers[question])) for question in QUESTIONS)


def _say(code: str, **values: object) -> Statement:
    return Statement(code, tuple(values.items()))


def _acks(policy: Policy) -> bool:
    return AckWhen.NEVER not in policy.acknowledge.when


def _limit(policy: Policy) -> Iterator[Statement]:
    rule = policy.allowance
    if not rule.limited:
        yield _say("no_limit")
        return
    if rule.messages is not None:
        yield _say("limit_messages", count=rule.messages, per=rule.per)
    if rule.minutes is not None:
        speed = policy.billing.words_per_minute
        yield _say("limit_minutes", time=timedelta(minutes=rule.minutes), per=rule.per, words_per_minute=speed)
    if rule.per == "session":
        yield _say("limit_without_sessions")
    yield from _warning(policy) if _acks(policy) else [_say("limit_not_told")]
    yield _say("limit_never_lost")


def _warning(policy: Policy) -> Iterator[Statement]:
    rule = policy.allowance
    # As it is written: as floats, 55 is less than 0.55 * 100.
    share = Fraction(str(rule.warn_at))
    yield _say("limit_told")
    if rule.messages is not None:
        yield _say("limit_near_messages", count=math.ceil(share * rule.messages))
    if rule.minutes is not None:
        yield _say("limit_near_minutes", time=timedelta(minutes=math.ceil(share * rule.minutes)))


def _answer(policy: Policy, about: About) -> Iterator[Statement]:
    rule = policy.answer
    yield from _which_are_answered(policy)
    if rule.rest == "session":
        yield _say("answer_rest_in_session")
    if rule.words is not None and _answers(policy):
        yield _say("answer_brief", words=rule.words)
    if policy.allowance.answers is not None:
        yield _say("answer_from_therapist", count=policy.allowance.answers, per=policy.allowance.per)
    yield from _acknowledge(policy)
    yield from _urgency(policy, about)
    if policy.presence.carry and _acks(policy):
        yield _say("presence_note", lasts=policy.presence.lasts)


def _answers(policy: Policy) -> bool:
    """Whether there are messages that get an answer by email. Without words to ask by, nobody can ask for one."""
    when = policy.answer.when
    return when is not AnswerWhen.NEVER and not (when is AnswerWhen.ON_REQUEST and not policy.answer.request)


def _which_are_answered(policy: Policy) -> Iterator[Statement]:
    rule, only = policy.answer, _categories(policy, policy.answer.only)
    if not _answers(policy) or (rule.only and not only):
        yield _say("answer_never")
        return
    if rule.when is AnswerWhen.ALWAYS and only:
        yield _say("answer_always_only", categories=only)
    elif rule.when is AnswerWhen.ALWAYS:
        yield _say("answer_always_by" if _promises(policy) else "answer_always")
    elif rule.when is AnswerWhen.ON_REQUEST:
        yield _say("answer_on_request", words=rule.request)
    else:
        yield _say("answer_if_urgent" if rule.when is AnswerWhen.IF_URGENT else "answer_sometimes")
    if only and rule.when is not AnswerWhen.ALWAYS:
        yield _say("answer_only", categories=only)
    if "touchpoint" in only:
        yield _say("touchpoint", words=policy.billing.touchpoint)


def _categories(policy: Policy, names: Iterable[str]) -> tuple[str, ...]:
    """Without a number of words, no message is a touchpoint."""
    return tuple(name for name in names if name != "touchpoint" or policy.billing.touchpoint is not None)


def _acknowledge(policy: Policy) -> Iterator[Statement]:
    rule = policy.acknowledge
    if not _acks(policy):
        yield _say("ack_never")
        return
    if AckWhen.ALWAYS in rule.when:
        yield _say("ack_always")
    if AckWhen.FIRST in rule.when:
        yield _say("ack_first")
    if AckWhen.OUTSIDE_HOURS in rule.when:
        yield _say("ack_outside_hours")
    if AckWhen.ON_REQUEST in rule.when:
        yield _say("ack_on_request", words=rule.request)
    if AckWhen.IF_URGENT in rule.when:
        yield _say("ack_if_urgent")
    if AckWhen.ALWAYS not in rule.when:
        yield _say("ack_not_else")
    yield _say("ack_meaning")
    if rule.at_most_every:
        yield _say("ack_at_most", every=rule.at_most_every)
    yield _say("ack_latest", age=rule.latest)
    if rule.subject:
        yield _say("ack_subject")
    yield _say("ack_stop")


def _urgency(policy: Policy, about: About) -> Iterator[Statement]:
    """What makes a message urgent, where something that a client notices follows from it."""
    rule = policy.urgency
    alerted = rule.alert == "urgent" and about.alerted
    if rule.trust_all:
        yield _say("urgent_all")
    elif rule.words:
        yield _say("urgent_words", words=rule.words)
    if alerted:
        yield _say("urgent_alert")
    if rule.trust_all or not (alerted or _hangs_on_urgency(policy, about)):
        return
    yield _say("urgent_agreed")
    yield _say("urgent_found")


def _hangs_on_urgency(policy: Policy, about: About) -> bool:
    return (
        policy.answer.when is AnswerWhen.IF_URGENT
        or AckWhen.IF_URGENT in policy.acknowledge.when
        or (about.watched and policy.receipt.send is ReceiptSend.IF_URGENT)
    )


def _when(policy: Policy, about: About) -> Iterator[Statement]:
    yield from _reading(policy)
    if policy.hours.set_hours and about.zone:
        yield _say("read_zone", zone=about.zone)
    if policy.hours.before_session:
        yield _say("read_before_session")
    if _promises(policy):
        yield from _promise(policy, about)
    elif _answers(policy):
        yield _say("promise_none")


def _reading(policy: Policy) -> Iterator[Statement]:
    """Days that are read at the same times are said together, in the order of the week."""
    groups: dict[tuple[Span, ...], list[Weekday]] = {}
    for day in Weekday:
        spans = policy.hours.spans_on(day)
        if spans is not None:
            groups.setdefault(spans, []).append(day)
    for spans, days in groups.items():
        yield _say("read_hours", days=tuple(days), spans=spans) if spans else _say("read_days", days=tuple(days))
    if not groups:
        yield _say("read_no_days")


def _promises(policy: Policy) -> bool:
    """Whether answers have a time by which they come: some message is sure of one, and the time can be told."""
    what, when = policy.answer.promise.what, policy.answer.when
    if what is PromiseKind.NONE or when is AnswerWhen.SOMETIMES or not _answers(policy):
        return False
    if policy.answer.only and not _categories(policy, policy.answer.only):
        return False
    days = [spans for day in Weekday if (spans := policy.hours.spans_on(day)) is not None]
    if what is PromiseKind.NEXT_READING_TIME:
        return any(days)
    if what is PromiseKind.WITHIN_READING:
        return any(not spans or any(span.start != span.end for span in spans) for spans in days)
    return bool(days) or what is PromiseKind.BEFORE_SESSION


def _always_open(policy: Policy, about: About) -> bool:
    """Whether no message ever comes while mail is not read."""
    hours = policy.hours
    whole = all(hours.spans_on(day) == () for day in Weekday)
    return whole and hours.vacations == "open" and (hours.holidays == "open" or not about.region)


def _promise(policy: Policy, about: About) -> Iterator[Statement]:
    promise = policy.answer.promise
    match promise.what:
        case PromiseKind.WITHIN:
            yield _say("promise_within", time=promise.within)
            if not _always_open(policy, about):
                yield _say("promise_within_else")
        case PromiseKind.WITHIN_READING:
            yield _say("promise_within_reading", time=promise.within)
            yield _say("promise_counts_from_opening")
        case PromiseKind.SAME_DAY:
            yield _say("promise_same_day")
            yield _say("promise_counts_from_opening")
        case PromiseKind.NEXT_READING_TIME:
            yield _say("promise_next_reading")
        case PromiseKind.NEXT_WORKING_DAY:
            yield _say("promise_next_working_day")
        case PromiseKind.BEFORE_SESSION:
            yield _say("promise_before_session")


_RECEIPT = {
    ReceiptSend.ALWAYS: "receipt_always",
    ReceiptSend.ON_REQUEST: "receipt_on_request",
    ReceiptSend.IMPORTANT: "receipt_important",
    ReceiptSend.IF_URGENT: "receipt_if_urgent",
}


def _receipt(policy: Policy, about: About) -> Iterator[Statement]:
    """Where the mailbox is not watched nobody knows what was read, whatever the policy wants."""
    rule = policy.receipt
    if rule.send is ReceiptSend.NEVER or not about.watched:
        yield _say("receipt_never")
        return
    yield _say(_RECEIPT[rule.send])
    if rule.grace:
        yield _say("receipt_grace", time=rule.grace)
    if not rule.bulk:
        yield _say("receipt_meaning_or_marked")
        return
    yield _say("receipt_meaning")
    yield _say("receipt_bulk", count=rule.bulk)


def _charge(policy: Policy) -> Iterator[Statement]:
    rule = policy.billing
    if rule.counts == "nothing":
        yield _say("charge_nothing")
        return
    costs = rule.rate is not None and bool(rule.rate.amount and rule.increment)
    yield _say("charge_rate", price=rule.rate, increment=rule.increment) if costs else _say("charge_no_rate")
    yield _say("counted_read", words_per_minute=rule.words_per_minute)
    if rule.counts == "read+answer":
        yield _say("counted_answer", words_per_minute=rule.typed_words_per_minute)
    never = _categories(policy, rule.exempt)
    if never:
        yield _say("counted_never", categories=never)
    yield _say("counted_never_crisis")
    if "touchpoint" in never:
        yield _say("touchpoint", words=rule.touchpoint)
    if costs:
        yield from _cost(policy)


def _cost(policy: Policy) -> Iterator[Statement]:
    rule = policy.billing
    if rule.free:
        yield _say("charge_free_cluster" if rule.cluster else "charge_free", time=rule.free)
    yield _say(f"charge_round_{rule.round}", increment=rule.increment)
    if rule.cluster is not None:
        cluster = rule.cluster
        yield _say("charge_cluster", count=cluster.messages, within=cluster.within, increment=rule.increment)
    for dates in rule.suspended:
        yield _say("charge_suspended", first=dates.first, last=dates.last)
    yield _say("charge_told" if _acks(policy) else "charge_not_told")
    yield _say("charge_waiver")
    yield _say("charge_account")


def _days(policy: Policy, about: About) -> Iterator[Statement]:
    hours = policy.hours
    yield _say("days_any")
    unread = tuple(day for day in Weekday if hours.spans_on(day) is None)
    if unread:
        yield _say("days_unread", days=unread)
    if hours.holidays == "closed" and about.region:
        yield _say("holidays_unread", region=about.region)
    else:
        yield _say("holidays_read")
    yield from _absences(policy, about) if hours.vacations == "closed" else [_say("vacations_read")]


def _absences(policy: Policy, about: About) -> Iterator[Statement]:
    yield _say("vacations_unread")
    for absence in sorted(about.absences, key=lambda one: (one.first, one.last, one.cover)):
        cover = _covering(about, absence.cover)
        if cover is None:
            yield _say("away", first=absence.first, last=absence.last)
        else:
            yield _say("away_covered", first=absence.first, last=absence.last, cover=cover.name, phone=cover.phone)
    if _acks(policy):
        yield _say("away_told")


def _covering(about: About, name: str) -> Covering | None:
    """Who covers by a name; None for nobody, or somebody of whom clients can't be told."""
    return about.covers.get(name) if name else None


def _crisis(policy: Policy, about: About) -> Iterator[Statement]:
    rule = policy.urgency
    yield _say("crisis_dont_wait" if rule.by_email else "crisis_not_by_email")
    numbers = tuple(number for number in (about.phone, about.crisis_line) if number)
    if numbers:
        yield _say("crisis_call", numbers=numbers)
    yield _say("crisis_emergency")
    yield _say("crisis_unread")
    if not rule.by_email:
        yield _say("crisis_delivered")
    if rule.alert == "never":
        return
    if about.alerted:
        yield _say("crisis_alert")
    if (cover := _covering(about, rule.cover)) is not None:
        yield _say("crisis_cover", cover=cover.name)


def _record(policy: Policy) -> Iterator[Statement]:
    rule = policy.record
    yield _say("record_mailbox")
    yield _say("record_kept" if rule.subject else "record_kept_without_subject")
    yield _say("record_erased", time=rule.kept_for)
    if rule.letters:
        yield _say("record_letters")
    yield _say("record_seen_by_practice" if rule.readable_by == "practice" else "record_seen_by_therapist")
    yield _say("record_compared")


def _change(policy: Policy) -> Iterator[Statement]:
    notice = policy.change.notice
    yield _say("change_notice", time=notice) if notice else _say("change_at_once")
    yield _say("change_card")
    if policy.welcome.card and _acks(policy):
        yield _say("welcome_card")


def _takes_back(policy: Policy, about: About) -> bool:
    """It is asked for by answering a confirmation, and what is unread must be seen."""
    return policy.withdraw == "unread" and about.watched and _acks(policy)


def in_words(value: timedelta) -> str:
    """`7 years`, `14 days`, `24 hours`, `1 hour 30 minutes`: for the admin, whose texts are English."""
    seconds = int(value.total_seconds())
    if seconds and seconds % (365 * 86400) == 0:
        return _plural(seconds // (365 * 86400), "year")
    days = seconds // 86400 if seconds >= 2 * 86400 else 0
    rest = seconds - days * 86400
    parts = [(days, "day"), (rest // 3600, "hour"), (rest % 3600 // 60, "minute"), (rest % 60, "second")]
    return " ".join(_plural(count, unit) for count, unit in parts if count) or "0 seconds"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
