"""Has a distribution changed? Two samples compared: of numbers by PSI and Kolmogorov-Smirnov, of vectors by the energy distance."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ragkit.records import Jsonable, record

#: Bins of the population stability index, and the shuffles of a permutation test with the seed that makes them the same each time.
BINS, SHUFFLES, SEED = 10, 499, 7
#: What is added to each bin's count, so that an empty one does not make the index infinite.
_PRIOR = 0.5
#: Below it Kolmogorov's variable does not lie: the probability is under 1e-23.
_SURE = 0.15

Vectors = NDArray[np.float32] | NDArray[np.float64]


def psi(baseline: Sequence[float], current: Sequence[float], bins: int = BINS) -> float | None:
    """The population stability index: the sum over bins of (q - p) · ln(q / p), with the shares p of the baseline and q of the current
    window; 0 or more, the symmetrised Kullback-Leibler divergence. Bins hold as many values of the baseline each, equal values in one;
    half a value is added to every bin. ``None`` where a sample is empty.

    Without any change it is about (bins - 1) · (1/n + 1/m); of large samples 0.1 is called small and 0.25 large (Siddiqi 2006, Credit
    Risk Scorecards).
    """
    if not baseline or not current:
        return None
    edges = edges_of(baseline, bins)
    p, q = shares(baseline, edges), shares(current, edges)
    return sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))


def edges_of(baseline: Sequence[float], bins: int = BINS) -> list[float]:
    """The upper edges of all bins but the last; of a baseline that is one value, that value has a bin between two."""
    found = set(np.quantile(np.asarray(baseline), np.linspace(0, 1, bins + 1)[1:-1], method="lower").tolist())
    inner = sorted(edge for edge in found if edge < max(baseline))
    return inner or [math.nextafter(baseline[0], -math.inf), baseline[0]]


def shares(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    """The share of ``values`` up to each edge and above the last, smoothed; they sum to 1."""
    counts = [_PRIOR] * (len(edges) + 1)
    for value in values:
        # A value that is an edge belongs below it, so that many equal values are a bin of their own.
        counts[bisect_right(edges, value) - (value in edges)] += 1
    total = sum(counts)
    return [count / total for count in counts]


def ks(baseline: Sequence[float], current: Sequence[float]) -> tuple[float, float] | None:
    """The two-sample Kolmogorov-Smirnov statistic, in [0, 1], and its asymptotic two-sided p; ``None`` where a sample is empty.

    With equal values in the samples, p is larger than it should be: fewer alarms, not more.
    """
    if not baseline or not current:
        return None
    a, b = np.sort(np.asarray(baseline, dtype=np.float64)), np.sort(np.asarray(current, dtype=np.float64))
    both = np.concatenate([a, b])
    gap = np.searchsorted(a, both, side="right") / len(a) - np.searchsorted(b, both, side="right") / len(b)
    statistic = float(np.abs(gap).max())
    return statistic, kolmogorov(statistic * math.sqrt(len(a) * len(b) / (len(a) + len(b))))


def kolmogorov(x: float) -> float:
    """The probability that the Kolmogorov distribution's variable exceeds ``x`` (Smirnov 1948).

    >>> round(kolmogorov(1.358), 3)
    0.05
    """
    if x < _SURE:
        return 1.0
    if x < 1:  # the other series of the same function: this one converges fast for small x
        terms = (math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * x * x)) for k in range(1, 8))
        return 1 - math.sqrt(2 * math.pi) / x * sum(terms)
    return min(1.0, 2 * sum((1 if k % 2 else -1) * math.exp(-2 * k * k * x * x) for k in range(1, 20)))


@record
class VectorDrift(Jsonable):
    """Two samples of vectors compared: ``distance``, the energy distance as a share of the mean distance between the samples, in
    [0, 1]; ``p`` of its permutation test; ``shift``, the distance of the two means."""

    distance: float
    p: float
    shift: float


def energy(baseline: Vectors, current: Vectors, shuffles: int = SHUFFLES) -> VectorDrift | None:
    """The energy distance of two samples (Székely & Rizzo 2004), ``(n, d)`` and ``(m, d)``, with its permutation test: it is 0 only
    where both come from one distribution. ``None`` where a sample has fewer than two vectors."""
    n, m = len(baseline), len(current)
    if min(n, m) < 2:
        return None
    both = np.concatenate([baseline, current]).astype(np.float64)
    squares = (both**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * both @ both.T, 0.0))
    np.fill_diagonal(distances, 0.0)
    chosen = np.zeros((shuffles + 1, n + m))
    chosen[0, :n] = 1.0
    draw = np.random.default_rng(SEED)
    for row in chosen[1:]:
        row[draw.permutation(n + m)[:n]] = 1.0
    sums = chosen @ distances
    inside = (sums * chosen).sum(axis=1)
    between = (sums * (1 - chosen)).sum(axis=1)
    outside = distances.sum() - inside - 2 * between
    across = 2 * between / (n * m)
    found = across - inside / (n * n) - outside / (m * m)
    p = float((found[1:] >= found[0] - 1e-12).sum() + 1) / (shuffles + 1)
    distance = float(found[0] / across[0]) if across[0] > 0 else 0.0
    shift = float(np.linalg.norm(baseline.mean(axis=0) - current.mean(axis=0)))
    return VectorDrift(distance=max(0.0, distance), p=p, shift=shift)
