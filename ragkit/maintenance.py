"""The part of :class:`ragkit.api.Ragkit` that looks after the store itself: thin methods, the work is in modules of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragkit.check import faults
from ragkit.duplicates import Duplicates, duplicates
from ragkit.models import load
from ragkit.records import Progress
from ragkit.reindex import Reindexer, ReindexReport
from ragkit.repair import Repairer, RepairReport
from ragkit.safekeeping import Safekeeping
from ragkit.store import compaction, statistics
from ragkit.store.compaction import CompactReport
from ragkit.store.lock import writer_lock

if TYPE_CHECKING:
    from ragkit.contracts import Embedder

OnProgress = Callable[[Progress], None]

#: Parts of an open store that belong to one embedding model; each is made anew when it is next needed.
_OF_MODEL = ("embedder", "verifier", "_tokens", "_reranker", "_searcher", "_asker")


class Maintenance(Safekeeping):
    """What a store offers for its own care."""

    if TYPE_CHECKING:

        @cached_property
        def embedder(self) -> Embedder:
            """The model that turns text into vectors."""

    def status(self) -> dict[str, Any]:
        """What the store holds: counts, bytes, the active generation, the embedding model, what could not be read."""
        with self._catalog.snapshot() as connection:
            generation = self._catalog.generation(connection)
            documents, chunks = self._catalog.count(connection)
            segments = self._catalog.segments(connection)
        model = self._catalog.embedding_model()
        return {
            "store": str(self.path),
            "generation": generation,
            "documents": documents,
            "chunks": chunks,
            "segments": len(segments),
            "index_bytes": sum(file.bytes for i in segments for file in i.files),
            "bytes": sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file()),
            "embedding_model": None if model is None else {"id": model[0], "dimension": model[1], "sha256": model[2]},
            "sources": list(self._catalog.list_sources()),
            "failures": [failure.to_dict() for failure in self._catalog.list_failures()],
        }

    def stats(self) -> dict[str, Any]:
        """What the store weighs: rows and bytes of each part, terms, deleted rows, bytes a chunk, what is in quarantine.

        Raises:
            StoreCorrupt: a segment's file is missing or is not the recorded one.
        """
        return statistics.measure(self.path, self._segments, self._catalog)

    def duplicates(self, threshold: float = 0.8) -> list[Duplicates]:
        """Groups of documents with the same bytes, and of those whose texts have at least ``threshold`` (above 0, at most 1) of
        their runs of five words in common, by estimate. Reads every text.

        Raises:
            ValueError: ``threshold`` is out of its range.
        """
        if not 0 < threshold <= 1:
            raise ValueError(f"the threshold must be above 0 and at most 1, not {threshold}")
        return duplicates(self._catalog, threshold)

    def check(self) -> list[str]:
        """What is wrong with the store, a line each; empty when every file and cross-reference is as recorded."""
        return faults(self._segments, self._catalog)

    def compact(self, *, progress: OnProgress | None = None) -> CompactReport:
        """Merge all segments into one, drop what is deleted, and remove files that nothing refers to any more.

        Raises:
            StoreLocked: another writer is at work.
        """
        with self._writing():
            return compaction.compact(self._segments, self._catalog, progress, kind=self.settings.retrieval.dense_kind)

    def repair(self, *, progress: OnProgress | None = None) -> RepairReport:
        """Mend what :meth:`check` finds. A store that cannot be opened any more opens with ``Ragkit.open(…, damaged=True)``.

        Damaged files are moved to ``quarantine/`` in the store's folder, and what they held is rebuilt from the catalog's text
        in one commit. A document whose text is damaged is taken out and named in the report. It may be interrupted and run again.

        Raises:
            StoreCorrupt: the database itself cannot be read any more; ``ragkit restore`` brings back a backup.
            ModelMismatch: passages must be embedded, and the settings name another model than the store's.
            StoreLocked: another writer is at work.
        """
        with writer_lock(self.path), self._catalog.exclusive():
            return Repairer(self._segments, self._catalog, self.embedder, self.settings, progress).run()

    def reindex(self, *, model: str | None = None, progress: OnProgress | None = None) -> ReindexReport:
        """Cut and embed every document anew, with the embedding model ``model``, else with that of the settings.

        The new index is built beside the old one, and one commit switches; readers go on with the old one until then. From
        then on the settings must name the new model; those of this object do.

        Raises:
            ModelError: the model cannot be found or loaded.
            StoreCorrupt: a document is damaged; ``ragkit repair`` takes it out.
            StoreLocked: another writer is at work.
        """
        settings = self.settings if model is None else self.settings.with_values(**{"embedding.model": model})
        embedder = self.embedder if model is None else load.embedder(settings.embedding)
        with self._writing():
            report = Reindexer(self._segments, self._catalog, embedder, settings, progress).run()
        if model is not None:
            self.settings = settings
            for part in _OF_MODEL:
                self.__dict__.pop(part, None)
            self.__dict__["embedder"] = embedder
        return report
