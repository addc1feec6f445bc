"""How much memory a system takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .base import CostMeasure


@dataclass(frozen=True, kw_only=True)
class PeakMemory(CostMeasure):
    NAME = "peak memory"
    DESCRIPTION = "Largest peak of the system's process over all questions, in MiB; only where it is told, failures left out."

    def of(self, outcome: Outcome) -> float | None:
        peak = outcome.response.peak_bytes
        return None if peak is None else peak / 2**20

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        return max((value for value in self.scores(outcomes) if value is not None), default=None)
