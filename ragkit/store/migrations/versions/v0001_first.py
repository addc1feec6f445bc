"""The first format.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("embedding_model", sa.String(500)),
        sa.Column("embedding_dimension", sa.Integer),
        sa.Column("embedding_sha256", sa.String(64)),
        sa.Column("next_chunk_id", _BigId, nullable=False),
    )
    op.create_table(
        "generations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
    )
    op.create_table(
        "documents",
        sa.Column("id", _BigId, primary_key=True),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("structure", sa.LargeBinary),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("acl", sa.JSON),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("added_generation", sa.Integer, nullable=False),
        sa.Column("removed_generation", sa.Integer),
    )
    op.create_index("documents_by_uri", "documents", ["uri", "version"])
    op.create_index("documents_by_source", "documents", ["source"])
    live = sa.text("removed_generation IS NULL")
    op.create_index("documents_live", "documents", ["uri"], unique=True, sqlite_where=live, postgresql_where=live)
    op.create_table(
        "chunks",
        sa.Column("id", _BigId, primary_key=True, autoincrement=False),
        sa.Column("document_id", _BigId, sa.ForeignKey("documents.id"), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("headings", sa.JSON),
    )
    op.create_index("chunks_by_document", "chunks", ["document_id"])
    op.create_table(
        "segments",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("first_chunk", _BigId, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("added_generation", sa.Integer, nullable=False),
        sa.Column("removed_generation", sa.Integer),
    )
    op.create_table("tombstones", sa.Column("chunk_id", _BigId, primary_key=True, autoincrement=False))
    op.create_table(
        "failures",
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("synced_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
    )
