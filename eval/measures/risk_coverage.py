"""The area under the curve of risk over coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragkit.answer import risk

from ..outcome import Outcome
from .base import Measure
from .contains import AnswerContains
from .pairs import told_answerable


@dataclass(frozen=True, kw_only=True)
class RiskCoverageArea(Measure):
    """The area of :class:`ragkit.answer.risk.Curve` by the coverage that was reached, so that whoever answers little does not look good
    for that alone. With every question answered the two are the same."""

    NAME = "AURC"
    GROUP = "abstention"
    DESCRIPTION = (
        "Mean risk (share of answers without a gold string) over the coverages reached when the surest questions are answered first; "
        "abstentions and failures are answered at no threshold."
    )
    HIGHER_IS_BETTER = False
    PAPER = "Geifman et al. 2019, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers"

    def score(self, outcome: Outcome) -> float | None:
        """Has no value for one question alone."""
        return None

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        asked = [outcome for outcome in outcomes if outcome.response.asked]
        given = [(sure, not AnswerContains().score(o)) for o in asked if o.answered and (sure := told_answerable(o)) is not None]
        if not given:
            return None
        curve = risk.drawn([sure for sure, _ in given], [wrong for _, wrong in given], len(asked))
        return min(curve.area / curve.points[-1].coverage, 1.0)
