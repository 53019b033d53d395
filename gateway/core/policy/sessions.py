"""A client's sessions as instants, from weekly rules in their entry and from the practice's calendar of sessions.

Rules are local civil time in the practice's zone, so a session at 15:00 is at 15:00 in summer and in winter. By a rule
nobody is seen during an absence; what the calendar holds is taken as it is, and goes before a rule for the same hour.
Public holidays change nothing: who does not work on them has an absence.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from gateway.core.policy.calendar import HORIZON, Calendar, Session, away_on, instant, local_day
from gateway.core.policy.client import Client, SessionRule

_ONE_DAY = timedelta(days=1)
_WEEK = 7
#: Looked through first, since nearly every client is seen within it.
_SOON = timedelta(weeks=4)


def next_session(client: Client | None, calendar: Calendar, at: datetime) -> Session | None:
    """The first session that begins after `at`; None where none is known within the horizon."""
    for window in (_SOON, HORIZON):
        for session in sessions_between(client, calendar, at, at + window):
            if session.start > at:
                return session
    return None


def last_session(client: Client | None, calendar: Calendar, at: datetime) -> Session | None:
    """The last session that has ended at `at`; None where none is known within the horizon."""
    for window in (_SOON, HORIZON):
        past = [one for one in sessions_between(client, calendar, at - window, at) if one.end <= at]
        if past:
            return max(past, key=lambda one: (one.end, one.start))
    return None


def sessions_between(
    client: Client | None, calendar: Calendar, since: datetime, until: datetime
) -> tuple[Session, ...]:
    """The sessions that begin at or after `since` and before `until`, in order, one for each beginning."""
    first, last = local_day(since, calendar.zone) - _ONE_DAY, local_day(until, calendar.zone) + _ONE_DAY
    found = {
        session.start: session
        for rule in (client.sessions if client else ())
        for session in _by_rule(rule, calendar, first, last)
    }
    found.update((session.start, session) for session in calendar.sessions)
    return tuple(found[start] for start in sorted(found) if since <= start < until)


def _by_rule(rule: SessionRule, calendar: Calendar, first: date, last: date) -> Iterator[Session]:
    """The sessions of one rule on days from `first` to `last`, both inclusive."""
    step = timedelta(days=(rule.every if rule.since else 1) * _WEEK)
    day = _first_on_or_after(rule, first)
    while day <= last:
        if not away_on(calendar, day):
            start = instant(day, rule.start, calendar.zone)
            # A session in the hour that a change of clocks skips has no end before its beginning.
            yield Session(start, max(start, instant(day, rule.end, calendar.zone)))
        day += step


def _first_on_or_after(rule: SessionRule, first: date) -> date:
    if rule.since is None:
        return first + timedelta(days=(rule.day - first.weekday()) % _WEEK)
    weeks = max(0, -((rule.since - first).days // _WEEK))
    turns = -(-weeks // rule.every)
    return rule.since + timedelta(days=turns * rule.every * _WEEK)
