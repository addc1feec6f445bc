"""Citation coverage: how much of an answer cites anything."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class CitationCoverage(AnswerMeasure):
    NAME = "citation coverage"
    GROUP = "citations"
    ASKED = "all"
    EMPTY = None
    DESCRIPTION = "Share of an answer's sentences that cite something that is there, right or wrong; abstentions are left out."
    PAPER = "Liu et al. 2023, Evaluating Verifiability in Generative Search Engines"

    def of(self, outcome: Outcome) -> float | None:
        response = outcome.response
        cites = [any(response.resolved(one) is not None for one in statement.citations) for statement in response.said]
        return sum(cites) / len(cites) if cites else None
