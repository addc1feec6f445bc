"""Segments: immutable pairs of a lexical and a dense file, written once, hashed, opened memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.index import dense, files
from ragkit.index.lexical import LexicalSegment, Mask
from ragkit.records import SegmentInfo


@dataclass(frozen=True, slots=True)
class Segment:
    """An open segment. ``chunk_ids`` ``(rows,)`` int64 rise; row ``i`` of both parts is chunk ``chunk_ids[i]``."""

    chunk_ids: NDArray[np.int64]
    lexical: LexicalSegment
    dense: Any

    @classmethod
    def build(cls, chunk_ids: Sequence[int], terms: Sequence[Sequence[str]], vectors: NDArray[np.float32]) -> Segment:
        """A segment in memory, of chunks in rising order of their ids."""
        return cls(np.asarray(chunk_ids, np.int64), LexicalSegment.build(terms), dense.build(vectors))

    @classmethod
    def merge(cls, segments: Sequence[Segment], live: Sequence[Mask]) -> Segment:
        """One segment with the live rows of several, whose ids follow one another."""
        vectors = np.concatenate([dense.vectors_of(s.dense, np.flatnonzero(m)) for s, m in zip(segments, live, strict=True)])
        ids = np.concatenate([s.chunk_ids[m] for s, m in zip(segments, live, strict=True)])
        return cls(ids, LexicalSegment.merge([s.lexical for s in segments], live), dense.build(vectors))

    def save(self, folder: Path, name: str) -> SegmentInfo:
        """Write both files durably; nothing refers to them until the catalog does."""
        arrays = {**self.lexical.arrays, "chunk_ids": self.chunk_ids}
        return SegmentInfo(
            name=name,
            rows=len(self.chunk_ids),
            lexical=files.write_once(folder, f"{name}.lexical.safetensors", files.save_arrays(arrays)),
            dense=files.write_once(folder, f"{name}.dense.faiss", dense.to_bytes(self.dense)),
        )

    @classmethod
    def open(cls, folder: Path, info: SegmentInfo) -> Segment:
        """Open a recorded segment after checking both files' hashes.

        Raises:
            StoreCorrupt: a file is missing, or is not the recorded one.
        """
        arrays = files.map_arrays(files.require_whole(folder, info.lexical))
        index = dense.load(files.require_whole(folder, info.dense))
        return cls(arrays.pop("chunk_ids"), LexicalSegment(arrays), index)
