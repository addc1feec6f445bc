"""Mean reciprocal rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ranking import Judged, Ranking, RankingMeasure, calculated


def reciprocal_rank(ranking: Ranking, judged: Judged, k: int) -> float:
    """1 / rank of the first relevant id, counted from 1; 0 when none is among the first ``k``."""
    return Mrr(k=k).of([(ranking, judged)])[0]


@dataclass(frozen=True, kw_only=True)
class Mrr(RankingMeasure):
    NAME = "MRR"
    ALIASES = ("RR",)
    DESCRIPTION = "Mean of 1 / rank of the first relevant passage; 0 where none is among the first k."
    PAPER = "Voorhees 1999, The TREC-8 Question Answering Track Report"

    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        from ir_measures import RR

        return calculated(RR @ self.k, questions)
