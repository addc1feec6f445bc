"""Failures: questions that came to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class FailureRate(Measure):
    NAME = "failures"
    GROUP = "abstention"
    DESCRIPTION = (
        "Share of the questions asked at which the system failed: it raised an error, or took too long. An abstention is no failure."
    )
    HIGHER_IS_BETTER = False

    def score(self, outcome: Outcome) -> float | None:
        return float(outcome.response.state == "failed") if outcome.response.asked else None
