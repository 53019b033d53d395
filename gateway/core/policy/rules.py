"""Contradictions that show in a policy's knobs alone, or in them and one fact of the practice: a row each."""
# ruff: noqa: ARG005 - every rule is asked about both, policy and practice

from __future__ import annotations

from datetime import timedelta

from gateway.core.policy.contradiction import Rule
from gateway.core.policy.schema import AckWhen, AnswerWhen, Policy, PromiseKind, ReceiptSend

_COUNTED = (PromiseKind.WITHIN, PromiseKind.WITHIN_READING)
_WATCH = "set the mailbox's `watch` in gateway.yaml, for example imaps://user@host"
_NOTHING = timedelta()
#: The category that a number of words makes, and no lexicon.
_TOUCHPOINT = "touchpoint"


def _promises(policy: Policy) -> bool:
    return policy.answer.promise.what is not PromiseKind.NONE


def _adds_up(policy: Policy) -> bool:
    """Whether there is reading time that lasts: a span, or a day without set hours."""
    days = policy.hours.days | {day for other in policy.hours.other for day in other.days}
    spans = [policy.hours.spans_on(day) for day in days]
    return any(not some or any(span.start != span.end for span in some) for some in spans if some is not None)


def _silent(policy: Policy) -> bool:
    return AckWhen.NEVER in policy.acknowledge.when


def _acks_each(policy: Policy) -> bool:
    return AckWhen.ALWAYS in policy.acknowledge.when and not policy.acknowledge.at_most_every


def _charges(policy: Policy) -> bool:
    return policy.billing.rate is not None and policy.billing.counts != "nothing"


def _prices_something(policy: Policy) -> bool:
    return bool(policy.billing.free or policy.billing.cluster or policy.billing.suspended)


def _digests(policy: Policy) -> bool:
    return policy.digest.at is not None or bool(policy.digest.before_session)


def _names_touchpoints(policy: Policy) -> bool:
    return _TOUCHPOINT in (*policy.billing.exempt, *policy.answer.only)


_ANSWERS = (
    Rule(
        "answer.promise",
        "error",
        lambda p, a: p.answer.promise.what in _COUNTED and not p.answer.promise.within,
        "an answer is promised at the very moment that a message comes",
        "write for example `within 24h`, or `none`",
    ),
    Rule(
        "answer.promise",
        "error",
        lambda p, a: p.answer.promise.what is PromiseKind.NEXT_READING_TIME and not p.hours.set_hours,
        "an answer is promised by the next reading time, but no reading times are set",
        'set `hours.reading`, for example "07:00-09:00"',
    ),
    Rule(
        "answer.promise",
        "error",
        lambda p, a: p.answer.promise.what is PromiseKind.WITHIN_READING and p.hours.set_hours and not _adds_up(p),
        "an answer is promised within some reading time, but the times of reading are moments, which never add up",
        'write `hours.reading` as spans, for example "07:00-09:00", or promise `next-reading-time`',
    ),
    Rule(
        "answer.when",
        "error",
        lambda p, a: _promises(p) and p.answer.when in (AnswerWhen.NEVER, AnswerWhen.SOMETIMES),
        "there is a time by which answers come, but messages are answered {p.answer.when}, so it holds for none",
        "write `when: always`, `on-request` or `if-urgent`, or `promise: none`",
    ),
    Rule(
        "answer.request",
        "error",
        lambda p, a: p.answer.when is AnswerWhen.ON_REQUEST and not p.answer.request,
        "who asks for an answer gets one, but there are no words to ask with",
        "set `request`, for example `please answer`",
    ),
    Rule(
        "answer.request",
        "warning",
        lambda p, a: p.answer.request and p.answer.when is not AnswerWhen.ON_REQUEST,
        "there are words to ask for an answer with, but asking changes nothing",
        "write `when: on-request`, or take `request` out",
    ),
    Rule(
        "answer.only",
        "error",
        lambda p, a: p.answer.only and p.answer.when is AnswerWhen.NEVER,
        "some messages alone are to be answered, but none ever is",
        "write `when: always`, or take `only` out",
    ),
    Rule(
        "answer.words",
        "warning",
        lambda p, a: p.answer.words and p.answer.when is AnswerWhen.NEVER,
        "answers are to be brief, but there are none",
        "take `words` out, or write another `when`",
    ),
    Rule(
        "answer.nudge",
        "warning",
        lambda p, a: p.answer.promise.what in _COUNTED and p.answer.nudge >= p.answer.promise.within > _NOTHING,
        "the reminder would be due before the message came, so there is none",
        "write a shorter `nudge`, or `0` for none",
    ),
)

_HOURS = (
    Rule(
        "hours.days",
        "error",
        lambda p, a: not p.hours.days and not any(other.days for other in p.hours.other),
        "there is no day on which mail is read",
        "write for example mon-fri, or take `days` out",
    ),
    Rule(
        "hours.holidays",
        "warning",
        lambda p, a: p.hours.holidays == "closed" and not a.region,
        "mail is not read on public holidays, but it is not known whose",
        "set `practice.region` in gateway.yaml, for example AU-NSW, or write `holidays: open`",
    ),
)

_ACKS = (
    Rule(
        "acknowledge.when",
        "warning",
        lambda p, a: AckWhen.OUTSIDE_HOURS in p.acknowledge.when and not p.hours.set_hours,
        "without reading hours every message is outside them, so every one is acked",
        "set `hours.reading`, or write `when: always`",
    ),
    Rule(
        "acknowledge.request",
        "warning",
        lambda p, a: p.acknowledge.request and AckWhen.ON_REQUEST not in p.acknowledge.when,
        "there are words to ask for an ack with, but asking changes nothing",
        "add `on-request` to `when`, or take `request` out",
    ),
    Rule(
        "acknowledge.when",
        "warning",
        lambda p, a: _silent(p) and _promises(p),
        "an answer is promised, but no ack says by when: only the policy card does",
        "write `when: always`, or tell clients of the card",
    ),
    Rule(
        "allowance",
        "warning",
        lambda p, a: _silent(p) and p.allowance.limited,
        "there is a limit, but no ack tells clients how near they are to it",
        "write `acknowledge: {{when: always}}`, or take the limit out",
    ),
    Rule(
        "welcome.card",
        "warning",
        lambda p, a: _silent(p) and p.welcome.card,
        "the first ack is to hold the card, but there are no acks",
        "write `welcome: {{card: false}}`, or another `acknowledge.when`",
    ),
    Rule(
        "presence.carry",
        "warning",
        lambda p, a: _silent(p) and p.presence.carry,
        "acks are to carry the presence note, but there are no acks",
        "write `presence: {{carry: false}}`, or another `acknowledge.when`",
    ),
    Rule(
        "withdraw",
        "warning",
        lambda p, a: _silent(p) and p.withdraw == "unread",
        "a message is taken back by answering its ack, but there are no acks",
        "write `withdraw: never`, or another `acknowledge.when`",
    ),
    Rule(
        "presence.lasts",
        "warning",
        lambda p, a: p.presence.carry and not p.presence.lasts,
        "a presence note is over before any ack can carry it",
        "write for example `lasts: 14d`, or `carry: false`",
    ),
)

_WATCHED = (
    Rule(
        "receipt.send",
        "error",
        lambda p, a: not a.watched and p.receipt.send is not ReceiptSend.NEVER,
        "receipts are promised, but nothing sees when a message is read",
        f"{_WATCH}, or write `receipt: {{{{send: never}}}}`",
    ),
    Rule(
        "withdraw",
        "error",
        lambda p, a: not a.watched and p.withdraw == "unread",
        "clients can take back what is unread, but nothing sees what was read",
        f"{_WATCH}, or write `withdraw: never`",
    ),
    Rule(
        "billing.counts",
        "error",
        lambda p, a: not a.watched and _charges(p),
        "reading and answering is charged, but nothing sees what is read and answered",
        f"{_WATCH}, or write `billing: {{{{counts: nothing}}}}`",
    ),
    Rule(
        "billing.counts",
        "warning",
        lambda p, a: not a.watched and p.billing.counts != "nothing" and p.billing.rate is None,
        "time is counted, but nothing sees what is read and answered",
        f"{_WATCH}, or write `billing: {{{{counts: nothing}}}}`",
    ),
    Rule(
        "answer.promise",
        "warning",
        lambda p, a: not a.watched and _promises(p),
        "nothing sees what is answered, so every promise will seem broken, and each is reminded of",
        f"{_WATCH}, or write `promise: none`",
    ),
    Rule(
        "digest",
        "warning",
        lambda p, a: not a.watched and _digests(p),
        "nothing sees what is answered, so all of it stays in the digest",
        f"{_WATCH}, or take `digest` out",
    ),
    Rule(
        "answer.words",
        "warning",
        lambda p, a: not a.watched and p.answer.words,
        "answers are to be brief, but nothing sees how long they are",
        f"{_WATCH}, or take `words` out",
    ),
    Rule(
        "allowance.answers",
        "warning",
        lambda p, a: not a.watched and p.allowance.answers,
        "nothing sees what the therapist writes, so the reminder comes all the same",
        f"{_WATCH}, or take `answers` and `remind` out",
    ),
)

_URGENCY = (
    Rule(
        "urgency.alert",
        "error",
        lambda p, a: p.urgency.alert != "never" and not a.alerted,
        "alerts reach nobody",
        "set the mailbox's `alert` in gateway.yaml to an address that somebody reads, or write `alert: never`",
    ),
    Rule(
        "urgency.by_email",
        "error",
        lambda p, a: not p.urgency.by_email and not (a.phone or a.crisis_line),
        "email is not for a crisis, but clients are given no number either",
        "set `practice.phone`, `practice.crisis_line` or `practice.region` in gateway.yaml",
    ),
    Rule(
        "urgency.by_email",
        "warning",
        lambda p, a: not p.urgency.by_email and p.urgency.alert == "never",
        "email is not for a crisis, and of one that comes all the same nobody hears at once",
        "write `alert: crisis`",
    ),
    Rule(
        "urgency.words",
        "warning",
        lambda p, a: p.urgency.words and p.urgency.trust_all,
        "clients are asked to say what is urgent, but every message counts as urgent",
        "take `words` out, or write `trust_all: false`",
    ),
    Rule(
        "urgency",
        "warning",
        lambda p, a: p.urgency.trust_all and p.urgency.alert == "urgent",
        "every message counts as urgent, and each that is urgent causes an alert",
        "write `alert: crisis`, or `trust_all: false`",
    ),
)

_ALLOWANCE = (
    Rule(
        "allowance.remind",
        "error",
        lambda p, a: p.allowance.remind is not None and p.allowance.answers is None,
        "the therapist is to be reminded to write, but it is not said how often they write",
        "set `answers`, for example to 1, or take `remind` out",
    ),
)

_BILLING = (
    Rule(
        "billing.rate",
        "error",
        lambda p, a: p.billing.rate is not None and p.billing.counts == "nothing",
        "there is a price, but nothing is counted that it could be charged for",
        "write `counts: read+answer`, or take `rate` out",
    ),
    Rule(
        "billing.rate",
        "error",
        lambda p, a: p.billing.rate is None and _prices_something(p),
        "`free`, `cluster` or `suspended` say what is charged, but there is no price, so nothing is",
        "set `rate`, for example 45.00 AUD, or take the others out",
    ),
    Rule(
        "billing.rate",
        "warning",
        lambda p, a: p.billing.rate is not None and not p.billing.rate.amount,
        "the price is 0, so clients are told of a charge that comes to nothing",
        "take `rate` out",
    ),
    Rule(
        "billing.increment",
        "error",
        lambda p, a: p.billing.rate is not None and not p.billing.increment,
        "time is charged in steps of no length",
        "write for example `increment: 15m`",
    ),
    Rule(
        "billing.cluster",
        "error",
        lambda p, a: p.billing.cluster is not None and not p.billing.cluster.within,
        "no two messages come within no time",
        "write for example `within: 24h`",
    ),
    Rule(
        "acknowledge.when",
        "warning",
        lambda p, a: _charges(p) and not _acks_each(p),
        "a message may cost something, but not each has an ack that says so beforehand",
        "write `when: always` and leave `at_most_every` out, or take `billing.rate` out",
    ),
    Rule(
        "billing.touchpoint",
        "error",
        lambda p, a: p.billing.touchpoint is None and _names_touchpoints(p),
        "there is a rule for touchpoints, but not how few words make one",
        "set `billing.touchpoint`, for example to 60, or take `touchpoint` out of the rule",
    ),
    Rule(
        "billing.touchpoint",
        "warning",
        lambda p, a: p.billing.touchpoint is not None and not _names_touchpoints(p),
        "it is said how few words make a touchpoint, but nothing follows from it",
        "add `touchpoint` to `billing.exempt`, or take the number out",
    ),
)

_CHANGE = (
    Rule(
        "change.notice",
        "warning",
        lambda p, a: p.change.notice <= p.change.announce_after,
        "a change holds before clients have heard of it",
        "write a `notice` longer than `announce_after`, for example 14d",
    ),
)

RULES = (*_ANSWERS, *_HOURS, *_ACKS, *_WATCHED, *_URGENCY, *_ALLOWANCE, *_BILLING, *_CHANGE)
