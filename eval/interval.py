"""How far a mean over questions, and a difference of two, can be trusted: intervals by resampling the questions.

The percentile interval is the one in use, because it covers: in simulated experiments (``bench/eval_statistics.py``) it holds the
truth in 95 ± 1.5 % for shares and for graded measures, with 50 questions and with 300. BCa, which is there to compare, corrects for
skew, and is too wide for a share of few questions (98.5 % for a share of 0.9 and 50 questions). Where all values are 0, or all 1, a
resample cannot differ and either would have no width: Wilson's interval of a share takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

#: Resamples, and the seed that makes them the same each time.
RESAMPLES, SEED = 2000, 7
#: Sign flips of a randomisation test, and up to how many differences all of them are tried (in one part: see ``_AT_ONCE``).
_FLIPS, _EXACT = 10_000, 14
#: Most numbers that are drawn at once, so that many questions take no more memory than few.
_AT_ONCE = 4_000_000

Interval = tuple[float, float]


def bootstrap(values: Sequence[float], *, level: float = 0.95, share: bool = False) -> Interval | None:
    """The percentile bootstrap interval of the mean (Efron 1979); ``None`` for fewer than two values.

    ``share``: the values lie in [0, 1]; then values that are all 0 or all 1 have Wilson's interval.

    >>> bootstrap([1.0, 1.0, 1.0]), round(bootstrap([1.0, 1.0, 1.0], share=True)[0], 3)
    ((1.0, 1.0), 0.439)
    """
    import numpy as np

    if len(values) < 2:
        return None
    given = np.asarray(values, dtype=np.float64)
    if share and given.min() == given.max() and given[0] in (0.0, 1.0):
        return wilson(int(given.sum()), len(given), level=level)
    low, high = np.quantile(_means(given), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bca(values: Sequence[float], *, level: float = 0.95) -> Interval | None:
    """The bias-corrected and accelerated interval of the mean (Efron 1987); ``None`` for fewer than two values."""
    import numpy as np

    if len(values) < 2:
        return None
    given = np.asarray(values, dtype=np.float64)
    off = given - given.mean()
    off = off / (np.abs(off).max() or 1.0)  # the skew has no unit, and tiny cubes vanish
    spread = float((off**2).sum())
    means = _means(given)
    below = float((means < given.mean()).mean() + (means == given.mean()).mean() / 2)
    if spread == 0 or not 0 < below < 1:
        return float(means.min()), float(means.max())
    normal, bias, skew = NormalDist(), NormalDist().inv_cdf(below), float((off**3).sum()) / (6 * spread**1.5)
    ends = [bias + normal.inv_cdf(part) for part in ((1 - level) / 2, (1 + level) / 2)]
    low, high = np.quantile(means, [normal.cdf(bias + end / (1 - skew * end)) for end in ends])
    return float(low), float(high)


def wilson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share (Wilson 1927). ``n`` is 1 or more.

    >>> tuple(round(end, 3) for end in wilson(9, 10))
    (0.596, 0.982)
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, square = successes / n, z * z / n
    half = z * (share * (1 - share) / n + square / (4 * n)) ** 0.5
    low, high = ((share + square / 2 + sign * half) / (1 + square) for sign in (-1, 1))
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def paired(a: Sequence[float], b: Sequence[float], *, level: float = 0.95) -> Interval | None:
    """The percentile bootstrap interval of the mean of ``b - a``; a question keeps its two values. ``None`` for fewer than two.

    Raises:
        ValueError: the lists differ in length, or are empty.
    """
    return bootstrap(list(_differences(a, b)), level=level)


def paired_p(a: Sequence[float], b: Sequence[float], *, mid: bool = True) -> float:
    """Two-sided p of the paired randomisation test on the difference of means (Fisher 1935; Smucker et al. 2007).

    The share of all signs that the differences could have that lead at least as far. Up to 14 differences all signs are tried; of more
    10,000, and then p is never 0. ``mid`` counts those that lead exactly as far by half (mid-p: Lancaster 1961; Fagerland et al. 2013):
    among values that are 0 or 1 many do, and the plain p raises 2 to 4 false alarms in a hundred in place of 5. A question without a
    difference changes nothing.

    Raises:
        ValueError: the lists differ in length, or are empty.
    """
    import numpy as np

    differences = _differences(a, b)
    differences = differences[differences != 0]
    width = len(differences)
    if not width:
        return 1.0
    far, slack = abs(float(differences.sum())), 1e-12 * float(np.abs(differences).sum())
    drawn, flips, counted = np.random.default_rng(SEED), 2**width if width <= _EXACT else _FLIPS, 0.0
    for rows in _rows(flips, width):
        if width <= _EXACT:
            kept = (np.arange(rows)[:, None] >> np.arange(width) & 1).astype(np.float64)
        else:
            whole = np.frombuffer(drawn.bytes(rows * -(-width // 8)), np.uint8).reshape(rows, -1)
            kept = np.unpackbits(whole, axis=1)[:, :width].astype(np.float64)
        sums = np.abs(2 * (kept @ differences) - differences.sum())
        beyond, as_far = (sums > far + slack).sum(), (sums >= far - slack).sum()
        counted += (beyond + as_far) / 2 if mid else as_far
    return float(counted / flips) if width <= _EXACT else float((counted + 1) / (flips + 1))


def _differences(a: Sequence[float], b: Sequence[float]) -> Array:
    import numpy as np

    if len(a) != len(b) or not len(a):
        raise ValueError(f"two lists of one length, not empty, are compared; these have {len(a)} and {len(b)} values")
    return np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)


def _means(values: Array) -> Array:
    """The means of the resamples, ``(RESAMPLES,)``."""
    import numpy as np

    drawn: Any = np.random.default_rng(SEED)
    n = len(values)
    return np.concatenate([values[drawn.integers(0, n, (rows, n), np.int32)].mean(axis=1) for rows in _rows(RESAMPLES, n)])


def _rows(total: int, width: int) -> Iterator[int]:
    """``total`` rows of ``width`` numbers, in parts."""
    step = max(1, _AT_ONCE // width)
    yield from (min(step, total - done) for done in range(0, total, step))
