"""Measures of answers, citations and abstention, on cases worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.eval.measures import (
    AnswerableAuroc,
    AnswerContains,
    CitationPrecision,
    CitationRecall,
    FalseAnswerRate,
    FalseRefusalRate,
    GoldCited,
    SentencesPerAnswer,
    TokenF1,
    VerbatimCitations,
    all_measures,
    auroc,
    contains,
    normalised,
    token_f1,
)

GOLD = ("a.txt", 10, 20)
OTHER = ("a.txt", 30, 40)


def test_normalisation_is_squad() -> None:
    """Case, punctuation, articles and runs of white space do not count; letters within words do."""
    assert normalised("The  Theatre, a\tshow: an OPERA!") == "theatre show opera"


def test_a_gold_string_is_found_as_whole_words() -> None:
    """A gold string inside a longer word or number is found only when substrings are asked for."""
    assert contains("Opened in the year 1974.", ["1974"])
    assert not contains("Opened in 1974.", ["97"])
    assert contains("Opened in 1974.", ["97"], whole_words=False)


def test_a_gold_string_of_articles_alone_is_never_found() -> None:
    """What normalises to nothing would stand in every text; it counts as not found."""
    assert not contains("anything", ["the"])
    assert not contains("anything", ["the"], whole_words=False)


@pytest.mark.parametrize(
    ("text", "gold", "value"),
    [
        ("six", "six", 1.0),
        ("the six shifts", "six", 2 / 3),
        ("seven", "six", 0.0),
        ("", "six", 0.0),
        ("", "the", 1.0),
        ("six six", "six", 2 / 3),
    ],
)
def test_token_f1_by_hand(text: str, gold: str, value: float) -> None:
    """Repeated words count once for each that the gold has; two empty strings agree."""
    assert token_f1(text, gold) == pytest.approx(value)


@given(a=st.text(), b=st.text())
def test_token_f1_is_symmetric(a: str, b: str) -> None:
    """F1 does not tell answer from gold, and is 1 for a text against itself."""
    assert token_f1(a, b) == token_f1(b, a)
    assert token_f1(a, a) == 1.0


def test_best_gold_string_counts(outcome: Any) -> None:
    """Of several right answers, the closest is taken."""
    assert TokenF1().score(outcome(answers=["no", "two words"], text="two words")) == 1.0
    assert AnswerContains().score(outcome(answers=["no", "two words"], text="there are two words")) == 1.0


@pytest.mark.parametrize("measure", [AnswerContains(), TokenF1(), CitationRecall(), GoldCited()])
def test_an_abstention_counts_zero(measure: Any, outcome: Any) -> None:
    """Abstaining from an answerable question is a failure to answer, even when the text would hold the gold string."""
    assert measure.score(outcome(text="gold", abstained=True, gold=[GOLD])) == 0.0


@pytest.mark.parametrize("measure", [AnswerContains(), TokenF1(), CitationRecall(), CitationPrecision(), GoldCited(), FalseRefusalRate()])
def test_unanswerable_questions_are_left_out(measure: Any, outcome: Any) -> None:
    """What has no right answer has no value under the measures of right answers."""
    assert measure.score(outcome(answers=[], text="gold", gold=[GOLD], cited=[[GOLD]])) is None


@pytest.mark.parametrize("measure", [m for m in all_measures() if not hasattr(m, "k")], ids=str)
def test_nothing_asked_has_no_value(measure: Any, outcome: Any) -> None:
    """After a run of retrieval alone, the measures of answers are absent, not 0."""
    assert measure.summary([outcome(hits=[GOLD], gold=[GOLD])]) is None


def test_citation_precision_and_recall(outcome: Any) -> None:
    """Two of three citations are gold; one of two sentences has one; both gold passages but one are cited."""
    made = outcome(text="…", gold=[GOLD, ("b.txt", 0, 5)], cited=[[GOLD, ("a.txt", 19, 25), OTHER], []])
    assert CitationPrecision().score(made) == pytest.approx(2 / 3)
    assert CitationRecall().score(made) == 0.5
    assert GoldCited().score(made) == 0.5


def test_touching_is_not_overlapping(outcome: Any) -> None:
    """A citation that ends where the gold passage begins shares no character with it; the same span elsewhere neither."""
    for span in (("a.txt", 0, 10), ("a.txt", 20, 30), ("b.txt", 10, 20)):
        assert CitationPrecision().score(outcome(text="…", gold=[GOLD], cited=[[span]])) == 0.0


def test_an_answer_without_citations(outcome: Any) -> None:
    """It counts 0 under citation precision, where an abstention is left out: that one cites nothing wrongly."""
    assert CitationPrecision().score(outcome(text="…", gold=[GOLD], cited=[[]])) == 0.0
    assert CitationPrecision().score(outcome(text="", gold=[GOLD], abstained=True)) is None


def test_verbatim_share_is_over_citations(outcome: Any) -> None:
    """One bad citation of four is a quarter, however they are spread over the questions."""
    assert VerbatimCitations().summary([outcome(verbatim=[True, True, True]), outcome(verbatim=[False]), outcome()]) == 0.75


def test_abstention_rates(outcome: Any) -> None:
    """Each rate is over its own kind of question."""
    asked = [
        outcome(answers=["x"], text="x"),
        outcome(answers=["x"], text="", abstained=True),
        outcome(answers=[], text="made up"),
        outcome(answers=[], text="", abstained=True),
        outcome(answers=[], text="", abstained=True),
    ]
    assert FalseAnswerRate().summary(asked) == pytest.approx(1 / 3)
    assert FalseRefusalRate().summary(asked) == 0.5


def test_length_leaves_abstentions_out(outcome: Any) -> None:
    """The mean number of sentences is of answers that were given."""
    assert SentencesPerAnswer().summary([outcome(text="…", cited=[[], [], []]), outcome(text="", abstained=True)]) == 3.0


SOME = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=8)


@given(positive=SOME, negative=SOME)
def test_auroc_counts_pairs(positive: list[float], negative: list[float]) -> None:
    """It is the share of pairs in the right order, ties half: the definition, counted one by one."""
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auroc(positive, negative) == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_agrees_with_scikit_learn() -> None:
    """The same as ``roc_auc_score`` on scores with ties."""
    metrics = pytest.importorskip("sklearn.metrics", reason="the reference, scikit-learn, is not installed")
    positive, negative = [0.9, 0.8, 0.8, 0.4], [0.8, 0.3, 0.4, 0.1, 0.2]
    labels = [1] * len(positive) + [0] * len(negative)
    assert auroc(positive, negative) == pytest.approx(metrics.roc_auc_score(labels, positive + negative))


def test_auroc_needs_both_kinds(outcome: Any) -> None:
    """With one kind of question alone there is nothing to part, and no value."""
    assert AnswerableAuroc().summary([outcome(text="x", answerable=0.9)]) is None
    both = [outcome(text="x", answerable=0.9), outcome(answers=[], text="", abstained=True, answerable=0.2)]
    assert AnswerableAuroc().summary(both) == 1.0


@pytest.mark.parametrize("measure", all_measures(7), ids=str)
def test_measures_describe_themselves(measure: Any) -> None:
    """Each says its name, its parameters, what it is in a sentence, and its range; no two share a name."""
    about = measure.describe()
    assert about["name"] == str(measure)
    assert about["description"].endswith((".", "chance."))
    assert about["range"][0] == 0.0
    assert [str(m) for m in all_measures(7)].count(str(measure)) == 1
