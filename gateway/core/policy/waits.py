"""How long a message may lie before mail is read again, by the clock on the wall.

In go the hours of a policy, days, and what closes some of them; out comes the longest wait among these days, from the
end of a reading to the start of the next. Knows nothing of instants: a change of clocks moves no opening.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.core.policy.calendar import no_holidays
from gateway.core.policy.schema import Hours
from gateway.core.policy.units import Weekday

_DAY = timedelta(days=1)
#: From a Monday on; long enough to hold each gap between two readings of a week, wherever in it they are.
A_WEEK = tuple(date(2024, 1, 1) + step * _DAY for step in range(15))


@dataclass(frozen=True, slots=True)
class Wait:
    """A stretch in which mail is not read; local civil times without a zone."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """From the one to the other on the clock."""
        return self.until - self.since


def longest_wait(hours: Hours, days: Iterable[date], closed: Callable[[date], object] = no_holidays) -> Wait | None:
    """The longest wait within the days, the first of several; None where mail is always read, or never.

    Days on which mail is not read at all, by the week or because they are `closed`, belong to a wait.
    """
    waits: list[Wait] = []
    last: datetime | None = None
    for start, end in _stretches(hours, days, closed):
        if last is not None and start > last:
            waits.append(Wait(last, start))
        last = end if last is None else max(last, end)
    return max(waits, key=lambda wait: wait.length, default=None)


def _stretches(
    hours: Hours, days: Iterable[date], closed: Callable[[date], object]
) -> Iterator[tuple[datetime, datetime]]:
    """Open time in order; the whole of a day on which mail is read without set hours."""
    for day in days:
        spans = None if closed(day) else hours.spans_on(Weekday(day.weekday()))
        if spans is None:
            continue
        if not spans:
            midnight = datetime.combine(day, time())
            yield midnight, midnight + _DAY
        yield from ((datetime.combine(day, span.start), datetime.combine(day, span.end)) for span in spans)


def in_words(span: timedelta) -> str:
    """`2 days 22 hours`, for whoever configures; at most two units."""
    seconds = int(span.total_seconds())
    parts = []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"
