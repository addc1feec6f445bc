"""AUROC, balanced accuracy and thresholds, as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.eval import separation
from ragkit.eval.measures import auroc

SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12)


@settings(deadline=None, max_examples=50)
@given(SCORES, SCORES)
def test_auroc_is_that_of_the_measures(yes: list[float], no: list[float]) -> None:
    """Ties count half, as in the measure of abstention."""
    assert separation.auroc(yes, no).value == pytest.approx(auroc(yes, no))


@settings(deadline=None, max_examples=50)
@given(SCORES, SCORES)
def test_no_threshold_is_better_than_the_best(yes: list[float], no: list[float]) -> None:
    """The chosen threshold has the best balanced accuracy of all, at least one half, and parts no two equal scores."""
    chosen = separation.best_threshold(yes, no)
    best = separation.balanced_accuracy(yes, no, chosen)
    assert best >= 0.5
    assert all(separation.balanced_accuracy(yes, no, cut) <= best + 1e-12 for cut in np.linspace(-0.1, 1.1, 49))


@settings(deadline=None, max_examples=50)
@given(SCORES, SCORES)
def test_intervals_hold_the_value(yes: list[float], no: list[float]) -> None:
    """Within [0, 1], the same each time, and the gain over oneself is nothing."""
    found = separation.accuracy(yes, no, 0.5)
    assert found == separation.accuracy(yes, no, 0.5)
    assert found.value == pytest.approx(separation.balanced_accuracy(yes, no, 0.5))
    assert found.interval is not None
    assert 0 <= found.interval[0] <= found.interval[1] <= 1 + 1e-12
    gain = separation.auroc_gain([(s, s) for s in yes], [(s, s) for s in no])
    assert (gain.value, gain.interval) == (0, (0, 0))


def test_a_class_that_is_missing_gives_no_number() -> None:
    """Neither a value nor an interval, and no threshold."""
    assert separation.auroc([], [0.5]) == separation.Estimate()
    with pytest.raises(ValueError, match="claims of both classes"):
        separation.best_threshold([0.5], [])


def test_the_interval_covers_the_truth() -> None:
    """Of 300 draws of 60 and 60 scores with a true AUROC of 0.76, the interval holds it in 90 to 98.5 %."""
    random = np.random.default_rng(5)
    truth, held = 0.7602, 0
    for _ in range(300):
        found = separation.auroc(random.normal(1, 1, 60).tolist(), random.normal(0, 1, 60).tolist())
        assert found.interval is not None
        held += found.interval[0] <= truth <= found.interval[1]
    assert 0.90 <= held / 300 <= 0.985
