"""Is the store whole? Every row, every hash, and every cross-reference between the catalog and the two halves of the index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit.errors import StoreCorrupt
from ragkit.index import files
from ragkit.index.segments import Segment
from ragkit.records import SegmentInfo
from ragkit.store.catalog import Catalog
from ragkit.store.lock import reading_lock

#: Counts of a term in a row are kept up to this; a row that reaches it may be longer than its postings say.
_MOST = 0xFFFF


def faults(folder: Path, catalog: Catalog) -> list[str]:
    """What is wrong, a line each; empty when every row, file and cross-reference is as it was written.

    No file is removed meanwhile; a writer that replaces some removes them with its next write.
    """
    with reading_lock(folder.parent), catalog.snapshot() as connection:
        found = catalog.seal_faults(connection)
        try:
            found.extend(_index_faults(folder, catalog, connection))
        except StoreCorrupt as error:
            found.append(str(error))
    lost = catalog.lost_writes()
    return list(dict.fromkeys([*found, *([lost] if lost else [])]))


def _index_faults(folder: Path, catalog: Catalog, connection: sa.Connection) -> Iterator[str]:
    yield from catalog.span_faults(connection)
    infos = catalog.segments(connection)
    damaged = [fault for info in infos for file in info.files if (fault := files.fault_of(folder, file))]
    if damaged:
        yield from damaged
        return
    model = catalog.embedding_model(connection)
    indexed = [np.zeros(0, np.int64)]
    for info in infos:
        segment = Segment.open(folder, info)
        yield from (f"segment {info.name}: {fault}" for fault in segment_faults(info, segment, None if model is None else model[1]))
        indexed.append(segment.chunk_ids)
    yield from _id_faults(np.concatenate(indexed), catalog.live_chunk_ids(connection), catalog.dead_chunks(connection))


def segment_faults(info: SegmentInfo, segment: Segment, dimension: int | None) -> Iterator[str]:
    """Where the parts of an open segment disagree with one another, or with what the catalog has of it."""
    rows = {"ids": len(segment.chunk_ids), "lexical": len(segment.lexical.lengths), "dense": int(segment.dense.ntotal)}
    if segment.ann is not None:
        rows["ann"] = int(segment.ann.ntotal)
    if segment.codes is not None:
        rows["codes"] = len(segment.codes.ends)
    yield from (f"{part} has {n} rows, recorded are {info.rows}" for part, n in rows.items() if n != info.rows)
    if dimension != segment.dense.d:
        yield f"its vectors have {segment.dense.d} dimensions, the store's model has {dimension}"
    if np.any(np.diff(segment.chunk_ids) <= 0):
        yield "its passages are not in order"
    yield from _posting_faults(segment)
    codes = segment.codes
    if codes is not None and (np.any(np.diff(codes.ends, prepend=0) < 0) or len(codes.factors) != max(codes.ends, default=0)):
        yield "its codes of tokens do not end where they say"


def _posting_faults(segment: Segment) -> Iterator[str]:
    lexical = segment.lexical
    if len(lexical.rows) != len(lexical.counts) or len(lexical.rows) != (lexical.posting_ends[-1] if len(lexical.posting_ends) else 0):
        yield "its postings do not end where its vocabulary says"
    elif len(lexical.rows) and int(lexical.rows.max()) >= len(lexical.lengths):
        yield "its postings name rows that are not there"
    else:
        counted = np.bincount(lexical.rows, weights=lexical.counts, minlength=len(lexical.lengths))
        if np.any(counted != lexical.lengths) and not np.any(lexical.counts == _MOST):
            yield f"{int(np.sum(counted != lexical.lengths))} passages are longer or shorter than their postings"


def _id_faults(indexed: NDArray[np.int64], live: NDArray[np.int64], dead: NDArray[np.int64]) -> Iterator[str]:
    visible = np.setdiff1d(indexed, dead)
    twice = len(indexed) - len(np.unique(indexed))
    if twice:
        yield f"{twice} passages are indexed twice"
    for what, ids in (
        ("in the catalog but not indexed", np.setdiff1d(live, visible)),
        ("indexed but not in the catalog", np.setdiff1d(visible, live)),
        ("deleted but not indexed", np.setdiff1d(dead, indexed)),
    ):
        if len(ids):
            yield f"{len(ids)} passages are {what}, the first is {ids[0]}"
