"""Erasing documents from the catalog: every row that holds or names them, in all versions, and what the database keeps of it.

An erasure is two generations (:mod:`ragkit.store.pending`). The first takes the rows away in one transaction; the documents'
rows in the segments are tombstones from then on. The second says that files and database pages are clean as well. As long as
it is missing the erasure is pending, and the next writer completes it.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ragkit.records import record
from ragkit.store import changes, memory, seal
from ragkit.store import engine as engines
from ragkit.store.catalog import Catalog
from ragkit.store.changes import batches, now
from ragkit.store.filters import parse_filter
from ragkit.store.pending import BEGUN
from ragkit.store.state import Ledger
from ragkit.store.tables import answers, chunks, documents, failures, feedback, sources, turns

#: What a database server is told to write anew: the tables whose rows an erasure takes away, then its own statistics of them.
_WRITTEN_ANEW = (*(table.name for table in (chunks, documents, answers, failures, sources, turns, feedback)), "pg_catalog.pg_statistic")
_RECORDS_AT_ONCE = 64
_RETRY_S = 0.05


@record
class Named:
    """What of the catalog holds or names some documents. ``known`` are the URIs of which it has documents, ``document_ids`` the
    numbers of all their versions, ``live`` those that live."""

    uris: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    document_ids: tuple[int, ...] = ()
    live: tuple[int, ...] = ()
    chunks: int = 0
    answers: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the catalog does not know them at all."""
        return not (self.document_ids or self.answers or self.failures or self.sources)


def matching(connection: sa.Connection, expression: str) -> list[str]:
    """URIs of the documents whose newest version, live or removed, passes a filter; by URI.

    Raises:
        FilterError: the filter cannot be read.
    """
    passes = parse_filter(expression)
    columns = (documents.c.uri, documents.c.title, documents.c.media_type, documents.c.metadata)
    newest: dict[str, bool] = {}
    for row in connection.execute(sa.select(*columns).order_by(documents.c.uri, documents.c.version)):
        names = {**row._mapping["metadata"], "uri": row.uri, "title": row.title, "media_type": row.media_type}
        newest[row.uri] = passes(names)
    return [uri for uri, passed in newest.items() if passed]


def named(connection: sa.Connection, uris: Sequence[str]) -> Named:
    """What of the catalog holds or names the documents ``uris``. Reads every answer record."""
    rows: list[Any] = []
    for some in batches(uris):
        columns = (documents.c.id, documents.c.uri, documents.c.source, documents.c.chunks, documents.c.removed_generation)
        rows.extend(connection.execute(sa.select(*columns).where(documents.c.uri.in_(some))))
    live = [row for row in rows if row.removed_generation is None]
    mentions = Mentions(uris, [row.id for row in rows])
    return Named(
        uris=tuple(uris),
        known=frozenset(row.uri for row in rows),
        document_ids=tuple(row.id for row in rows),
        live=tuple(row.id for row in live),
        chunks=sum(row.chunks for row in live),
        answers=tuple(_answers(connection, mentions)),
        failures=tuple(row.uri for row in connection.execute(sa.select(failures)) if mentions.text(row.uri, row.source, row.reason)),
        sources=tuple(_sources(connection, mentions, {row.source for row in rows}, {row.id for row in live})),
    )


class Mentions:
    """Tells whether a text or a record mentions one of some documents: by URI, as a word of its own, or by the document's number."""

    def __init__(self, uris: Sequence[str], document_ids: Sequence[int]) -> None:
        self._uris = frozenset(uris)
        self._ids = frozenset(document_ids)

    def text(self, *texts: str) -> bool:
        """Whether one of ``texts`` does."""
        return any(uri in text and re.search(rf"(?<!\w){re.escape(uri)}(?!\w)", text) for text in texts for uri in self._uris)

    def content(self, value: Any) -> bool:
        """Whether anything in a JSON value does."""
        strings: list[str] = []
        return self._numbered(value, strings) or not self._uris.isdisjoint(strings) or self.text("\n".join(strings))

    def _numbered(self, value: Any, strings: list[str]) -> bool:
        """Whether a ``document_id`` in it is one of them; its texts are collected on the way."""
        stack = [value]
        while stack:
            found = stack.pop()
            if isinstance(found, str):
                strings.append(found)
            elif isinstance(found, Mapping):
                if found.get("document_id") in self._ids:
                    return True
                stack.extend((*found.keys(), *found.values()))
            elif isinstance(found, list):
                stack.extend(found)
        return False


def _answers(connection: sa.Connection, mentions: Mentions) -> Iterator[str]:
    """Records that quote the documents, list them as candidates, or were asked about them."""
    after = ""
    query = sa.select(answers.c.id, answers.c.question, answers.c.record).order_by(answers.c.id).limit(_RECORDS_AT_ONCE)
    while rows := connection.execute(query.where(answers.c.id > after)).all():
        after = rows[-1].id
        yield from (row.id for row in rows if mentions.text(row.question) or mentions.content(row.record))


def _sources(connection: sa.Connection, mentions: Mentions, theirs: set[str], live: set[int]) -> Iterator[str]:
    """Sources that name the documents, and those of which nothing else is left in the store."""
    for row in connection.execute(sa.select(sources)).all():
        if mentions.text(row.source) or mentions.content(_stateless(row.options)):
            yield row.source
        elif row.source in theirs:
            others = sa.select(documents.c.id).where(documents.c.source == row.source, documents.c.removed_generation.is_(None))
            if set(connection.execute(others).scalars()) <= live:
                yield row.source


def erase(catalog: Catalog, uris: Sequence[str]) -> tuple[Named, int]:
    """Take away, in one transaction, all that holds or names the documents; what that was, and the new generation.

    The records of answers that are being given meanwhile are not kept (:meth:`ragkit.store.catalog.Catalog.save_answer`).
    """
    with catalog._write() as (connection, ledger):
        found = named(connection, uris)
        number = ledger.begin_generation(now(), BEGUN)
        for ids in batches(found.live):
            changes.remove(connection, ledger, ids, number)
        for ids in batches(found.document_ids):
            connection.execute(documents.delete().where(documents.c.id.in_(ids)))
        _delete(connection, ledger, answers, found.answers)
        memory.erase(connection, ledger, found.answers, Mentions(uris, ()).text)
        _delete(connection, ledger, failures, found.failures)
        _delete(connection, ledger, sources, found.sources)
        _clear_states(connection)
    return found, number


def _clear_states(connection: sa.Connection) -> None:
    """What connectors remember may name the documents in any way; without it they only ask for more than they would need."""
    for row in connection.execute(sa.select(sources)).all():
        if "state" in row.options:
            cleared = {"source": row.source, "options": _stateless(row.options), "synced_at": row.synced_at}
            sealed = seal.of_row(sources.name, cleared)
            connection.execute(sources.update().where(sources.c.source == row.source).values(options=cleared["options"], seal=sealed))


def _stateless(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != "state"}


def _delete(connection: sa.Connection, ledger: Ledger, table: sa.Table, keys: Sequence[str]) -> None:
    column = next(iter(table.primary_key))
    for some in batches(keys):
        connection.execute(table.delete().where(column.in_(some)))
    ledger.removed(table.name, keys)


def is_server(catalog: Catalog) -> bool:
    """Whether the catalog is a database server's, which keeps logs of its own."""
    return catalog._engine.dialect.name != "sqlite"


def clean(catalog: Catalog, *, patience_s: float) -> list[str]:
    """Have the database drop what deleted rows left in its files; what could not be done within ``patience_s`` seconds, in words.

    SQLite: ``VACUUM``, since pages keep copies of rows that were moved, then the write-ahead log is emptied. PostgreSQL:
    ``VACUUM (FULL, ANALYZE)`` of the tables, so that neither pages nor statistics hold them.
    """
    return (_clean_server if is_server(catalog) else _clean_sqlite)(catalog._engine, patience_s)


def _clean_sqlite(engine: sa.Engine, patience_s: float) -> list[str]:
    deadline = time.monotonic() + patience_s
    with engines.store_errors(), closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(patience_s * 1000)}")
        try:
            cursor.execute("VACUUM")
            while not _log_emptied(cursor):
                if time.monotonic() >= deadline:
                    return ["the catalog's write-ahead log: a reader still needs it"]
                time.sleep(_RETRY_S)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            return [f"the catalog's free pages ({error})"]
        finally:
            cursor.close()  # or the connection stays half open as long as an error is held
            connection.invalidate()  # the next one has the usual options again
    return []


def _log_emptied(cursor: Any) -> bool:
    """``wal_checkpoint`` says ``(busy, pages in the log, pages copied)``."""
    try:
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error) and "busy" not in str(error):
            raise
        return False
    return not busy


def _clean_server(engine: sa.Engine, patience_s: float) -> list[str]:
    left = []
    own = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)  # VACUUM stands in no transaction
    with own.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = {int(patience_s * 1000)}")
        for table in _WRITTEN_ANEW:
            try:
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
            except DBAPIError as error:
                left.append(f"dead rows of the table {table} ({_first_line(error)})")
    return left


def _first_line(error: DBAPIError) -> str:
    found = error.orig.args[0] if error.orig is not None and error.orig.args else error
    return str(found.get("M", found) if isinstance(found, dict) else found).splitlines()[0]
