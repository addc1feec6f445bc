"""Citation precision: do the citations point where they should?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class CitationPrecision(AnswerMeasure):
    """ALCE asks a language-inference model which citations matter; here a person's gold spans decide."""

    NAME = "citation precision"
    GROUP = "citations"
    NEEDS_GOLD = True
    EMPTY = None
    DESCRIPTION = (
        "Share of an answer's citations that overlap a gold passage, over answerable questions with gold passages; "
        "an answer without citations counts 0, an abstention cites nothing and is left out."
    )
    PAPER = "After Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations (ALCE)"

    def of(self, outcome: Outcome) -> float | None:
        citations = outcome.response.citations
        return sum(map(outcome.cites_gold, citations)) / len(citations) if citations else 0.0
