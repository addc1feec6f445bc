"""Effect sizes, corrections, power."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ragkit.eval.statistics import benjamini_hochberg, corrected, detectable, effect, holm, simulated_power

PS = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(PS)
def test_corrections_keep_the_order(ps: list[float]) -> None:
    """No p falls, none exceeds 1, the order is kept, and Holm asks for at least as much as Benjamini and Hochberg."""
    for raw, one, other in zip(ps, benjamini_hochberg(ps), holm(ps), strict=True):
        assert raw <= one + 1e-12 <= other + 2e-12 <= 1 + 3e-12
    for how in (holm, benjamini_hochberg):
        made = how(ps)
        assert all(made[i] <= made[j] for i in range(len(ps)) for j in range(len(ps)) if ps[i] < ps[j])


@given(PS)
def test_benjamini_hochberg_is_that_of_scipy(ps: list[float]) -> None:
    """The corrected values are those of scipy.stats.false_discovery_control."""
    assert benjamini_hochberg(ps) == pytest.approx(list(stats.false_discovery_control(ps)))


def test_holm_is_worked_by_hand() -> None:
    """Four tests: times 4, 3, 2, 1, never below the one before; by name it is the same."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert corrected([0.01, 0.04], "holm") == pytest.approx([0.02, 0.04])
    assert corrected([0.01, 0.04], "none") == [0.01, 0.04]


def test_effects_are_worked_by_hand() -> None:
    """d_z is the mean by the standard deviation of the differences; odds are for values that are 0 or 1, with a loss."""
    found = effect([0.1, 0.5, 0.4], [0.3, 0.5, 0.8])
    assert found.d_z == pytest.approx(0.2 / 0.2)
    assert (found.odds, found.wins, found.losses, found.ties) == (None, 2, 0, 1)
    assert effect([1, 0, 0, 0], [0, 1, 1, 0]).odds == 2.0
    assert effect([0, 0], [1, 0]).odds is None
    assert effect([0.5, 0.5], [0.7, 0.7]).d_z is None


def test_the_detectable_difference_is_found_as_often_as_it_says() -> None:
    """A shift of that size is found in about 80 % of simulated experiments, none of it in about 5 %."""
    r = random.Random(2)
    pilot = [r.gauss(0, 0.2) for _ in range(200)]
    shift = detectable(pilot)
    assert shift == pytest.approx((1.959964 + 0.841621) * np.std(pilot, ddof=1) / 200**0.5, rel=1e-5)
    assert simulated_power(pilot, 200, shift, experiments=100) == pytest.approx(0.8, abs=0.16)
    assert simulated_power(pilot, 200, 0.0, experiments=100) < 0.14
    assert detectable([0.1, 0.1]) is None
