"""Citation precision: do the citations point where they should?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class CitationPrecision(Measure):
    """ALCE asks a language-inference model which citations matter; here a person's gold spans decide."""

    NAME = "citation precision"
    DESCRIPTION = (
        "Share of an answer's citations that overlap a gold passage, over answerable questions with gold passages; "
        "an answer without citations counts 0, an abstention cites nothing and is left out."
    )
    PAPER = "After Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations (ALCE)"

    def score(self, outcome: Outcome) -> float | None:
        if outcome.answer is None or not outcome.gold or not outcome.question.answerable or outcome.answer.abstained:
            return None
        citations = outcome.citations()
        return sum(map(outcome.is_gold, citations)) / len(citations) if citations else 0.0
