"""Intervals and paired tests."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ragkit.eval.interval import bca, bootstrap, paired, paired_p, wilson

VALUES = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=2, max_size=20)
PAIRS = st.lists(st.tuples(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.sampled_from((0.0, 0.25, 0.5, 1.0))), min_size=1, max_size=10)


def test_the_interval_holds_the_mean_and_narrows() -> None:
    """It is the same each time, holds the mean, and is about half as wide for four times the questions."""
    few, many = [0.0, 1.0] * 20, [0.0, 1.0] * 80
    wide, narrow = bootstrap(few), bootstrap(many)
    assert wide is not None
    assert narrow is not None
    assert bootstrap(few) == wide
    assert wide[0] < 0.5 < wide[1]
    assert (narrow[1] - narrow[0]) / (wide[1] - wide[0]) == pytest.approx(0.5, abs=0.1)


def test_one_value_has_no_interval() -> None:
    """Nothing can be said of how far a single question carries."""
    assert bootstrap([1.0]) is bca([1.0]) is None
    assert paired([1.0], [0.0]) is None


@pytest.mark.parametrize(("method", "theirs"), [(bootstrap, "percentile"), (bca, "BCa")])
@pytest.mark.parametrize("draw", [lambda r: float(r.random() < 0.9), lambda r: r.random() ** 0.3, lambda r: r.expovariate(1)])
def test_intervals_are_those_of_scipy(method: Callable[..., tuple[float, float]], theirs: str, draw: Callable[..., float]) -> None:
    """Both ends are those of scipy.stats.bootstrap up to the noise of resampling, a twentieth of the width."""
    values = [draw(random.Random(seed)) for seed in range(120)]
    found = method(values)
    known = stats.bootstrap((values,), np.mean, method=theirs, n_resamples=20_000, rng=np.random.default_rng(3)).confidence_interval
    assert found == pytest.approx((known.low, known.high), abs=0.05 * (known.high - known.low) + 1 / len(values) / 2)


@given(VALUES)
def test_an_interval_lies_among_the_values(values: list[float]) -> None:
    """It never reaches beyond the least and the greatest value, and its ends are in order."""
    for method in (bootstrap, bca):
        ends = method(values)
        assert ends is not None
        assert min(values) - 1e-9 <= ends[0] <= ends[1] <= max(values) + 1e-9


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (9, 10), (270, 300), (1, 1)])
def test_wilson_is_that_of_scipy(successes: int, n: int) -> None:
    """The interval of a share is that of scipy's binomial test."""
    known = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((known.low, known.high), abs=1e-9)


def test_all_right_is_no_certainty() -> None:
    """Twenty of twenty is an interval with a width where the values are shares, and only there."""
    assert bootstrap([1.0] * 20, share=True) == wilson(20, 20)
    assert bootstrap([0.0] * 20, share=True) == wilson(0, 20)
    assert bootstrap([1.0] * 20) == (1.0, 1.0)
    assert bootstrap([0.5] * 20, share=True) == (0.5, 0.5)


def test_the_interval_covers() -> None:
    """Of 400 experiments with 50 questions about 95 % hold the truth; the bounds are four standard errors."""
    drawn = np.random.default_rng(11)
    laws = ((lambda: (drawn.random(50) < 0.9).astype(float), 0.9), (lambda: drawn.random(50) ** (1 / 3), 0.75))
    for draw, truth in laws:
        ends = [bootstrap(list(draw())) for _ in range(400)]
        assert 0.906 < sum(end is not None and end[0] - 1e-12 <= truth <= end[1] + 1e-12 for end in ends) / 400 < 0.994


def test_memory_does_not_grow_with_the_questions() -> None:
    """Many questions are resampled in parts, and a constant shift moves the interval by itself."""
    values = [float(i % 7) for i in range(5000)]
    low, high = bootstrap(values) or (0.0, 0.0)
    assert bootstrap([v + 1 for v in values]) == pytest.approx((low + 1, high + 1))


def test_p_of_equal_and_of_different_runs() -> None:
    """Equal runs have p = 1; a run that is better on each of twenty questions has a p below 0.001; p never is 0."""
    assert paired_p([0.5, 0.7], [0.5, 0.7]) == 1.0
    assert 0 < paired_p([0.9] * 20, [0.1] * 20) < 0.001


@given(PAIRS)
def test_few_differences_are_tested_exactly(pairs: list[tuple[float, float]]) -> None:
    """With up to fourteen differences the plain p is that of scipy's exact permutation test, whichever run is named first; the
    mid-p is never above it, and not below half of it."""
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    plain = paired_p(a, b, mid=False)
    assert paired_p(a, b) == paired_p(b, a)
    assert plain / 2 <= paired_p(a, b) <= plain
    if len(a) > 1:
        known = stats.permutation_test((a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples")
        assert plain == pytest.approx(known.pvalue, abs=1e-9)


def test_many_differences_are_tested_by_chance() -> None:
    """Where values differ freely p is that of scipy's test; of shares it is the mid-p of McNemar's exact test."""
    r = random.Random(5)
    a = [r.random() for _ in range(100)]
    b = [x + r.gauss(0.02, 0.1) for x in a]
    known = stats.permutation_test(
        (a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(1)
    )
    assert paired_p(a, b) == pytest.approx(known.pvalue, abs=0.02)
    won, lost = [0.0] * 20 + [1.0] * 9 + [1.0] * 50, [1.0] * 20 + [0.0] * 9 + [1.0] * 50
    tail = stats.binom.cdf(8, 29, 0.5) * 2 + stats.binom.pmf(9, 29, 0.5)
    assert paired_p(won, lost) == pytest.approx(tail, abs=0.01)


@pytest.mark.parametrize("agree", [0.5, 0.9])
def test_false_alarms_are_rare(agree: float) -> None:
    """Of 300 pairs of runs that are equally good about 5 % have p < 0.05; the bound is four standard errors."""
    drawn, alarms = np.random.default_rng(17), 0
    for _ in range(300):
        luck = drawn.random((2, 120))
        luck[1] = np.where(drawn.random(120) < agree, luck[0], luck[1])
        alarms += paired_p(*(list(row) for row in luck**2)) < 0.05
    assert 0 < alarms / 300 < 0.1


def test_p_needs_pairs() -> None:
    """Lists of different lengths are no pairs."""
    with pytest.raises(ValueError, match="these have 1 and 2 values"):
        paired_p([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="these have 0 and 0 values"):
        paired([], [])


def test_the_paired_interval_is_that_of_the_differences() -> None:
    """A question keeps its two values: what all questions share is no noise."""
    a = [i / 40 for i in range(40)]
    b = [x + 0.1 for x in a]
    assert paired(a, b) == pytest.approx((0.1, 0.1))
    worse, better = paired(b, a) or (0.0, 0.0)
    assert (worse, better) == pytest.approx((-0.1, -0.1))
