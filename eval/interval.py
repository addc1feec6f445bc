"""How far a mean over questions can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

#: Resamples, and the seed that makes them the same each time.
_RESAMPLES, _SEED = 2000, 7


def bootstrap(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float] | None:
    """The percentile bootstrap interval of the mean (Efron 1979); ``None`` for fewer than two values.

    >>> bootstrap([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    import numpy as np

    if len(values) < 2:
        return None
    drawn = np.random.default_rng(_SEED).integers(0, len(values), (_RESAMPLES, len(values)))
    means = np.asarray(values, dtype=np.float64)[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_p(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p of the paired randomisation test on the difference of means (Smucker et al. 2007).

    Raises:
        ValueError: the lists differ in length, or are empty.
    """
    import numpy as np

    if len(a) != len(b) or not a:
        raise ValueError(f"two lists of one length, not empty, are compared; these have {len(a)} and {len(b)} values")
    differences = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    signs = np.random.default_rng(_SEED).choice((-1.0, 1.0), (_RESAMPLES, len(differences)))
    as_far = np.abs((signs * differences).mean(axis=1)) >= abs(differences.mean()) - 1e-12
    return float((as_far.sum() + 1) / (_RESAMPLES + 1))
