"""What a mailbox received within a span is found without reading all that it ever received."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_messages_mailbox_received", "messages", ["mailbox", "received"])


def downgrade() -> None:
    op.drop_index("ix_messages_mailbox_received", "messages")
