"""Measures by name."""

from __future__ import annotations

import pytest

from ragkit.eval.measures import (
    AlceRecall,
    CalibrationError,
    HitAt,
    Measure,
    Mrr,
    Ndcg,
    Recall,
    SupportedSentences,
    TotalTime,
    UnknownMeasure,
    all_measures,
    model_measures,
    named,
    retrieval_measures,
)

#: Some whose parameters are not the default ones.
OTHERS = (AlceRecall(verifier="lexical", exact=True, threshold=0.7), SupportedSentences(against="context"), CalibrationError(bins=15))


@pytest.mark.parametrize("measure", [*all_measures(7), *model_measures(), *OTHERS], ids=str)
def test_a_measure_is_found_by_what_it_is_called(measure: Measure) -> None:
    """The name in a report, parameters included, names the measure and no other."""
    assert named(str(measure)) == (measure,)


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("nDCG@5", Ndcg(k=5)),
        ("ndcg", Ndcg(k=20)),
        ("RR@3", Mrr(k=3)),
        ("R@50", Recall(k=50)),
        ("Success@1", HitAt(k=1)),
        ("latency p90", TotalTime(percentile=90)),
        (" ALCE Citation Recall ( exact = true , verifier = judge:openai:m ) ", AlceRecall(exact=True, verifier="judge:openai:m")),
        ("faithfulness(threshold=0.7)", SupportedSentences(threshold=0.7)),
    ],
)
def test_names_of_the_field(name: str, measure: Measure) -> None:
    """Other names, either case, spaces, and parameters; where a name says no k, the k that was given holds."""
    assert named(name, k=20) == (measure,)


def test_groups() -> None:
    """A group's name is all of its measures, ``all`` those without a model; what is named twice is taken once."""
    assert named("retrieval", "nDCG@10") == retrieval_measures(10)
    assert named("all", k=5) == all_measures(5)
    assert {str(measure) for measure in named("citations")} >= {"citation recall", "ALCE precision", "over-citation"}
    assert "judged right" not in map(str, named("answers"))
    assert named() == ()


def test_commas() -> None:
    """One string may hold several names; commas in brackets part parameters."""
    wanted = (Ndcg(k=5), AlceRecall(exact=True, verifier="lexical"), Mrr(k=10))
    assert named("nDCG@5, ALCE recall(exact=True, verifier=lexical), RR") == wanted


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nDGC@10", "there is no measure 'nDGC@10'; there are hit, precision"),
        ("", "there is no measure ''"),
        ("token F1@3", "token F1 has no parameter 'k'; it has none"),
        ("ECE(bin=3)", "ECE has no parameter 'bin'; it has bins, equal, of"),
        ("ECE(bins=many)", "'many'"),
        ("ECE(bins=0)", "bins 1 or more"),
        ("nDCG@0", "k is 1 or more"),
        ("ALCE recall(exact)", "KEY=VALUE"),
        ("ALCE recall(exact=perhaps)", "true or false is wanted"),
        ("supported sentences(against=nothing)", "cited or context"),
    ],
)
def test_what_is_no_measure(name: str, message: str) -> None:
    """The error says what was asked, and what there is."""
    with pytest.raises(UnknownMeasure) as caught:
        named(name)
    assert message in str(caught.value)
