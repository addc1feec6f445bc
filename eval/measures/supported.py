"""Supported sentences: is what is said backed?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .grounding import GroundingMeasure


@dataclass(frozen=True, kw_only=True)
class SupportedSentences(GroundingMeasure):
    NAME = "supported sentences"
    ALIASES = ("faithfulness", "groundedness")
    DESCRIPTION = (
        "Share of an answer's sentences that a verifier finds supported by what they cite (or by the whole context); "
        "a sentence without evidence is not; abstentions are left out."
    )
    PAPER = "Rashkin et al. 2023, Measuring Attribution in Natural Language Generation Models (AIS)"

    def of(self, outcome: Outcome) -> float | None:
        found = [verdict.support >= self.threshold for verdict in self.verdicts(outcome)]
        return sum(found) / len(found) if found else None
