"""Which messages a policy ever brings about: of the samples that `preview` shows, those that clients would meet."""

from __future__ import annotations

from gateway.core.effects import (
    Ack,
    ActionTold,
    Alert,
    Digest,
    NoteKept,
    Notice,
    Nudge,
    Receipt,
    Reminder,
    Withdrawal,
)
from gateway.core.events import Level
from gateway.core.policy.schema import AckWhen, Policy, PromiseKind, ReceiptSend
from gateway.wording.samples import Sample


def is_sent(sample: Sample, policy: Policy) -> bool:
    """Whether a policy ever brings such a message about; for an ack, at night, to somebody who asks for nothing."""
    effect = sample.effect
    match effect:
        case Ack():
            return effect.welcome or _is_acked(policy, effect.level)
        case Receipt():
            return policy.receipt.send is not ReceiptSend.NEVER
        case Alert():
            if effect.cover:
                return bool(policy.urgency.cover)
            return policy.urgency.alert != "never" and effect.level.rank >= Level(policy.urgency.alert).rank
        case Nudge():
            return policy.answer.promise.what is not PromiseKind.NONE and bool(policy.answer.nudge)
        case Digest():
            return bool(policy.digest.before_session) if effect.session else policy.digest.at is not None
        case Reminder():
            return policy.allowance.answers is not None and policy.allowance.remind is not None
        case Notice():
            return bool(policy.change.notice)
        case NoteKept():
            return policy.presence.carry
        case ActionTold():
            return policy.digest.at is not None or bool(policy.digest.before_session)
        case Withdrawal():
            return policy.withdraw == "unread"


def _is_acked(policy: Policy, level: Level) -> bool:
    rule = policy.acknowledge.when
    if AckWhen.NEVER in rule:
        return False
    return level.rank >= Level.URGENT.rank or bool(rule & {AckWhen.ALWAYS, AckWhen.FIRST, AckWhen.OUTSIDE_HOURS})
