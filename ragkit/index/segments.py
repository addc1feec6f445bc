"""Segments: immutable sets of a lexical and a dense file, perhaps an approximate one and one of token codes: written once, hashed,
opened memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.index import approximate, dense, files
from ragkit.index.codes import TokenCodes
from ragkit.index.lexical import LexicalSegment, Mask
from ragkit.records import SegmentInfo


@dataclass(frozen=True, slots=True)
class Segment:
    """An open segment. ``chunk_ids`` ``(rows,)`` int64 rise; row ``i`` of every part is chunk ``chunk_ids[i]``.

    ``ann`` is an approximate index of the vectors, where there are many rows; ``codes`` are those of the passages' tokens, if kept.
    """

    chunk_ids: NDArray[np.int64]
    lexical: LexicalSegment
    dense: Any
    ann: Any = None
    codes: TokenCodes | None = None

    @classmethod
    def build(
        cls,
        chunk_ids: Sequence[int],
        terms: Sequence[Sequence[str]],
        vectors: NDArray[np.float32],
        codes: TokenCodes | None = None,
        *,
        kind: str = approximate.AUTO,
    ) -> Segment:
        """A segment in memory, of chunks in rising order of their ids."""
        exact = dense.build([vectors], vectors.shape[1])
        return cls(np.asarray(chunk_ids, np.int64), LexicalSegment.build(terms), exact, approximate.build(exact, kind), codes)

    @classmethod
    def merge(cls, segments: Sequence[Segment], live: Sequence[Mask], *, kind: str = approximate.AUTO) -> Segment:
        """One segment with the live rows of several, whose ids follow one another."""
        parts = (dense.vectors_of(s.dense, rows) for s, m in zip(segments, live, strict=True) for rows in dense.slices(np.flatnonzero(m)))
        exact = dense.build(parts, segments[0].dense.d)
        ids = np.concatenate([s.chunk_ids[m] for s, m in zip(segments, live, strict=True)])
        codes = _merged(segments, live) if any(s.codes is not None for s in segments) else None
        return cls(ids, LexicalSegment.merge([s.lexical for s in segments], live), exact, approximate.build(exact, kind), codes)

    def save(self, folder: Path, name: str) -> SegmentInfo:
        """Write the files durably; nothing refers to them until the catalog does."""
        arrays = {**self.lexical.arrays, "chunk_ids": self.chunk_ids}
        return SegmentInfo(
            name=name,
            rows=len(self.chunk_ids),
            lexical=files.write_once(folder, f"{name}.lexical.safetensors", files.save_arrays(arrays)),
            dense=files.write_once(folder, f"{name}.dense.faiss", dense.to_bytes(self.dense)),
            ann=None if self.ann is None else files.write_once(folder, f"{name}.ann.faiss", dense.to_bytes(self.ann)),
            codes=None
            if self.codes is None
            else files.write_once(folder, f"{name}.codes.safetensors", files.save_arrays(self.codes.arrays)),
        )

    @classmethod
    def open(cls, folder: Path, info: SegmentInfo) -> Segment:
        """Open a recorded segment after checking its files' hashes, which is done side by side.

        Raises:
            StoreCorrupt: a file is missing, or is not the recorded one.
        """
        with ThreadPoolExecutor() as pool:
            paths = dict(zip(info.parts, pool.map(partial(files.require_whole, folder), info.files), strict=True))
        arrays = files.map_arrays(paths["lexical"])
        near = dense.load(paths["ann"]) if "ann" in paths else None
        codes = TokenCodes(**files.map_arrays(paths["codes"])) if "codes" in paths else None
        return cls(arrays.pop("chunk_ids"), LexicalSegment(arrays), dense.Stored(paths["dense"]), near, codes)


def _merged(segments: Sequence[Segment], live: Sequence[Mask]) -> TokenCodes:
    """The codes of the live rows of all; a row of a segment without codes has none."""
    return TokenCodes.joined(
        [
            (TokenCodes.none(len(s.chunk_ids), s.dense.d) if s.codes is None else s.codes).of(mask)
            for s, mask in zip(segments, live, strict=True)
        ]
    )
