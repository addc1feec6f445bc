"""Invented citations: pointers to what was never there."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class InventedCitations(AnswerMeasure):
    NAME = "invented citations"
    GROUP = "citations"
    ASKED = "all"
    EMPTY = None
    DESCRIPTION = (
        "Share of an answer's citations that name no passage: the number is out of range, or nothing is named; "
        "answers without citations, and abstentions, are left out."
    )
    HIGHER_IS_BETTER = False

    def of(self, outcome: Outcome) -> float | None:
        citations = outcome.response.citations
        return sum(outcome.response.resolved(one) is None for one in citations) / len(citations) if citations else None
