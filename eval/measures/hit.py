"""Hit at k, also called success. It is not recall: one relevant passage is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def hit(ranking: Ranking, judged: Judged, k: int) -> float:
    """1 when any of the first ``k`` ids is relevant, else 0."""
    return HitAt(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class HitAt(RankingMeasure):
    NAME = "hit"
    ALIASES = ("Success",)
    DESCRIPTION = "Share of questions with at least one relevant passage among the first k."

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import Success

        return calculated(Success @ self.k, questions)
