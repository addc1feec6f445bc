"""Recall at k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def recall(ranking: Ranking, judged: Judged, k: int) -> float:
    """Relevant ids among the first ``k``, divided by all relevant ids; 0 when none is relevant."""
    return Recall(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class Recall(RankingMeasure):
    NAME = "recall"
    ALIASES = ("R",)
    DESCRIPTION = "Share of all relevant passages that stand among the first k."

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import R

        return calculated(R @ self.k, questions)
