"""Is the store whole? Every hash, and every cross-reference between the catalog and the index."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ragkit.index import files
from ragkit.index.segments import Segment
from ragkit.records import SegmentInfo
from ragkit.store.catalog import Catalog


def faults(folder: Path, catalog: Catalog) -> list[str]:
    """What is wrong, a line each; empty when every file and cross-reference is as the catalog recorded it."""
    with catalog.snapshot() as connection:
        infos = catalog.segments(connection)
        live = catalog.live_chunk_ids(connection)
        dead = catalog.dead_chunks(connection)
        found = catalog.span_faults(connection)
    damaged = [fault for info in infos for file in info.files if (fault := files.fault_of(folder, file))]
    if damaged:
        return [*found, *damaged]
    indexed = [np.zeros(0, np.int64)]
    for info in infos:
        segment = Segment.open(folder, info)
        found.extend(_shape_faults(info, segment))
        indexed.append(segment.chunk_ids)
    return [*found, *_id_faults(np.concatenate(indexed), live, dead)]


def _shape_faults(info: SegmentInfo, segment: Segment) -> list[str]:
    rows = {"ids": len(segment.chunk_ids), "lexical": len(segment.lexical.lengths), "dense": int(segment.dense.ntotal)}
    return [f"segment {info.name}: {part} has {n} rows, recorded are {info.rows}" for part, n in rows.items() if n != info.rows]


def _id_faults(indexed: np.ndarray, live: np.ndarray, dead: np.ndarray) -> list[str]:
    visible = np.setdiff1d(indexed, dead)
    found = []
    if len(np.unique(indexed)) != len(indexed):
        found.append(f"{len(indexed) - len(np.unique(indexed))} passages are indexed twice")
    for what, ids in (
        ("in the catalog but not indexed", np.setdiff1d(live, visible)),
        ("indexed but not in the catalog", np.setdiff1d(visible, live)),
    ):
        if len(ids):
            found.append(f"{len(ids)} passages are {what}, the first is {ids[0]}")
    return found
