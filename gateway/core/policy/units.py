"""Values of policy files as people write them: durations, spans of the day, weekdays, money. Each reads its text
and writes it back the same.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import IntEnum, unique
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
#: What is added to an instant must stay within the years that there are: `9999y` for ever would stop everything.
_LONGEST = 200 * _UNITS["y"]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdwy])")


def duration(value: object) -> timedelta:
    """`90s`, `2m`, `4h`, `14d`, `2w`, `7y`, `1h30m`, and plain `0`. Raises ValueError with an example."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text == "0":
        return timedelta()
    if not text or _DURATION.sub("", text).strip():
        raise ValueError(f"{value!r} is no duration; write for example 90s, 15m, 4h, 14d")
    seconds = sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(text))
    if seconds > _LONGEST:
        raise ValueError(f"{value!r} is too long to reckon with; write at most 200y")
    return timedelta(seconds=seconds)


def in_units(value: timedelta) -> str:
    """The duration as the file would say it, in the largest unit that divides it."""
    seconds = int(value.total_seconds())
    unit = next((u for u in "ydhm" if seconds and seconds % _UNITS[u] == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}" if seconds else "0"


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    PlainSerializer(in_units),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^ *(0|(\d+(\.\d+)? *[smhdwySMHDWY] *)+) *$"},
                {"type": "number", "const": 0},
            ],
            "examples": ["15m", "4h", "14d", "7y"],
        }
    ),
]


@unique
class Weekday(IntEnum):
    """As `datetime.date.weekday()` counts."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


def _text(pattern: str, *examples: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "examples": list(examples)}


class Frozen(BaseModel):
    """Base of everything that comes from a file: frozen, no unknown keys, docstrings as reference."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Span(Frozen):
    """A span of local civil time within one day, both ends in the practice's zone."""

    start: time
    end: time

    def __str__(self) -> str:
        """As the file says it."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}" if self.start != self.end else f"{self.start:%H:%M}"


_CLOCK = "([01]?[0-9]|2[0-3]):[0-5][0-9]"


def _clock_time(text: str) -> time:
    """`7:00` and `07:00`; no seconds, no offset. Raises ValueError."""
    if not re.fullmatch(_CLOCK, text):
        raise ValueError(f"{text!r} is no time of day")
    return time.fromisoformat(text.zfill(5))


def _span(value: object) -> object:
    if not isinstance(value, str):
        return value
    start, dash, end = (part.strip() for part in value.partition("-"))
    try:
        first = _clock_time(start)
        last = _clock_time(end) if dash else first
    except ValueError as error:
        raise ValueError(f"{value!r} is no time of day; write 07:00-09:00, or 17:00 for a moment") from error
    if last < first:
        raise ValueError(f"{value!r} ends before it begins; write a night as two spans")
    return {"start": first, "end": last}


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        return _clock_time(str(value).strip())
    except ValueError as error:
        raise ValueError(f"{value!r} is no time of day; write for example 07:30") from error


def _spans(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _days(value: object) -> object:
    if isinstance(value, list | tuple) and value and all(isinstance(day, str) for day in value):
        value = ",".join(value)
    if not isinstance(value, str):
        return value
    names = [day.name.lower() for day in Weekday]
    found: set[Weekday] = set()
    for part in value.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in names or (dash and last not in names):
            raise ValueError(f"{part!r} is no weekday; write for example mon-fri or mon,wed,sat")
        start, end = names.index(first), names.index(last if dash else first)
        count = (end - start) % 7 + 1
        found |= {Weekday((start + step) % 7) for step in range(count)}
    return found


def days_in_words(days: frozenset[Weekday]) -> str:
    """`mon,tue,sat`, in the order of the week."""
    return ",".join(day.name.lower() for day in sorted(days))


_SPAN = _text(f"^ *{_CLOCK}( *- *{_CLOCK})? *$", "07:00-09:00", "17:00")
_DAY = "([mM][oO][nN]|[tT][uU][eE]|[wW][eE][dD]|[tT][hH][uU]|[fF][rR][iI]|[sS][aA][tT]|[sS][uU][nN])"
_DAYS = _text(f"^ *{_DAY}( *- *{_DAY})?( *, *{_DAY}( *- *{_DAY})?)* *$", "mon-fri", "mon,wed,sat")
#: For types whose schema is written by hand around these.
DAYS_SCHEMA, SPANS_SCHEMA = _DAYS, {"anyOf": [_SPAN, {"type": "array", "items": _SPAN}]}
TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda at: f"{at:%H:%M}"),
    WithJsonSchema(_text(f"^ *{_CLOCK} *$", "07:30")),
]
Spans = Annotated[
    tuple[Annotated[Span, BeforeValidator(_span), PlainSerializer(str), WithJsonSchema(_SPAN)], ...],
    BeforeValidator(_spans),
    WithJsonSchema(SPANS_SCHEMA),
]
Days = Annotated[
    frozenset[Weekday],
    BeforeValidator(_days),
    PlainSerializer(days_in_words),
    WithJsonSchema({"anyOf": [_DAYS, {"type": "array", "items": _DAYS}]}),
]


class Money(Frozen):
    """An amount with its currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        """As the file says it."""
        return f"{self.amount} {self.currency}"


_CURRENCY = re.compile(r"[A-Z]{3}")


def _money(value: object) -> object:
    if not isinstance(value, str):
        return value
    amount, _, currency = value.strip().partition(" ")
    try:
        number = Decimal(amount)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or number < 0 or not _CURRENCY.fullmatch(currency.strip()):
        raise ValueError(f"{value!r} is no amount of money; write for example 45.00 AUD")
    return {"amount": number, "currency": currency.strip()}


Price = Annotated[
    Money,
    BeforeValidator(_money),
    PlainSerializer(str),
    WithJsonSchema(_text(r"^ *\d+(\.\d+)? +[A-Z]{3} *$", "45.00 AUD")),
]


class Dates(Frozen):
    """A span of dates in the practice's zone, both inclusive: `{from: 2026-12-24, until: 2027-01-03}`."""

    first: Annotated[date, Field(alias="from")]
    """The first day."""
    last: Annotated[date, Field(alias="until")]
    """The last day, inclusive."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"it ends on {self.last}, before it begins on {self.first}")
        return self

    def __contains__(self, day: date) -> bool:
        """Whether the day lies within."""
        return self.first <= day <= self.last


def texts(value: object) -> object:
    """One text stands for a list of one."""
    return [value] if isinstance(value, str) else value


Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
