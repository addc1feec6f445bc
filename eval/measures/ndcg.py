"""Normalised discounted cumulative gain."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .base import RankingMeasure


def dcg(gains: Iterable[float]) -> float:
    """Sum of gain / log2(rank + 1), the rank counted from 1."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def ndcg(ranking: Sequence[str], judged: Mapping[str, int], k: int) -> float:
    """DCG of the first ``k`` by that of the best order of *all* judged ids; gains are linear, an unjudged id has gain 0.

    0 when nothing is relevant.
    """
    ideal = dcg(sorted((g for g in judged.values() if g > 0), reverse=True)[:k])
    return dcg(max(judged.get(name, 0), 0) for name in ranking[:k]) / ideal if ideal else 0.0


@dataclass(frozen=True, kw_only=True)
class Ndcg(RankingMeasure):
    NAME = "nDCG"
    DESCRIPTION = "Gain of the first k passages, discounted by log2(rank + 1), as a share of the best possible; unjudged is not relevant."
    PAPER = "Järvelin and Kekäläinen 2002, Cumulated Gain-Based Evaluation of IR Techniques"

    def of(self, ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        return ndcg(ranking, judged, self.k)
