"""Dense vectors in FAISS: half-precision vectors, 2 bytes a dimension, memory-mapped, searched exactly or by way of an
approximate index. Scores always come from these vectors, so they do not depend on how a row was found."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.errors import StoreError
from ragkit.index import approximate
from ragkit.index.lexical import Mask, Rows

#: Below this share of visible rows an approximate index with a selector finds too little.
_LEAST_SHARE = 0.1
#: Up to so many rows are read from the file one by one.
_FEW = 1024
#: Rows fetched beyond those asked for, and the difference of two cosines that FAISS and numpy may order differently.
_MORE = 16
_SAME = 1e-5


def build(parts: Iterable[NDArray[np.float32]], dimension: int) -> Any:
    """A FAISS scalar-quantizer index (float16, inner product) of ``(n, d)`` float32 L2-normalised vectors, given in parts."""
    import faiss

    index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    for vectors in parts:
        index.add(np.ascontiguousarray(vectors, np.float32))
    return index


def to_bytes(index: Any) -> memoryview:
    """The index as FAISS writes it to a file."""
    import faiss

    return memoryview(faiss.serialize_index(index))


class Stored:
    """A FAISS index file, memory-mapped for exact search; a few rows are read from the file instead.

    A row that is read adds nothing to resident memory, and where the file is not in the page cache it costs one page, while a
    fault of the mapping brings in the whole neighbourhood.
    """

    def __init__(self, file: Path) -> None:
        """Map ``file``. FAISS notices no corruption by itself: check the hash first.

        Raises:
            StoreError: it cannot be opened or mapped.
        """
        self._index = load(file)
        self.ntotal, self.d = int(self._index.ntotal), int(self._index.d)
        self._row = 2 * self.d
        self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        self._start = os.fstat(self._file).st_size - self.ntotal * self._row  # the vectors are what ends the file
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_RANDOM)

    def search(self, *arguments: Any, **named: Any) -> Any:
        """As FAISS does."""
        return self._index.search(*arguments, **named)

    def reconstruct_batch(self, rows: Rows) -> NDArray[np.float32]:
        """``(len(rows), d)`` float32, as stored."""
        if len(rows) > _FEW:
            found: NDArray[np.float32] = self._index.reconstruct_batch(rows)
            return found
        places = [self._start + self._row * row for row in rows.tolist()]
        if hasattr(os, "posix_fadvise"):
            for place in places:  # one page each, asked of the disk side by side
                os.posix_fadvise(self._file, place, self._row, os.POSIX_FADV_WILLNEED)
        read = b"".join([os.pread(self._file, self._row, place) for place in places])
        return np.frombuffer(read, np.float16).reshape(len(rows), self.d).astype(np.float32)


def load(file: Path) -> Any:
    """Memory-map a FAISS index file.

    Raises:
        StoreError: it cannot be opened or mapped.
    """
    import faiss

    try:
        return faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise StoreError(f"the index file {file} cannot be opened: {' '.join(str(error).rpartition('failed: ')[2].split())}") from error


def vectors_of(index: Any, rows: Rows) -> NDArray[np.float32]:
    """``(len(rows), d)`` float32, as stored."""
    found: NDArray[np.float32] = index.reconstruct_batch(np.ascontiguousarray(rows, np.int64))
    return found


def slices(rows: Rows) -> Iterator[Rows]:
    """``rows`` in parts whose float32 vectors fit in memory easily."""
    for start in range(0, len(rows), approximate.AT_ONCE):
        yield rows[start : start + approximate.AT_ONCE]


class DenseIndex:
    """Inner-product search over the rows of all segments; deleted and disallowed rows are never scored.

    A segment's approximate index, if it has one in ``near``, is used when nothing but deletion restricts the search, or, with
    ``exact_when_restricted`` off, when at least a tenth of its rows may be seen; ``probe`` is the share of it that is read. Else
    the search is exact.
    """

    def __init__(
        self,
        indexes: Sequence[Any],
        live: Mask,
        *,
        near: Sequence[Any] = (),
        probe: float = 1 / 16,
        exact_when_restricted: bool = True,
    ) -> None:
        self._indexes = indexes
        self._near = list(near) or [None] * len(indexes)
        self._bases = np.cumsum([0, *[index.ntotal for index in indexes]]).tolist()
        self._live = live
        self._all_live = [bool(live[a:b].all()) for a, b in zip(self._bases, self._bases[1:], strict=False)]
        self._probe = probe
        self._exact_when_restricted = exact_when_restricted

    def search(self, query: NDArray[np.float32], k: int, *, allowed: Mask | None = None) -> tuple[Rows, NDArray[np.float32]]:
        """The ``k`` allowed rows nearest to ``query`` ``(d,)`` and their cosines, best first, ties by row number."""
        found_rows, found_scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for n, base in enumerate(self._bases[:-1]):
            rows, scores = self._search_one(n, query, k, allowed)
            found_rows.append(rows + base)
            found_scores.append(scores)
        rows, scores = np.concatenate(found_rows), np.concatenate(found_scores)
        order = np.lexsort((rows, -scores))[:k]
        return rows[order], scores[order]

    def scores(self, query: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """``(len(rows),)`` float32: the cosine of ``query`` with each of ``rows``."""
        found = np.zeros(len(rows), np.float32)
        owner = np.searchsorted(self._bases, rows, side="right") - 1
        for n in np.unique(owner).tolist():
            mine = owner == n
            found[mine] = _cosines(self._indexes[n], query, rows[mine] - self._bases[n])
        return found

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """``(len(rows), d)`` float32: the vectors of ``rows``, L2-normalised, as stored."""
        found = np.zeros((len(rows), self._indexes[0].d if self._indexes else 0), np.float32)
        owner = np.searchsorted(self._bases, rows, side="right") - 1
        for n in np.unique(owner).tolist():
            mine = owner == n
            found[mine] = vectors_of(self._indexes[n], rows[mine] - self._bases[n])
        return found

    def _search_one(self, n: int, query: NDArray[np.float32], k: int, allowed: Mask | None) -> tuple[Rows, NDArray[np.float32]]:
        start, end = self._bases[n], self._bases[n + 1]
        mask = None if allowed is None and self._all_live[n] else self._live[start:end]
        share = 1.0
        if allowed is not None:
            mask = self._live[start:end] & allowed[start:end]
            share = float(mask.mean()) if len(mask) else 0.0
        index, near = self._indexes[n], self._near[n]
        if near is None or (allowed is not None and (self._exact_when_restricted or share < _LEAST_SHARE)):
            return _exact(index, query, k, mask)
        rows = np.sort(approximate.search(near, query, k, mask, self._probe))
        return rows, _cosines(index, query, rows)


def _cosines(index: Any, query: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
    """Row by row, so that a row's score is the same bits whatever it is scored with."""
    found: NDArray[np.float32] = np.einsum("ij,j->i", vectors_of(index, rows), query, optimize=False).astype(np.float32, copy=False)
    return found


def _exact(index: Any, query: NDArray[np.float32], k: int, mask: Mask | None) -> tuple[Rows, NDArray[np.float32]]:
    import faiss

    visible = index.ntotal if mask is None else int(mask.sum())
    if not min(k, visible):
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    parameters = None
    if mask is not None:
        selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        parameters = faiss.SearchParameters(sel=selector)
    fetched = min(k + _MORE, visible)
    while True:
        near, rows = index.search(np.ascontiguousarray(query[None], np.float32), fetched, params=parameters)
        # Of equal rows FAISS finds any, and its sums differ in the last bits: what is as near as the k-th row is ranked here.
        if fetched == visible or near[0, -1] < near[0, k - 1] - _SAME:
            break
        fetched = min(4 * fetched, visible)
    found = np.sort(rows[0][rows[0] >= 0].astype(np.int64))
    scores = _cosines(index, query, found)
    best = np.sort(np.lexsort((found, -scores))[:k])
    return found[best], scores[best]
