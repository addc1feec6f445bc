"""Precision at k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def precision(ranking: Ranking, judged: Judged, k: int) -> float:
    """Relevant ids among the first ``k``, divided by ``k``, however few were found."""
    return Precision(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class Precision(RankingMeasure):
    NAME = "precision"
    ALIASES = ("P",)
    DESCRIPTION = "Relevant passages among the first k, divided by k, however few were found."

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import P

        return calculated(P @ self.k, questions)
