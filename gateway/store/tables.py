"""The tables, as SQLAlchemy Core describes them; migrations/ makes them, a test holds the two together.

What names a person is in no column here as it is: `LargeBinary` columns hold sealed values or blind look-up values
(`gateway.store.sealing`). Events never change; what of them names a person lies apart in `personal`, so that it can be
erased without touching an event. Whole events go only with a message that was marked `erasing` first: triggers refuse
every other UPDATE and DELETE.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An instant: aware, in UTC, to the microsecond. SQLite drops the zone, so it is put back on."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the base class asks for it)
        """Refuses an instant without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant without a zone can't be stored")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the base class asks for it)
        """PostgreSQL gives the zone of its session, SQLite none."""
        if value is None:
            return None
        instant: datetime = value
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


@unique
class State(StrEnum):
    """Where an effect is on its way."""

    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"
    GIVEN_UP = "given-up"
    DROPPED = "dropped"


#: SQLite numbers rows by itself only where the column is an INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")

messages = Table(
    "messages",
    metadata,
    Column("id", Number, primary_key=True),
    Column("mailbox", String, nullable=False),
    # Blind value and sealed text of Ref.key.
    Column("ref", LargeBinary, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    # NULL while only a copy of it is known.
    Column("received", Utc),
    Column("origin", String),
    # The policy that decided it: its card says how long it is kept.
    Column("policy", String),
    # What it was promised, for who asks for a person's earliest open promise.
    Column("answer_by", Utc),
    # Blind values.
    Column("digest", LargeBinary),
    Column("thread", LargeBinary),
    Column("message_id", LargeBinary),
    Column("author", LargeBinary),
    Column("reverse_path", LargeBinary),
    Column("erasing", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("mailbox", "ref"),
    Index(None, "received"),
    # Without it SQLite reads all of a mailbox for what came into it within an hour.
    Index(None, "mailbox", "received"),
    Index(None, "policy", "received"),
    Index(None, "digest"),
    Index(None, "thread"),
    Index(None, "message_id"),
    Index(None, "mailbox", "author", "received"),
    Index(None, "mailbox", "reverse_path", "received"),
)

events = Table(
    "events",
    metadata,
    Column("message", ForeignKey(messages.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("at", Utc, nullable=False),
    # JSON of the fields that name nobody.
    Column("body", Text, nullable=False),
)

personal = Table(
    "personal",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # JSON object: field of the event to sealed value in base64.
    Column("fields", Text, nullable=False),
    ForeignKeyConstraint(["message", "number"], [events.c.message, events.c.number], ondelete="CASCADE"),
)

effects = Table(
    "effects",
    metadata,
    Column("id", Number, primary_key=True),
    # Blind value of the effect's key.
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("mailbox", String, nullable=False),
    # NULL for what no message caused (a digest, a notice).
    Column("message", ForeignKey(messages.c.id)),
    # Blind value of the address that it goes to; empty, as the sealed effect, once that was erased.
    Column("person", LargeBinary, nullable=False),
    # Blind value of the token in our Message-ID.
    Column("token", LargeBinary, nullable=False, unique=True),
    Column("sealed_message_id", LargeBinary, nullable=False),
    Column("sealed_effect", LargeBinary, nullable=False),
    # When it was stored, when it was meant to go, and when it is tried next.
    Column("stored", Utc, nullable=False),
    Column("wanted", Utc, nullable=False),
    Column("due", Utc, nullable=False),
    Column("state", String, nullable=False),
    Column("leased_until", Utc),
    # How often it was claimed; a claim is known again by it.
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Index(None, "state", "due"),
    Index(None, "message", "kind"),
    Index(None, "person", "kind", "wanted"),
    # In this order, as SQLite would take an index by kind for any question about acks, and read all there are.
    Index(None, "wanted", "kind"),
)

#: Which ack was brought about by a message that refers to which mail of ours.
echoes = Table(
    "echoes",
    metadata,
    Column("effect", ForeignKey(effects.c.id, ondelete="CASCADE"), primary_key=True),
    Column("ours", ForeignKey(effects.c.id, ondelete="CASCADE"), primary_key=True, index=True),
)

clients = Table(
    "clients",
    metadata,
    Column("id", Number, primary_key=True),
    Column("mailbox", String, nullable=False),
    # Blind value of the address.
    Column("address", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("mailbox", "address"),
)

folders = Table(
    "folders",
    metadata,
    Column("id", Number, primary_key=True),
    Column("mailbox", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("validity", String, nullable=False),
    Column("next_uid", BigInteger, nullable=False),
    Column("modseq", BigInteger, nullable=False),
    UniqueConstraint("mailbox", "folder"),
)

copies = Table(
    "copies",
    metadata,
    Column("folder", ForeignKey(folders.c.id, ondelete="CASCADE"), primary_key=True),
    Column("uid", String, primary_key=True),
    # Joined by blanks: neither flags nor keywords hold one (RFC 9051 9).
    Column("flags", Text, nullable=False),
    Column("message", ForeignKey(messages.c.id), index=True),
)

#: The presence note of each mailbox.
notes = Table(
    "notes",
    metadata,
    Column("mailbox", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("written", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
)

#: Versions of policies, as their files would say them: they name nobody.
versions = Table(
    "versions",
    metadata,
    Column("name", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("policy", Text, nullable=False),
    Column("since", Utc, nullable=False),
    Column("recorded", Utc, nullable=False),
)

#: Single-use tokens that were spent, as blind values, each till it would have run out by itself.
spent = Table(
    "spent",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    Column("until", Utc, nullable=False, index=True),
)

#: What OAuth 2 sign-ins gave us, by the name of the mailbox or of the smart host.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("name", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

#: One sealed word, which tells whether the key is the one that this database was sealed with.
seal = Table(
    "seal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("blind", LargeBinary, nullable=False),
)
