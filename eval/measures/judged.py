"""How much of a ranking anybody has judged: where it is low, the other figures say little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def judged_share(ranking: Ranking, judged: Judged, k: int) -> float:
    """Judged ids, relevant or not, among the first ``k``, by how many there are."""
    return JudgedAt(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class JudgedAt(RankingMeasure):
    NAME = "judged"
    DESCRIPTION = "Share of the first k passages that the question file judges, as relevant or not (gain 0)."

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import Judged

        return calculated(Judged @ self.k, questions)
