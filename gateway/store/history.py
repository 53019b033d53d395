"""What a decision must know of the past, counted by the database.

A plain function over a connection: in goes a question, out comes `core.history.History`. A person's last ack and
messages are looked up within the mailbox, since its policy is about it; the counts that stop loops go over all
mailboxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, true, union

from gateway.core import addresses
from gateway.core.effects import Ack
from gateway.core.events import Level, Origin
from gateway.core.history import History
from gateway.ports import Question
from gateway.store import codec
from gateway.store import events as told
from gateway.store.sealing import Sealer
from gateway.store.tables import State, echoes, effects, events, messages
from gateway.store.tokens import tokens_in

#: An ack that was cancelled or dropped was never said.
_NEVER_SAID = (State.CANCELLED, State.DROPPED)


def history(db: Connection, sealer: Sealer, question: Question, now: datetime) -> History:
    """All counts exclude the message itself. Acks count from when they were meant to go."""
    itself = db.execute(select(messages.c.id).where(told.is_ref(sealer, question.ref))).scalar()
    story = next(iter(told.stories(db, sealer, messages.c.id == itself)), None) if itself else None
    # `is_distinct_from` would do for no row at all, but keeps PostgreSQL from its indexes.
    others = _Others(db, sealer, question, effects.c.message != itself if itself else true())
    ours = others.ours()
    last = others.last_ack()
    return History(
        known=True,
        story=story,
        relayed_before=_relayed(db, sealer, question),
        acks_in_thread=others.in_thread(),
        refers_to_ours=bool(ours),
        acks_after_ours=others.after(ours),
        last_ack_at=last.due if last else None,
        last_ack_level=last.level if last else Level.ROUTINE,
        acks_to_person_day=others.to_person_since(now - timedelta(days=1)),
        acks_in_all_hour=others.count(effects.c.wanted > now - timedelta(hours=1)),
        messages=_messages(db, sealer, question, now, itself),
    )


class _Others:
    """Counts of acks that other messages caused."""

    def __init__(self, db: Connection, sealer: Sealer, question: Question, others: ColumnElement[bool]) -> None:
        self._db = db
        self._sealer = sealer
        self._question = question
        self._acks = and_(effects.c.kind == "ack", effects.c.state.not_in(_NEVER_SAID), others)
        self._person = blind_person(sealer, question.person)

    def count(self, *conditions: ColumnElement[bool]) -> int:
        """Acks that meet the conditions."""
        return int(self._db.execute(select(func.count()).where(self._acks, *conditions)).scalar_one())

    def to_person_since(self, instant: datetime) -> int:
        """Acks to the person, whichever mailbox they wrote to."""
        if not self._question.person:
            return 0
        return self.count(effects.c.person == self._person, effects.c.wanted > instant)

    def in_thread(self) -> int:
        """Acks caused in the thread since its last answer."""
        thread = told.blind_hash(self._sealer, "thread", self._question.thread)
        if thread is None:
            return 0
        mailbox = self._question.ref.mailbox
        inside = select(messages.c.id).where(messages.c.mailbox == mailbox, messages.c.thread == thread)
        answers = select(func.max(events.c.at)).where(events.c.message.in_(inside), events.c.kind == "answered")
        answered: datetime | None = self._db.execute(answers).scalar()
        return self.count(effects.c.message.in_(inside), effects.c.stored > answered if answered else true())

    def ours(self) -> Sequence[int]:
        """Rows of our own mail that the message refers to."""
        tokens = tokens_in(self._sealer, self._question.refers_to)
        if not tokens:
            return ()
        return self._db.execute(select(effects.c.id).where(effects.c.token.in_(tokens))).scalars().all()

    def after(self, ours: Sequence[int]) -> int:
        """Acks that this mail of ours has brought about."""
        if not ours:
            return 0
        return self.count(effects.c.id.in_(select(echoes.c.effect).where(echoes.c.ours.in_(ours))))

    def last_ack(self) -> Ack | None:
        """The last one to the person from this mailbox."""
        if not self._question.person:
            return None
        wanted = (
            select(effects.c.key, effects.c.sealed_effect)
            .where(self._acks, effects.c.person == self._person, effects.c.mailbox == self._question.ref.mailbox)
            .order_by(effects.c.wanted.desc(), effects.c.id.desc())
            .limit(1)
        )
        row = self._db.execute(wanted).first()
        if row is None:
            return None
        effect = codec.mail(self._sealer.open(row.sealed_effect, "effects", "sealed_effect", row.key.hex()))
        return effect if isinstance(effect, Ack) else None


def blind_person(sealer: Sealer, address: str) -> bytes:
    """Look-up value of whom an effect goes to."""
    return sealer.blind("effects.person", addresses.key(address))


def _relayed(db: Connection, sealer: Sealer, question: Question) -> bool:
    relayed = exists().where(events.c.message == messages.c.id, events.c.kind == "relayed")
    digest = told.blind_hash(sealer, "digest", question.digest)
    these_bytes = (messages.c.mailbox == question.ref.mailbox, messages.c.digest == digest)
    return db.execute(select(messages.c.id).where(*these_bytes, relayed).limit(1)).first() is not None


def _messages(
    db: Connection, sealer: Sealer, question: Question, now: datetime, itself: int | None
) -> tuple[datetime, ...]:
    """When this person wrote. A machine that writes under their address (an absence note) is not them."""
    if not question.person or question.since is None:
        return ()
    mine = (
        messages.c.mailbox == question.ref.mailbox,
        messages.c.received >= question.since,
        messages.c.received <= now,
        messages.c.origin != Origin.MACHINE,
        messages.c.id != itself if itself else true(),
    )
    # A union, as for an OR the planner of SQLite reads all messages of the span.
    wrote = messages.c.author == told.blind_author(sealer, question.person)
    sent = messages.c.reverse_path == told.blind_reverse_path(sealer, question.person)
    either = union(*(select(messages.c.id, messages.c.received).where(*mine, one) for one in (wrote, sent))).subquery()
    return tuple(db.execute(select(either.c.received).order_by(either.c.received)).scalars())
