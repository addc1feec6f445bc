"""Context recall: is the evidence in what the answer was made from?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import ContextMeasure


@dataclass(frozen=True, kw_only=True)
class ContextRecall(ContextMeasure):
    NAME = "context recall"
    DESCRIPTION = "Share of a question's gold passages that a passage of the context overlaps; what was answered does not matter."
    PAPER = "Es et al. 2024, RAGAs: Automated Evaluation of Retrieval Augmented Generation; gold by annotation"

    def of(self, outcome: Outcome) -> float | None:
        given = outcome.response.given
        return sum(any(map(gold.covers, given)) for gold in outcome.relevant) / len(outcome.relevant)
