"""Seals and totals: every row that a reader relies on carries a checksum, and the identity row the store's state.

Rows of the first format get their seals here, a batch at a time. On SQLite ``documents`` is written anew, with the text
as its last column. Document ids are given out by the identity row from now on, and a document knows its first chunk.

Revision ID: 0002
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from ragkit.store import seal

revision = "0002"
down_revision = "0001"

_BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_BATCH = 500
_COLUMNS = {
    "identity": ("next_document_id", "generation", "writes", "chain", "totals", "seal"),
    **dict.fromkeys(("generations", "chunks", "segments", "failures", "sources"), ("seal",)),
}
_TYPES: dict[str, Any] = {
    "chain": sa.LargeBinary,
    "seal": sa.LargeBinary,
    "totals": sa.JSON,
    "writes": sa.BigInteger,
    "generation": sa.Integer,
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, _TYPES.get(column, _BigId)))
    if op.get_context().dialect.name == "sqlite":
        _rewrite_documents()
        _rewrite_answers()
    else:
        op.add_column("documents", sa.Column("first_chunk", _BigId))
        op.add_column("documents", sa.Column("seal", sa.LargeBinary))
        op.add_column("answers", sa.Column("seal", sa.LargeBinary))
    connection = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(connection)
    _seal_documents(connection, tables.tables["documents"], tables.tables["chunks"])
    for name, key in (("segments", "name"), ("answers", "id"), ("sources", "source"), ("failures", "uri")):
        _seal_rows(connection, tables.tables[name], key)
    _seal_state(connection, tables.tables)


# --- the columns' order, on SQLite ------------------------------------------------------------------------------


def _rewrite_documents() -> None:
    columns: list[sa.Column[Any]] = [
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
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("acl", sa.JSON),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("added_generation", sa.Integer, nullable=False),
        sa.Column("removed_generation", sa.Integer),
        sa.Column("structure", sa.LargeBinary),
        sa.Column("text", sa.Text),
    ]
    old = [column.name for column in columns]
    columns[10:10] = [sa.Column("first_chunk", _BigId)]
    columns[-2:-2] = [sa.Column("seal", sa.LargeBinary)]
    _rewrite("documents", columns, old)
    op.create_index("documents_by_uri", "documents", ["uri", "version"])
    op.create_index("documents_by_source", "documents", ["source"])
    op.create_index("documents_live", "documents", ["uri"], unique=True, sqlite_where=sa.text("removed_generation IS NULL"))


def _rewrite_answers() -> None:
    columns: list[sa.Column[Any]] = [
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
    ]
    old = [column.name for column in columns]
    columns[-1:-1] = [sa.Column("seal", sa.LargeBinary)]
    _rewrite("answers", columns, old)


def _rewrite(name: str, columns: Sequence[sa.Column[Any]], kept: Sequence[str]) -> None:
    """Make the table anew with ``columns`` in this order; the engine that migrates does not enforce foreign keys."""
    new = op.create_table(f"{name}_new", *columns)
    old = sa.table(name, *[sa.column(column) for column in kept])
    op.execute(new.insert().from_select(list(kept), sa.select(old)))
    op.drop_table(name)
    op.rename_table(f"{name}_new", name)


# --- seals of the rows that are there ------------------------------------------------------------------------------


def _seal_documents(connection: sa.Connection, documents: sa.Table, chunks: sa.Table) -> None:
    for some in _batches(connection.execute(sa.select(documents.c.id).order_by(documents.c.id)).scalars().all()):
        for document_id in some:
            row = dict(connection.execute(sa.select(documents).where(documents.c.id == document_id)).one()._mapping)
            theirs = sa.select(chunks).where(chunks.c.document_id == document_id).order_by(chunks.c.id)
            live = [dict(found._mapping) for found in connection.execute(theirs)]
            row["first_chunk"] = live[0]["id"] if live else None
            sealed = seal.document(row, row["text"], row["structure"])
            changed = {"first_chunk": row["first_chunk"], "seal": sealed}
            connection.execute(documents.update().where(documents.c.id == document_id).values(changed))
            _seal_chunks(connection, chunks, row, live)


def _seal_chunks(connection: sa.Connection, chunks: sa.Table, document: dict[str, Any], live: Sequence[dict[str, Any]]) -> None:
    place = (document["uri"], document["title"], document["version"])
    values = [
        {"chunk": chunk["id"], "new": seal.chunk(chunk, place, (document["text"] or "")[chunk["start"] : chunk["end"]])} for chunk in live
    ]
    if values:
        update = chunks.update().where(chunks.c.id == sa.bindparam("chunk")).values(seal=sa.bindparam("new"))
        connection.execute(update, values)


def _seal_rows(connection: sa.Connection, table: sa.Table, key: str) -> None:
    for some in _batches(connection.execute(sa.select(table.c[key]).order_by(table.c[key])).scalars().all()):
        for row in connection.execute(sa.select(table).where(table.c[key].in_(some))).all():
            sealed = seal.of_row(table.name, dict(row._mapping))
            connection.execute(table.update().where(table.c[key] == row._mapping[key]).values(seal=sealed))


def _seal_state(connection: sa.Connection, tables: Any) -> None:
    generations, identity, documents = tables["generations"], tables["identity"], tables["documents"]
    chain, number = b"", 0
    for row in connection.execute(sa.select(generations).order_by(generations.c.number)).all():
        number = row.number
        chain = seal.generation(chain, number, row.created_at, row.reason)
        connection.execute(generations.update().where(generations.c.number == number).values(seal=chain))
    found = connection.execute(sa.select(identity)).first()
    state = {"id": 1, "next_chunk_id": 1} if found is None else dict(found._mapping)
    last = connection.execute(sa.select(sa.func.max(documents.c.id))).scalar() or 0
    state.update(next_document_id=last + 1, generation=number, writes=1, chain=chain, totals=_totals(connection, tables))
    state["seal"] = seal.identity(state)
    connection.execute(identity.insert().values(state) if found is None else identity.update().values(state))


def _totals(connection: sa.Connection, tables: Any) -> dict[str, list[Any]]:
    keys = {"documents": "id", "chunks": "id", "segments": "name", "tombstones": "chunk_id"}
    keys.update(answers="id", sources="source", failures="uri")
    totals: dict[str, list[Any]] = {}
    for name, key in keys.items():
        query = sa.select(tables[name].c[key])
        if "removed_generation" in tables[name].c:
            query = query.where(tables[name].c.removed_generation.is_(None))
        count, total = seal.total_of(connection.execute(query).scalars())
        totals[name] = [count, f"{total:x}"]
    return totals


def _batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(values)
    while some := list(itertools.islice(iterator, _BATCH)):
        yield some
