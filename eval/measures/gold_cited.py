"""How much of the gold evidence an answer cites."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class GoldCited(AnswerMeasure):
    NAME = "gold cited"
    GROUP = "citations"
    NEEDS_GOLD = True
    DESCRIPTION = "Share of a question's gold passages that some citation overlaps, over answerable questions; an abstention counts 0."
    PAPER = "Rationale recall: DeYoung et al. 2020, ERASER"

    def of(self, outcome: Outcome) -> float | None:
        cited = [passage for one in outcome.response.citations if (passage := outcome.response.resolved(one)) is not None]
        return sum(any(map(gold.covers, cited)) for gold in outcome.relevant) / len(outcome.relevant)
