"""How long answers take, as percentiles: a mean hides those that somebody waits for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .base import CostMeasure

#: Keys of :attr:`Response.timings` and :attr:`Response.tokens`.
TOTAL, FIRST, WRITTEN = "total_s", "first_token_s", "completion"


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: the least value that ``share`` (in per cent) of all do not exceed; ``None`` without values.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 50)
    2.0
    """
    return sorted(values)[max(1, math.ceil(len(values) * share / 100)) - 1] if values else None


@dataclass(frozen=True, kw_only=True)
class LatencyMeasure(CostMeasure):
    """The value of one question is in seconds, that of all is the percentile."""

    SUFFIX = ("percentile", " p")

    percentile: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.percentile <= 100:
            raise ValueError(f"{self.NAME}: percentile is above 0 and at most 100, not {self.percentile}")

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        return percentile([value for value in self.scores(outcomes) if value is not None], self.percentile)
