"""Ranking measures against trec_eval, against figures worked out by hand, and by their properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.eval.measures import Ndcg, hit, ndcg, ranked, recall, reciprocal_rank

IDS = [f"d{n}" for n in range(12)]
JUDGED = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1)
#: Few different scores, so that ties are common; all of them exact in the single precision that trec_eval computes in.
SCORES = st.dictionaries(st.sampled_from(IDS), st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1)


@given(scores=SCORES, judged=JUDGED)
def test_agrees_with_trec_eval(scores: dict[str, float], judged: dict[str, int]) -> None:
    """nDCG@10, recall@5, reciprocal rank and hit@1 are trec_eval's, ties, unjudged and not relevant documents included."""
    trec = pytest.importorskip("pytrec_eval", reason="the reference, pytrec_eval-terrier, is not installed")
    wanted = {"ndcg_cut_10", "recall_5", "recip_rank", "success_1"}
    reference = trec.RelevanceEvaluator({"q": judged}, wanted).evaluate({"q": scores})["q"]
    ranking = ranked(scores)
    assert ndcg(ranking, judged, 10) == pytest.approx(reference["ndcg_cut_10"])
    assert recall(ranking, judged, 5) == pytest.approx(reference["recall_5"])
    assert reciprocal_rank(ranking, judged, len(ranking)) == pytest.approx(reference["recip_rank"])
    assert hit(ranking, judged, 1) == pytest.approx(reference["success_1"])


def test_ndcg_by_hand() -> None:
    """Gains 1, 0, 2 against judgements 2, 1, 1: (1 + 2/log2 4) by (2 + 1/log2 3 + 1/log2 4)."""
    found = ndcg(["a", "x", "b"], {"a": 1, "b": 2, "c": 1}, 10)
    assert found == pytest.approx((1 + 2 / 2) / (2 + 1 / math.log2(3) + 1 / 2))


def test_ties_are_broken_by_id_descending() -> None:
    """Of equal scores, the id that sorts last comes first, whatever order they were given in."""
    assert ranked({"a": 1.0, "c": 1.0, "b": 1.0}) == ranked({"b": 1.0, "a": 1.0, "c": 1.0}) == ["c", "b", "a"]


def test_ideal_is_over_all_judged() -> None:
    """What retrieval never found lowers the value: the ideal order is that of all judged documents."""
    assert ndcg(["a"], {"a": 1, "b": 1}, 10) < ndcg(["a"], {"a": 1}, 10) == 1.0


@given(judged=JUDGED)
def test_the_ideal_order_is_one(judged: dict[str, int]) -> None:
    """A ranking by falling gain has nDCG 1, or 0 where nothing is relevant."""
    best = sorted(judged, key=lambda name: -judged[name])
    assert ndcg(best, judged, 10) == pytest.approx(float(any(judged.values())))


@given(scores=SCORES, judged=JUDGED, k=st.integers(1, 12))
def test_values_stay_in_their_range(scores: dict[str, float], judged: dict[str, int], k: int) -> None:
    """Every measure is in [0, 1], and recall does not fall as k grows."""
    ranking = ranked(scores)
    values = [measure(ranking, judged, k) for measure in (ndcg, recall, reciprocal_rank, hit)]
    assert all(0 <= value <= 1 + 1e-12 for value in values)
    assert recall(ranking, judged, k) <= recall(ranking, judged, k + 1)


def test_nothing_found_and_nothing_relevant_are_zero() -> None:
    """An empty ranking and empty judgements give 0, never NaN."""
    for measure in (ndcg, recall, reciprocal_rank, hit):
        assert measure([], {"a": 1}, 10) == measure(["a"], {}, 10) == 0.0


def test_k_is_at_least_one() -> None:
    """A measure of the first 0 places is refused when it is made."""
    with pytest.raises(ValueError, match="nDCG@0: k is 1 or more"):
        Ndcg(k=0)
