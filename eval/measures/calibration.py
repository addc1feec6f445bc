"""Reliability: of the questions said to be answerable with 0.8, are eight of ten?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ragkit.records import Jsonable, record

from ..outcome import Outcome
from .base import Measure
from .pairs import Of, certainties

Pairs = Sequence[tuple[float, bool]]
Bins = Literal["mass", "width"]


@record
class Bin(Jsonable):
    """One bar of a reliability diagram: the certainties in it lie in [``low``, ``high``], ``certain`` is their mean, ``true`` the share
    that was true. All but ``count`` in [0, 1]."""

    low: float
    high: float
    count: int
    certain: float
    true: float


def reliability(pairs: Pairs, bins: int = 10, equal: Bins = "mass") -> tuple[Bin, ...]:
    """The bins of certainties in [0, 1] with what was true; empty ones are left out.

    ``mass``: as nearly the same number in each as ties allow, for equal certainties stay together; ``width``: each a ``bins``-th of [0, 1].
    """
    parts: dict[int, list[tuple[float, bool]]] = {}
    before = 0
    for sure, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        alike = list(group)
        middle = before + len(alike) / 2
        place = int(middle * bins / len(pairs)) if equal == "mass" else min(int(sure * bins), bins - 1)
        parts.setdefault(place, []).extend(alike)
        before += len(alike)
    return tuple(_bin(part) for _, part in sorted(parts.items()))


def _bin(part: Pairs) -> Bin:
    sure = [one for one, _ in part]
    count = len(part)
    return Bin(low=sure[0], high=sure[-1], count=count, certain=math.fsum(sure) / count, true=sum(true for _, true in part) / count)


def calibration_error(pairs: Pairs, bins: int = 10, equal: Bins = "mass") -> float | None:
    """Mean distance between certainty and truth over the bins, weighted by what is in them; ``None`` without pairs.

    >>> calibration_error([(0.8, True), (0.8, False), (0.2, False)], bins=2, equal="width")
    0.26666666666666666
    """
    return sum(one.count * abs(one.certain - one.true) for one in reliability(pairs, bins, equal)) / len(pairs) if pairs else None


@dataclass(frozen=True, kw_only=True)
class CalibrationError(Measure):
    """``equal`` is ``mass`` (the same number of questions in each bin) or ``width``; ``of`` is ``answerable`` (does the probability say
    how often questions are answerable?) or ``right`` (how often the answers given hold a gold string?)."""

    NAME = "ECE"
    GROUP = "calibration"
    DESCRIPTION = "Mean distance between `answerable` and the share for which it was true, over bins; failures that tell none are left out."
    HIGHER_IS_BETTER = False
    PAPER = "Naeini et al. 2015, Obtaining Well Calibrated Probabilities Using Bayesian Binning; bins of equal mass: Nixon et al. 2019"

    bins: int = 10
    equal: Bins = "mass"
    of: Of = "answerable"

    def __post_init__(self) -> None:
        if self.bins < 1 or self.equal not in ("mass", "width") or self.of not in ("answerable", "right"):
            raise ValueError(f"ECE: bins 1 or more, equal mass or width, of answerable or right; not {self.bins}, {self.equal}, {self.of}")

    def score(self, outcome: Outcome) -> float | None:
        """Has no value for one question alone."""
        return None

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        return calibration_error(certainties(outcomes, self.of), self.bins, self.equal)
