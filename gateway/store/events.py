"""Appends events to a message's story and reads stories back.

Plain functions over a connection, inside the caller's transaction. In go refs and events of the core, out come
stories; what names a person is sealed on the way in and opened on the way out. Knows nothing of effects.

To put a statement together costs several times what it costs to run it, so what every message asks is put together
once, with names for what changes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, insert, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from gateway.core import addresses
from gateway.core.events import Event, Origin, Received, Ref
from gateway.core.history import Story
from gateway.store import codec
from gateway.store.sealing import Sealer
from gateway.store.tables import effects, events, messages, personal
from gateway.store.tokens import tokens_in

Upsert = type[sqlite.Insert] | type[postgresql.Insert]


def upsert(db: Connection) -> Upsert:
    """The INSERT of this engine that knows ON CONFLICT."""
    return upsert_of(db.dialect.name)


def upsert_of(dialect: str) -> Upsert:
    """The same, by the name of the engine."""
    return sqlite.Insert if dialect == "sqlite" else postgresql.Insert


def blind_id(sealer: Sealer, message_id: str) -> bytes | None:
    """Look-up value of a Message-ID, with or without its angle brackets; None for none."""
    bare = message_id.strip().strip("<>")
    return sealer.blind("messages.message_id", bare) if bare else None


def blind_author(sealer: Sealer, address: str) -> bytes | None:
    """Look-up value of an author; None for none."""
    return sealer.blind("messages.author", addresses.key(address)) if address else None


def blind_reverse_path(sealer: Sealer, address: str) -> bytes | None:
    """Look-up value of a reverse-path; None for the null one."""
    return sealer.blind("messages.reverse_path", addresses.key(address)) if address else None


def blind_hash(sealer: Sealer, column: str, value: str) -> bytes | None:
    """Look-up value of a plain hash, which would confirm a guess; None for none."""
    return sealer.blind(f"messages.{column}", value) if value else None


def begin(db: Connection, sealer: Sealer, ref: Ref, received: Received) -> int | None:
    """The new row of a message that was received just now; None where it was received before."""
    values = _identity(sealer, ref) | {
        "received": received.at,
        "origin": received.origin,
        "policy": received.policy,
        "answer_by": received.answer_by,
        "digest": blind_hash(sealer, "digest", received.digest),
        "thread": blind_hash(sealer, "thread", received.thread),
        "message_id": blind_id(sealer, received.message_id),
        "author": blind_author(sealer, received.author),
        "reverse_path": blind_reverse_path(sealer, received.reverse_path),
    }
    number: int | None = db.execute(_begin(db.dialect.name), values).scalar()
    return number


@cache
def _begin(dialect: str) -> ReturningInsert[int]:
    """Made once: to make a statement costs more than to run it."""
    statement = upsert_of(dialect)(messages)
    known = ("mailbox", "ref", "sealed_key", "id", "erasing")
    return statement.on_conflict_do_update(
        index_elements=["mailbox", "ref"],
        set_={column.name: column for column in statement.excluded if column.name not in known},
        where=messages.c.received.is_(None),
    ).returning(messages.c.id)


def known(db: Connection, sealer: Sealer, ref: Ref) -> int | None:
    """The row of a message that was received, locked until the transaction ends; None where there is none."""
    number: int | None = db.execute(_KNOWN, names(sealer, ref)).scalar()
    return number


#: The condition for a message's row, which `names` says what to call.
IS_REF = (messages.c.mailbox == bindparam("mailbox"), messages.c.ref == bindparam("ref"))
_KNOWN = select(messages.c.id).where(*IS_REF, messages.c.received.is_not(None)).with_for_update(key_share=True)
_PLACE = select(messages.c.id).where(*IS_REF)


def place(db: Connection, sealer: Sealer, ref: Ref) -> int:
    """The row of a message, made where there is none: a copy of it may be known before its story."""
    found: int | None = db.execute(_PLACE, names(sealer, ref)).scalar()
    if found is None:
        statement = upsert(db)(messages).values(_identity(sealer, ref)).on_conflict_do_nothing()
        found = db.execute(statement.returning(messages.c.id)).scalar()
    return place(db, sealer, ref) if found is None else found


def add(db: Connection, sealer: Sealer, ref: Ref, message: int, new: Sequence[Event]) -> None:
    """Append events to a message's story. The caller holds the lock on its row, so that numbers don't collide."""
    if not new:
        return
    # A Received begins the story.
    last = 0 if isinstance(new[0], Received) else _last(db, message)
    open_rows, sealed_rows = [], []
    for number, event in enumerate(new, last + 1):
        parts = codec.take_apart(event)
        where = {"message": message, "number": number}
        open_rows.append(where | {"kind": event.kind, "at": event.at, "body": parts.open})
        if parts.personal:
            sealed = _sealed(sealer, _row_name(sealer, ref, number), parts.personal)
            sealed_rows.append(where | {"fields": sealed})
    db.execute(_ADD, open_rows)
    if sealed_rows:
        db.execute(_ADD_PERSONAL, sealed_rows)


_ADD, _ADD_PERSONAL = insert(events), insert(personal)


def _last(db: Connection, message: int) -> int:
    return int(db.execute(_LAST, {"story": message}).scalar_one())


_LAST = select(func.coalesce(func.max(events.c.number), 0)).where(events.c.message == bindparam("story"))


def story(db: Connection, sealer: Sealer, ref: Ref) -> Story | None:
    """One message's story."""
    return next(iter(_told(sealer, db.execute(_STORY, names(sealer, ref)))), None)


def waiting(db: Connection, sealer: Sealer, mailbox: str, author: str) -> tuple[Story, ...]:
    """The stories of one author's messages that are open, oldest first."""
    asked = {"mailbox": mailbox, "author": blind_author(sealer, author)}
    return _to_somebody(_told(sealer, db.execute(_WAITING, asked)))


def opened(db: Connection, sealer: Sealer, mailbox: str, since: datetime) -> tuple[Story, ...]:
    """The stories of a mailbox's messages that are open and were received since, oldest first."""
    return _to_somebody(_told(sealer, db.execute(_OPEN, {"mailbox": mailbox, "since": since})))


def _to_somebody(found: Iterable[Story]) -> tuple[Story, ...]:
    """Without what asks something of the gateway alone: nobody owes that an answer."""
    return tuple(story for story in found if not (story.received and story.received.request))


def stories(
    db: Connection, sealer: Sealer, mailbox: str | None, since: datetime | None, until: datetime | None
) -> tuple[Story, ...]:
    """The stories of all messages that one mailbox, or all, received in a half-open span, oldest first."""
    asked = {"mailbox": mailbox, "since": since, "until": until}
    given = frozenset(name for name, value in asked.items() if value is not None)
    return _told(sealer, db.execute(_stories(given), {name: asked[name] for name in given}))


def _told(sealer: Sealer, rows: Iterable[Any]) -> tuple[Story, ...]:
    told: dict[int, tuple[Ref, list[Event]]] = {}
    for row in rows:
        if row.id not in told:
            told[row.id] = (_ref(sealer, row), [])
        told[row.id][1].append(_event(sealer, row))
    return tuple(Story(ref, tuple(happened)) for ref, happened in told.values())


def _is_open() -> list[ColumnElement[bool]]:
    """The conditions for what a person wrote, as far as can be told, and nobody answered or took back."""
    return [messages.c.origin != Origin.MACHINE, ~happened("answered", "withdrawn")]


def happened(*kinds: str) -> ColumnElement[bool]:
    """The condition for a message that one of these events is told of."""
    return exists().where(events.c.message == messages.c.id, events.c.kind.in_(kinds)).correlate(messages)


def find(db: Connection, sealer: Sealer, mailbox: str, message_ids: Sequence[str]) -> tuple[Ref, ...]:
    """Messages with one of the ids, or that our own mail with one of them was about."""
    ids = [blind for one in message_ids if (blind := blind_id(sealer, one))]
    asked = {"mailbox": mailbox, "ids": ids, "tokens": tokens_in(sealer, message_ids)}
    return tuple(_ref(sealer, row) for row in db.execute(_FIND, asked))


#: Put together, not an OR: for that both engines read every message of the mailbox.
_NAMED = union_all(
    select(messages.c.id).where(messages.c.message_id.in_(bindparam("ids", expanding=True))),
    select(effects.c.message).where(effects.c.token.in_(bindparam("tokens", expanding=True))),
)
_FIND = (
    select(messages.c.mailbox, messages.c.ref, messages.c.sealed_key)
    .where(messages.c.mailbox == bindparam("mailbox"), messages.c.id.in_(_NAMED), messages.c.received.is_not(None))
    .order_by(messages.c.received, messages.c.id)
)
_STORIES = (
    select(messages.c.id, messages.c.mailbox, messages.c.ref, messages.c.sealed_key)
    .add_columns(events.c.number, events.c.kind, events.c.at, events.c.body, personal.c.fields)
    .select_from(
        messages.join(events, events.c.message == messages.c.id).outerjoin(
            personal, and_(personal.c.message == events.c.message, personal.c.number == events.c.number)
        )
    )
    .order_by(messages.c.received, messages.c.id, events.c.number)
)
_STORY = _STORIES.where(*IS_REF)
_WAITING = _STORIES.where(
    messages.c.mailbox == bindparam("mailbox"), messages.c.author == bindparam("author"), *_is_open()
)


@cache
def _stories(given: frozenset[str]) -> Select[Any]:
    """What was received, within as much of a mailbox and a half-open span as is given."""
    within = {
        "mailbox": messages.c.mailbox == bindparam("mailbox"),
        "since": messages.c.received >= bindparam("since"),
        "until": messages.c.received < bindparam("until"),
    }
    return _STORIES.where(messages.c.received.is_not(None), *(within[name] for name in sorted(given)))


_OPEN = _stories(frozenset({"mailbox", "since"})).where(*_is_open())


def refs(db: Connection, sealer: Sealer, numbers: Iterable[int]) -> dict[int, Ref]:
    """Row numbers of messages to their refs."""
    wanted = select(messages.c.id, messages.c.mailbox, messages.c.ref, messages.c.sealed_key)
    return {row.id: _ref(sealer, row) for row in db.execute(wanted.where(messages.c.id.in_(list(numbers))))}


def blind_ref(sealer: Sealer, ref: Ref) -> bytes:
    """Look-up value of a message's identity."""
    return sealer.blind("messages.ref", ref.key)


def names(sealer: Sealer, ref: Ref) -> dict[str, object]:
    """What the statements call a message's identity."""
    return {"mailbox": ref.mailbox, "ref": blind_ref(sealer, ref)}


def _identity(sealer: Sealer, ref: Ref) -> dict[str, object]:
    blind = blind_ref(sealer, ref)
    sealed = sealer.seal(ref.key, "messages", "sealed_key", f"{ref.mailbox}:{blind.hex()}")
    return {"mailbox": ref.mailbox, "ref": blind, "sealed_key": sealed}


def _ref(sealer: Sealer, row: Any) -> Ref:
    return Ref(row.mailbox, sealer.open(row.sealed_key, "messages", "sealed_key", f"{row.mailbox}:{row.ref.hex()}"))


def _row_name(sealer: Sealer, ref: Ref, number: int) -> str:
    return f"{ref.mailbox}:{blind_ref(sealer, ref).hex()}:{number}"


def _sealed(sealer: Sealer, row_name: str, fields: dict[str, str]) -> str:
    """Each field sealed by itself, so that one alone can be erased."""
    sealed = {name: sealer.seal(text, "personal", name, row_name) for name, text in fields.items()}
    return json.dumps({name: base64.b64encode(octets).decode() for name, octets in sealed.items()})


def _event(sealer: Sealer, row: Any) -> Event:
    row_name = f"{row.mailbox}:{row.ref.hex()}:{row.number}"
    sealed = json.loads(row.fields or "{}")
    opened = {name: sealer.open(base64.b64decode(text), "personal", name, row_name) for name, text in sealed.items()}
    return codec.put_together(row.kind, row.at, codec.Parts(row.body, opened))
