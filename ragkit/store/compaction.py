"""Keeping the segments few and their files few: merging, dropping dead rows, removing what no generation refers to."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragkit.index import files
from ragkit.index.approximate import AUTO
from ragkit.index.segments import Segment
from ragkit.records import Jsonable, Progress, SegmentInfo, record
from ragkit.store.catalog import Catalog
from ragkit.store.changes import Change
from ragkit.store.lock import removal_lock

#: Neighbouring segments of one level are merged when there are more of them than this ...
FAN_IN = 8
#: ... and the lowest level has the segments with fewer rows than this.
SMALL_ROWS = 2048
#: Rows are dropped from the files when this share of them is deleted.
MAX_DEAD_SHARE = 0.2

#: Seconds that a compaction on demand waits for readers that are opening files.
PATIENCE_S = 10.0

#: Names that a writer of ours gives: a segment's parts, and what they are called until they are whole.
_OURS = re.compile(r"\d{12,}-[0-9a-f]{8}\.[a-z0-9.]+|\..+\.\d+\.tmp")


@record
class CompactReport(Jsonable):
    """What one compaction did: segments before and after, deleted rows dropped, bytes freed on disk, seconds of wall time.

    ``postponed``: a reader was opening files all the while; the next write removes those that were replaced.
    """

    segments_before: int
    segments_after: int
    rows_dropped: int = 0
    bytes_freed: int = 0
    postponed: bool = False
    seconds: float = 0.0


def is_ours(name: str) -> bool:
    """Whether a file's name is one that a writer gives to a segment's part, whole or half written."""
    return _OURS.fullmatch(name) is not None


def segment_name(first_chunk: int) -> str:
    """A name that no segment had before; names sort as their first chunks do."""
    return f"{first_chunk:012d}-{uuid.uuid4().hex[:8]}"


def due(infos: Sequence[SegmentInfo], dead: int) -> list[SegmentInfo]:
    """The policy: which segments to rewrite as one after a commit, given how many of their rows are ``dead``.

    Only neighbours are merged, so that ids rise from segment to segment. Segments are of levels, each :data:`FAN_IN` times as
    large as the one below; a run is merged when it has too many *of its level* (a log-structured merge, O'Neil et al. 1996).
    So a row is rewritten about once a level, however many are added, and there are at most some :data:`FAN_IN` segments a level.
    """
    if dead > MAX_DEAD_SHARE * sum(info.rows for info in infos):
        return list(infos)
    largest = max((info.rows for info in infos), default=0)
    floor, limit = 0, SMALL_ROWS
    while floor <= largest:
        for run in _runs_below(infos, limit):
            if sum(info.rows >= floor for info in run) > FAN_IN:
                return run
        floor, limit = limit, limit * FAN_IN
    return []


def _runs_below(infos: Sequence[SegmentInfo], limit: int) -> list[list[SegmentInfo]]:
    """Neighbours of fewer than ``limit`` rows each."""
    return [list(run) for is_below, run in groupby(infos, key=lambda info: info.rows < limit) if is_below]


def tidy(folder: Path, catalog: Catalog, *, kind: str = AUTO) -> None:
    """Merge what the policy names, and remove the files that this replaces. The caller holds the store's write lock."""
    with catalog.snapshot() as connection:
        infos = catalog.segments(connection)
        dead = catalog.dead_chunks(connection)
    chosen = due(infos, len(dead))
    if chosen:
        merge(folder, catalog, chosen, dead, kind=kind)
        sweep(folder, catalog)


def compact(
    folder: Path, catalog: Catalog, progress: Callable[[Progress], None] | None = None, *, kind: str = AUTO
) -> CompactReport:
    """Make all segments one, without deleted rows, and remove what nothing refers to. The caller holds the write lock."""
    started = time.perf_counter()
    before = _bytes(folder)
    with catalog.snapshot() as connection:
        infos = catalog.segments(connection)
        dead = catalog.dead_chunks(connection)
    dropped = 0
    if len(infos) > 1 or len(dead):
        rows = sum(info.rows for info in infos)
        (progress or (lambda step: None))(Progress(stage="writing", done=0, total=rows))
        dropped = merge(folder, catalog, infos, dead, kind=kind)
    swept = sweep(folder, catalog, patience_s=PATIENCE_S)
    with catalog.snapshot() as connection:
        left = catalog.segments(connection)
    return CompactReport(
        segments_before=len(infos),
        segments_after=len(left),
        rows_dropped=dropped,
        bytes_freed=max(0, before - _bytes(folder)),
        postponed=not swept,
        seconds=time.perf_counter() - started,
    )


def merge(folder: Path, catalog: Catalog, chosen: Sequence[SegmentInfo], dead: NDArray[np.int64], *, kind: str = AUTO) -> int:
    """Rewrite the ``chosen`` segments as one without their dead rows, in one commit; how many rows were dropped.

    ``kind`` is that of the approximate index (see :mod:`ragkit.index.approximate`).
    """
    segments = [Segment.open(folder, info) for info in chosen]
    live = [~np.isin(segment.chunk_ids, dead) for segment in segments]
    gone = [int(i) for segment, mask in zip(segments, live, strict=True) for i in segment.chunk_ids[~mask]]
    new = []
    if any(mask.any() for mask in live):
        merged = Segment.merge(segments, live, kind=kind)
        first = int(merged.chunk_ids[0])
        new = [(merged.save(folder, segment_name(first)), first)]
    names = [info.name for info in chosen]
    catalog.commit(Change(reason="compact", new_segments=new, dropped_segments=names, cleared_tombstones=gone))
    return len(gone)


def sweep(folder: Path, catalog: Catalog, *, patience_s: float = 0.25) -> bool:
    """Remove files of ours that no generation refers to: of a writer that crashed, and of merged segments.

    While a reader is opening files nothing is removed: ``False`` after ``patience_s`` seconds of it, and the next write
    tries again. What ragkit has not named stays.
    """
    with removal_lock(folder.parent, patience_s=patience_s) as allowed:
        if not allowed:
            return False
        # A reader that begins from here on sees the newest generation; one that began before has its files open.
        removed = catalog.removed_segments()
        with catalog.snapshot() as connection:
            used = {file.name for info in catalog.segments(connection) for file in info.files}
        strays = [file for file in folder.iterdir() if file.name not in used and is_ours(file.name)]
        for file in strays:
            file.unlink()
    if strays:
        files.sync_folder(folder)
    if removed:
        catalog.forget_segments([info.name for info in removed])
    return True


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
