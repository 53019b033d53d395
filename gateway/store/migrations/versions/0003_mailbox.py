"""Spent single-use tokens, and what OAuth 2 sign-ins gave us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_spent"),
    )
    op.create_index("ix_spent_until", "spent", ["until"])
    op.create_table(
        "sign_ins",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sign_ins"),
    )


def downgrade() -> None:
    op.drop_table("sign_ins")
    op.drop_table("spent")
