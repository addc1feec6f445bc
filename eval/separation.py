"""How well a score parts two classes: AUROC, balanced accuracy at a threshold, and intervals for both.

A bootstrap sample (Efron 1979) is drawn within each class, so that none lacks one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ragkit.records import Jsonable, record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    #: From how often each claim of the two classes was drawn, ``(samples, claims)`` each, to ``(samples,)`` values.
    Statistic = Callable[[Array, Array], Array]

_RESAMPLES, _SEED, _LEVEL = 2000, 7, 0.95
#: Samples that are drawn at once, so that many claims do not take much memory.
_BLOCK = 250


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
    return _estimate(_auroc(yes, no), len(yes), len(no))


def auroc_gain(yes: Sequence[tuple[float, float]], no: Sequence[tuple[float, float]]) -> Estimate:
    """By how much the AUROC of the first scores exceeds that of the second, on the same claims (paired samples)."""
    first, second = (_auroc([pair[n] for pair in yes], [pair[n] for pair in no]) for n in (0, 1))
    return _estimate(lambda a, b: first(a, b) - second(a, b), len(yes), len(no))


def accuracy(yes: Sequence[float], no: Sequence[float], threshold: float) -> Estimate:
    """Balanced accuracy at a threshold that was chosen elsewhere."""
    import numpy as np

    above, below = np.asarray(yes, dtype=np.float64) >= threshold, np.asarray(no, dtype=np.float64) < threshold
    return _estimate(lambda a, b: (a @ above / max(1, len(above)) + b @ below / max(1, len(below))) / 2, len(yes), len(no))


def _auroc(yes: Sequence[float], no: Sequence[float]) -> Statistic:
    """AUROC of samples: for each yes the weight of the no below it, and half of that beside it."""
    import numpy as np

    order = np.argsort(no, kind="stable")
    ordered = np.asarray(no, dtype=np.float64)[order]
    left, right = (np.searchsorted(ordered, yes, side) for side in ("left", "right"))

    def of(a: Array, b: Array) -> Array:
        below = np.concatenate([np.zeros((len(b), 1)), np.cumsum(b[:, order], axis=1)], axis=1)
        won: Array = (a * (below[:, left] + below[:, right])).sum(axis=1) / (2 * len(yes) * len(no))
        return won

    return of


def _estimate(statistic: Statistic, count_yes: int, count_no: int) -> Estimate:
    import numpy as np

    if not count_yes or not count_no:
        return Estimate()
    random = np.random.default_rng(_SEED)
    blocks = [statistic(_drawn(random, count_yes), _drawn(random, count_no)) for _ in range(_RESAMPLES // _BLOCK)]
    low, high = np.quantile(np.concatenate(blocks), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    value = statistic(np.ones((1, count_yes)), np.ones((1, count_no)))[0]
    return Estimate(value=float(value), interval=(float(low), float(high)))


def _drawn(random: np.random.Generator, count: int) -> Array:
    """``(_BLOCK, count)``: how often each of ``count`` claims is in a sample of as many."""
    import numpy as np

    picked = random.integers(0, count, (_BLOCK, count)) + count * np.arange(_BLOCK)[:, None]
    return np.bincount(picked.ravel(), minlength=_BLOCK * count).reshape(_BLOCK, count).astype(np.float64)
