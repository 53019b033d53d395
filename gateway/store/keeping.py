"""Keeps little: what the card says goes, goes, with all that hangs on it. Plain functions over a connection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, func, select, type_coerce, update

from gateway.store import spent
from gateway.store.tables import State, Utc, copies, effects, events, messages

#: Messages erased in one transaction, so that nobody's mail waits long for the writer.
BLOCK = 500
#: How long the bare key of what no message caused outlives its words: longer than calendars are looked into and
#: changes are announced ahead, so that nothing is said twice.
KEYS = timedelta(days=730)

_OVER = (State.DONE, State.CANCELLED, State.GIVEN_UP, State.DROPPED)
_ERASED = b""


def oldest(db: Connection) -> Mapping[str, datetime]:
    """For each policy that decided a message: when its oldest one was received."""
    first = type_coerce(func.min(messages.c.received), Utc)
    rows = db.execute(
        select(messages.c.policy, first).where(messages.c.policy.is_not(None)).group_by(messages.c.policy)
    )
    return {str(policy): at for policy, at in rows}


def erase(db: Connection, policy: str, before: datetime) -> int:
    """Erase one block of a policy's messages received before an instant; how many.

    A copy that still lies in the mailbox stays known as one that is none of ours, so that it is not taken up again.
    """
    wanted = select(messages.c.id).where(messages.c.policy == policy, messages.c.received < before).limit(BLOCK)
    numbers = list(db.execute(wanted).scalars())
    if numbers:
        db.execute(update(messages).where(messages.c.id.in_(numbers)).values(erasing=True))
        db.execute(update(copies).where(copies.c.message.in_(numbers)).values(message=None))
        db.execute(delete(effects).where(effects.c.message.in_(numbers)))
        db.execute(delete(events).where(events.c.message.in_(numbers)))
        db.execute(delete(messages).where(messages.c.id.in_(numbers)))
    return len(numbers)


def erase_said(db: Connection, before: datetime) -> int:
    """Erase what digests, notices and reminders said and to whom, where they are over and were due before; how many.

    The row stays with its blind key, which tells nothing of anybody. Spent tokens that ran out before go too.
    """
    spent.forget(db, before)
    alone = (effects.c.message.is_(None), effects.c.state.in_(_OVER))
    db.execute(delete(effects).where(*alone, effects.c.sealed_effect == _ERASED, effects.c.wanted < before - KEYS))
    said = (effects.c.sealed_effect != _ERASED, effects.c.wanted < before, effects.c.due < before)
    # What was given up can't be tried again without its words.
    state = case((effects.c.state == State.GIVEN_UP, State.DROPPED), else_=effects.c.state)
    statement = update(effects).where(*alone, *said)
    return int(db.execute(statement.values(person=_ERASED, sealed_effect=_ERASED, state=state)).rowcount)
