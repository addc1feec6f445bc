"""How much of the gold evidence an answer cites."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class GoldCited(Measure):
    NAME = "gold cited"
    DESCRIPTION = "Share of a question's gold passages that some citation overlaps, over answerable questions; an abstention counts 0."
    PAPER = "Rationale recall: DeYoung et al. 2020, ERASER"

    def score(self, outcome: Outcome) -> float | None:
        if outcome.answer is None or not outcome.gold or not outcome.question.answerable:
            return None
        spans = [(c.uri, c.start_char_index, c.end_char_index) for c in outcome.citations()]
        return sum(any(gold.matches(*span) for span in spans) for gold in outcome.gold) / len(outcome.gold)
