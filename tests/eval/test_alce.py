"""ALCE's citation recall and precision on cases worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ragkit.eval.measures import AlcePrecision, AlceRecall, OverCitation, alce
from ragkit.eval.measures.over_citation import needless
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response, Statement
from ragkit.records import Verdict

#: statement -> the sets of passages any one of which entails it
ENTAILED = {
    "A": [{"a"}],
    "B": [{"b"}],
    "AB": [{"a", "b"}],
    "ABC": [{"a", "b", "c"}],
    "either": [{"a"}, {"b"}],
    "never": [],
}


def entails(statement: str, passages: Sequence[str]) -> bool:
    """``fragile`` is entailed by a, but no longer once x is said as well."""
    if statement == "fragile":
        return "a" in passages and "x" not in passages
    return any(needed <= set(passages) for needed in ENTAILED[statement])


def answer(text: str) -> list[tuple[str, list[str | None]]]:
    """``A[a,?] B[]`` as statements with what they cite; ``?`` is a citation out of range."""
    found: list[tuple[str, list[str | None]]] = []
    for part in text.split():
        statement, _, cited = part.rstrip("]").partition("[")
        found.append((statement, [None if name == "?" else name for name in cited.split(",") if name]))
    return found


#: what it shows, the answer, recall and precision, and those of ALCE's program where they differ
CASES = [
    ("no statement at all", "", 0, 0, None),
    ("one citation, which entails", "A[a]", 1, 1, None),
    ("no citation", "A[]", 0, 0, None),
    ("a wrong citation", "A[b]", 0, 0, None),
    ("nothing entails it", "never[a]", 0, 0, None),
    ("half of the evidence", "AB[a]", 0, 0, None),
    ("two passages that entail together alone: both needed", "AB[a,b]", 1, 1, None),
    ("three that entail together alone", "ABC[a,b,c]", 1, 1, None),
    ("two of the three needed", "ABC[a,b]", 0, 0, None),
    ("a superfluous one beside the right one", "A[a,b]", 1, 1 / 2, None),
    ("either one entails: none is superfluous by ALCE", "either[a,b]", 1, 1, None),
    ("either, and one for nothing", "either[a,c]", 1, 1 / 2, None),
    ("both needed, and a third for nothing", "AB[a,b,c]", 1, 2 / 3, None),
    ("the same passage twice", "A[a,a]", 1, 1, None),
    ("one of two needed passages twice: each of the twins is superfluous", "AB[a,b,a]", 1, 1 / 3, None),
    ("more evidence spoils it", "fragile[a,x]", 0, 0, None),
    ("a citation out of range", "A[?]", 0, 0, None),
    ("a right one and one out of range", "A[a,?]", 0, 0, None),
    ("out of range in one of two statements: the flaw", "A[a] A[?]", 1 / 2, 1 / 2, (1 / 2, 1)),
    ("the flaw takes right citations out of the share too", "A[a] B[b,?]", 1 / 2, 1 / 3, (1 / 2, 1)),
    ("all of them out of range", "A[?] B[?,?]", 0, 0, None),
    ("a statement without citations among others", "A[a] B[]", 1 / 2, 1, None),
    ("one right, one wrong", "A[a] B[a]", 1 / 2, 1 / 2, None),
    ("three statements", "A[a] AB[a,b] never[c]", 2 / 3, 3 / 4, None),
    ("superfluous ones in two statements", "A[a,c] B[b,c]", 1, 1 / 2, None),
    ("five statements", "A[a] B[b] never[] either[a,b] AB[b]", 3 / 5, 4 / 5, None),
    ("four citations, the right one last: ALCE's program reads three", "A[b,c,d,a]", 1, 1 / 4, (0, 0)),
    ("four citations, the right one first", "A[a,b,c,d]", 1, 1 / 4, (1, 1 / 3)),
    ("the fourth is out of range", "A[a,b,c,?] B[b]", 1 / 2, 1 / 5, (1 / 2, 1)),
]


@pytest.mark.parametrize(("given", "recall", "precision", "exact"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_alce_by_hand(given: str, recall: float, precision: float, exact: tuple[float, float] | None) -> None:
    """Both values, and with ``exact`` those that ALCE's own program gives."""
    assert alce(answer(given), entails) == pytest.approx((recall, precision))
    assert alce(answer(given), entails, exact=True) == pytest.approx(exact or (recall, precision))


class Table:
    """A verifier that reads the table above: support 0.9 or 0.1."""

    id = "table"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        return Verdict(support=0.9 if entails(claim, evidence) else 0.1)


def outcome(given: str) -> Outcome:
    """The answer with its citations as numbers of the passages a, b, c, d."""
    statements = tuple(
        Statement(text=text, citations=tuple(Cited(passage=99 if name is None else "abcd".index(name)) for name in cited))
        for text, cited in answer(given)
    )
    passages = tuple(Passage(uri=name, text=name) for name in "abcd")
    response = Response(passages=passages, statements=statements, text=given)
    return Outcome(question=Question(id="q", text="?", answers=("x",)), response=response)


@pytest.mark.parametrize("given", [case[1] for case in CASES if "x" not in case[1] and case[1]])
def test_the_measures_are_the_functions(given: str) -> None:
    """As measures, with a verifier for the judgement and numbers for the passages, they give the same."""
    for exact in (False, True):
        wanted = alce(answer(given), entails, exact=exact)
        found = [kind(verifier=Table(), exact=exact).score(outcome(given)) for kind in (AlceRecall, AlcePrecision)]
        assert found == pytest.approx(list(wanted))


def test_the_threshold_decides() -> None:
    """Support below the threshold is no entailment."""
    assert AlceRecall(verifier=Table(), threshold=0.95).score(outcome("A[a]")) == 0.0
    assert AlceRecall(verifier=Table(), threshold=0.05).score(outcome("A[b]")) == 1.0
    with pytest.raises(ValueError, match="ALCE recall: threshold"):
        AlceRecall(threshold=0)


def test_the_number_zero() -> None:
    """ALCE's program counts from 1 and takes [0] for the last passage; here it is an invented citation."""
    statement = Statement(text="A", citations=(Cited(passage=-1),))
    asked = Outcome(
        question=Question(id="q", text="?"), response=Response(passages=(Passage(uri="a", text="a"),), text="A", statements=(statement,))
    )
    assert (AlceRecall(verifier=Table()).score(asked), AlceRecall(verifier=Table(), exact=True).score(asked)) == (0.0, 1.0)


def test_an_answer_without_statements_is_read_by_sentences() -> None:
    """Where a system gives a text alone, its sentences cite nothing."""
    given = Outcome(question=Question(id="q", text="?"), response=Response(text="A. B.", passages=(Passage(uri="a", text="a"),)))
    assert (AlceRecall(verifier=Table()).score(given), AlcePrecision(verifier=Table()).score(given)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("given", "count"),
    [("A[a]", (0, 1)), ("A[a,b]", (1, 2)), ("either[a,b]", (1, 2)), ("AB[a,b,c]", (1, 3)), ("A[a,a,a]", (2, 3)), ("A[b]", (0, 0)),
     ("A[]", (0, 0)), ("A[a,?]", (0, 0))],
)  # fmt: skip
def test_needless_citations(given: str, count: tuple[int, int]) -> None:
    """What can be left out, one after the other; of two that each would do, one is needed."""
    assert needless(answer(given)[0], entails) == count


def test_over_citation_is_over_all_citations_of_an_answer() -> None:
    """Three citations of entailed statements, one of them for nothing; an answer without an entailed statement has no value."""
    assert OverCitation(verifier=Table()).score(outcome("A[a,b] B[b] A[c]")) == pytest.approx(1 / 3)
    assert OverCitation(verifier=Table()).score(outcome("A[c]")) is None
