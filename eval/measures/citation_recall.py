"""Citation recall: are the answer's sentences backed?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class CitationRecall(AnswerMeasure):
    """ALCE asks a language-inference model whether a sentence's citations entail it; here a person's gold spans decide."""

    NAME = "citation recall"
    GROUP = "citations"
    NEEDS_GOLD = True
    DESCRIPTION = (
        "Share of an answer's sentences with a citation that overlaps a gold passage, over answerable questions with gold passages; "
        "a sentence without citations counts 0, so does an abstention."
    )
    PAPER = "After Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations (ALCE)"

    def of(self, outcome: Outcome) -> float | None:
        statements = outcome.response.said
        backed = sum(any(map(outcome.cites_gold, statement.citations)) for statement in statements)
        return backed / len(statements) if statements else 0.0
