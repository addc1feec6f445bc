"""Time to the whole answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .latency import TOTAL, LatencyMeasure


@dataclass(frozen=True, kw_only=True)
class TotalTime(LatencyMeasure):
    NAME = "total time"
    ALIASES = ("latency",)
    DESCRIPTION = "Seconds from the question to the end of the answer or to the abstention; failures left out."

    def of(self, outcome: Outcome) -> float | None:
        return outcome.response.timings.get(TOTAL)
