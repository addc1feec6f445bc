"""Average precision, whose mean over questions is MAP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def average_precision(ranking: Ranking, judged: Judged, k: int) -> float:
    """Sum of the precision at each rank with a relevant id among the first ``k``, divided by the number of all relevant ids."""
    return AveragePrecision(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class AveragePrecision(RankingMeasure):
    NAME = "MAP"
    ALIASES = ("AP",)
    DESCRIPTION = "Mean of the precision at each relevant passage among the first k; one that is not found counts 0."
    PAPER = "Buckley and Voorhees 2000, Evaluating Evaluation Measure Stability"

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import AP

        return calculated(AP @ self.k, questions)
