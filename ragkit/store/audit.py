"""All rows of the catalog against their seals, and all tables against their totals: what ``ragkit check`` lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import sqlalchemy as sa

from ragkit.errors import StoreCorrupt
from ragkit.store import auditlog, seal, state
from ragkit.store.changes import document_columns
from ragkit.store.tables import (
    answers,
    chats,
    chunks,
    documents,
    failures,
    feedback,
    generations,
    segments,
    sources,
    tombstones,
    turns,
)

#: Texts are read one document at a time, small rows so many.
_BATCH = 500
_SHOWN = 20


def faults(connection: sa.Connection) -> list[str]:
    """What is wrong with the catalog, a line each; each part is looked at, though another is unreadable.

    It is read on other connections than the given one, which stays usable.
    """
    found: list[str] = []
    for part in (_database_faults, _document_faults, _chunk_faults, _small_faults, _generation_faults, _total_faults, _log_faults):
        with _Reader(connection.engine) as reader:
            try:
                found.extend(_first(part(reader)))
            except StoreCorrupt as error:
                found.append(str(error))
    return list(dict.fromkeys(found))


def broken_documents(connection: sa.Connection) -> list[str]:
    """URIs of live documents whose row, text or a passage is not what was written."""
    with _Reader(connection.engine) as reader:
        broken = [row.uri for row, reason in _documents(reader) if reason is not None and row.removed_generation is None]
        broken += [row.uri for row, _ in _chunks(reader)]
    return sorted({str(uri) for uri in broken if uri is not None})


class _Reader:
    """Reads one snapshot, and goes on with another connection after one that met with damage."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connection(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        """All rows of the query.

        Raises:
            StoreCorrupt: they cannot be read.
        """
        try:
            return list(self.connection.execute(query).all())
        except StoreCorrupt:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _first(lines: Iterator[str]) -> Iterator[str]:
    """The first few lines of a kind of fault, and how many more there are."""
    more = 0
    for number, line in enumerate(lines):
        if number < _SHOWN:
            yield line
        else:
            more += 1
    if more:
        yield f"{more} more like the last"


def _database_faults(reader: _Reader) -> Iterator[str]:
    """What SQLite itself finds: pages, indexes against their tables, foreign keys."""
    if reader.connection.dialect.name == "sqlite":
        lines = reader.connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
        yield from (f"catalog: {line}" for line in lines if line != "ok")


def _document_faults(reader: _Reader) -> Iterator[str]:
    for row, reason in _documents(reader):
        if reason is not None:
            yield f"document {row.uri!r}, version {row.version}: its {reason} is not what was written"


def _documents(reader: _Reader) -> Iterator[tuple[Any, str | None]]:
    """Each document's row and what of it is broken, if anything."""
    columns = document_columns()
    body = sa.select(documents.c.structure, documents.c.text)
    for row in _pages(reader, sa.select(*columns), documents.c.id):
        if not seal.intact_document(row):
            yield row, "row"
            continue
        try:
            [(structure, text)] = reader.rows(body.where(documents.c.id == row.id))
        except (StoreCorrupt, ValueError):  # unreadable, or not one row
            yield row, "text"
            continue
        live = row.removed_generation is None
        whole = seal.intact_body(row.seal, text, structure) and live == (text is not None)
        yield row, None if whole else "text"


def _chunk_faults(reader: _Reader) -> Iterator[str]:
    for row, reason in _chunks(reader):
        yield f"passage {row.id} of {row.uri!r} {reason}"


def _chunks(reader: _Reader) -> Iterator[tuple[Any, str]]:
    """Each broken chunk, and why it is."""
    cut = sa.func.substr(documents.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
    own = [chunks.c[name] for name in seal.FIELDS["chunks"]]
    place = (documents.c.uri, documents.c.title, documents.c.version, documents.c.first_chunk, documents.c.chunks)
    query = sa.select(*own, *place, chunks.c.seal, cut.label("passage")).outerjoin(documents, documents.c.id == chunks.c.document_id)
    for row in _pages(reader, query, chunks.c.id):
        if not seal.intact_chunk(row[:7], (row.uri, row.title, row.version), row.seal, row.passage or ""):
            yield row, "is not what was written"
        elif row.first_chunk is None or not row.first_chunk <= row.id < row.first_chunk + row[11]:
            yield row, "is not one of its document's"


def _small_faults(reader: _Reader) -> Iterator[str]:
    for table in (segments, answers, sources, failures, chats, turns, feedback):
        columns = [*[table.c[name] for name in seal.FIELDS[table.name]], table.c.seal]
        try:
            rows = reader.rows(sa.select(*columns))
        except StoreCorrupt as error:
            yield f"{table.name}: {error}"
            continue
        for row in rows:
            if row[-1] != seal.of(table.name, row[:-1]):
                yield f"the row of {table.name} {row[0]!r} is not what was written"


def _generation_faults(reader: _Reader) -> Iterator[str]:
    """Generations follow one another, and each seal covers the one before."""
    found = state.read(reader.connection)
    chain, last = b"", 0
    for row in reader.rows(sa.select(generations).order_by(generations.c.number)):
        chain = seal.generation(chain, row.number, row.created_at, row.reason)
        if row.number != last + 1 or row.seal != chain:
            yield f"generation {row.number} is not what was written, or generation {last + 1} is gone"
            return
        last = row.number
    if (last, chain) != (found.generation, found.row["chain"]):
        yield f"generation {found.generation} is the active one, the last one recorded is {last}"


def _total_faults(reader: _Reader) -> Iterator[str]:
    found = state.read(reader.connection)
    live = sa.func.coalesce(documents.c.removed_generation, 0) == 0
    queries: dict[str, sa.Select[Any]] = {
        "documents": sa.select(documents.c.id, documents.c.token).where(live),
        "chunks": sa.select(chunks.c.id, chunks.c.tokens),
        "segments": sa.select(segments.c.name, segments.c.rows).where(segments.c.removed_generation.is_(None)),
        "tombstones": sa.select(tombstones.c.chunk_id),
        "answers": sa.select(answers.c.id, answers.c.created_at),
        "sources": sa.select(sources.c.source, sources.c.synced_at),
        "failures": sa.select(failures.c.uri, failures.c.reason),
        "chats": sa.select(chats.c.id, chats.c.created_at),
        "turns": sa.select(turns.c.record_id, turns.c.question),
        "feedback": sa.select(feedback.c.record_id, feedback.c.verdict),
    }
    for name, query in queries.items():
        try:
            fault = found.fault(name, [row[0] for row in reader.rows(query)])
        except StoreCorrupt as error:
            fault = str(error)
        if fault is not None:
            yield fault


def _log_faults(reader: _Reader) -> Iterator[str]:
    yield from (fault.line for fault in auditlog.unknown_faults(reader.connection))


def _pages(reader: _Reader, query: sa.Select[Any], key: sa.Column[Any]) -> Iterator[Any]:
    """The rows of ``query`` by rising ``key``, a batch at a time, so that a large store is not held in memory."""
    last = None
    while True:
        some = reader.rows((query if last is None else query.where(key > last)).order_by(key).limit(_BATCH))
        yield from some
        if len(some) < _BATCH:
            return
        last = some[-1]._mapping[key]
