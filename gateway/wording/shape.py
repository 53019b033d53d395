"""What of a context decides how a template runs: which of its parts there are, and of what kind, not their words.

Parts of one shape take the same branches. Templates hardly ever choose by more than two parts at once, so that contexts
in which each two of them meet in all their shapes try what all policies together may bring about.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from itertools import combinations
from typing import Any

from gateway.wording.contexts import Context
from gateway.wording.contexts.moments import Day, Moment
from gateway.wording.contexts.parts import Count

#: Texts that templates choose by; of any other it only matters whether there is one.
_CHOSEN = frozenset(
    {"answer", "maybe", "none", "week", "month", "session", "up", "down", "nearest", "urgent", "crisis"}
    | {"scheduling", "billing", "stressor", "touchpoint"}
)
#: Numbers from here on, and days from here on, are said alike.
_MANY = 3


def pairs(context: Context) -> set[Hashable]:
    """Each two parts of a context with their shapes."""
    parts = [(field.name, shape(getattr(context, field.name))) for field in fields(context)]
    return {(type(context), *pair) for pair in combinations(parts, 2)}


def shape(value: Any) -> Hashable:
    """Equal for values that a template can't tell apart but by their words."""
    match value:
        case Count():
            few = tuple(min(number, _MANY) for number in (value.used, value.allowed, value.left))
            return (value.per, value.warn, value.over, *few)
        case Moment():
            return (_near(value.days), value.end_of_day, bool(value.zone))
        case Day():
            return _near(value.days)
        case bool() | None:
            return value
        case int():
            return min(value, _MANY)
        case str():
            return value if value in _CHOSEN else bool(value)
        case tuple():
            return (min(len(value), _MANY), *dict.fromkeys(shape(one) for one in value))
    if is_dataclass(value):
        return (type(value), *(shape(getattr(value, field.name)) for field in fields(value)))
    raise TypeError(f"{type(value).__name__} is nothing that a context holds")


def _near(days: int) -> int:
    return max(-1, min(days, 2))
