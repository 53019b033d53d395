"""The outbox as rows: stored with what caused them, claimed by one worker at a time, settled once.

Plain functions over a connection, inside the caller's transaction. A claim is a lease: `attempts` counts the claims of
a row, so that a worker whose lease ran out while it hung can't undo what a later one does.

    waiting ─ claim ─> (leased) ─ settle ─> done | given-up
       │  ^               │                    └─ retry ─> waiting
       │  └── postpone ───┘
       ├─ Cancel, unless leased ─> cancelled ─ the same effect again ─> waiting
       └─ drop ─> dropped
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, case, func, or_, select, type_coerce, update
from sqlalchemy.sql.dml import ReturningInsert

from gateway.core.effects import Ack, Cancel, Effect, Mail
from gateway.core.events import Event, GivenUp, Ref
from gateway.ports import Claim, Pending
from gateway.store import codec
from gateway.store import events as told
from gateway.store.history import blind_person
from gateway.store.sealing import Sealer, SealError
from gateway.store.tables import State, Utc, echoes, effects
from gateway.store.tokens import blind_token, draw, tokens_in

log = structlog.get_logger(__name__)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NO_REFS: Mapping[Ref, int] = MappingProxyType({})


def put(
    db: Connection, sealer: Sealer, host: str, effect: Effect, at: datetime | None, known: Mapping[Ref, int] = _NO_REFS
) -> None:
    """Store an effect that was caused at `at`, or take its target back. `known` are rows of messages.

    What was said, or is being said, stays.
    """
    if isinstance(effect, Cancel):
        _cancel(db, sealer, effect)
        return
    message = known.get(effect.ref) or (told.place(db, sealer, effect.ref) if effect.ref.key else None)
    key = _blind_key(sealer, effect.key)
    token = draw()
    values = {
        "key": key,
        "kind": effect.kind,
        "mailbox": effect.ref.mailbox,
        "message": message,
        "token": blind_token(sealer, token),
        "sealed_message_id": sealer.seal(f"<{token}@{host}>", "effects", "sealed_message_id", key.hex()),
        "attempts": 0,
        "person": blind_person(sealer, effect.to),
        "sealed_effect": sealer.seal(codec.mail_text(effect), "effects", "sealed_effect", key.hex()),
        "stored": at or effect.due,
        "wanted": effect.due,
        "due": effect.due,
        "state": State.WAITING,
        "error": "",
    }
    number: int | None = db.execute(_put(db.dialect.name), values).scalar()
    if number is not None and isinstance(effect, Ack):
        _note_echoes(db, sealer, number, effect)


@cache
def _put(dialect: str) -> ReturningInsert[int]:
    """Made once: to make a statement costs more than to run it. An effect armed anew keeps its Message-ID."""
    statement = told.upsert_of(dialect)(effects)
    anew = ("person", "sealed_effect", "stored", "wanted", "due", "state", "error")
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={name: statement.excluded[name] for name in anew},
        where=effects.c.state == State.CANCELLED,
    ).returning(effects.c.id)


def claim(db: Connection, sealer: Sealer, now: datetime, lease_until: datetime, limit: int) -> tuple[Claim, ...]:
    """Claim what is due, each row for one worker (SKIP LOCKED on PostgreSQL; on SQLite one transaction writes)."""
    asked = {"now": now, "lease": lease_until, "most": limit}
    rows = sorted(db.execute(_TAKE, asked), key=lambda row: (row.due, row.id))
    return tuple(claimed for row in rows if (claimed := _readable(db, sealer, row)) is not None)


def _readable(db: Connection, sealer: Sealer, row: Any) -> Claim | None:
    """The claim; one that can't be opened or read is given up, so that it does not stand before all others for ever."""
    try:
        return _claimed(sealer, row)
    except (SealError, ValueError) as error:
        values = {"state": State.GIVEN_UP, "leased_until": None, "error": f"can't be read: {type(error).__name__}"}
        db.execute(update(effects).where(effects.c.id == row.id).values(values))
        # Without traceback: an error's text may hold mail.
        log.error("effect-unreadable", effect=row.id, error=type(error).__name__)  # noqa: TRY400
        return None


_CLAIM = (
    effects.c.id,
    effects.c.key,
    effects.c.sealed_effect,
    effects.c.sealed_message_id,
    effects.c.attempts,
    effects.c.stored,
    effects.c.due,
)
_FREE = or_(effects.c.leased_until.is_(None), effects.c.leased_until <= bindparam("now"))
_PICKED = (
    select(effects.c.id)
    .where(effects.c.state == State.WAITING, effects.c.due <= bindparam("now"), _FREE)
    .order_by(effects.c.due, effects.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, key_share=True)
    .cte("picked")
)
#: Made once: to make a statement costs more than to run it.
_TAKE = (
    update(effects)
    .where(effects.c.id.in_(select(_PICKED.c.id)))
    .values(leased_until=bindparam("lease"), attempts=effects.c.attempts + 1)
    .returning(*_CLAIM)
)


def settle(db: Connection, sealer: Sealer, claimed: Claim, happened: Sequence[Event]) -> None:
    """Close the effect and append what happened. The first to settle tells; what left is told even of a dropped one.

    What no message caused has no story to tell it in.
    """
    given_up = any(isinstance(event, GivenUp) for event in happened)
    ref = claimed.effect.ref
    # The message's row first, as `append` does: two that lock in opposite orders would wait for each other.
    message = told.known(db, sealer, ref) if ref.key else None
    state = State.GIVEN_UP if given_up else State.DONE
    asked = {"effect": claimed.id, "becomes": state, "tries": claimed.attempts}
    closed = db.execute(_GIVE_UP if given_up else _CLOSE, asked).rowcount
    if closed and message is not None:
        told.add(db, sealer, ref, message, happened)


_CLOSE = (
    update(effects)
    .where(effects.c.id == bindparam("effect"), effects.c.state != State.DONE)
    .values(state=bindparam("becomes"), leased_until=None)
)
_GIVE_UP = _CLOSE.where(effects.c.state == State.WAITING, effects.c.attempts == bindparam("tries"))


def postpone(db: Connection, claimed: Claim, due: datetime, error: str) -> None:
    """Free the claim, unless another worker holds it since."""
    mine = (effects.c.id == claimed.id, effects.c.attempts == claimed.attempts, effects.c.state == State.WAITING)
    db.execute(update(effects).where(*mine).values(due=due, leased_until=None, error=error))


def free_leases(db: Connection) -> None:
    """Free every claim at once: for who knows that all their holders are gone."""
    db.execute(update(effects).where(effects.c.leased_until.is_not(None)).values(leased_until=None))


def next_due(db: Connection) -> datetime | None:
    """The earliest due time, or end of a lease, of all that waits."""
    found: datetime | None = db.execute(_NEXT_DUE).scalar()
    return found


_NEXT_DUE = select(type_coerce(func.min(func.coalesce(effects.c.leased_until, effects.c.due)), Utc)).where(
    effects.c.state == State.WAITING
)


def pending(db: Connection) -> tuple[Pending, ...]:
    """What waits and what was given up, for people."""
    state = case((effects.c.leased_until.is_not(None), "claimed"), else_=effects.c.state).label("state")
    columns = (
        effects.c.id,
        effects.c.kind,
        effects.c.mailbox,
        state,
        effects.c.attempts,
        effects.c.due,
        effects.c.error,
    )
    wanted = select(*columns).where(effects.c.state.in_((State.WAITING, State.GIVEN_UP))).order_by(effects.c.id)
    return tuple(Pending(*row) for row in db.execute(wanted))


def retry(db: Connection, number: int) -> bool:
    """Make it due at once. A lease stays: who holds it is trying right now."""
    statement = update(effects).where(effects.c.id == number, effects.c.state.in_((State.WAITING, State.GIVEN_UP)))
    return bool(db.execute(statement.values(state=State.WAITING, due=_LONG_AGO)).rowcount)


def drop(db: Connection, number: int) -> bool:
    """Never carry it out, not even where it is caused again."""
    statement = update(effects).where(effects.c.id == number, effects.c.state.in_((State.WAITING, State.GIVEN_UP)))
    return bool(db.execute(statement.values(state=State.DROPPED, leased_until=None)).rowcount)


def _cancel(db: Connection, sealer: Sealer, effect: Cancel) -> None:
    # A lease, even one that ran out, may mean that it was handed over: then it can't be taken back.
    db.execute(_TAKE_BACK, {"target": _blind_key(sealer, effect.target)})


_TAKE_BACK = (
    update(effects)
    .where(effects.c.key == bindparam("target"), effects.c.state == State.WAITING, effects.c.leased_until.is_(None))
    .values(state=State.CANCELLED)
)


def _note_echoes(db: Connection, sealer: Sealer, number: int, ack: Ack) -> None:
    """Remember which mail of ours the acked message refers to: its References go into the ack's own."""
    tokens = tokens_in(sealer, (*ack.references, ack.in_reply_to))
    ours = db.execute(select(effects.c.id).where(effects.c.token.in_(tokens))).scalars().all() if tokens else ()
    if ours:
        rows = [{"effect": number, "ours": one} for one in ours]
        db.execute(told.upsert(db)(echoes).values(rows).on_conflict_do_nothing())


def _blind_key(sealer: Sealer, key: str) -> bytes:
    return sealer.blind("effects.key", key)


def _claimed(sealer: Sealer, row: Any) -> Claim:
    name = row.key.hex()
    effect: Mail = codec.mail(sealer.open(row.sealed_effect, "effects", "sealed_effect", name))
    message_id = sealer.open(row.sealed_message_id, "effects", "sealed_message_id", name)
    return Claim(row.id, effect, message_id, row.attempts, row.stored)
