"""Grounding, what citations are like, and the context: on cases worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ragkit.eval.floor import LexicalFloor
from ragkit.eval.gold import Gold
from ragkit.eval.measures import (
    CitationCoverage,
    ContextPrecision,
    ContextRecall,
    ContextUtilisation,
    ContradictionRate,
    HallucinationRate,
    InventedCitations,
    NoiseSensitivity,
    SpanF1,
    SpanPrecision,
    SpanRecall,
    SupportedSentences,
    named,
)
from ragkit.eval.measures.models import Remembering, verifier
from ragkit.eval.measures.spans import merged, shared
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response, Statement
from ragkit.records import Verdict
from ragkit.testing.conformance import VerifierConformance


class Same:
    """Supports what the evidence says word for word, and finds ``not X`` against X contradicted."""

    id = "same"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        denied = f"not {claim}" in evidence
        return Verdict(support=float(claim in evidence and not denied), contradiction=float(denied))


def answered(
    statements: Sequence[tuple[str, Sequence[int]]], passages: Sequence[str], *, context: Sequence[str] = (), gold: Sequence[Gold] = ()
) -> Outcome:
    """Statements with the numbers of the passages that they cite."""
    said = tuple(Statement(text=text, citations=tuple(Cited(passage=n) for n in cited)) for text, cited in statements)
    response = Response(
        passages=tuple(Passage(uri=text, text=text) for text in passages),
        context=tuple(Passage(uri=text, text=text) for text in context),
        statements=said,
        text=" ".join(text for text, _ in statements),
    )
    return Outcome(question=Question(id="q", text="?", answers=("gold",)), gold=tuple(gold), response=response)


def test_support_by_what_is_cited_or_by_all() -> None:
    """A sentence that another passage backs is supported by the context, not by its citation; one without citations by neither."""
    seen = answered([("a", [0]), ("b", [0]), ("c", [])], ["a", "b"])
    assert SupportedSentences(verifier=Same()).score(seen) == pytest.approx(1 / 3)
    assert SupportedSentences(verifier=Same(), against="context").score(seen) == pytest.approx(2 / 3)
    assert SupportedSentences(verifier=Same()).score(answered([("a", [7])], ["a"])) == 0.0


def test_the_context_is_what_the_answer_was_made_from() -> None:
    """Where a context is told, passages outside it back nothing."""
    assert SupportedSentences(verifier=Same(), against="context").score(answered([("a", [])], ["a"], context=["b"])) == 0.0


def test_one_sentence_makes_a_hallucination() -> None:
    """The rate is of answers, not of sentences."""
    good, bad = answered([("a", [0]), ("b", [1])], ["a", "b"]), answered([("a", [0]), ("x", [1])], ["a", "b"])
    assert HallucinationRate(verifier=Same()).summary([good, bad, bad, bad]) == 0.75


def test_contradictions() -> None:
    """The share of sentences that the context denies; what is merely unsupported is none."""
    assert ContradictionRate(verifier=Same()).score(answered([("a", []), ("x", [])], ["not a", "b"])) == 0.5


def test_parameters_are_checked() -> None:
    """An unknown kind of evidence, and a threshold that all would pass, are refused when the measure is made."""
    for wrong in ({"against": "all"}, {"threshold": 0.0}, {"threshold": 1.1}):
        with pytest.raises(ValueError, match="supported sentences: against is cited or context"):
            SupportedSentences(**wrong)


class TestLexicalFloor(VerifierConformance):
    """The verifier that counts words keeps the contract."""

    def verifier(self) -> LexicalFloor:
        return LexicalFloor()


def test_words_are_counted_by_their_stems() -> None:
    """Two of three content words stand in the evidence; a claim without any has no support."""
    judge = verifier("lexical")
    assert judge.judge("The ships sailed north", ["A ship was sailing."]).support == pytest.approx(2 / 3)
    assert judge.judge("the", ["the"]).support == 0.0


def test_the_same_is_asked_once() -> None:
    """Several measures ask about the same sentence: the model is asked once, and other evidence is another question."""
    asked = []

    class Counting(Same):
        def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
            asked.append(claim)
            return super().judge(claim, evidence)

    judge = Remembering(Counting())
    for _ in range(3):
        assert judge.judge("a", ["a"]).support == 1.0
    assert judge.judge("a", ["b"]).support == 0.0
    assert (asked, judge.id) == (["a", "a"], "same")


def test_grounding_with_the_verifier_of_the_answer_path() -> None:
    """By name, with the real model: the source's own words are supported by it, a made-up sentence is not."""
    text = "The lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury."
    good, bad = answered([(text, [0])], [text]), answered([("The bakery sells rye bread on Fridays.", [0])], [text])
    supported, hallucinated, contradicted = named("grounding")
    assert supported.scores([good, bad]) == [1.0, 0.0]
    assert hallucinated.scores([good, bad]) == [0.0, 1.0]
    assert contradicted.scores([good, bad]) == [0.0, 0.0]
    assert verifier("alignment") is verifier("alignment")


def test_coverage_and_invented_citations() -> None:
    """A sentence whose only citation is out of range cites nothing; -1 is out of range."""
    seen = answered([("a", [0, 5]), ("b", [-1]), ("c", [])], ["a"])
    assert CitationCoverage().score(seen) == pytest.approx(1 / 3)
    assert InventedCitations().score(seen) == pytest.approx(2 / 3)
    assert InventedCitations().score(answered([("a", [])], ["a"])) is None


def test_spans() -> None:
    """Spans that overlap or touch are one; empty ones are none; what two lists share is counted in characters."""
    assert merged([(4, 4), (8, 9), (0, 3), (3, 5)]) == [(0, 5), (8, 9)]
    assert shared([(0, 5), (8, 20)], [(4, 9), (10, 12)]) == 1 + 1 + 2


def test_span_measures_by_hand(outcome: Any) -> None:
    """Gold [10, 20) and [30, 50); cited [15, 25) twice over and [28, 40): 15 of 22 cited are gold, 15 of 30 gold are cited."""
    gold = [("a", 10, 20), ("a", 30, 50)]
    seen = outcome(text="…", gold=gold, cited=[[("a", 15, 25), ("a", 17, 22)], [("a", 28, 40)]])
    values = [measure().score(seen) for measure in (SpanPrecision, SpanRecall, SpanF1)]
    assert values == pytest.approx([15 / 22, 15 / 30, 2 * 15 / (22 + 30)])
    nothing = outcome(text="", abstained=True, gold=gold)
    assert [measure().score(nothing) for measure in (SpanPrecision, SpanRecall, SpanF1)] == [None, 0.0, 0.0]
    assert SpanPrecision().score(outcome(text="…", gold=gold, cited=[[]])) == 0.0
    assert SpanRecall().score(outcome(text="…", gold=["whole.txt"], cited=[[("whole.txt", 0, 5)]])) is None


def test_a_quote_in_two_places_is_found_in_either(outcome: Any) -> None:
    """What stands twice need be cited once, and both places are right."""
    twice = Gold(id="gold:0", uri="a", quote="x", uris=("a", "b"), spans=(((0, 10), (50, 60)), ((5, 15),)))
    seen = outcome(text="…", cited=[[("b", 5, 15)], [("a", 50, 55)]])
    seen = Outcome(question=seen.question, gold=(twice,), response=seen.response)
    assert (SpanPrecision().score(seen), SpanRecall().score(seen)) == (1.0, 1.0)


def test_spans_without_offsets_are_compared_as_texts() -> None:
    """A system that gives texts alone: a cited text that holds the quote shares the quote with it; another shares nothing."""
    gold = [Gold(id="gold:0", uri="long gold text", quote="gold"), Gold(id="gold:1", uri="other", quote="missing!")]
    seen = answered([("a", [0])], ["long gold text"], gold=gold)
    assert (SpanPrecision().score(seen), SpanRecall().score(seen)) == pytest.approx((4 / 14, 4 / 12))


def place(name: str, gain: int = 1) -> Gold:
    return Gold(id=f"gold:{name}", uri=name, gain=gain)


def test_context_precision_and_recall() -> None:
    """Gold at ranks 1 and 3 of four: (1/1 + 2/3) / 2; two of three gold places are there. An abstention changes neither."""
    gold = [place("a"), place("c"), place("z"), place("b", gain=0)]
    seen = answered([("a", [0])], ["a", "b", "c", "d"], gold=gold)
    assert ContextPrecision().score(seen) == pytest.approx((1 + 2 / 3) / 2)
    assert ContextRecall().score(seen) == pytest.approx(2 / 3)
    assert ContextPrecision().score(answered([("a", [0])], ["b", "d"], gold=gold)) == 0.0
    assert ContextPrecision().score(answered([("a", [0])], [], gold=gold)) == 0.0


def test_utilisation() -> None:
    """Two of four passages of the context are cited; by offsets where both have them."""
    assert ContextUtilisation().score(answered([("a", [0, 2]), ("b", [2])], ["a", "b", "c", "d"])) == 0.5
    near = Response(
        text="t",
        context=(Passage(uri="a", start=0, end=10), Passage(uri="a", start=10, end=20)),
        statements=(Statement(text="t", citations=(Cited(uri="a", start=12, end=14),)),),
    )
    assert ContextUtilisation().score(Outcome(question=Question(id="q", text="?"), response=near)) == 0.5


def test_noise_sensitivity() -> None:
    """Of four sentences one holds the gold string, one is backed by the gold passage, one comes from noise, one from nowhere."""
    passages = ["the tower is tall and white", "the bakery sells rye bread", "boats sail on friday"]
    said = [("the gold one", []), ("the tower is white", []), ("the bakery sells bread", []), ("purple elephants dance", [])]
    seen = answered([(text, cited) for text, cited in said], passages, gold=[place("the tower is tall and white")])
    assert NoiseSensitivity().score(seen) == 0.25
