"""Joining ranked lists: pure functions over the candidates' scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


def minmax(scores: Scores) -> Scores:
    """Scores moved to [0, 1]: 0 the lowest of the candidates, 1 the highest; all 0 when they are equal.

    >>> minmax(np.array([2.0, 4.0, 3.0])).tolist()
    [0.0, 1.0, 0.5]
    """
    spread = float(np.ptp(scores)) if len(scores) else 0.0
    return (scores - scores.min()) / spread if spread > 0 else np.zeros(len(scores))


def weighted(dense: Scores, lexical: Scores, dense_weight: float) -> Scores:
    """Convex combination of min-max scores (Bruch et al. 2023, An Analysis of Fusion Functions for Hybrid Retrieval)."""
    return dense_weight * minmax(dense) + (1 - dense_weight) * minmax(lexical)


def reciprocal_rank(ranks: list[NDArray[np.int64]], k: int = 60) -> Scores:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum of ``1 / (k + rank)``. Ranks count from 1; 0 is "not in the list".

    >>> reciprocal_rank([np.array([1, 2]), np.array([0, 1])], k=1).tolist()
    [0.5, 0.8333333333333333]
    """
    total = np.zeros(len(ranks[0]))
    for list_ranks in ranks:
        total += np.where(list_ranks > 0, 1.0 / (k + np.maximum(list_ranks, 1)), 0.0)
    return total


def reciprocal(lists: Sequence[Sequence[int]], k: int = 60) -> dict[int, float]:
    """The same, of lists of keys, best first.

    >>> reciprocal([[7, 8], [8]], k=1)
    {7: 0.5, 8: 0.8333333333333333}
    """
    total: dict[int, float] = {}
    for keys in lists:
        for rank, key in enumerate(keys, 1):
            total[key] = total.get(key, 0.0) + 1.0 / (k + rank)
    return total
