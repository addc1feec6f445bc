"""Mean reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .base import RankingMeasure
from .ranking import relevant


def reciprocal_rank(ranking: Sequence[str], judged: Mapping[str, int], k: int) -> float:
    """1 / rank of the first relevant id, counted from 1; 0 when none is among the first ``k``."""
    wanted = relevant(judged)
    return next((1.0 / rank for rank, name in enumerate(ranking[:k], 1) if name in wanted), 0.0)


@dataclass(frozen=True, kw_only=True)
class Mrr(RankingMeasure):
    NAME = "MRR"
    DESCRIPTION = "Mean of 1 / rank of the first relevant passage; 0 where none is among the first k."
    PAPER = "Voorhees 1999, The TREC-8 Question Answering Track Report"

    def of(self, ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        return reciprocal_rank(ranking, judged, self.k)
