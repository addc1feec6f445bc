"""Erasure: documents leave the store so that no byte of them stays in its files, and a receipt says what was done.

The order makes every interruption harmless. First the files that were uploaded go; then one transaction takes the documents out
of the catalog, and from it on the erasure is noted as pending; then segments are rewritten without their rows, replaced files are
removed, and the database drops what it kept of deleted rows; last the erasure is noted as ended. Before the transaction the
documents are whole, after it they are gone for every reader, and whoever writes next completes what is pending.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ragkit.errors import DocumentNotFound
from ragkit.index.approximate import AUTO
from ragkit.index.segments import Segment
from ragkit.records import Jsonable, record
from ragkit.store import compaction, erasure
from ragkit.store.catalog import Catalog
from ragkit.store.changes import Change, now
from ragkit.store.erasure import Named
from ragkit.store.pending import ENDED, is_pending
from ragkit.store.statistics import QUARANTINE

#: Seconds that an erasure waits for readers that still use old files or pages ...
PATIENCE_S = 5.0
#: ... and that the next write, which completes it, waits.
SHORT_PATIENCE_S = 0.25

#: Where the web interface keeps what was uploaded.
_UPLOADS = "uploads"
_STALE_UPLOAD_S = 3600.0

#: What no store can erase, in the words of the receipt.
OUTSIDE = (
    "the files that the documents were read from: an ingest or sync of their source brings them back",
    "backups and other copies of the store",
    "what the file system and the disk keep of overwritten and removed files",
    "the memory of other processes that have the store open, until their next question",
)
OUTSIDE_SERVER = ("the database server's write-ahead log, its archives, replicas and backups",)


@record
class Receipt(Jsonable):
    """What an erasure did. Nothing of it is kept in the store, for the names are personal too.

    ``documents`` are the URIs that were erased, ``unknown`` those of which nothing was found. ``versions`` counts the rows of
    all their versions, ``chunks`` their live passages, ``vectors`` the rows that left the segment files (those of documents that
    were deleted earlier among them), ``segments`` the segments that were rewritten, ``answers``, ``failures`` and ``sources``
    the rows that named them, ``files`` what was removed from quarantine and uploads. ``pending`` says what a reader still held;
    the next write completes it. ``outside`` says what is beyond the store's reach. ``generation`` is the one that holds them no
    more, ``at`` the time in UTC, ``seconds`` the wall time.
    """

    documents: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    where: str | None = None
    versions: int = 0
    chunks: int = 0
    vectors: int = 0
    segments: int = 0
    answers: int = 0
    failures: int = 0
    sources: int = 0
    files: int = 0
    bytes_freed: int = 0
    generation: int = 0
    at: str = ""
    seconds: float = 0.0
    pending: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


@record
class Cleaned:
    """What completing an erasure did: rows that left the segment files, segments rewritten, files removed, what is left to do."""

    vectors: int = 0
    segments: int = 0
    files: int = 0
    left: tuple[str, ...] = ()


class Eraser:
    """Erases from one store. The caller holds the store's write lock; ``kind`` is that of the approximate index of the segments that are
    written anew; ``drop_caches`` empties the caches of the process."""

    def __init__(
        self, store: Path, segments: Path, catalog: Catalog, *, kind: str = AUTO, drop_caches: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._segments = segments
        self._catalog = catalog
        self._kind = kind
        self._drop_caches = drop_caches

    def preview(self, uris: Sequence[str], where: str | None) -> Receipt:
        """The receipt that :meth:`forget` would begin with; nothing is changed.

        Raises:
            DocumentNotFound: the store knows nothing of one of ``uris``, and no erasure is pending.
            FilterError: ``where`` cannot be read.
        """
        with self._catalog.snapshot() as connection:
            wanted = [*dict.fromkeys((*uris, *(erasure.matching(connection, where) if where is not None else ())))]
            found = erasure.named(connection, wanted)
            unknown = tuple(uri for uri in uris if uri not in found.known and erasure.named(connection, [uri]).nothing)
            if unknown and not is_pending(connection):
                raise DocumentNotFound(f"the store holds no trace of {unknown[0]!r}; `ragkit ls` lists the documents; nothing was removed")
        return _receipt(found, unknown, where)

    def forget(self, uris: Sequence[str], where: str | None = None) -> Receipt:
        """Erase documents, and complete what an earlier erasure left pending.

        Raises:
            DocumentNotFound: the store knows nothing of one of ``uris``; then nothing is removed.
            FilterError: ``where`` cannot be read; then nothing is removed.
        """
        started, before = time.perf_counter(), _bytes(self._store)
        planned = self.preview(uris, where)
        uploads, kept = self._remove_uploads(planned.documents)
        generation = 0
        if planned.documents:
            found, generation = erasure.erase(self._catalog, planned.documents)
            planned = _receipt(found, planned.unknown, where)
        cleaned = self.complete(patience_s=PATIENCE_S)
        with self._catalog.snapshot() as connection:
            generation = generation or self._catalog.generation(connection)
        server = OUTSIDE_SERVER if erasure.is_server(self._catalog) else ()
        return replace(
            planned,
            vectors=cleaned.vectors,
            segments=cleaned.segments,
            files=uploads + cleaned.files,
            bytes_freed=max(0, before - _bytes(self._store)),
            generation=generation,
            at=now(),
            seconds=time.perf_counter() - started,
            pending=cleaned.left,
            outside=(*kept, *OUTSIDE, *server),
        )

    def complete(self, *, patience_s: float = SHORT_PATIENCE_S) -> Cleaned:
        """Bring a pending erasure to its end: clean the files and the database of everything that is deleted.

        Raises:
            StoreCorrupt: a segment is damaged; `ragkit repair` mends it.
        """
        with self._catalog.snapshot() as connection:
            if not is_pending(connection):
                return Cleaned()
        self._drop_caches()
        vectors, segments = self._rewrite()
        swept = compaction.sweep(self._segments, self._catalog, patience_s=patience_s)
        files = self._empty_quarantine()
        left = [*([] if swept else ["replaced segment files: a reader holds them"]), *erasure.clean(self._catalog, patience_s=patience_s)]
        if not left:
            self._catalog.commit(Change(reason=ENDED))
        return Cleaned(vectors=vectors, segments=segments, files=files, left=tuple(left))

    def _rewrite(self) -> tuple[int, int]:
        """Write every segment that holds deleted rows anew without them; how many rows those were, in how many segments."""
        with self._catalog.snapshot() as connection:
            infos = self._catalog.segments(connection)
            dead = self._catalog.dead_chunks(connection)
        vectors = segments = 0
        for info in infos if len(dead) else ():
            if np.isin(Segment.open(self._segments, info).chunk_ids, dead).any():
                vectors += compaction.merge(self._segments, self._catalog, [info], dead, kind=self._kind)
                segments += 1
        return vectors, segments

    def _empty_quarantine(self) -> int:
        """Damaged files hold rows of anybody's documents; what a repair made in their place does not need them."""
        folder = self._store / QUARANTINE
        found = sum(1 for path in folder.rglob("*") if not path.is_dir())
        if folder.is_dir():
            shutil.rmtree(folder)
        return found

    def _remove_uploads(self, uris: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """Remove uploaded files of which all documents are erased; how many, and in words those that stay for the sake of others."""
        folder = Path(os.path.realpath(self._store / _UPLOADS))
        if not folder.is_dir():
            return 0, ()
        erased, removed, kept = set(uris), 0, []
        for path in sorted(folder.iterdir()):
            own = {uri for uri in erased if uri == str(path) or uri.startswith(f"{path}#")}
            if path.name.endswith(".part"):  # what an interrupted upload left
                gone = time.time() - path.stat().st_mtime > _STALE_UPLOAD_S
            else:
                gone = bool(own) and not self._others(str(path), own)
            if gone:
                path.unlink()
                removed += 1
            elif own:
                kept.append(f"the uploaded file {path}, which holds other documents too")
        return removed, tuple(kept)

    def _others(self, file: str, erased: set[str]) -> bool:
        live = {info.uri for info in self._catalog.list_documents()}
        return any((uri == file or uri.startswith(f"{file}#")) and uri not in erased for uri in live)


def _receipt(found: Named, unknown: Sequence[str], where: str | None) -> Receipt:
    return Receipt(
        documents=tuple(uri for uri in found.uris if uri not in set(unknown)),
        unknown=tuple(unknown),
        where=where,
        versions=len(found.document_ids),
        chunks=found.chunks,
        answers=len(found.answers),
        failures=len(found.failures),
        sources=len(found.sources),
    )


def _bytes(folder: Path) -> int:
    """Bytes of all files below ``folder``; one that vanishes meanwhile counts nothing."""
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(at, name)).st_size
            except FileNotFoundError:
                continue
    return total
