"""ALCE's citation recall."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .alce import AlceMeasure


@dataclass(frozen=True, kw_only=True)
class AlceRecall(AlceMeasure):
    NAME = "ALCE recall"
    ALIASES = ("ALCE citation recall",)
    DESCRIPTION = (
        "Share of an answer's sentences that all their citations together entail, by a verifier; "
        "a sentence without citations, or with an invented one, is not entailed; abstentions are left out."
    )

    def of(self, outcome: Outcome) -> float | None:
        return self.both(outcome)[0]
