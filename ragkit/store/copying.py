"""A catalog's rows in another database: what backups and restores are made of."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ragkit.store import engine as engines
from ragkit.store.tables import metadata

#: Rows that are held in memory at once: few of those that carry texts.
_ROWS = {"documents": 8, "answers": 32}
_SMALL_ROWS = 1000


def copy_rows(source: sa.Connection, target: sa.Connection) -> None:
    """Make the tables of ``target`` equal to those that ``source`` sees, column by column; the databases may be of different kinds."""
    for table in reversed(metadata.sorted_tables):
        target.execute(table.delete())
    for table in metadata.sorted_tables:
        key = next(iter(table.primary_key))
        size = _ROWS.get(table.name, _SMALL_ROWS)
        query = sa.select(table).order_by(key).limit(size)
        last: Any = None
        while rows := source.execute(query if last is None else query.where(key > last)).all():
            target.execute(table.insert(), [dict(row._mapping) for row in rows])
            last = rows[-1]._mapping[key]
            if len(rows) < size:
                break


def fix_sequences(connection: sa.Connection) -> None:
    """On PostgreSQL let the sequences of generated keys go on after the highest key that was copied."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = next(iter(table.primary_key))
        if isinstance(column.type, sa.Integer):
            sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))).scalar()
            if sequence is not None:
                highest = connection.execute(sa.select(sa.func.max(column))).scalar() or 0
                connection.execute(sa.select(sa.func.setval(sequence, max(1, highest), highest > 0)))


def write_catalog(source: sa.Connection, file: Path) -> None:
    """Make ``file``, which is not there, an SQLite catalog of the newest format with the rows that ``source`` sees; one file, closed."""
    engine = engines.connect(f"sqlite:///{file}")
    try:
        engines.migrate(engine)
        with engines.writing(engine).begin() as target:
            copy_rows(source, target)
        one_file(engine)
    finally:
        engine.dispose()


def one_file(engine: sa.Engine) -> None:
    """Put everything of an SQLite database that nobody else uses into its file; there is no log beside it any more."""
    with engines.store_errors(), closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA journal_mode=DELETE").fetchall()
        connection.invalidate()


def holds_rows(connection: sa.Connection) -> bool:
    """Whether a catalog has been written to: it has generations, or rows in any table but the one of its state."""
    tables = (table for table in metadata.sorted_tables if table.name != "identity")
    return any(connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None for table in tables)
