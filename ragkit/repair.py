"""Making a damaged store whole: what is broken goes to quarantine, what can be derived is rebuilt from the catalog's text."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit import check, passages
from ragkit.contracts import Embedder
from ragkit.records import Jsonable, Progress, SegmentInfo, record
from ragkit.salvage import Salvage, Salvaged
from ragkit.search import indexed_text
from ragkit.settings import Settings
from ragkit.store import analysis, auditlog, changes, compaction, mending
from ragkit.store.catalog import Catalog
from ragkit.store.changes import Change, Rechunked
from ragkit.store.mending import Survey
from ragkit.store.state import Ledger
from ragkit.text.chunking import chunk
from ragkit.text.words import Analyzer, analyzer

#: Rows of one rebuilt segment: what is embedded and held in memory at once.
SEGMENT_ROWS = 16384


@record
class RepairReport(Jsonable):
    """What one repair did.

    ``found`` lists the faults, as ``check`` does. ``lost`` names documents whose text is gone: ingest them again. ``recut`` names
    documents that were cut into passages anew. ``rebuilt`` counts the passages that were indexed anew, ``reused`` those of them
    whose vectors could be kept, ``dropped`` rows of the index that no document has. ``records`` counts broken answer records,
    sources and failures, which are gone. ``quarantined`` names files that were moved to ``quarantine/``. ``left`` are faults that
    remain; ``seconds`` is wall time.
    """

    found: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    recut: tuple[str, ...] = ()
    rebuilt: int = 0
    reused: int = 0
    dropped: int = 0
    records: int = 0
    quarantined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    seconds: float = 0.0


class Repairer:
    """Repairs one store. The caller holds its write lock.

    All is decided and built first, then one commit switches. Only damaged files are moved before it, and these no reader
    opens: a repair that was interrupted is run again.
    """

    def __init__(
        self, folder: Path, catalog: Catalog, embedder: Embedder, settings: Settings, progress: Callable[[Progress], None] | None = None
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._embedder = embedder
        self._settings = settings
        self._progress = progress or (lambda step: None)
        self._rebuilt = self._reused = 0

    def run(self) -> RepairReport:
        """Find what is wrong, mend it, and look again.

        Raises:
            StoreCorrupt: the database itself cannot be read; a backup can be restored.
            ModelMismatch: passages must be embedded, and the settings name another model than the store's.
        """
        started = time.perf_counter()
        self._progress(Progress(stage="reading", done=0))
        found = check.faults(self._folder, self._catalog)
        if not found:
            return RepairReport(seconds=time.perf_counter() - started)
        with self._catalog.mending() as connection:
            mending.rebuild_indexes(connection)
        with self._catalog.snapshot() as connection:
            survey = mending.survey(connection)
        salvage = Salvage(self._folder, self._catalog, self._embedder, survey)
        salvaged = salvage.run()
        recut = list(self._recut(survey))
        dropped = self._switch(survey, salvage, salvaged, recut)
        compaction.sweep(self._folder, self._catalog, patience_s=compaction.PATIENCE_S)
        uris = {info.document_id: info.uri for info in self._catalog.list_documents()}
        return RepairReport(
            found=tuple(found),
            lost=tuple(sorted(set(survey.lost) - set(uris.values()))),
            recut=tuple(uris[some.document_id] for some, _ in recut),
            rebuilt=self._rebuilt,
            reused=self._reused,
            dropped=dropped,
            records=sum(table != "segments" for table, _ in survey.broken_rows),
            quarantined=tuple(salvaged.quarantined),
            left=tuple(check.faults(self._folder, self._catalog)),
            seconds=time.perf_counter() - started,
        )

    def _recut(self, survey: Survey) -> Iterator[tuple[Rechunked, list[str]]]:
        """New chunks for documents whose text is whole and whose chunks are not, with the chunks' texts."""
        first = survey.next_chunk_id
        for number in survey.recut:
            with self._catalog.snapshot() as connection:
                parsed = self._catalog.parsed(connection, number)
            pieces = chunk(parsed, self._embedder.count_tokens, self._settings.chunking)
            ids = range(first, first + len(pieces))
            first += len(pieces)
            texts = [indexed_text(piece.headings, parsed.text[piece.start : piece.end]) for piece in pieces]
            yield Rechunked(document_id=number, chunks=pieces, chunk_ids=ids, pages=passages.pages_of(parsed, pieces)), texts

    def _switch(self, survey: Survey, salvage: Salvage, salvaged: Salvaged, recut: Sequence[tuple[Rechunked, list[str]]]) -> int:
        """Build what is missing and commit; how many rows of the segments that stay turned out to be of no document."""
        indexed = salvaged.indexed()
        dead = np.setdiff1d(indexed, survey.live)
        fresh = {number: text for some, texts in recut for number, text in zip(some.chunk_ids, texts, strict=True)}
        missing = [*np.setdiff1d(survey.live, indexed).tolist(), *fresh]
        borders = np.array(sorted(int(segment.chunk_ids[0]) for segment in salvaged.whole.values()), np.int64)
        if any(number not in salvaged.kept for number in missing) and survey.state is not None:
            self._catalog.require_model(self._embedder)
        new = [self._built(survey, salvage, salvaged, ids, fresh) for ids in _runs(missing, borders)]

        def recut_all(connection: sa.Connection, ledger: Ledger, generation: int) -> None:
            for some, _ in recut:
                changes.rechunk(connection, ledger, some)
            ledger.values["next_chunk_id"] = max([ledger.values["next_chunk_id"], *(number + 1 for number in fresh)])

        def note(connection: sa.Connection, ledger: Ledger, generation: int) -> None:
            auditlog.take_note(connection, ledger, auditlog.unknown_faults(connection))

        def mend(connection: sa.Connection) -> None:
            mending.mend(connection, survey, dead=dead, acknowledged=self._catalog.acknowledged(), identified=self._identified())

        self._progress(Progress(stage="writing", done=0))
        names = [info.name for info in salvaged.damaged]
        self._catalog.commit(Change(reason="repair", steps=[recut_all, note], new_segments=new, dropped_segments=names), mend=mend)
        return len(np.setdiff1d(dead, survey.dead))

    def _built(
        self, survey: Survey, salvage: Salvage, salvaged: Salvaged, ids: list[int], fresh: Mapping[int, str]
    ) -> tuple[SegmentInfo, int]:
        """A segment of the passages ``ids``, with the vectors that could be kept and new ones for the others."""
        stored = salvage.texts([number for number in ids if number not in fresh])
        texts = [fresh[number] if number in fresh else stored[number] for number in ids]
        wanting = [at for at, number in enumerate(ids) if number not in salvaged.kept]
        before = self._rebuilt

        def report(done: int) -> None:
            self._progress(Progress(stage="embedding", done=before + done))

        made = passages.embed(self._embedder, [texts[at] for at in wanting], report, codes=self._settings.embedding.token_codes)
        embedded = passages.spread(made, wanting, {at: salvaged.kept[n] for at, n in enumerate(ids) if n in salvaged.kept})
        self._rebuilt += len(ids)
        self._reused += len(ids) - len(wanting)
        segment = passages.segment_of(ids, texts, embedded, self._analyzer(survey))
        return segment.save(self._folder, compaction.segment_name(ids[0])), ids[0]

    def _analyzer(self, survey: Survey) -> Analyzer:
        """The store's own analysis; the settings' where the store cannot say."""
        return analyzer(self._settings.retrieval.language) if survey.state is None else analysis.recorded(survey.state.row)

    def _identified(self) -> dict[str, Any]:
        """What a lost state is written anew with; no segment stays then that could have been made otherwise."""
        embedder = self._embedder
        model = {"embedding_model": embedder.id, "embedding_dimension": embedder.dimension, "embedding_sha256": embedder.sha256}
        return {**model, "analysis": analyzer(self._settings.retrieval.language).id}


def _runs(ids: Sequence[int], borders: NDArray[np.int64]) -> Iterator[list[int]]:
    """Rising ids in runs, none of which crosses a border (where a segment that stays begins) or is too long for one segment."""
    ordered = sorted(ids)
    places = np.searchsorted(borders, ordered, side="right").tolist()
    for _, group in itertools.groupby(zip(places, ordered, strict=True), key=lambda pair: pair[0]):
        run = [number for _, number in group]
        for at in range(0, len(run), SEGMENT_ROWS):
            yield run[at : at + SEGMENT_ROWS]
