"""False refusals: abstaining from what the documents do answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class FalseRefusalRate(Measure):
    NAME = "false refusals"
    DESCRIPTION = "Share of answerable questions from which ragkit abstained."
    HIGHER_IS_BETTER = False

    def score(self, outcome: Outcome) -> float | None:
        return None if outcome.answer is None or not outcome.question.answerable else float(outcome.answer.abstained)
