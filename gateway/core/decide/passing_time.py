"""Time passes: what is kept no longer, and when to look again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.policy.schema import Policy

#: The record is looked at at least so often; retention is counted in days, so a day is fine enough.
LOOK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What to take off the record now: for each policy, messages received before the instant; and when to wake next."""

    before: Mapping[str, datetime]
    wake: datetime


def expire(oldest: Mapping[str, datetime], policies: Mapping[str, Policy], now: datetime) -> Forgetting:
    """Decide from each policy's oldest message.

    A message decided by a policy that is no longer configured is kept by the longest period of those that are:
    nothing goes sooner than any card said.
    """
    longest = max((policy.record.kept_for for policy in policies.values()), default=None)
    before: dict[str, datetime] = {}
    wake = now + LOOK
    for name, first in oldest.items():
        kept_for = policies[name].record.kept_for if name in policies else longest
        if kept_for is None:
            continue
        ends = first + kept_for
        if ends <= now:
            before[name] = now - kept_for
        else:
            wake = min(wake, ends)
    return Forgetting(before, wake)
