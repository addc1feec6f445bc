"""Citation recall: are the answer's sentences backed?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class CitationRecall(Measure):
    """ALCE asks a language-inference model whether a sentence's citations entail it; here a person's gold spans decide."""

    NAME = "citation recall"
    DESCRIPTION = (
        "Share of an answer's sentences with a citation that overlaps a gold passage, over answerable questions with gold passages; "
        "a sentence without citations counts 0, so does an abstention."
    )
    PAPER = "After Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations (ALCE)"

    def score(self, outcome: Outcome) -> float | None:
        if outcome.answer is None or not outcome.gold or not outcome.question.answerable:
            return None
        sentences = () if outcome.answer.abstained else outcome.answer.sentences
        backed = sum(any(outcome.is_gold(c) for c in sentence.citations) for sentence in sentences)
        return backed / len(sentences) if sentences else 0.0
