"""Intervals and paired tests."""

from __future__ import annotations

import pytest

from ragkit.eval.interval import bootstrap, paired_p


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
    assert bootstrap([1.0]) is None


def test_p_of_equal_and_of_different_runs() -> None:
    """Equal runs have p = 1; a run that is better on each of twenty questions has a p below 0.001; p never is 0."""
    assert paired_p([0.5, 0.7], [0.5, 0.7]) == 1.0
    assert 0 < paired_p([0.9] * 20, [0.1] * 20) < 0.001


def test_p_needs_pairs() -> None:
    """Lists of different lengths are no pairs."""
    with pytest.raises(ValueError, match="these have 1 and 2 values"):
        paired_p([1.0], [1.0, 2.0])
