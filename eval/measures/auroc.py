"""How well ``answerable`` parts the answerable questions from the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Probability that a positive scores above a negative, ties counted half; ``None`` when either is empty.

    >>> auroc([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    if not positive or not negative:
        return None
    below = sorted(negative)
    won = sum((bisect_left(below, p) + bisect_right(below, p)) / 2 for p in positive)
    return won / (len(positive) * len(negative))


@dataclass(frozen=True, kw_only=True)
class AnswerableAuroc(Measure):
    NAME = "AUROC of answerable"
    GROUP = "abstention"
    DESCRIPTION = "Probability that an answerable question has a higher `answerable` than an unanswerable one; 0.5 is chance."
    PAPER = "Hanley and McNeil 1982, The Meaning and Use of the Area under a ROC Curve"

    def score(self, outcome: Outcome) -> float | None:
        """Has no value for one question alone."""
        return None

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        both: dict[bool, list[float]] = {True: [], False: []}
        for outcome in outcomes:
            if outcome.response.asked and outcome.response.answerable is not None and not outcome.question.ungraded:
                both[outcome.question.answerable].append(outcome.response.answerable)
        return auroc(both[True], both[False])
