"""Recall at k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .base import RankingMeasure
from .ranking import relevant


def recall(ranking: Sequence[str], judged: Mapping[str, int], k: int) -> float:
    """Relevant ids among the first ``k``, divided by all relevant ids; 0 when none is relevant."""
    wanted = relevant(judged)
    return len(wanted.intersection(ranking[:k])) / len(wanted) if wanted else 0.0


@dataclass(frozen=True, kw_only=True)
class Recall(RankingMeasure):
    NAME = "recall"
    DESCRIPTION = "Share of all relevant passages that stand among the first k."

    def of(self, ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        return recall(ranking, judged, self.k)
