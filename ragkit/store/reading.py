"""Reading the catalog: generations, segments, documents, passages, sources, answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit.contracts import Embedder
from ragkit.errors import DocumentNotFound, ModelMismatch, StoreError
from ragkit.records import Document, DocumentInfo, Failure, FileInfo, Parsed, SegmentInfo
from ragkit.store import audit, seal, state, structure
from ragkit.store.changes import batches, document_columns
from ragkit.store.state import State
from ragkit.store.tables import answers, chunks, documents, failures, segments, sources, tombstones

_LIVE = documents.c.removed_generation.is_(None)
_KEPT_DOCUMENTS = 32
_RECORDS_AT_ONCE = 64
_SHORTEST_ID = 6


class Known(NamedTuple):
    """What the catalog knows of a live document: enough to tell whether it changed."""

    document_id: int
    token: str
    sha256: str


class Version(NamedTuple):
    """One version of a document. ``document_id`` is its own and never another's; ``sha256`` is that of the source's bytes."""

    document_id: int
    uri: str
    title: str
    version: int
    sha256: str


class Passage(NamedTuple):
    """A chunk with its text and its document's identity."""

    chunk_id: int
    document_id: int
    uri: str
    title: str
    version: int
    start: int
    end: int
    page: int | None
    headings: tuple[str, ...]
    text: str


class CatalogReader:
    """What can be read of a store. What is read inside one :meth:`snapshot` belongs to one generation."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._parsed: dict[int, Parsed] = {}
        self._parsed_lock = Lock()
        self._listed = False

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection on which everything read belongs to one generation."""
        with self._engine.connect() as connection:  # nothing to commit: the first statement begins, closing rolls back
            yield connection

    # --- generations -----------------------------------------------------------------------------------------

    def generation(self, connection: sa.Connection) -> int:
        """The active generation; 0 before the first commit."""
        return self.state(connection).generation

    def state(self, connection: sa.Connection) -> State:
        """The active generation, and the totals that say which rows are there."""
        return state.read(connection)

    def embedding_model(self, connection: sa.Connection | None = None) -> tuple[str, int, str] | None:
        """``(id, dimension, sha256)`` of the model that the store's vectors come from, once there are some."""
        with nullcontext(connection) if connection is not None else self.snapshot() as seen:
            row = self.state(seen).row
        return None if row["embedding_model"] is None else (row["embedding_model"], row["embedding_dimension"], row["embedding_sha256"])

    def require_model(self, embedder: Embedder, connection: sa.Connection | None = None) -> None:
        """Refuse to compare vectors of two models; with a ``connection``, those of the generation that it sees.

        Raises:
            ModelMismatch: the store's vectors come from another one.
        """
        recorded = self.embedding_model(connection)
        if recorded is not None and recorded[2] != embedder.sha256:
            raise ModelMismatch(
                f"the store's vectors come from {recorded[0]!r} (sha256 {recorded[2][:12]}…), the settings name {embedder.id!r} "
                f"(sha256 {embedder.sha256[:12]}…); go on with the first, or embed everything anew: ragkit reindex --model {embedder.id}"
            )

    def segments(self, connection: sa.Connection) -> list[SegmentInfo]:
        """The active generation's segments, in the order of their chunks."""
        query = sa.select(*_sealed(segments)).where(segments.c.removed_generation.is_(None))
        rows = _whole(segments, connection.execute(query.order_by(segments.c.first_chunk)))
        self.state(connection).require("segments", [row.name for row in rows])
        return [_segment_info(row) for row in rows]

    def dead_chunks(self, connection: sa.Connection) -> NDArray[np.int64]:
        """Ids of chunks that stand in segments but are deleted."""
        found = _ids(connection, sa.select(tombstones.c.chunk_id))
        self.state(connection).require("tombstones", found)
        return found

    def removed_segments(self) -> list[SegmentInfo]:
        """Segments of earlier generations whose files may still be there."""
        with self.snapshot() as connection:
            query = sa.select(*_sealed(segments)).where(segments.c.removed_generation.is_not(None))
            return [_segment_info(row) for row in _whole(segments, connection.execute(query))]

    # --- documents -------------------------------------------------------------------------------------------

    def known(self, uris: Sequence[str]) -> dict[str, Known]:
        """The live documents among ``uris``."""
        found: dict[str, Known] = {}
        with self.snapshot() as connection:
            for some in batches(uris):
                for row in connection.execute(sa.select(*document_columns()).where(_LIVE, documents.c.uri.in_(some))):
                    found[_checked(row).uri] = Known(row.id, row.token, row.sha256)
            if len(found) < len(uris):
                self._require_listing(connection)
        return {uri: found[uri] for uri in uris if uri in found}

    def uris_of(self, source: str) -> dict[str, int]:
        """URIs and ids of the live documents that came from ``source``."""
        with self.snapshot() as connection:
            return {row.uri: row.id for row in self.live_rows(connection) if row.source == source}

    def live_rows(self, connection: sa.Connection) -> list[sa.Row[Any]]:
        """All live documents' rows without texts, each checked, and checked to be all; no index is relied on."""
        # The expression keeps SQLite from answering out of the index of live documents.
        query = sa.select(*document_columns()).where(sa.func.coalesce(documents.c.removed_generation, 0) == 0)
        rows = list(connection.execute(query).all())
        for row in rows:
            seal.require_document(row)
        self.state(connection).require("documents", [row.id for row in rows])
        return rows

    def _require_listing(self, connection: sa.Connection) -> None:
        """Check, once, that looking up a live document finds each; for when one is not found."""
        if self._listed:
            return
        rows = self.live_rows(connection)
        if connection.dialect.name == "sqlite":
            by_index = connection.execute(sa.select(documents.c.uri, documents.c.id).where(_LIVE).order_by(documents.c.uri)).all()
            if [tuple(row) for row in by_index] != sorted([(row.uri, row.id) for row in rows], key=lambda pair: pair[0].encode()):
                raise seal.damaged("the index of documents is not that of its table")
        self._listed = True

    def list_documents(self) -> list[DocumentInfo]:
        """All live documents, by URI."""
        with self.snapshot() as connection:
            rows = self.live_rows(connection)
        return [
            DocumentInfo(
                document_id=row.id,
                uri=row.uri,
                title=row.title,
                version=row.version,
                media_type=row.media_type,
                sha256=row.sha256,
                characters=row.characters,
                chunks=row.chunks,
                added_at=row.added_at,
                acl=None if row.acl is None else tuple(row.acl),
                metadata=row._mapping["metadata"],
            )
            for row in sorted(rows, key=lambda row: row.uri)
        ]

    def count(self, connection: sa.Connection) -> tuple[int, int]:
        """``(live documents, live chunks)``."""
        found = self.state(connection)
        return found.count("documents"), found.count("chunks")

    def document(self, connection: sa.Connection, uri: str) -> Document:
        """The live document ``uri``, whole.

        Raises:
            DocumentNotFound: there is none.
        """
        row = connection.execute(sa.select(*document_columns()).where(_LIVE, documents.c.uri == uri)).first()
        if row is None:
            self._require_listing(connection)
            raise DocumentNotFound(f"no document {uri!r} in the store; `ragkit ls` lists those that are there")
        if _checked(row).uri != uri:
            raise seal.damaged("the index of documents is not that of its table")
        return Document(
            uri=row.uri,
            sha256=row.sha256,
            token=row.token,
            media_type=row.media_type,
            title=row.title,
            parsed=self.parsed(connection, row.id),
            metadata=row._mapping["metadata"],
            acl=None if row.acl is None else tuple(row.acl),
            source=row.source,
        )

    def live_version(self, connection: sa.Connection, uri: str) -> Version | None:
        """The version of the document ``uri`` that is in the store, if one is."""
        row = connection.execute(sa.select(*document_columns()).where(_LIVE, documents.c.uri == uri)).first()
        if row is None:
            self._require_listing(connection)
            return None
        if _checked(row).uri != uri:
            raise seal.damaged("the index of documents is not that of its table")
        return Version(row.id, row.uri, row.title, row.version, row.sha256)

    def version(self, connection: sa.Connection, document_id: int) -> Version:
        """A version by its number, live or not.

        Raises:
            DocumentNotFound: there is none.
        """
        row = connection.execute(sa.select(*document_columns()).where(documents.c.id == document_id)).first()
        if row is None:
            raise DocumentNotFound(f"document number {document_id} is no longer in the store")
        seal.require_document(row)
        return Version(row.id, row.uri, row.title, row.version, row.sha256)

    def parsed(self, connection: sa.Connection, document_id: int) -> Parsed:
        """Text and structure of a document version; the last few are kept, for they never change while they exist."""
        with self._parsed_lock:
            kept = self._parsed.get(document_id)
        if kept is not None:
            return kept
        query = sa.select(*document_columns(), documents.c.structure, documents.c.text).where(documents.c.id == document_id)
        row = connection.execute(query).first()
        if row is not None:
            seal.require_document(row[:-2])
            seal.require_body(document_id, row.seal, row.text, row.structure)
        if row is None or row.text is None:
            self._require_listing(connection)
            raise DocumentNotFound(f"document number {document_id} is no longer in the store")
        parsed = structure.unpack(row.structure, row.text, row.title)
        with self._parsed_lock:
            while len(self._parsed) >= _KEPT_DOCUMENTS:
                self._parsed.pop(next(iter(self._parsed)))
            self._parsed[document_id] = parsed
        return parsed

    def drop_kept(self) -> None:
        """Let go of the documents that were kept for the next question."""
        with self._parsed_lock:
            self._parsed.clear()

    # --- passages --------------------------------------------------------------------------------------------

    def passages(self, connection: sa.Connection, chunk_ids: Iterable[int], *, with_text: bool = True) -> dict[int, Passage]:
        """The live chunks ``chunk_ids``, with their text (or an empty one).

        Raises:
            StoreCorrupt: one of them is not what was written, or not there at all.
        """
        cut = sa.func.substr(documents.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
        text = (cut if with_text else sa.literal("")).label("passage")
        own = [chunks.c[name] for name in seal.FIELDS["chunks"]]
        base = sa.select(*own, documents.c.uri, documents.c.title, documents.c.version, chunks.c.seal, text)
        base = base.join(documents, documents.c.id == chunks.c.document_id)
        found: dict[int, Passage] = {}
        wanted = [int(i) for i in chunk_ids]
        for some in batches(wanted):
            for row in connection.execute(base.where(chunks.c.id.in_(some))):
                number, document_id, start, end, _, page, headings, uri, title, version, sealed, passage = row
                seal.require_chunk(row[:7], (uri, title, version), sealed, passage if with_text else None)
                found[number] = Passage(number, document_id, uri, title, version, start, end, page, tuple(headings or ()), passage)
        missing = [i for i in wanted if i not in found]
        if missing:
            raise seal.damaged(f"passage {missing[0]} stands in the index, and not in the catalog")
        return found

    def live_chunk_ids(self, connection: sa.Connection) -> NDArray[np.int64]:
        """Ids of all live chunks, rising."""
        return _ids(connection, sa.select(chunks.c.id).order_by(chunks.c.id))

    def seal_faults(self, connection: sa.Connection) -> list[str]:
        """Every row that is not what was written, and every table that lacks a row or has one too many; a line each."""
        return audit.faults(connection)

    def broken_documents(self, connection: sa.Connection) -> list[str]:
        """URIs of live documents that cannot be relied on: of themselves, or one of their chunks."""
        return audit.broken_documents(connection)

    def span_faults(self, connection: sa.Connection) -> list[str]:
        """Live documents without text, and chunks that lie outside their document."""
        texts = sa.select(documents.c.uri).where(_LIVE, documents.c.text.is_(None))
        outside = sa.select(chunks.c.id).join(documents, documents.c.id == chunks.c.document_id)
        outside = outside.where(sa.or_(chunks.c.start >= chunks.c.end, chunks.c.end > documents.c.characters, documents.c.text.is_(None)))
        return [
            *(f"document {uri!r} has no text" for uri in connection.execute(texts).scalars()),
            *(f"passage {i} lies outside its document" for i in connection.execute(outside).scalars()),
        ]

    # --- sources, failures, answers --------------------------------------------------------------------------

    def list_sources(self) -> dict[str, dict[str, Any]]:
        """Remembered sources and the options they were ingested with."""
        with self.snapshot() as connection:
            return {row.source: row.options for row in self.all_rows(connection, sources)}

    def list_failures(self) -> list[Failure]:
        """What could not be read the last time its source was."""
        with self.snapshot() as connection:
            return [Failure(uri=row.uri, reason=row.reason) for row in self.all_rows(connection, failures)]

    def all_rows(self, connection: sa.Connection, table: sa.Table) -> list[sa.Row[Any]]:
        """All rows of a small table in the order of its key, checked, and checked to be all."""
        key = next(iter(table.primary_key))
        rows = _whole(table, connection.execute(sa.select(*_sealed(table)).order_by(key)))
        self.state(connection).require(table.name, [row._mapping[key] for row in rows])
        return rows

    def list_answers(self) -> list[dict[str, Any]]:
        """Every answer record's id, time, generation, question, and whether it abstained; the newest first."""
        found: list[dict[str, Any]] = []
        with self.snapshot() as connection:
            for row in connection.execute(sa.select(*_sealed(answers)), execution_options={"yield_per": _RECORDS_AT_ONCE}):
                seal.require_row("answers", row)
                told = {"created_at": row.created_at, "generation": row.generation, "question": row.question}
                found.append({"record_id": row.id, **told, "abstained": bool(row.record.get("abstained"))})
            self.state(connection).require("answers", [one["record_id"] for one in found])
        return sorted(found, key=lambda one: (one["created_at"], one["record_id"]), reverse=True)

    def load_answer(self, answer_id: str) -> dict[str, Any]:
        """An answer record, by its id or by the beginning of it, six characters or more, that no other id has.

        Raises:
            StoreError: there is none with this id.
        """
        wanted = sa.select(*_sealed(answers))
        with self.snapshot() as connection:
            row = connection.execute(wanted.where(answers.c.id == answer_id)).first()
            if row is None:  # by the table, not by its index
                ids = [found.id for found in connection.execute(sa.select(answers.c.id, answers.c.created_at))]
                self.state(connection).require("answers", ids)
                if answer_id in ids:
                    raise seal.damaged("the index of answers is not that of its table")
                begun = [found for found in ids if found.startswith(answer_id)] if len(answer_id) >= _SHORTEST_ID else []
                if len(begun) == 1:
                    answer_id = begun[0]
                    row = connection.execute(wanted.where(answers.c.id == answer_id)).first()
        if row is None:
            raise StoreError(f"no answer record {answer_id!r} in the store; `ragkit answers` lists those that are there")
        seal.require_row("answers", row)
        if row.id != answer_id:
            raise seal.damaged("the index of answers is not that of its table")
        return {"id": row.id, "created_at": row.created_at, "generation": row.generation, "question": row.question, **row.record}

def _sealed(table: sa.Table) -> list[sa.Column[Any]]:
    return [*[table.c[name] for name in seal.FIELDS[table.name]], table.c.seal]


def _whole(table: sa.Table, rows: Iterable[sa.Row[Any]]) -> list[sa.Row[Any]]:
    found = list(rows)
    for row in found:
        seal.require_row(table.name, row)
    return found


def _checked(row: sa.Row[Any]) -> sa.Row[Any]:
    """The row of a live document, whose own fields say that it lives."""
    seal.require_document(row)
    if row.removed_generation is not None:
        raise seal.damaged(f"document {row.uri!r} is both removed and not")
    return row


def _ids(connection: sa.Connection, query: sa.Select[tuple[int]]) -> NDArray[np.int64]:
    """Ids that the query selects.

    Raises:
        StoreCorrupt: one of them is no number.
    """
    found = connection.execute(query).scalars().all()
    try:
        return np.fromiter(found, np.int64, len(found))
    except (TypeError, ValueError) as error:
        raise seal.damaged("an id is no number") from error


def _segment_info(row: Any) -> SegmentInfo:
    files = {part: FileInfo(**file) for part, file in row.files.items()}
    return SegmentInfo(name=row.name, rows=row.rows, **files)
