"""Token F1 of SQuAD."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure
from .words import normalised


def token_f1(text: str, gold: str) -> float:
    """Harmonic mean of the precision and recall of the words that two strings share; 1 when both are empty."""
    words, wanted = normalised(text).split(), normalised(gold).split()
    if not words or not wanted:
        return float(words == wanted)
    shared = (Counter(words) & Counter(wanted)).total()
    return 2 * shared / (len(words) + len(wanted))


@dataclass(frozen=True, kw_only=True)
class TokenF1(AnswerMeasure):
    NAME = "token F1"
    DESCRIPTION = (
        "Overlap of the answer's words with the best gold string, over answerable questions; an abstention or an empty answer counts 0."
    )
    PAPER = "Rajpurkar et al. 2016, SQuAD: 100,000+ Questions for Machine Comprehension of Text"

    def of(self, outcome: Outcome) -> float | None:
        return max(token_f1(outcome.response.text, gold) for gold in outcome.question.answers)
