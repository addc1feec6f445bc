"""Hit at k. It is not recall: one relevant passage is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .base import RankingMeasure
from .ranking import relevant


def hit(ranking: Sequence[str], judged: Mapping[str, int], k: int) -> float:
    """1 when any of the first ``k`` ids is relevant, else 0."""
    return float(not relevant(judged).isdisjoint(ranking[:k]))


@dataclass(frozen=True, kw_only=True)
class HitAt(RankingMeasure):
    NAME = "hit"
    DESCRIPTION = "Share of questions with at least one relevant passage among the first k."

    def of(self, ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        return hit(ranking, judged, self.k)
