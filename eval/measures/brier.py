"""Brier score of ``answerable``."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure
from .pairs import Of, certainties


@dataclass(frozen=True, kw_only=True)
class BrierScore(Measure):
    """``of`` is as in :class:`CalibrationError`."""

    NAME = "Brier score"
    GROUP = "calibration"
    DESCRIPTION = "Mean squared distance between `answerable` and what was true (1 or 0); questions for which none is told are left out."
    HIGHER_IS_BETTER = False
    PAPER = "Brier 1950, Verification of Forecasts Expressed in Terms of Probability"

    of: Of = "answerable"

    def __post_init__(self) -> None:
        if self.of not in ("answerable", "right"):
            raise ValueError(f"Brier score: of is answerable or right, not {self.of!r}")

    def score(self, outcome: Outcome) -> float | None:
        return next(((sure - true) ** 2 for sure, true in certainties([outcome], self.of)), None)
