"""Drift of numbers and of vectors, against scipy, and under no change."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.eval.monitoring.drift import edges_of, energy, kolmogorov, ks, psi, shares

values = st.lists(st.floats(-5, 5).map(lambda x: round(x, 2)), min_size=1, max_size=40)


@settings(deadline=None)
@given(a=values, b=values)
def test_ks_is_scipy_s(a: list[float], b: list[float]) -> None:
    """The statistic is that of ``ks_2samp``, ties and all; p is Kolmogorov's."""
    stats = pytest.importorskip("scipy.stats", reason="the reference, scipy, is not installed")
    special = pytest.importorskip("scipy.special", reason="the reference, scipy, is not installed")
    found = ks(a, b)
    assert found is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scipy's own p, which is not compared: it divides by what is 0 for a few values
        expected = stats.ks_2samp(a, b, method="asymp").statistic
    assert found[0] == pytest.approx(expected)
    assert found[1] == pytest.approx(special.kolmogorov(found[0] * (len(a) * len(b) / (len(a) + len(b))) ** 0.5), abs=1e-9)


@settings(deadline=None)
@given(x=st.floats(0, 4))
def test_kolmogorov_is_scipy_s(x: float) -> None:
    """Both series give the same function where one takes over from the other."""
    special = pytest.importorskip("scipy.special", reason="the reference, scipy, is not installed")
    assert kolmogorov(x) == pytest.approx(special.kolmogorov(x), abs=1e-10)


@settings(deadline=None)
@given(a=values, b=values)
def test_psi_is_the_symmetrised_divergence(a: list[float], b: list[float]) -> None:
    """It is scipy's relative entropy in both directions, over the same bins; never negative, and 0 of a sample with itself."""
    stats = pytest.importorskip("scipy.stats", reason="the reference, scipy, is not installed")
    edges = edges_of(a)
    p, q = shares(a, edges), shares(b, edges)
    assert psi(a, b) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p))
    assert psi(a, a) == pytest.approx(0.0)


def test_psi_by_hand() -> None:
    """Two values, half and half, against one in ten: bins of the values themselves, smoothed by half a value."""
    p, q = 50.5 / 101, 90.5 / 101
    expected = (q - p) * np.log(q / p) + (1 - q - 1 + p) * np.log((1 - q) / (1 - p))
    assert psi([0.0] * 50 + [1.0] * 50, [0.0] * 90 + [1.0] * 10) == pytest.approx(expected)
    one, other = psi([1.0] * 50, [1.0] * 50), psi([1.0] * 50, [1.0] * 30 + [0.0] * 20)
    assert one == 0.0
    assert other is not None
    assert other > 0.25
    assert psi([], [1.0]) is None
    assert ks([1.0], []) is None


def test_energy_is_scipy_s_in_one_dimension() -> None:
    """Of vectors of one number, the distance is that of ``energy_distance``, squared, as a share of twice the mean distance between."""
    stats = pytest.importorskip("scipy.stats", reason="the reference, scipy, is not installed")
    draw = np.random.default_rng(3)
    a, b = draw.normal(size=30), draw.normal(0.5, size=20)
    found = energy(a[:, None], b[:, None], 19)
    assert found is not None
    between = 2 * np.abs(a[:, None] - b[None, :]).mean()
    assert found.distance == pytest.approx(stats.energy_distance(a, b) ** 2 / between)
    assert found.shift == pytest.approx(abs(a.mean() - b.mean()))


def test_energy_sees_a_change_and_no_other() -> None:
    """Other vectors give the smallest p there is; samples of one distribution give p below 0.05 in about one of twenty."""
    draw = np.random.default_rng(5)
    moved = energy(draw.normal(size=(40, 8)), draw.normal(0.8, size=(40, 8)))
    assert moved is not None
    assert moved.p == pytest.approx(1 / 500)
    found = [energy(draw.normal(size=(15, 4)), draw.normal(size=(20, 4)), 99) for _ in range(300)]
    alarms = sum(one is not None and one.p <= 0.05 for one in found)
    assert 5 <= alarms <= 27  # 99.5 % of the binomial distribution of 300 at 5 %
    assert energy(np.zeros((1, 2)), np.zeros((5, 2))) is None
    same = energy(np.zeros((3, 2)), np.zeros((3, 2)))
    assert same is not None
    assert (same.distance, same.p) == (0.0, 1.0)
