"""Exact match, ROUGE-L, similarity and the judge of answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.errors import ModelError
from ragkit.eval.measures import EmbeddingSimilarity, ExactMatch, JudgedRight, RougeL, named, rouge_l
from ragkit.eval.measures.judged_right import VERSION
from ragkit.eval.measures.rouge_l import common
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder

WORDS = st.lists(st.sampled_from("the cat sat on a mat".split()), max_size=12)


def test_exact_match_is_squad(outcome: Any) -> None:
    """Case, articles and punctuation aside, the answer is one of the gold strings, and nothing more."""
    assert ExactMatch().score(outcome(answers=["no", "1931"], text="The 1931.")) == 1.0
    assert ExactMatch().score(outcome(answers=["1931"], text="In 1931.")) == 0.0


def test_rouge_l_by_hand(outcome: Any) -> None:
    """Three words of four in common order against four: 2 · 3 / 8; the best gold string counts; no words at all are 0."""
    assert rouge_l("The cat sat down.", "the dog sat down") == pytest.approx(6 / 8)
    assert rouge_l("police kill the gunman", "the gunman police killed") == pytest.approx(2 * 2 / 8)
    assert rouge_l("?", "gold") == rouge_l("", "") == 0.0
    assert RougeL().score(outcome(answers=["no", "über Nacht"], text="Über Nacht")) == 1.0


@given(a=WORDS, b=WORDS)
def test_the_longest_common_subsequence(a: list[str], b: list[str]) -> None:
    """The bit-parallel length is that of the textbook's table."""
    row = [0] * (len(b) + 1)
    for word in a:
        before = row[:]
        for place, other in enumerate(b):
            row[place + 1] = before[place] + 1 if word == other else max(row[place], before[place + 1])
    assert common(a, b) == row[-1]


@settings(deadline=None)
@given(a=st.text("abc12 .,-'", max_size=40), b=st.text("abc12 .,-'", max_size=40))
def test_rouge_l_agrees_with_rouge_score(a: str, b: str) -> None:
    """On ASCII it is ``rougeL`` of Google's package without stemming."""
    reference = pytest.importorskip("rouge_score.rouge_scorer", reason="the reference, rouge-score, is not installed")
    scorer = reference.RougeScorer(["rougeL"], use_stemmer=False)
    assert rouge_l(a, b) == pytest.approx(scorer.score(b, a)["rougeL"].fmeasure)


def test_similarity_is_the_best_cosine(outcome: Any) -> None:
    """The same words are 1, others little; all at once is one by one; without an answer it is 0."""
    measure = EmbeddingSimilarity(model=SyntheticEmbedder(64))
    texts = [outcome(answers=["x y", "red cat"], text="red cat"), outcome(answers=["red cat"], text="blue")]
    seen = [*texts, outcome(text="", abstained=True), outcome(answers=[], text="anything")]
    same, other, nothing, unanswerable = measure.scores(seen)
    assert same == pytest.approx(1.0)
    assert other is not None
    assert 0 <= other < 0.5
    assert (nothing, unanswerable) == (0.0, None)
    assert measure.scores(seen) == [measure.score(one) for one in seen]


class Judge(ScriptedGenerator):
    """Says yes when the right answer's year stands in the given answer; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__("")
        self.asked = ""

    def choose(self, system: str, user: str, options: Sequence[str]) -> list[float]:
        self.asked = user
        right = "1931" in user.split("Given answer")[1]
        return [0.8 if right == (word.lower() == "yes") else 0.2 for word in options]

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        raise AssertionError("it is asked for probabilities")


def test_a_judge_of_answers(outcome: Any) -> None:
    """Its probability of yes decides; it sees question, gold strings and answer; its prompt's hash is told."""
    judge = Judge()
    measure = JudgedRight(model=judge)
    assert measure.score(outcome(answers=["1931", "in 1931"], text="Opened in 1931.")) == 1.0
    assert "1931 / in 1931" in judge.asked
    assert measure.score(outcome(answers=["1931"], text="In 1900.")) == 0.0
    assert measure.describe()["prompt"] == VERSION


@pytest.mark.parametrize(("reply", "value"), [("Yes.", 1.0), ("no", 0.0), ("perhaps", 0.0), ("", 0.0)])
def test_what_a_judge_cannot_say_is_wrong(reply: str, value: float, outcome: Any) -> None:
    """Without probabilities the word counts; anything but yes is no right answer."""
    assert JudgedRight(model=ScriptedGenerator(reply)).score(outcome(text="gold")) == value


def test_a_judge_that_fails_is_an_error(outcome: Any) -> None:
    """A model that cannot be asked marks no answer as wrong: its error is the caller's."""
    with pytest.raises(ModelError, match="no such server"):
        JudgedRight(model=ScriptedGenerator("", error=ModelError("no such server"))).score(outcome(text="gold"))


def test_similarity_with_the_real_model(outcome: Any) -> None:
    """By name, with ragkit's own embedding model: a paraphrase is nearer than something else."""
    [measure] = named("embedding similarity")
    near, far = measure.scores([outcome(answers=["a feline"], text="a cat"), outcome(answers=["a feline"], text="tax law")])
    assert near is not None
    assert far is not None
    assert near > far + 0.2
