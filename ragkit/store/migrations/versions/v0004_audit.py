"""The audit log, chat sessions and feedback. A store that was there before has an empty log.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    # The seal of the identity row is over the columns that hold something, so new ones break none.
    op.add_column("identity", sa.Column("audit_count", sa.BigInteger))
    op.add_column("identity", sa.Column("audit_head", sa.LargeBinary))
    op.add_column("identity", sa.Column("audit_salt", sa.LargeBinary))
    op.create_table(
        "audit_log",
        sa.Column("number", _BigId, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "chats",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("principal", sa.JSON),
        sa.Column("seal", sa.LargeBinary),
    )
    op.create_table(
        "turns",
        sa.Column("record_id", sa.String(40), primary_key=True),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("seal", sa.LargeBinary),
    )
    op.create_index("turns_by_chat", "turns", ["chat", "number"])
    op.create_table(
        "feedback",
        sa.Column("record_id", sa.String(40), primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("seal", sa.LargeBinary),
    )
