"""One commit's change of the catalog, and the rows that it writes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import sqlalchemy as sa

from ragkit.records import Chunk, Document, SegmentInfo, record
from ragkit.store import structure
from ragkit.store.tables import chunks, documents, tombstones


@record
class NewDocument:
    """A document to commit, its chunks, their ids, and the first page of each chunk."""

    document: Document
    chunks: Sequence[Chunk]
    chunk_ids: Sequence[int]
    pages: Sequence[int | None]


@record
class Change:
    """All that one commit does. ``removed`` are ids of live documents; a new document replaces the live one of its URI."""

    reason: str
    added: Sequence[NewDocument] = ()
    removed: Sequence[int] = ()
    new_segments: Sequence[tuple[SegmentInfo, int]] = ()
    dropped_segments: Sequence[str] = ()
    cleared_tombstones: Sequence[int] = ()


def remove(connection: sa.Connection, document_ids: Sequence[int], generation: int) -> None:
    """Tombstone the chunks of live documents and drop their text; the rows stay as the documents' history."""
    theirs = sa.select(chunks.c.id).where(chunks.c.document_id.in_(document_ids))
    connection.execute(tombstones.insert().from_select(["chunk_id"], theirs))
    connection.execute(chunks.delete().where(chunks.c.document_id.in_(document_ids)))
    gone = {"removed_generation": generation, "text": None, "structure": None}
    connection.execute(documents.update().where(documents.c.id.in_(document_ids)).values(gone))


def add(connection: sa.Connection, new: NewDocument, generation: int) -> None:
    """Write the rows of a document, in place of the live one of its URI."""
    document, parsed = new.document, new.document.parsed
    last = connection.execute(
        sa.select(documents.c.id, documents.c.version, documents.c.removed_generation)
        .where(documents.c.uri == document.uri)
        .order_by(documents.c.version.desc())
        .limit(1)
    ).first()
    if last is not None and last.removed_generation is None:
        remove(connection, [last.id], generation)
    row = {
        "uri": document.uri,
        "version": 1 if last is None else last.version + 1,
        "source": document.source,
        "token": document.token,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "title": document.title,
        "characters": len(parsed.text),
        "chunks": len(new.chunks),
        "text": parsed.text,
        "structure": structure.pack(parsed),
        "metadata": dict(document.metadata),
        "acl": None if document.acl is None else list(document.acl),
        "added_at": now(),
        "added_generation": generation,
    }
    document_id = connection.execute(documents.insert().values(row).returning(documents.c.id)).scalar_one()
    rows = [
        {
            "id": i,
            "document_id": document_id,
            "start": c.start,
            "end": c.end,
            "tokens": c.tokens,
            "page": page,
            "headings": list(c.headings) or None,
        }
        for i, c, page in zip(new.chunk_ids, new.chunks, new.pages, strict=True)
    ]
    if rows:
        connection.execute(chunks.insert(), rows)


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
