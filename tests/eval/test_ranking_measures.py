"""Ranking measures against ir_measures and trec_eval, against figures worked out by hand, and by their properties."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.eval.gold import Gold
from ragkit.eval.measures import (
    AveragePrecision,
    HitAt,
    JudgedAt,
    Mrr,
    Ndcg,
    Precision,
    RankingMeasure,
    Recall,
    average_precision,
    hit,
    judged_share,
    ndcg,
    precision,
    ranked,
    recall,
    reciprocal_rank,
)
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Passage, Response

IDS = [f"d{n}" for n in range(12)]
JUDGED = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1)
#: Few different scores, so that ties are common; all of them exact in the single precision that trec_eval computes in.
SCORES = st.dictionaries(st.sampled_from(IDS), st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1)
FUNCTIONS = (ndcg, recall, reciprocal_rank, hit, precision, average_precision, judged_share)

CRANFIELD = Path(os.environ.get("RAGKIT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "retrieval" / "cranfield"
#: Ours, and what ir_measures calls it.
SAME: list[tuple[RankingMeasure, str]] = [
    (Ndcg(k=10), "nDCG@10"), (Ndcg(k=50), "nDCG@50"), (Recall(k=50), "R@50"), (Precision(k=5), "P@5"), (Mrr(k=10), "RR@10"),
    (AveragePrecision(k=50), "AP@50"), (HitAt(k=1), "Success@1"), (HitAt(k=5), "Success@5"), (JudgedAt(k=10), "Judged@10"),
]  # fmt: skip


@given(scores=SCORES, judged=JUDGED)
def test_agrees_with_trec_eval(scores: dict[str, float], judged: dict[str, int]) -> None:
    """All are trec_eval's on scores as they stand: ties, unjudged, not relevant and graded documents included."""
    trec = pytest.importorskip("pytrec_eval", reason="the reference, pytrec_eval-terrier, is not installed")
    wanted = {"ndcg_cut_10": (ndcg, 10), "recall_5": (recall, 5), "recip_rank": (reciprocal_rank, len(scores)), "success_1": (hit, 1),
              "map_cut_5": (average_precision, 5), "P_5": (precision, 5)}  # fmt: skip
    reference = trec.RelevanceEvaluator({"q": judged}, set(wanted)).evaluate({"q": scores})["q"]
    for name, (function, k) in wanted.items():
        assert function(ranked(scores), judged, k) == pytest.approx(reference[name], abs=1e-6), name


@given(scores=SCORES, judged=JUDGED)
def test_agrees_with_ir_measures(scores: dict[str, float], judged: dict[str, int]) -> None:
    """A whole question, as a system gives it, has the values of ir_measures on the run and the judgements that it came from.

    Its own rules for ties differ by measure; here the order is that of trec_eval for all of them.
    """
    run = {name: float(-place) for place, name in enumerate(ranked(scores))}
    for measure, name in SAME:
        value = measure.score(asked(list(run), judged))
        [reference] = ir_measures.iter_calc([ir_measures.parse_measure(name)], {"q": judged}, {"q": run})
        assert value == (pytest.approx(reference.value, abs=1e-6) if any(judged.values()) else None), name


def asked(ranking: list[str], judged: dict[str, int]) -> Outcome:
    """A question whose gold is whole documents."""
    gold = tuple(Gold(id=name, uri=name, gain=gain) for name, gain in judged.items())
    return Outcome(
        question=Question(id="q", text="?"), gold=gold, response=Response(passages=tuple(Passage(uri=n) for n in ranking), asked=False)
    )


@pytest.mark.skipif(not CRANFIELD.is_dir(), reason="Cranfield is not here; RAGKIT_DATA says where")
def test_agrees_with_ir_measures_on_cranfield() -> None:
    """All 225 questions, ranked by words in common with many ties: each value is that of ir_measures on run and judgements, to 1e-6."""
    judged, runs = cranfield()
    rankings = [ranked(runs[query])[:50] for query in judged]
    for measure, name in SAME:
        ours = measure.of([(ranking, judged[query]) for ranking, query in zip(rankings, judged, strict=True)])
        run = {q: {n: float(-place) for place, n in enumerate(r)} for q, r in zip(judged, rankings, strict=True)}
        theirs = {m.query_id: m.value for m in ir_measures.iter_calc([ir_measures.parse_measure(name)], judged, run)}
        assert ours == pytest.approx([theirs[query] for query in judged], abs=1e-6), name
    full = {q: dict(sorted(runs[q].items(), key=lambda pair: (pair[1], pair[0]), reverse=True)[:50]) for q in judged}
    for measure, name in SAME[:4]:  # the ties left to trec_eval itself
        mean = ir_measures.calc_aggregate([ir_measures.parse_measure(name)], judged, full)[ir_measures.parse_measure(name)]
        found = [measure.score(asked(ranking, judged[query])) for ranking, query in zip(rankings, judged, strict=True)]
        assert np.mean([value for value in found if value is not None]) == pytest.approx(mean, abs=1e-6), name


def cranfield() -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """The judgements, and for each question the words that it shares with each document."""

    def texts(name: str) -> dict[str, frozenset[str]]:
        rows = [json.loads(line) for line in (CRANFIELD / name).read_text("utf-8").splitlines()]
        return {row["_id"]: frozenset(re.findall(r"\w{4,}", row["text"].lower())) for row in rows}

    judged: dict[str, dict[str, int]] = {}
    for line in next((CRANFIELD / "qrels").glob("*.tsv")).read_text("utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")
        judged.setdefault(query, {})[document] = int(gain)
    judged = {query: gains for query, gains in judged.items() if any(gain > 0 for gain in gains.values())}
    documents, queries = texts("corpus.jsonl"), texts("queries.jsonl")
    return judged, {q: {d: float(len(queries[q] & words)) for d, words in documents.items()} for q in judged}


@given(ranking=st.lists(st.sampled_from(IDS), max_size=20), judged=JUDGED, k=st.integers(1, 12))
def test_what_stands_twice_counts_once(ranking: list[str], judged: dict[str, int], k: int) -> None:
    """An id that is repeated counts where it stands first, and takes no second place."""
    for function in FUNCTIONS:
        assert function(ranking, judged, k) == function(list(dict.fromkeys(ranking)), judged, k)


def test_ids_may_be_any_strings() -> None:
    """Ids that C cannot hold, a NUL or half of a surrogate pair, are ids like others."""
    assert ndcg(["\x00", "\ud800", ""], {"\ud800": 1}, 10) == pytest.approx(1 / math.log2(3))


@given(rankings=st.lists(st.tuples(st.lists(st.sampled_from(IDS), max_size=6, unique=True), JUDGED), max_size=5))
def test_all_at_once_is_one_by_one(rankings: list[tuple[list[str], dict[str, int]]]) -> None:
    """Many questions in one pass have the values that each has alone, in order."""
    for measure, _ in SAME:
        assert measure.of(rankings) == [measure.of([one])[0] for one in rankings]


def test_ndcg_by_hand() -> None:
    """Gains 1, 0, 2 against judgements 2, 1, 1: (1 + 2/log2 4) by (2 + 1/log2 3 + 1/log2 4)."""
    found = ndcg(["a", "x", "b"], {"a": 1, "b": 2, "c": 1}, 10)
    assert found == pytest.approx((1 + 2 / 2) / (2 + 1 / math.log2(3) + 1 / 2))


def test_others_by_hand() -> None:
    """Relevant at ranks 2 and 4 of four, of three relevant ones; the document at rank 1 is judged, that at 3 is not."""
    ranking, judged = ["n", "a", "x", "b"], {"a": 1, "b": 3, "c": 1, "n": 0}
    assert reciprocal_rank(ranking, judged, 10) == 0.5
    assert average_precision(ranking, judged, 10) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert precision(ranking, judged, 10) == pytest.approx(2 / 10)
    assert recall(ranking, judged, 3) == pytest.approx(1 / 3)
    assert judged_share(ranking, judged, 10) == 0.75
    assert (hit(ranking, judged, 1), hit(ranking, judged, 2)) == (0.0, 1.0)


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
    assert all(0 <= function(ranking, judged, k) <= 1 + 1e-12 for function in FUNCTIONS)
    assert recall(ranking, judged, k) <= recall(ranking, judged, k + 1)


def test_nothing_found_and_nothing_relevant_are_zero() -> None:
    """An empty ranking and empty judgements give 0, never NaN."""
    for function in FUNCTIONS:
        assert function([], {"a": 1}, 10) == function(["a"], {}, 10) == 0.0


def test_what_is_judged_irrelevant_is_no_gold() -> None:
    """A place with gain 0 is judged, and neither relevant to a ranking nor to a citation."""
    seen = asked(["n", "a"], {"n": 0, "a": 1})
    assert (Mrr(k=5).score(seen), JudgedAt(k=5).score(seen)) == (0.5, 1.0)
    assert [seen.is_gold(passage) for passage in seen.response.passages] == [False, True]
    assert Mrr(k=5).score(asked(["n"], {"n": 0})) is None


def test_k_is_at_least_one() -> None:
    """A measure of the first 0 places is refused when it is made."""
    with pytest.raises(ValueError, match="nDCG@0: k is 1 or more"):
        Ndcg(k=0)
