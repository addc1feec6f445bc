"""Span F1: span precision and recall in one."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure
from .spans import annotated, characters


@dataclass(frozen=True, kw_only=True)
class SpanF1(AnswerMeasure):
    NAME = "span F1"
    GROUP = "citations"
    NEEDS_GOLD = True
    DESCRIPTION = "Harmonic mean of span precision and span recall of each answer; an abstention counts 0."
    PAPER = "Token-level rationales: DeYoung et al. 2020, ERASER; in characters"

    def applies(self, outcome: Outcome) -> bool:
        return annotated(outcome)

    def of(self, outcome: Outcome) -> float | None:
        cited, right, gold, there = characters(outcome)
        if not gold:
            return None
        precision, recall = right / cited if cited else 0.0, there / gold
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
