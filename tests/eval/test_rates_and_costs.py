"""Abstention, calibration, latency, tokens and memory, on cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.answer import risk
from ragkit.eval.measures import (
    BrierScore,
    CalibrationError,
    FailureRate,
    FirstToken,
    PeakMemory,
    RiskCoverageArea,
    Tokens,
    TokenTime,
    TotalTime,
    calibration_error,
    certainties,
    percentile,
    reliability,
)
from ragkit.eval.outcome import Outcome

PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans()), min_size=1, max_size=30)


def test_failures_are_counted(outcome: Any) -> None:
    """A failure is one, an abstention and an answer are none, and what was not asked does not count."""
    seen = [outcome(text="x"), outcome(text="", abstained=True), outcome(text="", failure="it took too long"), outcome()]
    assert FailureRate().summary(seen) == pytest.approx(1 / 3)


def test_area_is_that_of_the_curve(outcome: Any) -> None:
    """With every question answered it is the area that ``ragkit.answer.risk`` draws; wrong answers first make it larger."""
    sure = [(0.9, "gold"), (0.8, "x"), (0.6, "gold"), (0.2, "x")]
    seen = [outcome(text=text, answerable=score) for score, text in sure]
    curve = risk.drawn([score for score, _ in sure], [text == "x" for _, text in sure], 4)
    assert RiskCoverageArea().summary(seen) == pytest.approx(curve.area)
    turned = [outcome(text=text, answerable=1 - score) for score, text in sure]
    assert (RiskCoverageArea().summary(turned) or 0) > curve.area


def test_abstaining_does_not_lower_the_area(outcome: Any) -> None:
    """Whoever answers one question of four, wrongly, has all the risk that there is; whoever answers none has no area."""
    nothing = [outcome(text="", abstained=True)] * 3
    assert RiskCoverageArea().summary([outcome(text="x"), *nothing]) == 1.0
    assert RiskCoverageArea().summary(nothing) is None


def test_calibration_by_hand(outcome: Any) -> None:
    """Said 0.8 twice and true once, said 0.2 and false: (2 · 0.3 + 1 · 0.2) / 3; Brier (0.04 + 0.64 + 0.04) / 3."""
    seen = [outcome(text="x", answerable=0.8), outcome(text="x", answers=[], answerable=0.8), outcome(text="x", answers=[], answerable=0.2)]
    for equal in ("mass", "width"):
        assert CalibrationError(bins=2, equal=equal).summary(seen) == pytest.approx(0.8 / 3)
    assert BrierScore().summary(seen) == pytest.approx((0.04 + 0.64 + 0.04) / 3)


def test_calibration_of_right_answers(outcome: Any) -> None:
    """``right`` is of the answers given alone: one right one, one wrong one; abstentions are left out."""
    seen = [outcome(text="gold", answerable=0.9), outcome(text="x", answerable=0.9), outcome(text="", abstained=True, answerable=0.0)]
    assert certainties(seen, "right") == [(0.9, True), (0.9, False)]
    assert CalibrationError(of="right").summary(seen) == pytest.approx(0.4)
    assert len(certainties(seen, "answerable")) == 3


@given(pairs=PAIRS, bins=st.integers(1, 12))
def test_bins_hold_every_pair_once(pairs: list[tuple[float, bool]], bins: int) -> None:
    """Nothing is lost, bins do not overlap, equal certainties stay together, and the order of the questions does not matter."""
    for equal in ("mass", "width"):
        found = reliability(pairs, bins, equal)
        assert sum(one.count for one in found) == len(pairs)
        assert len(found) <= bins
        assert all(a.high < b.low for a, b in zip(found, found[1:], strict=False))
        assert all(one.low - 1e-12 <= one.certain <= one.high + 1e-12 for one in found)
        assert reliability(pairs[::-1], bins, equal) == found


@given(count=st.integers(1, 60), bins=st.integers(1, 12))
def test_equal_mass(count: int, bins: int) -> None:
    """Where no two certainties are equal, no two bins differ by more than one pair."""
    found = [one.count for one in reliability([(n / 60, False) for n in range(count)], bins)]
    assert max(found) - min(found) <= 1


@settings(deadline=None)
@given(pairs=PAIRS)
def test_equal_width_agrees_with_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    """The bars of the diagram are those of ``calibration_curve``, up to certainties on a border, which it puts below."""
    calibration = pytest.importorskip("sklearn.calibration", reason="the reference, scikit-learn, is not installed")
    inside = [(min(max(sure, 0.001), 0.999), true) for sure, true in pairs]
    inside = [(sure + 0.0001 if abs(sure * 5 - round(sure * 5)) < 1e-6 else sure, true) for sure, true in inside]
    true, certain = calibration.calibration_curve([t for _, t in inside], [s for s, _ in inside], n_bins=5)
    found = reliability(inside, 5, "width")
    assert [one.true for one in found] == pytest.approx(list(true))
    assert [one.certain for one in found] == pytest.approx(list(certain))


@given(pairs=PAIRS)
def test_one_bin_is_the_difference_of_means(pairs: list[tuple[float, bool]]) -> None:
    """With a single bin the error is mean certainty against the share that was true; without pairs there is none."""
    gap = abs(sum(sure for sure, _ in pairs) - sum(true for _, true in pairs)) / len(pairs)
    assert calibration_error(pairs, bins=1) == pytest.approx(gap)
    assert calibration_error([]) is None


@pytest.mark.parametrize("wrong", [{"bins": 0}, {"equal": "size"}, {"of": "x"}])
def test_calibration_parameters_are_checked(wrong: Any) -> None:
    """What cannot be binned is refused when the measure is made."""
    with pytest.raises(ValueError, match="ECE: bins 1 or more"):
        CalibrationError(**wrong)


def timed(outcome: Outcome, **changes: Any) -> Outcome:
    return replace(outcome, response=replace(outcome.response, **changes))


def test_nearest_rank_percentiles() -> None:
    """Of 1 to 100 the p-th percentile is p; of one value all are that one."""
    assert [percentile([float(n) for n in range(100, 0, -1)], p) for p in (1, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert percentile([2.0], 1) == percentile([2.0], 99) == 2.0
    assert percentile([], 50) is None


def test_latency(outcome: Any) -> None:
    """Abstentions take time and count, failures do not; nine tokens after the first in 1.8 s are 0.2 s each."""
    given = outcome(text="x")
    first = timed(given, timings={"total_s": 2.0, "first_token_s": 0.2}, tokens={"prompt": 300, "completion": 10})
    slow = timed(outcome(text="", abstained=True), timings={"total_s": 5.0})
    failed = timed(given, timings={"total_s": 60.0}, failure="it took too long")
    seen = [first, slow, failed, given]
    assert TotalTime(percentile=50).summary(seen) == 2.0
    assert TotalTime(percentile=99).summary(seen) == 5.0
    assert FirstToken(percentile=95).summary(seen) == 0.2
    assert TokenTime().summary(seen) == pytest.approx(0.2)
    assert Tokens(kind="prompt").summary(seen) == 300
    assert Tokens().summary(seen) == 10
    assert TotalTime().summary([given]) is None


def test_peak_memory_is_the_largest(outcome: Any) -> None:
    """The process has one peak, whatever question it was at; in MiB."""
    seen = [timed(outcome(text="x"), peak_bytes=n * 2**20) for n in (3, 7, 5)]
    assert PeakMemory().summary(seen) == 7.0
