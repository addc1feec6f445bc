"""How large a difference is, what is left of it among several, and what a number of questions can show."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

from ragkit.records import Jsonable, record

from .interval import SEED, paired_p

Correction = Literal["holm", "bh", "none"]


@record
class Effect(Jsonable):
    """The size of a paired difference of ``b`` over ``a``; ``wins``, ``losses`` and ``ties`` count questions, by which is higher.

    ``d_z`` is the mean of the differences by their standard deviation (Cohen 1988); ``None`` where they do not vary. ``odds`` is for
    values that are 0 or 1: wins by losses, the conditional maximum-likelihood estimate of the odds ratio (Agresti 2013, 11.2);
    ``None`` for others, and without a loss.
    """

    d_z: float | None
    odds: float | None
    wins: int
    losses: int
    ties: int


def effect(a: Sequence[float], b: Sequence[float]) -> Effect:
    """How large the difference of ``b`` over ``a`` is; the lists have one length.

    >>> effect([0, 0, 0, 1, 1], [1, 1, 1, 0, 1]).to_dict()
    {'d_z': 0.447214, 'odds': 3.0, 'wins': 3, 'losses': 1, 'ties': 1}
    """
    differences = [y - x for x, y in zip(a, b, strict=True)]
    wins, losses = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    spread = deviation(differences)
    binary = {*a, *b} <= {0.0, 1.0}
    return Effect(
        d_z=sum(differences) / len(differences) / spread if spread > 0 else None,
        odds=wins / losses if binary and losses else None,
        wins=wins,
        losses=losses,
        ties=len(differences) - wins - losses,
    )


def deviation(values: Sequence[float]) -> float:
    """The standard deviation, with n - 1; 0 for fewer than two values."""
    if len(values) < 2:
        return 0.0
    mean = sum(values) / len(values)
    total = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return float(total**0.5) if total > 1e-24 else 0.0


def holm(p: Sequence[float]) -> list[float]:
    """The p-values corrected so that the chance of any false alarm among them is kept (Holm 1979), in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    made, least = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        least = max(least, min(1.0, (len(p) - rank) * p[index]))
        made[index] = least
    return made


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """The p-values corrected so that the share of false alarms among the alarms is kept (Benjamini and Hochberg 1995).

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    made, most = [0.0] * len(p), 1.0
    for rank, index in reversed(list(enumerate(sorted(range(len(p)), key=lambda i: p[i]), 1))):
        most = min(most, p[index] * len(p) / rank)
        made[index] = most
    return made


def corrected(p: Sequence[float], how: Correction) -> list[float]:
    """By name: ``holm``, ``bh`` (Benjamini and Hochberg), or as they are."""
    return holm(p) if how == "holm" else benjamini_hochberg(p) if how == "bh" else list(p)


def detectable(differences: Sequence[float], *, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest true difference that a test at ``alpha`` finds with this ``power``, if the differences go on varying as these do.

    By the normal approximation, (z(1 - alpha/2) + z(power)) · s / √n; ``None`` where they do not vary.
    """
    spread, normal = deviation(differences), NormalDist()
    return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * spread / len(differences) ** 0.5 if spread else None


def simulated_power(
    differences: Sequence[float], questions: int, shift: float, *, alpha: float = 0.05, experiments: int = 500, seed: int = SEED
) -> float:
    """The share of simulated experiments of ``questions`` questions in which the randomisation test finds a mean difference of ``shift``.

    Each experiment draws its differences from ``differences``, a pilot's, moved so that their mean is ``shift``. A shift of 0 gives the
    rate of false alarms.
    """
    import numpy as np

    pilot = np.asarray(differences, dtype=np.float64)
    pilot = pilot - pilot.mean() + shift
    drawn = np.random.default_rng(seed)
    nothing = [0.0] * questions
    found = sum(paired_p(nothing, list(drawn.choice(pilot, questions))) < alpha for _ in range(experiments))
    return found / experiments
