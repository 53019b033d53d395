"""The first tables, and the triggers that keep events as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

# An event may go only with a message that was marked `erasing` before, in the same transaction or an earlier one.
SQLITE = (
    """
    CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events never change'); END
    """,
    """
    CREATE TRIGGER events_stay BEFORE DELETE ON events
    WHEN NOT EXISTS (SELECT 1 FROM messages WHERE id = OLD.message AND erasing)
    BEGIN SELECT RAISE(ABORT, 'events stay until their message is marked erasing'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION events_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'events never change'; END $$
    """,
    """
    CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM messages WHERE id = OLD.message AND erasing) THEN
            RAISE EXCEPTION 'events stay until their message is marked erasing';
        END IF;
        RETURN OLD;
    END $$
    """,
    "CREATE TRIGGER events_never_change BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_never_change()",
    "CREATE TRIGGER events_stay BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_stay()",
)


def upgrade() -> None:
    make_messages()
    make_events()
    make_effects()
    make_mailboxes()
    op.create_table(
        "seal",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seal"),
    )


def make_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("received", INSTANT),
        sa.Column("origin", sa.String()),
        sa.Column("policy", sa.String()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("thread", sa.LargeBinary()),
        sa.Column("message_id", sa.LargeBinary()),
        sa.Column("author", sa.LargeBinary()),
        sa.Column("reverse_path", sa.LargeBinary()),
        sa.Column("erasing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("mailbox", "ref", name="uq_messages_mailbox_ref"),
    )
    for column in ("received", "digest", "thread", "message_id"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    for column in ("author", "reverse_path"):
        op.create_index(f"ix_messages_mailbox_{column}_received", "messages", ["mailbox", column, "received"])
    op.create_index("ix_messages_policy_received", "messages", ["policy", "received"])


def make_events() -> None:
    op.create_table(
        "events",
        sa.Column("message", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_events_message_messages"),
        sa.PrimaryKeyConstraint("message", "number", name="pk_events"),
    )
    op.create_table(
        "personal",
        sa.Column("message", NUMBER, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message", "number"],
            ["events.message", "events.number"],
            name="fk_personal_message_number_events",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message", "number", name="pk_personal"),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def make_effects() -> None:
    op.create_table(
        "effects",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("message", NUMBER, nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_message_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_effect", sa.LargeBinary(), nullable=False),
        sa.Column("stored", INSTANT, nullable=False),
        sa.Column("wanted", INSTANT, nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("leased_until", INSTANT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_effects_message_messages"),
        sa.PrimaryKeyConstraint("id", name="pk_effects"),
        sa.UniqueConstraint("key", name="uq_effects_key"),
        sa.UniqueConstraint("token", name="uq_effects_token"),
    )
    op.create_index("ix_effects_message_kind", "effects", ["message", "kind"])
    op.create_index("ix_effects_state_due", "effects", ["state", "due"])
    op.create_index("ix_effects_person_kind_wanted", "effects", ["person", "kind", "wanted"])
    op.create_index("ix_effects_wanted_kind", "effects", ["wanted", "kind"])
    op.create_table(
        "echoes",
        sa.Column("effect", NUMBER, nullable=False),
        sa.Column("ours", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["effect"], ["effects.id"], name="fk_echoes_effect_effects", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ours"], ["effects.id"], name="fk_echoes_ours_effects", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("effect", "ours", name="pk_echoes"),
    )
    op.create_index("ix_echoes_ours", "echoes", ["ours"])


def make_mailboxes() -> None:
    op.create_table(
        "clients",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("mailbox", "address", name="uq_clients_mailbox_address"),
    )
    op.create_table(
        "folders",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("validity", sa.String(), nullable=False),
        sa.Column("next_uid", sa.BigInteger(), nullable=False),
        sa.Column("modseq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("mailbox", "folder", name="uq_folders_mailbox_folder"),
    )
    op.create_table(
        "copies",
        sa.Column("folder", NUMBER, nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("message", NUMBER),
        sa.ForeignKeyConstraint(["folder"], ["folders.id"], name="fk_copies_folder_folders", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_copies_message_messages"),
        sa.PrimaryKeyConstraint("folder", "uid", name="pk_copies"),
    )
    op.create_index("ix_copies_message", "copies", ["message"])


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first step; restore a backup instead")
