"""Every live document chunked and embedded anew, beside the index that is in use, and one commit that switches to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from ragkit import passages
from ragkit.contracts import Embedder
from ragkit.records import Chunk, DocumentInfo, Jsonable, Progress, SegmentInfo, record
from ragkit.search import indexed_text
from ragkit.settings import Settings
from ragkit.store import changes, compaction
from ragkit.store.catalog import Catalog
from ragkit.store.changes import Change, Rechunked
from ragkit.store.state import Ledger
from ragkit.text.chunking import chunk
from ragkit.text.words import analyzer

#: Rows of one new segment: what is embedded and held in memory at once.
SEGMENT_ROWS = 16384
RESERVED_AT_ONCE = 4096


@record
class ReindexReport(Jsonable):
    """What one reindexing did. ``model`` is the embedding model that all vectors come from now; ``seconds`` is wall time."""

    model: str
    documents: int
    chunks: int
    segments: int
    seconds: float = 0.0


class Reindexer:
    """Rebuilds the index of one store. The caller holds the store's write lock while it does."""

    def __init__(
        self, folder: Path, catalog: Catalog, embedder: Embedder, settings: Settings, progress: Callable[[Progress], None] | None = None
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._embedder = embedder
        self._settings = settings
        self._progress = progress or (lambda step: None)
        self._analyzer = analyzer(settings.retrieval.language)
        self._done = 0
        self._reserved = range(0)

    def run(self) -> ReindexReport:
        """Build all segments anew, then make them the next generation with their chunks and their model.

        Until that commit nothing has happened: readers search the old index, and after an interruption the next writer
        removes the files.

        Raises:
            StoreCorrupt: a document's text is not what was written; ``ragkit repair`` takes it out.
        """
        started = time.perf_counter()
        compaction.sweep(self._folder, self._catalog)
        rechunked: list[Rechunked] = []
        new: list[tuple[SegmentInfo, int]] = []
        pending: list[tuple[int, str]] = []
        for some, texts in self._documents():
            rechunked.append(some)
            pending.extend(zip(some.chunk_ids, texts, strict=True))
            while len(pending) >= SEGMENT_ROWS:
                new.append(self._segment(pending[:SEGMENT_ROWS]))
                del pending[:SEGMENT_ROWS]
        if pending:
            new.append(self._segment(pending))
        self._switch(rechunked, new)
        compaction.tidy(self._folder, self._catalog, kind=self._settings.retrieval.dense_kind)
        compaction.sweep(self._folder, self._catalog)
        with self._catalog.snapshot() as connection:
            segments = len(self._catalog.segments(connection))
        return ReindexReport(
            model=self._embedder.id,
            documents=len(rechunked),
            chunks=sum(len(some.chunks) for some in rechunked),
            segments=segments,
            seconds=time.perf_counter() - started,
        )

    def _documents(self) -> Iterator[tuple[Rechunked, list[str]]]:
        """Each live document with its new chunks, and these as the index sees them."""
        listed = self._catalog.list_documents()
        for number, info in enumerate(listed):
            self._progress(Progress(stage="reading", done=number, total=len(listed), uri=info.uri))
            yield self._cut(info)

    def _cut(self, info: DocumentInfo) -> tuple[Rechunked, list[str]]:
        with self._catalog.snapshot() as connection:
            parsed = self._catalog.parsed(connection, info.document_id)
        pieces: list[Chunk] = chunk(parsed, self._embedder.count_tokens, self._settings.chunking)
        ids = self._ids(len(pieces))
        texts = [indexed_text(piece.headings, parsed.text[piece.start : piece.end]) for piece in pieces]
        cut = Rechunked(document_id=info.document_id, chunks=pieces, chunk_ids=ids, pages=passages.pages_of(parsed, pieces))
        return cut, texts

    def _ids(self, count: int) -> range:
        """Ids that follow one another; reserved many at a time, for each reservation is a write."""
        if len(self._reserved) < count:
            size = max(count, RESERVED_AT_ONCE)
            first = self._catalog.reserve_chunk_ids(size)
            self._reserved = range(first, first + size)
        ids, self._reserved = self._reserved[:count], self._reserved[count:]
        return ids

    def _segment(self, rows: list[tuple[int, str]]) -> tuple[SegmentInfo, int]:
        ids, texts = [number for number, _ in rows], [text for _, text in rows]
        before = self._done

        def report(done: int) -> None:
            self._progress(Progress(stage="embedding", done=before + done))

        embedded = passages.embed(self._embedder, texts, report, codes=self._settings.embedding.token_codes)
        segment = passages.segment_of(ids, texts, embedded, self._analyzer)
        self._done += len(rows)
        return segment.save(self._folder, compaction.segment_name(ids[0])), ids[0]

    def _switch(self, rechunked: list[Rechunked], new: list[tuple[SegmentInfo, int]]) -> None:
        self._progress(Progress(stage="writing", done=self._done, total=self._done))
        with self._catalog.snapshot() as connection:
            old = [info.name for info in self._catalog.segments(connection)]
            dead = self._catalog.dead_chunks(connection)

        def replace(connection: sa.Connection, ledger: Ledger, generation: int) -> None:
            for some in rechunked:
                changes.rechunk(connection, ledger, some)
            embedder = self._embedder
            model = {"embedding_model": embedder.id, "embedding_dimension": embedder.dimension, "embedding_sha256": embedder.sha256}
            ledger.values.update(model, analysis=self._analyzer.id)

        change = Change(reason="reindex", steps=[replace], new_segments=new, dropped_segments=old, cleared_tombstones=dead.tolist())
        self._catalog.commit(change)
