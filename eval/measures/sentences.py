"""How long answers are: more sentences contain more gold strings, so no figure of those stands without this one."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class SentencesPerAnswer(Measure):
    NAME = "sentences per answer"
    DESCRIPTION = "Mean number of sentences of an answer; abstentions are left out."
    HIGH = None
    HIGHER_IS_BETTER = False

    def score(self, outcome: Outcome) -> float | None:
        return None if outcome.answer is None or outcome.answer.abstained else float(len(outcome.answer.sentences))
