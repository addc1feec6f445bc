"""Ridge logistic regression with cross-validation, for the two small models whose coefficients ragkit carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FOLDS = 5
RIDGE = 1e-4


def fitted(sets: Mapping[str, tuple[np.ndarray, np.ndarray]], names: Sequence[str], script: str) -> dict[str, Any]:
    """The JSON of a model fitted on ``sets``: by name ``(positives, negatives)``, each ``(n, signals)``; all sets weigh the same.

    ``cross_validated_auroc`` is that of predictions for folds that were held out, set by set.
    """
    x = np.concatenate([part for pair in sets.values() for part in pair])
    y = np.concatenate([np.full(len(part), label) for pair in sets.values() for part, label in zip(pair, (1.0, 0.0), strict=True)])
    source = np.concatenate([np.full(len(p) + len(n), i) for i, (p, n) in enumerate(sets.values())])
    weight = len(y) / len(sets) / np.bincount(source)[source]
    fold = np.random.default_rng(0).integers(0, FOLDS, len(y))
    held_out = np.zeros(len(y))
    for k in range(FOLDS):
        beta = fit(x[fold != k], y[fold != k], weight[fold != k])
        held_out[fold == k] = x[fold == k] @ beta[:-1] + beta[-1]
    beta = fit(x, y, weight)
    return {
        "fitted_by": script,
        "cross_validated_auroc": {
            name: round(auroc(held_out[(source == i) & (y == 1)], held_out[(source == i) & (y == 0)]), 4) for i, name in enumerate(sets)
        },
        "cross_validated_balanced_accuracy": {
            name: round(balanced(held_out[(source == i) & (y == 1)], held_out[(source == i) & (y == 0)]), 4) for i, name in enumerate(sets)
        },
        "intercept": round(float(beta[-1]), 4),
        "weights": {name: round(float(value), 4) for name, value in zip(names, beta, strict=False)},
    }


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Coefficients and, last, the intercept, by Newton's method."""
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
