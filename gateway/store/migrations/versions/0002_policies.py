"""Effects that no message caused, presence notes, versions of policies, and what each message was promised."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

#: Rows filled in one statement.
BLOCK = 1000


def upgrade() -> None:
    let_effects_stand_alone()
    note_what_was_promised()
    op.create_table(
        "notes",
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_notes"),
    )
    op.create_table(
        "versions",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("recorded", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name="pk_versions"),
    )


def let_effects_stand_alone() -> None:
    # SQLite drops the old table for it, and what hangs on its rows goes with them: echoes are put aside meanwhile.
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("CREATE TEMPORARY TABLE kept_echoes AS SELECT effect, ours FROM echoes")
    with op.batch_alter_table("effects") as effects:
        effects.alter_column("message", existing_type=NUMBER, nullable=True)
    if sqlite:
        op.execute("INSERT INTO echoes (effect, ours) SELECT effect, ours FROM kept_echoes")
        op.execute("DROP TABLE kept_echoes")


def note_what_was_promised() -> None:
    op.add_column("messages", sa.Column("answer_by", INSTANT))
    db = op.get_bind()
    messages = sa.table("messages", sa.column("id", NUMBER), sa.column("answer_by", INSTANT))
    events = sa.table("events", sa.column("message"), sa.column("kind"), sa.column("body"))
    promised = [
        {"of": message, "at": datetime.fromisoformat(until).astimezone(UTC)}
        for message, body in db.execute(sa.select(events.c.message, events.c.body).where(events.c.kind == "received"))
        if (until := json.loads(body)["answer_by"])
    ]
    fill = sa.update(messages).where(messages.c.id == sa.bindparam("of")).values(answer_by=sa.bindparam("at"))
    for start in range(0, len(promised), BLOCK):
        db.execute(fill, promised[start : start + BLOCK])


def downgrade() -> None:
    raise NotImplementedError("what no message caused has no place in the step before; restore a backup instead")
