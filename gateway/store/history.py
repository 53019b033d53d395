"""What a decision must know of the past, counted by the database.

A plain function over a connection: in goes a question, out comes `core.history.History`. A person's last ack and
messages are looked up within the mailbox, since its policy is about it; the counts that stop loops go over all
mailboxes.

It is asked at every arrival, and to put a statement together costs more than to run it: each is made once, with names
for what changes, and one statement answers all that needs a number or a single row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    select,
    true,
    type_coerce,
    union_all,
)

from gateway.core import addresses
from gateway.core.effects import Ack
from gateway.core.events import Level, Origin
from gateway.core.history import CRISIS, Earlier, History, Note
from gateway.ports import Question
from gateway.store import codec, notes
from gateway.store import events as told
from gateway.store.sealing import Sealer
from gateway.store.tables import State, Utc, echoes, effects, events, messages
from gateway.store.tables import notes as kept_notes
from gateway.store.tokens import tokens_in

#: An ack that was cancelled or dropped was never said.
_NEVER_SAID = (State.CANCELLED, State.DROPPED)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
#: The number of no row: what a message has that was never recorded.
_NONE = 0


def history(db: Connection, sealer: Sealer, question: Question, now: datetime) -> History:
    """All counts exclude the message itself. Acks count from when they were meant to go."""
    asked = _names(sealer, question, now)
    itself: int | None = db.execute(_ITSELF, asked).scalar()
    asked["itself"] = itself or _NONE
    story = told.story(db, sealer, question.ref) if itself else None
    found = db.execute(_FOUND, asked).one()
    last = _last_ack(sealer, found)
    ours = _ours(db, sealer, question)
    return History(
        known=True,
        story=story,
        relayed_before=bool(found.relayed),
        acks_in_thread=found.in_thread,
        refers_to_ours=bool(ours),
        acks_after_ours=db.execute(_AFTER, asked | {"ours": ours}).scalar_one() if ours else 0,
        last_ack_at=last.due if last else None,
        last_ack_level=last.level if last else Level.ROUTINE,
        acks_to_person_day=found.to_person,
        acks_in_all_hour=found.in_all,
        earlier=_earlier(db, asked) if question.since is not None and question.person else (),
        first=bool(question.person) and not found.wrote_before,
        promised=_promised(db, asked) if question.promises and question.person else None,
        note=_note(sealer, question.ref.mailbox, found),
    )


def blind_person(sealer: Sealer, address: str) -> bytes:
    """Look-up value of whom an effect goes to."""
    return sealer.blind("effects.person", addresses.key(address))


def _names(sealer: Sealer, question: Question, now: datetime) -> dict[str, Any]:
    """What the statements call what they are asked about. Nothing equals the None of what is not there."""
    return {
        "mailbox": question.ref.mailbox,
        "ref": told.blind_ref(sealer, question.ref),
        "digest": told.blind_hash(sealer, "digest", question.digest),
        "thread": told.blind_hash(sealer, "thread", question.thread),
        "person": blind_person(sealer, question.person) if question.person else None,
        "author": told.blind_author(sealer, question.person),
        "reverse_path": told.blind_reverse_path(sealer, question.person),
        "since": question.since,
        "now": now,
        "day": now - timedelta(days=1),
        "hour": now - timedelta(hours=1),
    }


def _last_ack(sealer: Sealer, found: Any) -> Ack | None:
    if found.last_key is None:
        return None
    effect = codec.mail(sealer.open(found.last_ack, "effects", "sealed_effect", found.last_key.hex()))
    return effect if isinstance(effect, Ack) else None


def _ours(db: Connection, sealer: Sealer, question: Question) -> Sequence[int]:
    """Rows of our own mail that the message refers to."""
    tokens = tokens_in(sealer, question.refers_to)
    return db.execute(_OURS, {"tokens": tokens}).scalars().all() if tokens else ()


def _earlier(db: Connection, asked: Mapping[str, Any]) -> tuple[Earlier, ...]:
    """When this person wrote, how much, and about what."""
    rows = sorted(db.execute(_EARLIER, asked), key=lambda row: (row.received, row.id, row.number))
    each = (list(own) for _, own in groupby(rows, key=lambda row: (row.received, row.id)))
    return tuple(_as_earlier(own) for own in each if _counts(own))


def _counts(rows: Sequence[Any]) -> bool:
    """Neither what its writer took back, nor what asked for that."""
    return all(row.kind != "withdrawn" for row in rows) and not json.loads(rows[0].body).get("request")


def _as_earlier(rows: Sequence[Any]) -> Earlier:
    """One message's rows, how it came before what the therapist said of it."""
    body: dict[str, Any] = json.loads(rows[0].body)
    categories = [json.loads(row.body)["category"] for row in rows if row.kind == "recategorised"]
    about = CRISIS if body["level"] == Level.CRISIS else (categories or [body["category"]])[-1]
    waived = any(row.kind == "waived" for row in rows)
    return Earlier(rows[0].received, body["new_words"] + body["attachment_words"], about, waived)


def _promised(db: Connection, asked: Mapping[str, Any]) -> datetime | None:
    until: datetime | None = db.execute(_PROMISED, asked).scalar()
    return until


def _note(sealer: Sealer, mailbox: str, found: Any) -> Note | None:
    if found.note is None:
        return None
    return Note(notes.text(sealer, mailbox, found.note), found.note_written, found.note_expires)


# The statements.

#: `is_distinct_from` would do for no row at all, but keeps PostgreSQL from its indexes.
_OTHERS = effects.c.message != bindparam("itself")
_ACKS = and_(effects.c.kind == "ack", effects.c.state.not_in(_NEVER_SAID), _OTHERS)


def _count(*conditions: ColumnElement[bool]) -> Select[int]:
    """Acks that other messages caused and that meet the conditions."""
    return select(func.count()).select_from(effects).where(_ACKS, *conditions)


def _mine(*columns: ColumnElement[Any], where: Sequence[ColumnElement[bool]] = ()) -> tuple[Select[Any], Select[Any]]:
    """This person's messages in this mailbox, by author and by reverse-path: for an OR the planner of SQLite reads all.

    A machine that writes under their address (an absence note) is not them.
    """
    others = (
        messages.c.mailbox == bindparam("mailbox"),
        messages.c.origin != Origin.MACHINE,
        messages.c.id != bindparam("itself"),
        *where,
    )
    wrote = messages.c.author == bindparam("author")
    # None comes twice.
    sent = and_(
        messages.c.reverse_path == bindparam("reverse_path"),
        messages.c.author.is_distinct_from(bindparam("author")),
    )
    return select(*columns).where(*others, wrote), select(*columns).where(*others, sent)


def _inside() -> Select[int]:
    thread = (messages.c.mailbox == bindparam("mailbox"), messages.c.thread == bindparam("thread"))
    return select(messages.c.id).where(*thread)


def _found() -> Select[Any]:
    """One row with all that is a number, a yes or no, or a single row of its own."""
    relayed = exists().where(events.c.message == messages.c.id, events.c.kind == "relayed")
    these_bytes = (messages.c.mailbox == bindparam("mailbox"), messages.c.digest == bindparam("digest"))
    answered = select(func.max(events.c.at)).where(events.c.message.in_(_inside()), events.c.kind == "answered")
    since_answered = effects.c.stored > func.coalesce(answered.scalar_subquery(), literal(_LONG_AGO, Utc))
    wrote, sent = (exists(one) for one in _mine(messages.c.id))
    last = (
        select(effects.c.key, effects.c.sealed_effect)
        .where(_ACKS, effects.c.person == bindparam("person"), effects.c.mailbox == bindparam("mailbox"))
        .order_by(effects.c.wanted.desc(), effects.c.id.desc())
        .limit(1)
        .subquery("last")
    )
    note = and_(kept_notes.c.mailbox == bindparam("mailbox"), kept_notes.c.expires > bindparam("now"))
    one = select(literal(1).label("one")).subquery("one")
    return select(
        exists(select(messages.c.id).where(*these_bytes, relayed)).label("relayed"),
        _count(effects.c.message.in_(_inside()), since_answered).scalar_subquery().label("in_thread"),
        _count(effects.c.person == bindparam("person"), effects.c.wanted > bindparam("day"))
        .scalar_subquery()
        .label("to_person"),
        _count(effects.c.wanted > bindparam("hour")).scalar_subquery().label("in_all"),
        (wrote | sent).label("wrote_before"),
        last.c.key.label("last_key"),
        last.c.sealed_effect.label("last_ack"),
        kept_notes.c.sealed.label("note"),
        kept_notes.c.written.label("note_written"),
        kept_notes.c.expires.label("note_expires"),
    ).select_from(one.outerjoin(last, true()).outerjoin(kept_notes, note))


def _open_promise() -> Select[datetime]:
    """The earliest one that is still ahead."""
    closed = told.happened("answered", "withdrawn")
    ahead = union_all(*_mine(messages.c.answer_by, where=(messages.c.answer_by > bindparam("now"), ~closed))).subquery()
    return select(type_coerce(func.min(ahead.c.answer_by), Utc))


def _messages() -> Any:
    """This person's messages since an instant, with what lies open of them and of what the therapist said of them."""
    span = (
        messages.c.received >= bindparam("since"),
        messages.c.received <= bindparam("now"),
        events.c.message == messages.c.id,
        events.c.kind.in_(("received", "recategorised", "waived", "withdrawn")),
    )
    columns = (messages.c.id, messages.c.received, events.c.number, events.c.kind, events.c.body)
    return union_all(*_mine(*columns, where=span))


_ITSELF = select(messages.c.id).where(messages.c.mailbox == bindparam("mailbox"), messages.c.ref == bindparam("ref"))
_FOUND = _found()
_OURS = select(effects.c.id).where(effects.c.token.in_(bindparam("tokens", expanding=True)))
_AFTER = _count(effects.c.id.in_(select(echoes.c.effect).where(echoes.c.ours.in_(bindparam("ours", expanding=True)))))
_EARLIER = _messages()
_PROMISED = _open_promise()
