"""What of a damaged index can go on: segments that are whole, and vectors of those that are not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit import check
from ragkit.contracts import Embedder
from ragkit.index import dense, files
from ragkit.index.codes import TokenCodes
from ragkit.index.segments import Segment
from ragkit.passages import Embedded
from ragkit.records import SegmentInfo
from ragkit.search import indexed_text
from ragkit.store import compaction, mending
from ragkit.store.catalog import Catalog
from ragkit.store.mending import Survey
from ragkit.store.statistics import QUARANTINE

#: Passages that are embedded to find out whether vectors are those of the passages that they are taken for ...
SAMPLE = 8
#: ... and the cosine below which they are not: half precision and another processor's arithmetic leave far more.
SAME = 0.99


@dataclass
class Salvaged:
    """``whole`` segments by name, ``damaged`` ones to be rebuilt, the files that went to quarantine, and by chunk id the vectors that
    are ``kept``, with their codes."""

    whole: dict[str, Segment] = field(default_factory=dict)
    damaged: list[SegmentInfo] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    kept: dict[int, Embedded] = field(default_factory=dict)

    def indexed(self) -> NDArray[np.int64]:
        """Ids of all rows of the whole segments."""
        return np.concatenate([np.zeros(0, np.int64), *[segment.chunk_ids for segment in self.whole.values()]])


class Salvage:
    """Looks through the segments of a surveyed catalog. Files that are damaged are moved aside, never removed."""

    def __init__(self, folder: Path, catalog: Catalog, embedder: Embedder, survey: Survey) -> None:
        self._folder = folder
        self._catalog = catalog
        self._embedder = embedder
        self._survey = survey

    def run(self) -> Salvaged:
        """Sort the segments, keep the vectors that can be kept, and put damaged files into quarantine."""
        found = Salvaged()
        partly: list[tuple[SegmentInfo, Any]] = []
        for info in self._survey.infos:
            bad = [file.name for file in info.files if files.fault_of(self._folder, file)]
            segment = None if bad else Segment.open(self._folder, info)
            if segment is not None and self._fits(info, segment, found):
                found.whole[info.name] = segment
                continue
            found.damaged.append(info)
            if info.dense.name not in bad and (info.codes is None or info.codes.name not in bad):
                partly.append((info, dense.Stored(self._folder / info.dense.name)))
            found.quarantined.extend(self._put_aside(name) for name in bad if (self._folder / name).exists())
        for info, index in partly:
            found.kept.update(self._kept(info, index, found.indexed()))
        found.quarantined.extend(self._nameless())
        return found

    def _fits(self, info: SegmentInfo, segment: Segment, found: Salvaged) -> bool:
        """Whether a segment whose files are whole can stay: it agrees with itself and shares no passage with one before.

        Where the state is lost, nothing says which model and which analysis it was made with.
        """
        if self._survey.state is None or next(check.segment_faults(info, segment, self._survey.state.row["embedding_dimension"]), None):
            return False
        return not len(np.intersect1d(found.indexed(), segment.chunk_ids))

    def _kept(self, info: SegmentInfo, index: Any, elsewhere: NDArray[np.int64]) -> dict[int, Embedded]:
        """The vectors and codes of a segment that must be rebuilt, when it is certain which passages they are of."""
        ids = self._ids_of(info, elsewhere)
        codes = None if info.codes is None else TokenCodes(**files.map_arrays(self._folder / info.codes.name))
        if len(ids) != int(index.ntotal) or (codes is not None and len(codes.ends) != len(ids)):
            return {}
        rows = np.flatnonzero(np.isin(ids, self._survey.live))
        found = dense.vectors_of(index, rows)
        if not self._same(ids[rows], found):
            return {}
        single = [None if codes is None else codes.taken(np.array([row])) for row in rows]
        return {int(ids[row]): Embedded(found[at][None], single[at]) for at, row in enumerate(rows)}

    def _ids_of(self, info: SegmentInfo, elsewhere: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ids of a segment's rows: from its lexical file, else all, live and dead, of its range that no whole segment has."""
        if files.fault_of(self._folder, info.lexical) is None:
            ids: NDArray[np.int64] = files.map_arrays(self._folder / info.lexical.name)["chunk_ids"]
            return ids
        borders = [*self._survey.firsts, np.iinfo(np.int64).max]
        at = self._survey.infos.index(info)
        known = np.union1d(self._survey.live, self._survey.dead)
        known = known[(known >= borders[at]) & (known < borders[at + 1])]
        return np.setdiff1d(known, elsewhere)

    def _same(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> bool:
        """Whether ``vectors`` are the model's for the passages ``ids``, by a few of them."""
        if not len(ids) or vectors.shape[1] != self._embedder.dimension:
            return False
        some = np.unique(np.linspace(0, len(ids) - 1, SAMPLE).astype(np.int64))
        texts = self.texts(ids[some].tolist())
        again = self._embedder.embed([texts[number] for number in ids[some].tolist()])
        return bool(np.all(np.sum(again * vectors[some], axis=1) > SAME))

    def texts(self, chunk_ids: Sequence[int]) -> dict[int, str]:
        """Whole chunks as the index sees them."""
        with self._catalog.snapshot() as connection:
            found = mending.texts_of(connection, chunk_ids)
        return {number: indexed_text(headings, text) for number, (headings, text) in found.items()}

    def _nameless(self) -> list[str]:
        """Put files aside whose segment's row is broken, so that nothing says any more what they were."""
        if not any(table == "segments" for table, _ in self._survey.broken_rows):
            return []
        known = {file.name for info in self._survey.infos for file in info.files}
        strays = [file.name for file in self._folder.iterdir() if compaction.is_ours(file.name) and file.name not in known]
        return [self._put_aside(name) for name in sorted(strays)]

    def _put_aside(self, name: str) -> str:
        aside = self._folder.parent / QUARANTINE
        files.make_folder(aside)
        number, to = 0, aside / name
        while to.exists():
            number += 1
            to = aside / f"{name}.{number}"
        os.rename(self._folder / name, to)
        files.sync_folder(aside)
        files.sync_folder(self._folder)
        return to.name
