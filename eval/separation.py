"""How well a score parts two classes: AUROC, balanced accuracy at a threshold, and intervals for both.

A bootstrap sample (Efron 1979) is drawn within each class, so that none lacks one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ragkit.records import Jsonable, record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

_RESAMPLES, _SEED, _LEVEL = 2000, 7, 0.95


@record
class Estimate(Jsonable):
    """A value with its 95 % percentile interval; both ``None`` where a class is empty."""

    value: float | None = None
    interval: tuple[float, float] | None = None


def best_threshold(yes: Sequence[float], no: Sequence[float]) -> float:
    """The threshold with the best balanced accuracy on these scores: halfway to the score below, the lowest of several.

    Raises:
        ValueError: a class is empty.

    >>> best_threshold([0.9, 0.6], [0.4, 0.1])
    0.5
    """
    if not yes or not no:
        raise ValueError("a threshold is chosen on claims of both classes")
    scores = sorted({*yes, *no})
    cuts = [scores[0], *((low + high) / 2 for low, high in zip(scores, scores[1:], strict=False))]
    return max(cuts, key=lambda cut: (round(balanced_accuracy(yes, no, cut), 12), -cut))


def balanced_accuracy(yes: Sequence[float], no: Sequence[float], threshold: float) -> float:
    """Mean of the two classes' shares on their side; a score at the threshold is yes.

    >>> balanced_accuracy([0.9, 0.5], [0.4, 0.6], 0.5)
    0.75
    """
    return (sum(score >= threshold for score in yes) / len(yes) + sum(score < threshold for score in no) / len(no)) / 2


def auroc(yes: Sequence[float], no: Sequence[float]) -> Estimate:
    """Probability that a yes scores above a no, ties half (Hanley & McNeil 1982)."""
    return _estimate(_auroc, yes, no)


def auroc_gain(yes: Sequence[tuple[float, float]], no: Sequence[tuple[float, float]]) -> Estimate:
    """By how much the AUROC of the first scores exceeds that of the second, on the same claims (paired samples)."""
    return _estimate(lambda a, b: _auroc(a[:, 0], b[:, 0]) - _auroc(a[:, 1], b[:, 1]), yes, no)


def accuracy(yes: Sequence[float], no: Sequence[float], threshold: float) -> Estimate:
    """Balanced accuracy at a threshold that was chosen elsewhere."""
    return _estimate(lambda a, b: float(((a >= threshold).mean() + (b < threshold).mean()) / 2), yes, no)


def _estimate(statistic: Callable[[Any, Any], float], yes: Sequence[Any], no: Sequence[Any]) -> Estimate:
    import numpy as np

    if not yes or not no:
        return Estimate()
    a, b = np.asarray(yes, dtype=np.float64), np.asarray(no, dtype=np.float64)
    random = np.random.default_rng(_SEED)
    drawn = [statistic(a[random.integers(0, len(a), len(a))], b[random.integers(0, len(b), len(b))]) for _ in range(_RESAMPLES)]
    low, high = np.quantile(drawn, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Estimate(value=float(statistic(a, b)), interval=(float(low), float(high)))


def _auroc(yes: Scores, no: Scores) -> float:
    import numpy as np

    below = np.sort(no)
    won = np.searchsorted(below, yes, "left") + np.searchsorted(below, yes, "right")
    return float(won.mean() / (2 * len(below)))
