"""How long answers are: more sentences contain more gold strings, so no figure of those stands without this one."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class SentencesPerAnswer(AnswerMeasure):
    NAME = "sentences per answer"
    ASKED = "all"
    EMPTY = None
    DESCRIPTION = "Mean number of sentences of an answer; abstentions are left out."
    HIGH = None
    HIGHER_IS_BETTER = False

    def of(self, outcome: Outcome) -> float | None:
        return float(len(outcome.response.said))
