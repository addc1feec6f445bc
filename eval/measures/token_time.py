"""Time per token."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .latency import FIRST, TOTAL, WRITTEN, LatencyMeasure


@dataclass(frozen=True, kw_only=True)
class TokenTime(LatencyMeasure):
    NAME = "time per token"
    ALIASES = ("TPOT",)
    DESCRIPTION = (
        "Seconds for each token after the first, from the first to the end; "
        "only for systems that tell both times and the number of tokens, and answers of two or more; failures left out."
    )

    def of(self, outcome: Outcome) -> float | None:
        timings, written = outcome.response.timings, outcome.response.tokens.get(WRITTEN, 0)
        if written < 2 or TOTAL not in timings or FIRST not in timings:
            return None
        return (timings[TOTAL] - timings[FIRST]) / (written - 1)
