"""Versions of a policy: what clients were told holds until a change that they were told of in time.

A version is numbered from 1 and never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.core.policy.schema import Policy


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a policy file. `since` is when it comes into force, `recorded` when it was first seen; in UTC."""

    name: str
    number: int
    policy: Policy
    since: datetime
    recorded: datetime


def in_force(versions: Sequence[Version], now: datetime) -> Version | None:
    """The version of one policy that holds at an instant; None where none is kept or the first is yet to come.

    A version that another one followed before it came into force never does: the old rule holds until the newer one.
    """
    begun = [one for one in versions if one.since <= now and not _overtaken(one, versions)]
    return max(begun, key=lambda one: one.number, default=None)


def _overtaken(version: Version, versions: Sequence[Version]) -> bool:
    return any(one.number > version.number and one.recorded < version.since for one in versions)
