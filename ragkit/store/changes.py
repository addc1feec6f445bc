"""One commit's change of the catalog, and the rows that it writes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ragkit.records import Chunk, Document, SegmentInfo, record
from ragkit.store import seal, structure
from ragkit.store.state import Ledger
from ragkit.store.tables import chunks, documents, segments, tombstones

_BATCH = 500


@record
class NewDocument:
    """A document to commit, its chunks, their ids, which follow one another, and the first page of each chunk."""

    document: Document
    chunks: Sequence[Chunk]
    chunk_ids: Sequence[int]
    pages: Sequence[int | None]


@record
class Rechunked:
    """New chunks of a live document that stays as it is, in place of those that it has."""

    document_id: int
    chunks: Sequence[Chunk]
    chunk_ids: Sequence[int]
    pages: Sequence[int | None]


@record
class Change:
    """All that one commit does. ``removed`` are ids of live documents; a new document replaces the live one of its URI.

    ``steps`` are called with the connection, the ledger and the new generation, before segments change.
    """

    reason: str
    steps: Sequence[Callable[[sa.Connection, Ledger, int], None]] = ()
    added: Sequence[NewDocument] = ()
    removed: Sequence[int] = ()
    new_segments: Sequence[tuple[SegmentInfo, int]] = ()
    dropped_segments: Sequence[str] = ()
    cleared_tombstones: Sequence[int] = ()


def remove(connection: sa.Connection, ledger: Ledger, document_ids: Sequence[int], generation: int) -> None:
    """Tombstone the chunks of live documents and drop their text; the rows stay as the documents' history."""
    found = connection.execute(sa.select(*document_columns()).where(documents.c.id.in_(document_ids))).all()
    for row in found:
        seal.require_document(row)
        _bury(connection, ledger, row)
        gone = {**row._mapping, "removed_generation": generation, "text": None, "structure": None}
        gone["seal"] = seal.document(gone, None, None)
        connection.execute(documents.update().where(documents.c.id == row.id).values(gone))
    ledger.removed("documents", [row.id for row in found])


def _bury(connection: sa.Connection, ledger: Ledger, document: Any) -> None:
    """Tombstones for a document's chunks, in place of the chunks."""
    if not document.chunks:
        return
    theirs = range(document.first_chunk, document.first_chunk + document.chunks)
    deleted = connection.execute(chunks.delete().where(chunks.c.id.between(theirs[0], theirs[-1]))).rowcount
    if deleted != len(theirs):
        raise seal.damaged(f"document {document.uri!r} has {deleted} passages, recorded are {len(theirs)}")
    connection.execute(tombstones.insert(), [{"chunk_id": i} for i in theirs])
    ledger.added("tombstones", theirs)
    ledger.removed("chunks", theirs)


def add(connection: sa.Connection, ledger: Ledger, added: Sequence[NewDocument], generation: int) -> None:
    """Write the rows of documents with different URIs, each in place of the live one of its URI."""
    last = _last_versions(connection, [new.document.uri for new in added])
    replaced = [row.id for row in last.values() if row.removed_generation is None]
    for ids in batches(replaced):
        remove(connection, ledger, ids, generation)
    rows, pieces = [], []
    for number, new in enumerate(added, ledger.values["next_document_id"]):
        before = last.get(new.document.uri)
        rows.append(_document_row(new, number, 1 if before is None else before.version + 1, generation))
        pieces.extend(_chunk_rows(new, rows[-1]))
    if rows:
        connection.execute(documents.insert(), rows)
    if pieces:
        connection.execute(chunks.insert(), pieces)
    ledger.values["next_document_id"] += len(rows)
    ledger.added("documents", [row["id"] for row in rows])
    ledger.added("chunks", [piece["id"] for piece in pieces])


def _last_versions(connection: sa.Connection, uris: Sequence[str]) -> dict[str, Any]:
    """The row of each URI's last version, live or not, where there is one."""
    last: dict[str, Any] = {}
    for some in batches(uris):
        query = sa.select(*document_columns()).where(documents.c.uri.in_(some)).order_by(documents.c.version)
        for row in connection.execute(query):
            seal.require_document(row)
            last[row.uri] = row
    return last


def _document_row(new: NewDocument, number: int, version: int, generation: int) -> dict[str, Any]:
    document, parsed = new.document, new.document.parsed
    row = {
        "id": number,
        "uri": document.uri,
        "version": version,
        "source": document.source,
        "token": document.token,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "title": document.title,
        "characters": len(parsed.text),
        "chunks": len(new.chunks),
        "first_chunk": new.chunk_ids[0] if new.chunk_ids else None,
        "metadata": seal.plain(dict(document.metadata)),
        "acl": None if document.acl is None else list(document.acl),
        "added_at": now(),
        "added_generation": generation,
        "removed_generation": None,
        "text": parsed.text,
        "structure": structure.pack(parsed),
    }
    return {**row, "seal": seal.document(row, parsed.text, row["structure"])}


def _chunk_rows(new: NewDocument | Rechunked, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    first = document["first_chunk"] or 0
    if list(new.chunk_ids) != list(range(first, first + len(new.chunks))):
        raise ValueError(f"the chunk ids of {document['uri']!r} do not follow one another")
    rows = []
    for number, c, page in zip(new.chunk_ids, new.chunks, new.pages, strict=True):
        row = {
            "id": number,
            "document_id": document["id"],
            "start": c.start,
            "end": c.end,
            "tokens": c.tokens,
            "page": page,
            "headings": list(c.headings) or None,
        }
        place = (document["uri"], document["title"], document["version"])
        rows.append({**row, "seal": seal.chunk(row, place, document["text"][c.start : c.end])})
    return rows


def rechunk(connection: sa.Connection, ledger: Ledger, new: Rechunked) -> None:
    """Replace the chunks of a live document. What the old ones have in segments is the caller's to bury or to drop."""
    columns = [*document_columns(), documents.c.structure, documents.c.text]
    row = connection.execute(sa.select(*columns).where(documents.c.id == new.document_id)).one()
    seal.require_document(row[:-2])
    seal.require_body(row.id, row.seal, row.text, row.structure)
    old = connection.execute(sa.select(chunks.c.id).where(chunks.c.document_id == row.id)).scalars().all()
    connection.execute(chunks.delete().where(chunks.c.document_id == row.id))
    ledger.removed("chunks", old)
    changed = {**row._mapping, "chunks": len(new.chunks), "first_chunk": new.chunk_ids[0] if new.chunk_ids else None}
    sealed = seal.document(changed, row.text, row.structure)
    values = {name: changed[name] for name in ("chunks", "first_chunk")}
    connection.execute(documents.update().where(documents.c.id == row.id).values(**values, seal=sealed))
    rows = _chunk_rows(new, changed)
    if rows:
        connection.execute(chunks.insert(), rows)
    ledger.added("chunks", new.chunk_ids)


def add_segment(connection: sa.Connection, ledger: Ledger, info: SegmentInfo, first_chunk: int, generation: int) -> None:
    """Record a segment of the generation."""
    row = {
        "name": info.name,
        "rows": info.rows,
        "first_chunk": first_chunk,
        "files": {part: file.to_dict() for part, file in info.parts.items()},
        "added_generation": generation,
        "removed_generation": None,
    }
    connection.execute(segments.insert().values(**row, seal=seal.of_row("segments", row)))
    ledger.added("segments", [info.name])


def drop_segments(connection: sa.Connection, ledger: Ledger, names: Sequence[str], generation: int) -> None:
    """Take segments out of the generation; their rows stay until their files are gone."""
    found = connection.execute(sa.select(segments).where(segments.c.name.in_(names), segments.c.removed_generation.is_(None))).all()
    for row in found:
        gone = {**row._mapping, "removed_generation": generation}
        gone["seal"] = seal.of_row("segments", gone)
        connection.execute(segments.update().where(segments.c.name == row.name).values(gone))
    ledger.removed("segments", [row.name for row in found])


def clear_tombstones(connection: sa.Connection, ledger: Ledger, chunk_ids: Sequence[int]) -> None:
    """Forget deleted chunks that no segment holds any more."""
    found = connection.execute(sa.select(tombstones.c.chunk_id).where(tombstones.c.chunk_id.in_(chunk_ids))).scalars().all()
    connection.execute(tombstones.delete().where(tombstones.c.chunk_id.in_(found)))
    ledger.removed("tombstones", found)


def document_columns() -> list[sa.Column[Any]]:
    """The columns that :func:`ragkit.store.seal.require_document` checks, in its order: all but text and structure."""
    return [*[documents.c[name] for name in seal.FIELDS["documents"]], documents.c.seal]


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Slices that fit the number of parameters of a statement."""
    for at in range(0, len(values), _BATCH):
        yield values[at : at + _BATCH]


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
