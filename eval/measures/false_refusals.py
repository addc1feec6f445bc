"""False refusals: abstaining from what the documents do answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class FalseRefusalRate(AnswerMeasure):
    NAME = "false refusals"
    GROUP = "abstention"
    EMPTY = 1.0
    DESCRIPTION = "Share of answerable questions that got no answer: the system abstained, failed, or gave an empty text."
    HIGHER_IS_BETTER = False

    def of(self, outcome: Outcome) -> float | None:
        return 0.0
