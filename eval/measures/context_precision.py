"""Context precision: does what is relevant stand first in what the answer was made from?"""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import ContextMeasure


@dataclass(frozen=True, kw_only=True)
class ContextPrecision(ContextMeasure):
    NAME = "context precision"
    DESCRIPTION = (
        "Mean of the share of gold passages down to each gold passage of the context, in its order; "
        "0 where none is gold or the context is empty. Gold by annotation; what was answered does not matter."
    )
    PAPER = "Es et al. 2024, RAGAs: Automated Evaluation of Retrieval Augmented Generation"

    def of(self, outcome: Outcome) -> float | None:
        ranks = [rank for rank, passage in enumerate(outcome.response.given, 1) if outcome.is_gold(passage)]
        return sum(number / rank for number, rank in enumerate(ranks, 1)) / len(ranks) if ranks else 0.0
