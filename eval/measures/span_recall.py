"""Span recall: how much of what is annotated is cited."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure
from .spans import annotated, characters


@dataclass(frozen=True, kw_only=True)
class SpanRecall(AnswerMeasure):
    NAME = "span recall"
    GROUP = "citations"
    NEEDS_GOLD = True
    DESCRIPTION = (
        "Share of the characters annotated as evidence that are cited, "
        "over answerable questions with annotated spans; an abstention counts 0."
    )
    PAPER = "Token-level rationales: DeYoung et al. 2020, ERASER; in characters"

    def applies(self, outcome: Outcome) -> bool:
        return annotated(outcome)

    def of(self, outcome: Outcome) -> float | None:
        _, _, gold, there = characters(outcome)
        return there / gold if gold else None
