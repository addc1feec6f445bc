"""Time to first token."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .latency import FIRST, LatencyMeasure


@dataclass(frozen=True, kw_only=True)
class FirstToken(LatencyMeasure):
    NAME = "first token"
    ALIASES = ("TTFT",)
    DESCRIPTION = "Seconds from the question to the first token of the answer; only for systems that tell it, failures left out."

    def of(self, outcome: Outcome) -> float | None:
        return outcome.response.timings.get(FIRST)
