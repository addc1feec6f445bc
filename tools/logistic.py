"""Ridge logistic regression with cross-validation, for the two small models whose coefficients ragkit carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FOLDS = 5
#: Weight of the penalty a row, on signals of unit variance.
RIDGE = 0.01
SEEDS = 5


Pairs = Mapping[str, tuple[np.ndarray, np.ndarray]]


def fitted(sets: Pairs, names: Sequence[str], script: str, groups: Pairs | None = None) -> dict[str, Any]:
    """The JSON of a model fitted on ``sets``: by name ``(positives, negatives)``, each ``(n, signals)``; all sets weigh the same.

    The cross-validated figures are of predictions for folds that were held out, set by set, the mean over so many ways to cut folds.
    Rows of one group, ``(n,)`` labels of the positives and negatives of each set, are in the same fold. Without groups, those of the
    same number are in all sets, which may ask the same questions.
    """
    group = np.concatenate([part for pair in (groups or _numbers(sets)).values() for part in pair])
    x = np.concatenate([part for pair in sets.values() for part in pair])
    y = np.concatenate([np.full(len(part), label) for pair in sets.values() for part, label in zip(pair, (1.0, 0.0), strict=True)])
    source = np.concatenate([np.full(len(p) + len(n), i) for i, (p, n) in enumerate(sets.values())])
    weight = len(y) / len(sets) / np.bincount(source)[source]
    tries = [_held_out(x, y, weight, _folds(seed, group)) for seed in range(SEEDS)]
    beta = fit(x, y, weight)

    def mean(measure: Any) -> dict[str, float]:
        values = {name: [measure(z[(source == i) & (y == 1)], z[(source == i) & (y == 0)]) for z in tries] for i, name in enumerate(sets)}
        return {name: round(float(np.mean(found)), 4) for name, found in values.items()}

    return {
        "fitted_by": script,
        "cross_validated_auroc": mean(auroc),
        "cross_validated_balanced_accuracy": mean(balanced),
        "intercept": round(float(beta[-1]), 4),
        "weights": {name: round(float(value), 4) for name, value in zip(names, beta, strict=False)},
    }


def _numbers(sets: Pairs) -> Pairs:
    return {name: (np.arange(len(p)), np.arange(len(n))) for name, (p, n) in sets.items()}


def _folds(seed: int, group: np.ndarray) -> np.ndarray:
    groups, which = np.unique(group, return_inverse=True)
    return np.random.default_rng(seed).integers(0, FOLDS, len(groups))[which]


def _held_out(x: np.ndarray, y: np.ndarray, weight: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """What models that did not see a row say of it: log-odds."""
    z = np.zeros(len(y))
    for k in range(FOLDS):
        beta = fit(x[fold != k], y[fold != k], weight[fold != k])
        z[fold == k] = x[fold == k] @ beta[:-1] + beta[-1]
    return z


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Coefficients and, last, the intercept, by Newton's method; the ridge is on signals of unit variance."""
    middle, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    beta = _newton((x - middle) / spread, y, weight)
    scaled = beta[:-1] / spread
    return np.append(scaled, beta[-1] - scaled @ middle)


def _newton(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    x = np.hstack([x, np.ones((len(x), 1))])
    penalty = RIDGE * len(x) * np.diag([1.0] * (x.shape[1] - 1) + [0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-x @ beta))
        step = np.linalg.solve(x.T @ (x * (weight * p * (1 - p))[:, None]) + penalty, x.T @ (weight * (p - y)) + penalty @ beta)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    return beta


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """P(a positive scores higher than a negative), ties half."""
    return float(np.mean((positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)))


def balanced(positive: np.ndarray, negative: np.ndarray) -> float:
    """Balanced accuracy at probability one half."""
    return float(((positive > 0).mean() + (negative <= 0).mean()) / 2)
