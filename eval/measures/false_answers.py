"""False answers: answering what the documents do not answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class FalseAnswerRate(AnswerMeasure):
    NAME = "false answers"
    GROUP = "abstention"
    ASKED = "unanswerable"
    DESCRIPTION = "Share of unanswerable questions that were answered."
    HIGHER_IS_BETTER = False
    PAPER = "Unanswerable questions: Rajpurkar et al. 2018, Know What You Don't Know (SQuAD 2.0)"

    def of(self, outcome: Outcome) -> float | None:
        return 1.0
