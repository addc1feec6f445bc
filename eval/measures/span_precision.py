"""Span precision: how much of what is cited is annotated."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure
from .spans import annotated, characters


@dataclass(frozen=True, kw_only=True)
class SpanPrecision(AnswerMeasure):
    NAME = "span precision"
    GROUP = "citations"
    NEEDS_GOLD = True
    EMPTY = None
    DESCRIPTION = (
        "Share of the cited characters that are annotated as evidence, "
        "over answerable questions with annotated spans; an answer that cites nothing is 0; abstentions are left out."
    )
    PAPER = "Token-level rationales: DeYoung et al. 2020, ERASER; in characters"

    def applies(self, outcome: Outcome) -> bool:
        return annotated(outcome)

    def of(self, outcome: Outcome) -> float | None:
        cited, right, _, _ = characters(outcome)
        return right / cited if cited else 0.0
