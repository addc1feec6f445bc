"""ALCE's citation precision."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from .alce import AlceMeasure


@dataclass(frozen=True, kw_only=True)
class AlcePrecision(AlceMeasure):
    NAME = "ALCE precision"
    ALIASES = ("ALCE citation precision",)
    DESCRIPTION = (
        "Share of an answer's citations whose sentence is entailed and that are not superfluous for it, by a verifier; invented citations "
        "count as wrong (in ALCE's own program they are dropped); an answer without citations is 0; abstentions are left out."
    )

    def of(self, outcome: Outcome) -> float | None:
        return self.both(outcome)[1]
