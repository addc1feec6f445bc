"""What of a damaged catalog can be relied on, and making a whole catalog of that.

:func:`survey` reads every row by itself, and takes no row for good that its seal does not prove. :func:`mend` removes the others
inside a transaction and seals the state anew; what is to follow from the loss (rebuilt segments) is :mod:`ragkit.repair`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit.errors import StoreCorrupt
from ragkit.records import FileInfo, SegmentInfo, record
from ragkit.store import seal, state
from ragkit.store.changes import batches, document_columns, now
from ragkit.store.tables import (
    answers,
    audit_log,
    chats,
    chunks,
    documents,
    failures,
    feedback,
    generations,
    identity,
    segments,
    sources,
    tombstones,
    turns,
)

#: Ids are not handed out again within this distance of the highest that is still known.
MARGIN = 1 << 20
#: No store hands out so many ids; a higher one is a flipped bit.
_MOST = 1 << 48
#: The reason of a generation whose row is gone.
LOST = "lost"
_PLAIN = (answers, sources, failures, chats, turns, feedback)


@record
class Survey:
    """A catalog as far as it can be trusted.

    ``broken`` are the ids of document rows that cannot be, ``lost`` what those of them that lived were called; ``recut`` are live
    documents whose text is whole and whose chunks are not. ``live`` are the ids of whole chunks, rising, ``strays`` those of all
    other rows, ``dead`` the tombstones as they stand. ``infos`` are the active segments in the order of their ``firsts``, the
    first chunks.
    """

    broken: tuple[int, ...]
    lost: tuple[str, ...]
    recut: tuple[int, ...]
    live: NDArray[np.int64]
    strays: tuple[int, ...]
    dead: NDArray[np.int64]
    infos: tuple[SegmentInfo, ...]
    firsts: tuple[int, ...]
    broken_rows: tuple[tuple[str, Any], ...]
    state: state.State | None
    next_chunk_id: int
    next_document_id: int
    generation: int


def survey(connection: sa.Connection) -> Survey:
    """Look at every row. No error but those of a database file that cannot be read at all.

    Raises:
        StoreCorrupt: the database itself cannot be read.
    """
    try:
        found: state.State | None = state.read(connection)
    except StoreCorrupt:
        _require_usable(connection)
        found = None
    broken: list[int] = []
    lost: list[str] = []
    recut: list[int] = []
    whole: list[int] = []
    numbers = [0]
    for key, row in _each(connection, document_columns(), documents.c.id):
        if not _intact(connection, key, row):
            broken.append(key)
            if row is None or row.removed_generation is None or _has_text(connection, key):
                lost.append(_called(key, row))
            continue
        numbers.extend((row.added_generation, row.removed_generation or 0))
        if row.removed_generation is None:
            theirs = _whole_chunks(connection, row)
            whole.extend(theirs or ())
            if theirs is None:
                recut.append(key)
    rows = connection.execute(sa.select(chunks.c.id)).scalars().all()
    lost.extend(_called(key, None) for key in _without_document(connection))
    infos, broken_segments = _segments(connection)
    dead = [key for key in connection.execute(sa.select(tombstones.c.chunk_id)).scalars() if isinstance(key, int)]
    return Survey(
        broken=tuple(broken),
        lost=tuple(lost),
        recut=tuple(recut),
        live=np.array(sorted(whole), np.int64),
        strays=tuple(set(rows) - set(whole)),
        dead=np.array(sorted(dead), np.int64),
        infos=tuple(info for _, info in infos),
        firsts=tuple(first for first, _ in infos),
        broken_rows=(*broken_segments, *_broken_rows(connection)),
        state=found,
        next_chunk_id=_next_chunk(connection) if found is None else found.row["next_chunk_id"],
        next_document_id=_highest(connection, documents.c.id) + MARGIN if found is None else found.row["next_document_id"],
        generation=max(numbers),
    )


def texts_of(connection: sa.Connection, chunk_ids: Sequence[int]) -> dict[int, tuple[tuple[str, ...], str]]:
    """Headings and text of chunks that a survey has found whole."""
    cut = sa.func.substr(documents.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
    query = sa.select(chunks.c.id, chunks.c.headings, cut).join(documents, documents.c.id == chunks.c.document_id)
    found: dict[int, tuple[tuple[str, ...], str]] = {}
    for some in batches(chunk_ids):
        for number, headings, text in connection.execute(query.where(chunks.c.id.in_(some))):
            found[number] = (tuple(headings or ()), text)
    return found


def mend(
    connection: sa.Connection,
    found: Survey,
    *,
    dead: NDArray[np.int64],
    acknowledged: tuple[int, int],
    identified: Mapping[str, Any],
) -> None:
    """Leave only rows that are whole, ``dead`` as the tombstones, and a state that is sealed over what there is.

    ``acknowledged`` are the generation and the number of writes that the store had come to before; ``identified`` are the
    columns of the state that say which model and analysis the index has, for when the state itself is lost.
    """
    for ids in batches(found.broken):
        connection.execute(chunks.delete().where(chunks.c.document_id.in_(ids)))
        connection.execute(documents.delete().where(documents.c.id.in_(ids)))
    for ids in batches(found.strays):
        connection.execute(chunks.delete().where(chunks.c.id.in_(ids)))
    by_name = {table.name: table for table in (segments, *_PLAIN)}
    for name, key in found.broken_rows:
        connection.execute(by_name[name].delete().where(_key(by_name[name]) == key))
    connection.execute(tombstones.delete())
    for some in batches(dead.tolist()):
        connection.execute(tombstones.insert(), [{"chunk_id": key} for key in some])
    values = _state(found, identified)
    values.update(_log(connection, values, lost=found.state is None))
    values["generation"], values["chain"] = _generations(connection, max(values["generation"], found.generation, acknowledged[0]))
    values["writes"] = max(values["writes"], acknowledged[1])
    values["totals"] = _totals(connection)
    connection.execute(identity.delete())
    connection.execute(identity.insert().values(**values, seal=seal.identity(values)))


def rebuild_indexes(connection: sa.Connection) -> None:
    """SQLite's own indexes anew from their tables; without them a look-up may miss a row that is there."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("REINDEX")


def _each(connection: sa.Connection, columns: Sequence[Any], key: sa.Column[Any]) -> Iterator[tuple[Any, Any]]:
    """Every row by its key, ``None`` for one that cannot be decoded."""
    for some in batches(connection.execute(sa.select(key)).scalars().all()):
        query = sa.select(*columns)
        try:
            found = {row._mapping[key]: row for row in connection.execute(query.where(key.in_(some)))}
        except StoreCorrupt:
            _require_usable(connection)
            found = {one: _one(connection, query.where(key == one)) for one in some}
        yield from ((one, found.get(one)) for one in some)


def _one(connection: sa.Connection, query: sa.Select[Any]) -> Any:
    try:
        return connection.execute(query).first()
    except StoreCorrupt:
        _require_usable(connection)
        return None


def _require_usable(connection: sa.Connection) -> None:
    """Go on after a value that cannot be decoded, but not after pages that cannot be read.

    Raises:
        StoreCorrupt: the database gave the connection up.
    """
    if connection.invalidated:
        raise StoreCorrupt(
            "the catalog's database file is damaged beyond what `ragkit repair` mends: bring back a backup with `ragkit restore`, "
            "or ingest the sources into a new store"
        )


def _intact(connection: sa.Connection, key: Any, row: Any) -> bool:
    """Whether a document's row, structure and text are what was written."""
    if row is None or not seal.intact_document(row):
        return False
    body = _one(connection, sa.select(documents.c.structure, documents.c.text).where(documents.c.id == key))
    live = row.removed_generation is None
    return body is not None and seal.intact_body(row.seal, body.text, body.structure) and live == (body.text is not None)


def _has_text(connection: sa.Connection, key: Any) -> bool:
    """Whether a document was live, whatever its row says: a removed one has no text."""
    return bool(connection.execute(sa.select(documents.c.text.is_not(None)).where(documents.c.id == key)).scalar())


def _called(key: Any, row: Any) -> str:
    return row.uri if row is not None and isinstance(row.uri, str) else f"document number {key}"


def _without_document(connection: sa.Connection) -> list[Any]:
    """Numbers of documents that chunks speak of and that are not there."""
    query = sa.select(chunks.c.document_id).distinct().outerjoin(documents, documents.c.id == chunks.c.document_id)
    return list(connection.execute(query.where(documents.c.id.is_(None))).scalars())


def _whole_chunks(connection: sa.Connection, document: Any) -> list[int] | None:
    """Ids of a live document's chunks; ``None`` unless they are all there and all whole."""
    text: str = connection.execute(sa.select(documents.c.text).where(documents.c.id == document.id)).scalar_one()
    columns = [*[chunks.c[name] for name in seal.FIELDS["chunks"]], chunks.c.seal]
    place = (document.uri, document.title, document.version)
    expected = range(document.first_chunk, document.first_chunk + document.chunks) if document.chunks else range(0)
    try:
        rows = connection.execute(sa.select(*columns).where(chunks.c.document_id == document.id).order_by(chunks.c.id)).all()
    except StoreCorrupt:
        _require_usable(connection)
        return None
    for row in rows:
        fields = seal.intact_chunk(row[:-1], place, row.seal, None)
        if not fields or not seal.intact_chunk(row[:-1], place, row.seal, text[row.start : row.end]):
            return None
    return list(expected) if [row.id for row in rows] == list(expected) else None


def _segments(connection: sa.Connection) -> tuple[list[tuple[int, SegmentInfo]], list[tuple[str, Any]]]:
    """The active segments with their first chunks, in the order of these, and the rows that are broken."""
    kept, broken = [], []
    columns = [*[segments.c[name] for name in seal.FIELDS["segments"]], segments.c.seal]
    for key, row in _each(connection, columns, segments.c.name):
        if row is None or row[-1] != seal.of("segments", row[:-1]):
            broken.append(("segments", key))
        elif row.removed_generation is None:
            parts = {part: FileInfo(**file) for part, file in row.files.items()}
            kept.append((row.first_chunk, SegmentInfo(name=row.name, rows=row.rows, **parts)))
    return sorted(kept, key=lambda pair: pair[0]), broken


def _broken_rows(connection: sa.Connection) -> list[tuple[str, Any]]:
    found = []
    for table in _PLAIN:
        columns = [*[table.c[name] for name in seal.FIELDS[table.name]], table.c.seal]
        for key, row in _each(connection, columns, _key(table)):
            if row is None or row[-1] != seal.of(table.name, row[:-1]):
                found.append((table.name, key))
    return found


def _key(table: sa.Table) -> sa.Column[Any]:
    return next(iter(table.primary_key))


def _highest(connection: sa.Connection, column: sa.ColumnElement[Any]) -> int:
    found = connection.execute(sa.select(sa.func.max(column))).scalar()
    return found if isinstance(found, int) and 0 <= found < _MOST else 0


def _next_chunk(connection: sa.Connection) -> int:
    """An id beyond all that the catalog still knows."""
    keys = (chunks.c.id, tombstones.c.chunk_id, documents.c.first_chunk + documents.c.chunks)
    return MARGIN + max(_highest(connection, key) for key in keys)


def _state(found: Survey, identified: Mapping[str, Any]) -> dict[str, Any]:
    if found.state is not None:
        return {name: value for name, value in found.state.row.items() if name != "seal"}
    ids = {"next_chunk_id": found.next_chunk_id, "next_document_id": found.next_document_id}
    return {"id": 1, **identified, **ids, "generation": 0, "writes": 0}


def _log(connection: sa.Connection, values: Mapping[str, Any], *, lost: bool) -> dict[str, Any]:
    """Take out of the audit log only what cannot be read or has a number that no entry has; how far it has come, if that is lost."""
    hashes: dict[int, bytes] = {}
    most = _MOST if lost else values["audit_count"] or 0
    for key, row in _each(connection, [audit_log.c.number, audit_log.c.content, audit_log.c.hash], audit_log.c.number):
        if row is None or not 1 <= key <= most:
            connection.execute(audit_log.delete().where(audit_log.c.number == key))
        else:
            hashes[key] = row.hash
    if not lost or not hashes:
        return {}
    return {"audit_count": max(hashes), "audit_head": hashes[max(hashes)]}


def _generations(connection: sa.Connection, at_least: int) -> tuple[int, bytes]:
    """Seal the generations' rows anew, put in those that are missing, up to ``at_least``; the last one's number and seal."""
    known: dict[int, tuple[str, str]] = {}
    for row in connection.execute(sa.select(generations.c.number, generations.c.created_at, generations.c.reason)):
        if isinstance(row.number, int) and row.number > 0:
            known[row.number] = (str(row.created_at), str(row.reason))
    # A number far beyond all others is a flipped bit, not a history.
    last = max([at_least, *(number for number in known if number <= at_least + len(known))])
    connection.execute(generations.delete())
    chain, rows = b"", []
    for number in range(1, last + 1):
        created_at, reason = known.get(number, (now(), LOST))
        chain = seal.generation(chain, number, created_at, reason)
        rows.append({"number": number, "created_at": created_at, "reason": reason, "seal": chain})
    if rows:
        connection.execute(generations.insert(), rows)
    return last, chain


def _totals(connection: sa.Connection) -> dict[str, list[Any]]:
    keys = {
        "documents": sa.select(documents.c.id).where(documents.c.removed_generation.is_(None)),
        "chunks": sa.select(chunks.c.id),
        "segments": sa.select(segments.c.name).where(segments.c.removed_generation.is_(None)),
        "tombstones": sa.select(tombstones.c.chunk_id),
        **{table.name: sa.select(_key(table)) for table in _PLAIN},
    }
    totals: dict[str, list[Any]] = {}
    for name in state.COUNTED:
        count, total = seal.total_of(connection.execute(keys[name]).scalars().all())
        totals[name] = [count, f"{total:x}"]
    return totals
