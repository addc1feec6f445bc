"""Dense vectors in FAISS: exact search over half-precision vectors, 2 bytes a dimension, memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.index.lexical import Mask, Rows


def build(vectors: NDArray[np.float32]) -> Any:
    """A FAISS scalar-quantizer index (float16, inner product) of ``(n, d)`` float32 L2-normalised vectors."""
    import faiss

    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(np.ascontiguousarray(vectors, np.float32))
    return index


def to_bytes(index: Any) -> memoryview:
    """The index as FAISS writes it to a file."""
    import faiss

    return memoryview(faiss.serialize_index(index))


def load(file: Path) -> Any:
    """Memory-map a FAISS index file. FAISS notices no corruption by itself: check the hash first."""
    import faiss

    return faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)


def vectors_of(index: Any, rows: Rows) -> NDArray[np.float32]:
    """``(len(rows), d)`` float32, as stored."""
    found: NDArray[np.float32] = index.reconstruct_batch(np.ascontiguousarray(rows, np.int64))
    return found


class DenseIndex:
    """Exact inner-product search over the rows of all segments; deleted and disallowed rows are never scored."""

    def __init__(self, indexes: Sequence[Any], live: Mask) -> None:
        self._indexes = indexes
        self._bases = np.cumsum([0, *[index.ntotal for index in indexes]])
        self._live = live

    def search(self, query: NDArray[np.float32], k: int, *, allowed: Mask | None = None) -> tuple[Rows, NDArray[np.float32]]:
        """The ``k`` allowed rows nearest to ``query`` ``(d,)`` and their cosines, best first, ties by row number."""
        mask = self._live if allowed is None else self._live & allowed
        found_rows, found_scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for base, index in zip(self._bases.tolist(), self._indexes, strict=False):
            rows, scores = _search_one(index, query, k, mask[base : base + index.ntotal])
            found_rows.append(rows + base)
            found_scores.append(scores)
        rows, scores = np.concatenate(found_rows), np.concatenate(found_scores)
        order = np.lexsort((rows, -scores))[:k]
        return rows[order], scores[order]

    def scores(self, query: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """``(len(rows),)`` float32: the cosine of ``query`` with each of ``rows``."""
        found = np.zeros(len(rows), np.float32)
        owner = np.searchsorted(self._bases, rows, side="right") - 1
        for segment in np.unique(owner):
            mine = owner == segment
            found[mine] = vectors_of(self._indexes[segment], rows[mine] - self._bases[segment]) @ query
        return found


def _search_one(index: Any, query: NDArray[np.float32], k: int, mask: Mask) -> tuple[Rows, NDArray[np.float32]]:
    import faiss

    k = min(k, int(mask.sum()))
    if not k:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    parameters = None
    if not mask.all():
        bitmap = np.packbits(mask, bitorder="little")
        selector = faiss.IDSelectorBitmap(bitmap)
        parameters = faiss.SearchParameters(sel=selector)
    scores, rows = index.search(np.ascontiguousarray(query[None], np.float32), k, params=parameters)
    keep = rows[0] >= 0
    return rows[0][keep].astype(np.int64), scores[0][keep]
