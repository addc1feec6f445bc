"""What holds for every measure, whatever the outcomes: the rule for no answer, ranges, and repetition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.eval.gold import Gold
from ragkit.eval.measures import (
    AlcePrecision,
    AlceRecall,
    AnswerMeasure,
    BrierScore,
    CalibrationError,
    ContextMeasure,
    ContradictionRate,
    CostMeasure,
    EmbeddingSimilarity,
    HallucinationRate,
    JudgedRight,
    Measure,
    OverCitation,
    RankingMeasure,
    SupportedSentences,
    all_measures,
    model_measures,
)
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response, Statement
from ragkit.records import Verdict
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder


class Odd:
    """A verifier whose verdict hangs on the lengths alone, contradictions and faulty verdicts included."""

    id = "odd"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        length = len(claim) + sum(map(len, evidence))
        return Verdict(support=math.nan if length % 7 == 6 else length % 3 / 2, contradiction=length % 5 / 4)


#: With small stand-ins for the models; what a measure does with a verdict does not depend on who gave it.
MODELS: tuple[Measure, ...] = (
    EmbeddingSimilarity(model=SyntheticEmbedder(16)),
    JudgedRight(model=ScriptedGenerator("yes")),
    JudgedRight(model=ScriptedGenerator("perhaps")),
    SupportedSentences(verifier=Odd()),
    SupportedSentences(verifier="lexical", against="context"),
    HallucinationRate(verifier=Odd()),
    ContradictionRate(verifier=Odd()),
    AlceRecall(verifier=Odd()),
    AlcePrecision(verifier=Odd()),
    AlceRecall(verifier=Odd(), exact=True),
    AlcePrecision(verifier=Odd(), exact=True),
    OverCitation(verifier=Odd()),
)
MEASURES = (*all_measures(3), *MODELS, CalibrationError(of="right", bins=3), BrierScore(of="right"))

WORDS = ("", " ", "\x00", "the", "gold", "Gold bar.", "Ünïcode 山 😀", "A first. A second one?", "7", "1974", "\u200b", "…")
TEXTS = st.sampled_from(WORDS) | st.text(max_size=12)
URIS = st.sampled_from(("", "a", "/x/a", "b", "b#1"))
SPANS = st.tuples(st.none() | st.integers(0, 12), st.none() | st.integers(0, 12))
ODD_NUMBERS = st.sampled_from((math.nan, math.inf, -1.0)) | st.floats(0, 100)


@st.composite
def passages(draw: Any) -> Passage:
    start, end = draw(SPANS)
    return Passage(uri=draw(URIS), text=draw(TEXTS), start=start, end=end)


@st.composite
def citations(draw: Any) -> Cited:
    if draw(st.booleans()):
        return Cited(passage=draw(st.integers(-2, 6)), verbatim=draw(st.none() | st.booleans()))
    start, end = draw(SPANS)
    return Cited(uri=draw(URIS), text=draw(TEXTS), start=start, end=end, verbatim=draw(st.none() | st.booleans()))


@st.composite
def golds(draw: Any, number: int) -> Gold:
    uri = draw(st.sampled_from(("a", "b", "c")))
    uris = draw(st.none() | st.just(()) | st.just((uri,)))
    spans = draw(st.sampled_from(((), ((0, 5),), ((2, 4), (8, 12))))) if uris else ()
    quote = draw(TEXTS.filter(str.strip)) if spans else draw(st.none() | TEXTS)
    return Gold(id=f"gold:{number}", uri=uri, quote=quote, gain=draw(st.integers(0, 2)), uris=uris, spans=(spans,) if uris else ())


@st.composite
def outcomes(draw: Any) -> Outcome:
    response = Response(
        passages=tuple(draw(st.lists(passages(), max_size=4))),
        statements=tuple(
            Statement(text=draw(TEXTS), citations=tuple(draw(st.lists(citations(), max_size=4)))) for _ in range(draw(st.integers(0, 3)))
        ),
        text=draw(TEXTS),
        abstained=draw(st.booleans()),
        asked=draw(st.integers(0, 5)) > 0,
        answerable=draw(st.none() | st.floats(0, 1) | st.just(math.nan)),
        context=tuple(draw(st.lists(passages(), max_size=3))),
        timings=draw(st.dictionaries(st.sampled_from(("total_s", "first_token_s")), ODD_NUMBERS)),
        tokens=draw(st.dictionaries(st.sampled_from(("prompt", "completion")), st.integers(0, 3))),
        peak_bytes=draw(st.none() | st.integers(0, 2**40)),
        failure=draw(st.none() | st.none() | st.just("it took too long")),
    )
    answers = tuple(draw(st.lists(TEXTS, max_size=3)))
    question = Question(id="q", text=draw(TEXTS), answers=answers, ungraded=not answers and draw(st.booleans()))
    gold = tuple(draw(golds(number)) for number in range(draw(st.integers(0, 3))))
    return Outcome(question=question, gold=gold, response=response)


def in_range(measure: Measure, value: float | None) -> bool:
    return value is None or (math.isfinite(value) and measure.LOW <= value <= (math.inf if measure.HIGH is None else measure.HIGH + 1e-9))


@settings(max_examples=150, deadline=None)
@given(seen=st.lists(outcomes(), min_size=1, max_size=4))
def test_values_are_in_range_and_repeat(seen: list[Outcome]) -> None:
    """No measure is ever NaN, infinite or out of its range, for a question or for all; asked again, or all at once, it says the same."""
    for measure in MEASURES:
        values = [measure.score(outcome) for outcome in seen]
        total = measure.summary(seen)
        assert all(in_range(measure, value) for value in (*values, total)), measure
        assert values == measure.scores(seen) == measure.scores(seen), measure
        assert total == measure.summary(seen), measure


@settings(max_examples=150, deadline=None)
@given(seen=outcomes(), how=st.sampled_from(("failed", "abstained", "empty")))
def test_no_answer_is_worth_what_is_declared(seen: Outcome, how: str) -> None:
    """Failed, abstained and empty are the same to every measure of answers: its ``EMPTY`` where it applies, nothing elsewhere."""
    told: dict[str, Any] = {"failed": {"failure": "x"}, "abstained": {"abstained": True}, "empty": {"text": " "}}[how]
    none = replace(seen, response=replace(seen.response, **({"asked": True, "failure": None} | told)))
    for measure in MEASURES:
        if isinstance(measure, AnswerMeasure):
            graded = not none.question.ungraded and none.question.answerable == (measure.ASKED == "answerable")
            asked = measure.ASKED == "all" or graded
            applies = asked and (not measure.NEEDS_GOLD or any(gold.gain for gold in none.gold)) and measure.applies(none)
            assert measure.score(none) == (measure.EMPTY if applies else None), measure
            assert measure.describe()["no_answer"] == measure.EMPTY


@settings(max_examples=80, deadline=None)
@given(seen=outcomes())
def test_measures_of_passages_do_not_look_at_the_answer(seen: Outcome) -> None:
    """A ranking and a context are worth the same whether the system then answered or abstained."""
    silent = replace(seen, response=replace(seen.response, text="", statements=(), abstained=True, answerable=None, failure=None))
    for measure in MEASURES:
        if isinstance(measure, RankingMeasure | ContextMeasure):
            assert measure.score(seen) == measure.score(silent), measure


@settings(max_examples=80, deadline=None)
@given(seen=outcomes())
def test_failures_cost_nothing(seen: Outcome) -> None:
    """What a failure took is not what an answer takes."""
    failed = replace(seen, response=replace(seen.response, failure="x"))
    assert [m.score(failed) for m in MEASURES if isinstance(m, CostMeasure)] == [None] * sum(isinstance(m, CostMeasure) for m in MEASURES)


@pytest.mark.parametrize("measure", [*all_measures(), *model_measures()], ids=str)
def test_a_measure_of_nothing_is_nothing(measure: Measure) -> None:
    """Over no questions at all there is no value."""
    assert measure.summary([]) is None


def test_every_measure_is_run() -> None:
    """The properties above are asked of every kind of measure that there is."""
    assert {type(measure) for measure in (*all_measures(), *model_measures())} <= {type(measure) for measure in MEASURES}
