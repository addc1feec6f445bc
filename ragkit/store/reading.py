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
from ragkit.store import structure
from ragkit.store.filters import parse_filter
from ragkit.store.tables import answers, chunks, documents, failures, generations, identity, segments, sources, tombstones

_LIVE = documents.c.removed_generation.is_(None)
_BATCH = 500
_KEPT_DOCUMENTS = 32


class Known(NamedTuple):
    """What the catalog knows of a live document: enough to tell whether it changed."""

    document_id: int
    token: str
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

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection on which everything read belongs to one generation."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    # --- generations -----------------------------------------------------------------------------------------

    def generation(self, connection: sa.Connection) -> int:
        """The active generation; 0 before the first commit."""
        return connection.execute(sa.select(sa.func.max(generations.c.number))).scalar() or 0

    def embedding_model(self, connection: sa.Connection | None = None) -> tuple[str, int, str] | None:
        """``(id, dimension, sha256)`` of the model that the store's vectors come from, once there are some."""
        with nullcontext(connection) if connection is not None else self.snapshot() as seen:
            row = seen.execute(sa.select(identity)).one()
        return None if row.embedding_model is None else (row.embedding_model, row.embedding_dimension, row.embedding_sha256)

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
        query = sa.select(segments).where(segments.c.removed_generation.is_(None)).order_by(segments.c.first_chunk)
        return [_segment_info(row) for row in connection.execute(query)]

    def dead_chunks(self, connection: sa.Connection) -> NDArray[np.int64]:
        """Ids of chunks that stand in segments but are deleted."""
        return np.fromiter(connection.execute(sa.select(tombstones.c.chunk_id)).scalars(), np.int64)

    def removed_segments(self) -> list[SegmentInfo]:
        """Segments of earlier generations whose files may still be there."""
        with self.snapshot() as connection:
            return [_segment_info(row) for row in connection.execute(sa.select(segments).where(segments.c.removed_generation.is_not(None)))]

    # --- documents -------------------------------------------------------------------------------------------

    def known(self, uris: Sequence[str]) -> dict[str, Known]:
        """The live documents among ``uris``."""
        found: dict[str, Known] = {}
        with self.snapshot() as connection:
            for some in batches(uris):
                query = sa.select(documents.c.uri, documents.c.id, documents.c.token, documents.c.sha256).where(
                    _LIVE, documents.c.uri.in_(some)
                )
                found.update({row.uri: Known(row.id, row.token, row.sha256) for row in connection.execute(query)})
        return found

    def uris_of(self, source: str) -> dict[str, int]:
        """URIs and ids of the live documents that came from ``source``."""
        with self.snapshot() as connection:
            rows = connection.execute(sa.select(documents.c.uri, documents.c.id).where(_LIVE, documents.c.source == source))
            return {row.uri: row.id for row in rows}

    def list_documents(self) -> list[DocumentInfo]:
        """All live documents, by URI."""
        wanted = [c for c in documents.c if c.name not in ("text", "structure")]
        with self.snapshot() as connection:
            rows = connection.execute(sa.select(*wanted).where(_LIVE).order_by(documents.c.uri)).all()
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
            for row in rows
        ]

    def count(self, connection: sa.Connection) -> tuple[int, int]:
        """``(live documents, live chunks)``."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(documents.c.chunks), 0)).where(_LIVE)
        row = connection.execute(query).one()
        return int(row[0]), int(row[1])

    def document(self, connection: sa.Connection, uri: str) -> Document:
        """The live document ``uri``, whole.

        Raises:
            DocumentNotFound: there is none.
        """
        wanted = [c for c in documents.c if c.name not in ("text", "structure")]
        row = connection.execute(sa.select(*wanted).where(_LIVE, documents.c.uri == uri)).first()
        if row is None:
            raise DocumentNotFound(f"no document {uri!r} in the store; `ragkit ls` lists those that are there")
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

    def parsed(self, connection: sa.Connection, document_id: int) -> Parsed:
        """Text and structure of a document version; the last few are kept, for they never change while they exist."""
        with self._parsed_lock:
            kept = self._parsed.get(document_id)
        if kept is not None:
            return kept
        query = sa.select(documents.c.text, documents.c.structure, documents.c.title).where(documents.c.id == document_id)
        row = connection.execute(query).first()
        if row is None or row.text is None:
            raise DocumentNotFound(f"document number {document_id} is no longer in the store")
        parsed = structure.unpack(row.structure, row.text, row.title)
        with self._parsed_lock:
            while len(self._parsed) >= _KEPT_DOCUMENTS:
                self._parsed.pop(next(iter(self._parsed)))
            self._parsed[document_id] = parsed
        return parsed

    # --- passages --------------------------------------------------------------------------------------------

    def passages(self, connection: sa.Connection, chunk_ids: Iterable[int], *, with_text: bool = True) -> dict[int, Passage]:
        """The live chunks among ``chunk_ids``, with their text (or an empty one)."""
        cut = sa.func.substr(documents.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
        text = (cut if with_text else sa.literal("")).label("passage")
        columns = (chunks.c.id, chunks.c.document_id, documents.c.uri, documents.c.title, documents.c.version, chunks.c.start, chunks.c.end)
        base = sa.select(*columns, chunks.c.page, chunks.c.headings, text).join(documents, documents.c.id == chunks.c.document_id)
        found: dict[int, Passage] = {}
        for some in batches([int(i) for i in chunk_ids]):
            for row in connection.execute(base.where(chunks.c.id.in_(some))):
                found[row[0]] = Passage(*row[:8], tuple(row[8] or ()), row[9])
        return found

    def allowed_chunks(self, connection: sa.Connection, expression: str | None, principal: str | None) -> NDArray[np.int64] | None:
        """Ids of the chunks that pass the filter and that ``principal`` may see; ``None`` when nothing restricts.

        Raises:
            FilterError: the expression cannot be read.
        """
        if expression is None and principal is None:
            return None
        predicate = parse_filter(expression) if expression is not None else lambda row: True
        columns = (documents.c.id, documents.c.uri, documents.c.title, documents.c.media_type, documents.c.acl, documents.c.metadata)
        visible = []
        for row in connection.execute(sa.select(*columns).where(_LIVE)):
            names = {**row._mapping["metadata"], "uri": row.uri, "title": row.title, "media_type": row.media_type}
            if (principal is None or row.acl is None or principal in row.acl) and predicate(names):
                visible.append(row.id)
        found: list[int] = []
        for ids in batches(visible):
            found.extend(connection.execute(sa.select(chunks.c.id).where(chunks.c.document_id.in_(ids))).scalars())
        return np.array(sorted(found), np.int64)

    def live_chunk_ids(self, connection: sa.Connection) -> NDArray[np.int64]:
        """Ids of all live chunks, rising."""
        return np.fromiter(connection.execute(sa.select(chunks.c.id).order_by(chunks.c.id)).scalars(), np.int64)

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
            return {row.source: row.options for row in connection.execute(sa.select(sources).order_by(sources.c.source))}

    def list_failures(self) -> list[Failure]:
        """What could not be read the last time its source was."""
        with self.snapshot() as connection:
            return [Failure(uri=row.uri, reason=row.reason) for row in connection.execute(sa.select(failures).order_by(failures.c.uri))]

    def load_answer(self, answer_id: str) -> dict[str, Any]:
        """An answer record.

        Raises:
            StoreError: there is none with this id.
        """
        with self.snapshot() as connection:
            row = connection.execute(sa.select(answers).where(answers.c.id == answer_id)).first()
        if row is None:
            raise StoreError(f"no answer record {answer_id!r} in the store; `ragkit ask --json` prints each answer's record_id")
        return {"id": row.id, "created_at": row.created_at, "generation": row.generation, "question": row.question, **row.record}


def _segment_info(row: Any) -> SegmentInfo:
    files = {part: FileInfo(**file) for part, file in row.files.items()}
    return SegmentInfo(name=row.name, rows=row.rows, **files)


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Slices that fit the number of parameters of a statement."""
    for at in range(0, len(values), _BATCH):
        yield values[at : at + _BATCH]
