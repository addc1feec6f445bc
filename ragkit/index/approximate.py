"""Approximate indexes of a segment's vectors: they name candidates, whose scores are then computed from the exact vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.index.lexical import Mask, Rows

#: The kind that large segments get unless the settings name another.
AUTO, EXACT = "auto", "exact"

#: Kinds by name, as FAISS's factory reads them: ``{lists}`` is the number of inverted lists, ``{half}`` half the dimension.
KINDS = {
    "ivf-rabitq": "IVF{lists},RaBitQ",
    "ivf-pq": "IVF{lists},PQ{half}x4fs",
    "ivf-sq8": "IVF{lists},SQ8",
    "hnsw": "HNSW16,SQ8",
}
#: Below so many rows exact search is as fast.
MIN_ROWS = 65536
#: A kind that was asked for by name is made from so many rows on: fewer cannot train it.
_FEWEST = 1024
#: Inverted lists are this times the root of the number of rows ...
_LISTS = 4
#: ... trained on so many vectors each, in so many rounds of k-means.
_TRAINED_ON, _ROUNDS = 64, 8
#: Vectors that are float32 in memory at once.
AT_ONCE = 32768
#: Candidates to fetch for each that is wanted, and HNSW's least breadth of search.
_FETCH, _BREADTH = 2, 256
#: Bits of a query's components against RaBitQ's codes (Gao & Long 2024, RaBitQ, section 3.3).
_QUERY_BITS = 8


def build(exact: Any, kind: str = AUTO) -> Any:
    """A FAISS index of ``kind`` over the vectors of the exact index ``exact``; ``None`` where none is wanted.

    ``kind`` is a name of :data:`KINDS`, ``auto`` or ``exact``. With ``auto`` there is none below :data:`MIN_ROWS`.
    """
    import faiss

    if kind == EXACT or exact.ntotal < (MIN_ROWS if kind == AUTO else _FEWEST):
        return None
    kind = "ivf-rabitq" if kind == AUTO else kind

    lists = min(int(_LISTS * math.sqrt(exact.ntotal)), max(1, exact.ntotal // 39))
    index = faiss.index_factory(exact.d, KINDS[kind].format(lists=lists, half=exact.d // 2), faiss.METRIC_INNER_PRODUCT)
    if hasattr(index, "cp"):
        index.cp.max_points_per_centroid, index.cp.niter = _TRAINED_ON, _ROUNDS
    rows = np.unique(np.linspace(0, exact.ntotal - 1, min(exact.ntotal, _TRAINED_ON * max(lists, 256)), dtype=np.int64))
    index.train(exact.reconstruct_batch(rows))
    for start in range(0, exact.ntotal, AT_ONCE):
        index.add(exact.reconstruct_n(start, min(AT_ONCE, exact.ntotal - start)))
    return index


def search(index: Any, query: NDArray[np.float32], k: int, mask: Mask | None, probe: float) -> Rows:
    """Rows that are likely among the ``k`` nearest to ``query`` ``(d,)``, unordered.

    ``probe`` is the share of the inverted lists that is read.
    """
    import faiss

    if isinstance(index, faiss.IndexHNSW):
        parameters = faiss.SearchParametersHNSW(efSearch=max(_BREADTH, _FETCH * k))
    else:
        parameters = faiss.IVFRaBitQSearchParameters() if isinstance(index, faiss.IndexIVFRaBitQ) else faiss.SearchParametersIVF()
        parameters.nprobe = max(1, round(probe * index.nlist))
        if hasattr(parameters, "qb"):
            parameters.qb = _QUERY_BITS
    if mask is not None:
        selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        parameters.sel = selector
    _, rows = index.search(np.ascontiguousarray(query[None], np.float32), min(_FETCH * k, index.ntotal), params=parameters)
    found: Rows = rows[0][rows[0] >= 0].astype(np.int64)
    return found
