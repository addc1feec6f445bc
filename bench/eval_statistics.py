"""Whether the statistics of ``ragkit eval`` hold: coverage of the intervals, false alarms and power of the test, in simulated experiments.

Values are drawn from distributions whose mean is known: a share (``answer contains``), a skewed graded measure (``beta``, Beta(3, 1)),
and the nDCG@10 of questions with one relevant passage (``nDCG``), which is 0, or 1 / log2(rank + 1). Of a pair of runs each question
has, with the probability ``agree``, the same luck in both, else luck of its own: their values then correlate by about ``agree``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.common import emit, parser
from ragkit.eval.interval import Interval, bca, bootstrap, paired, paired_p

Array = npt.NDArray[np.float64]
#: Maps uniform numbers, and by how much the mean is to be higher, to values.
Draw = Callable[[Array, float], Array]

EXPERIMENTS = 2000
#: Of the one relevant passage: the shares of the first ten ranks; what is left is not found.
RANKS = (0.55, 0.12, 0.07, 0.05, 0.03, 0.02, 0.015, 0.01, 0.01, 0.005)
GAINS = tuple(1 / math.log2(rank + 1) for rank in range(1, 11))


def share(p: float) -> Draw:
    """1 with the probability ``p``."""
    return lambda u, better: (u < p + better).astype(np.float64)


def beta(u: Array, better: float) -> Array:
    """Beta(3, 1), by its quantiles."""
    return u ** (1 / 3) + better


def ndcg(u: Array, better: float) -> Array:
    """nDCG@10 with one relevant passage; what is better is found first instead of not at all."""
    ends = np.cumsum([RANKS[0] + better, *RANKS[1:]])
    return np.array([*GAINS, 0.0])[np.searchsorted(ends, u, side="right")]


LAWS: dict[str, tuple[Draw, float]] = {
    "share 0.9": (share(0.9), 0.9),
    "beta": (beta, 0.75),
    "nDCG": (ndcg, sum(p * gain for p, gain in zip(RANKS, GAINS, strict=True))),
}


def covers(ends: Interval | None, truth: float) -> bool:
    """Whether an interval holds the truth."""
    return ends is not None and ends[0] - 1e-12 <= truth <= ends[1] + 1e-12


def coverage(law: Draw, truth: float, n: int, method: Callable[[list[float]], Interval | None], experiments: int) -> float:
    """The share of experiments whose interval of the mean holds the truth."""
    drawn = np.random.default_rng(1)
    return sum(covers(method(list(law(drawn.random(n), 0.0))), truth) for _ in range(experiments)) / experiments


def pairs(law: Draw, n: int, agree: float, better: float, experiments: int) -> tuple[float, float, float]:
    """The share of paired intervals that hold the truth, of tests with p < 0.05, and of questions whose two values differ."""
    drawn, found = np.random.default_rng(2), []
    for _ in range(experiments):
        luck = drawn.random((2, n))
        same = drawn.random(n) < agree
        a, b = law(luck[0], 0.0), law(np.where(same, luck[0], luck[1]), better)
        found.append((covers(paired(list(a), list(b)), better), paired_p(list(a), list(b)) < 0.05, (a != b).mean()))
    held, significant, differ = (round(float(mean), 4) for mean in np.mean(found, axis=0))
    return held, significant, differ


def single(experiments: int) -> list[dict[str, Any]]:
    """The intervals of a mean: one row a distribution."""
    methods = {"percentile": bootstrap, "BCa": bca}
    return [
        {
            "values": name,
            **{f"{how}, n = {n}: covers": coverage(law, truth, n, m, experiments) for how, m in methods.items() for n in (50, 300)},
        }
        for name, (law, truth) in LAWS.items()
    ]


def double(experiments: int) -> list[dict[str, Any]]:
    """The paired interval and test: one row a distribution and agreement."""
    rows = []
    for name, law, agree in ((n, law, c) for n, law in (("share 0.8", share(0.8)), ("nDCG", ndcg)) for c in (0.5, 0.8, 0.9)):
        row: dict[str, Any] = {"values": name, "agree": agree}
        for n in (50, 300):
            row[f"paired, n = {n}: covers"], row[f"false alarms, n = {n}"], _ = pairs(law, n, agree, 0.0, experiments)
        held, power, differ = pairs(law, 300, agree, 0.03, experiments)
        row |= {"better by 0.03, n = 300: covers": held, "power, n = 300": power, "questions that differ": differ}
        rows.append(row)
    return rows


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--experiments", type=int, default=EXPERIMENTS, metavar="N", help="simulated experiments of each kind")
    given = arguments.parse_args()
    rows = single(given.experiments) + double(given.experiments)
    emit("eval_statistics", rows, complete=given.experiments >= EXPERIMENTS, experiments=given.experiments)


if __name__ == "__main__":
    main()
