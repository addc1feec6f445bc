"""Whether citations say what the source says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .base import Measure


@dataclass(frozen=True, kw_only=True)
class VerbatimCitations(Measure):
    NAME = "verbatim citations"
    DESCRIPTION = "Share of all citations whose cited text is, character for character, the source's text at their span."

    def score(self, outcome: Outcome) -> float | None:
        return sum(outcome.verbatim) / len(outcome.verbatim) if outcome.verbatim else None

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        """Over all citations of all answers together, not over questions."""
        checks = [check for outcome in outcomes for check in outcome.verbatim]
        return sum(checks) / len(checks) if checks else None
