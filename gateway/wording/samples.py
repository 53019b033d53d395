"""Effects that were never caused, so that every branch of every template can be tried before a client meets it.

In go the practice's policies and mailboxes, out come acks, receipts and alerts: for each policy as it promises and
counts, and for each with every kind of moment that a text may have to say. The people are invented.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.core.effects import Ack, Alert, Mail, Receipt
from gateway.core.events import Level, Ref
from gateway.core.policy.promise import promised
from gateway.core.policy.schema import Allowance, Policy
from gateway.settings.schema import Mailbox, Practice

CLIENT = "sample@client.example"
#: A Monday and a Saturday evening.
_ARRIVALS = (datetime(2026, 11, 23, 19, 10, tzinfo=UTC), datetime(2026, 11, 28, 19, 10, tzinfo=UTC))
_SOON, _LATER = timedelta(hours=2), timedelta(days=4)
Times = tuple[datetime | None, datetime | None]


def effects(
    language: str, practice: Practice, mailboxes: Mapping[str, Mailbox], policies: Mapping[str, Policy]
) -> Iterator[Mail]:
    """Every kind of effect in a language, under each policy. A watched and an unwatched mailbox stand for all."""
    zone = ZoneInfo(practice.timezone)
    kinds = {mailbox.watch is None: name for name, mailbox in mailboxes.items()}
    for mailbox, (name, policy), arrived in itertools.product(kinds.values(), policies.items(), _ARRIVALS):
        base = _ack(Ref(mailbox, "0" * 64), mailboxes[mailbox].address, language, name, arrived)
        times = {*_times(arrived, zone), _promise(policy, zone, arrived)}
        yield from _acks(base, times, policy.allowance)
        yield from _receipts(base, times)
        yield from _alerts(base)


def _promise(policy: Policy, zone: ZoneInfo, arrived: datetime) -> Times:
    found = promised(policy, zone, arrived)
    return found.read_by, found.answer_by


def _times(arrived: datetime, zone: ZoneInfo) -> Iterator[Times]:
    """Nothing promised, one of both, both at once, and a deadline at midnight: the end of a day."""
    midnight = (arrived.astimezone(zone) + _LATER).replace(hour=0, minute=0)
    yield None, None
    yield arrived + _SOON, None
    yield None, arrived + _LATER
    yield arrived + _SOON, arrived + _SOON
    yield arrived + _LATER, midnight.astimezone(UTC)


def _ack(ref: Ref, sender: str, language: str, policy: str, arrived: datetime) -> Ack:
    return Ack(
        ref=ref,
        due=arrived,
        to=CLIENT,
        sender=sender,
        in_reply_to="<sample@client.example>",
        references=(),
        subject="A sample",
        language=language,
        policy=policy,
        known=True,
        level=Level.ROUTINE,
        received=arrived,
        read_by=None,
        answer_by=None,
        used=1,
        allowed=None,
        per="week",
        warn=False,
    )


def _acks(base: Ack, times: set[Times], allowance: Allowance) -> Iterator[Ack]:
    variants = itertools.product((Level.ROUTINE, Level.CRISIS), (True, False), times, _counts(allowance))
    for level, known, (read_by, answer_by), (used, warn) in variants:
        yield replace(
            base,
            level=level,
            known=known,
            read_by=read_by,
            answer_by=answer_by,
            used=used,
            allowed=allowance.messages,
            per=allowance.per,
            warn=warn,
        )


def _counts(allowance: Allowance) -> Iterator[tuple[int, bool]]:
    """Messages used, and whether it is time to say how many are left."""
    most = allowance.messages or 1
    yield 1, False
    if allowance.messages:
        yield max(1, most - 1), True
        yield most, True
        yield most + 1, True


def _receipts(base: Ack, times: set[Times]) -> Iterator[Receipt]:
    for known, (_, answer_by) in itertools.product((True, False), times):
        yield Receipt(
            ref=base.ref,
            due=base.due,
            form="plain",
            to=base.to,
            sender=base.sender,
            in_reply_to=base.in_reply_to,
            references=(),
            subject=base.subject,
            language=base.language,
            policy=base.policy,
            known=known,
            received=base.received,
            seen=base.received + timedelta(hours=12),
            answer_by=answer_by,
        )


def _alerts(base: Ack) -> Iterator[Alert]:
    for level in (Level.URGENT, Level.CRISIS):
        yield Alert(
            ref=base.ref,
            due=base.due,
            to=base.sender,
            sender=base.sender,
            language=base.language,
            policy=base.policy,
            level=level,
            received=base.received,
            author=base.to,
        )
