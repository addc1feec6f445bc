"""Normalised discounted cumulative gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def ndcg(ranking: Ranking, judged: Judged, k: int) -> float:
    """DCG of the first ``k`` by that of the best order of *all* judged ids; gains are linear, an unjudged id has gain 0.

    0 when nothing is relevant.
    """
    return Ndcg(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class Ndcg(RankingMeasure):
    NAME = "nDCG"
    DESCRIPTION = "Gain of the first k passages, discounted by log2(rank + 1), as a share of the best possible; unjudged is not relevant."
    PAPER = "Järvelin and Kekäläinen 2002, Cumulated Gain-Based Evaluation of IR Techniques"

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import nDCG

        return calculated(nDCG @ self.k, questions)
