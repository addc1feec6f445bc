"""Hallucination rate: how many answers say something that nothing backs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..outcome import Outcome
from .grounding import GroundingMeasure


@dataclass(frozen=True, kw_only=True)
class HallucinationRate(GroundingMeasure):
    NAME = "hallucination rate"
    DESCRIPTION = (
        "Share of answers with a sentence, one or more, that a verifier does not find supported by the whole context "
        "(or by what it cites); abstentions are left out."
    )
    HIGHER_IS_BETTER = False
    PAPER = "Ji et al. 2023, Survey of Hallucination in Natural Language Generation"

    against: Literal["cited", "context"] = "context"

    def of(self, outcome: Outcome) -> float | None:
        found = [not verdict.support >= self.threshold for verdict in self.verdicts(outcome)]  # what is no number supports nothing
        return float(any(found)) if found else None
