"""False answers: answering what the documents do not answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class FalseAnswerRate(Measure):
    NAME = "false answers"
    DESCRIPTION = "Share of unanswerable questions that were answered."
    HIGHER_IS_BETTER = False
    PAPER = "Unanswerable questions: Rajpurkar et al. 2018, Know What You Don't Know (SQuAD 2.0)"

    def score(self, outcome: Outcome) -> float | None:
        return None if outcome.answer is None or outcome.question.answerable else float(not outcome.answer.abstained)
