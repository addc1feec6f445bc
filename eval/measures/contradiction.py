"""Contradiction rate: how much of what is said the evidence denies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..outcome import Outcome
from .grounding import GroundingMeasure


@dataclass(frozen=True, kw_only=True)
class ContradictionRate(GroundingMeasure):
    NAME = "contradiction rate"
    DESCRIPTION = (
        "Share of an answer's sentences that a verifier finds contradicted by the whole context (or by what they cite); "
        "abstentions are left out. The verifiers `lexical` and `judge` see no contradictions."
    )
    HIGHER_IS_BETTER = False
    PAPER = "Honovich et al. 2022, TRUE: Re-evaluating Factual Consistency Evaluation"

    against: Literal["cited", "context"] = "context"

    def of(self, outcome: Outcome) -> float | None:
        found = [verdict.contradiction >= self.threshold for verdict in self.verdicts(outcome)]
        return sum(found) / len(found) if found else None
