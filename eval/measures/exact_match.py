"""Exact match of SQuAD."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure
from .words import normalised


@dataclass(frozen=True, kw_only=True)
class ExactMatch(AnswerMeasure):
    NAME = "exact match"
    ALIASES = ("EM",)
    DESCRIPTION = (
        "Share of answerable questions whose answer is a gold string, both normalised as in SQuAD; "
        "an abstention or an empty answer counts 0. Answers in whole sentences hardly ever match."
    )
    PAPER = "Rajpurkar et al. 2016, SQuAD: 100,000+ Questions for Machine Comprehension of Text"

    def of(self, outcome: Outcome) -> float | None:
        given = normalised(outcome.response.text)
        return float(any(given == normalised(gold) for gold in outcome.question.answers))
