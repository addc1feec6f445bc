"""Outcomes built by hand: each test says what was found and what was answered, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from ragkit.eval.gold import Gold
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response, Statement

Span = tuple[str, int, int]
MakeOutcome = Callable[..., Outcome]


def passage(span: Span) -> Passage:
    uri, start, end = span
    return Passage(uri=uri, text="x", start=start, end=end)


def citation(span: Span, verbatim: bool | None) -> Cited:
    uri, start, end = span
    return Cited(uri=uri, text="x", start=start, end=end, verbatim=verbatim)


@pytest.fixture
def outcome() -> MakeOutcome:
    """Makes an outcome: ``cited`` lists the citations of each sentence; ``text=None`` means that nothing was asked."""

    def make(
        *,
        answers: Sequence[str] = ("gold",),
        gold: Sequence[Span | str] = (),
        hits: Sequence[Span] = (),
        text: str | None = None,
        cited: Sequence[Sequence[Span]] = (),
        abstained: bool = False,
        answerable: float = 0.5,
        verbatim: Sequence[bool] = (),
        failure: str | None = None,
    ) -> Outcome:
        places = [
            Gold(id=f"gold:{n}", uri=g, uris=(g,), spans=((),))
            if isinstance(g, str)
            else Gold(id=f"gold:{n}", uri=g[0], quote="x", uris=(g[0],), spans=(((g[1], g[2]),),))
            for n, g in enumerate(gold)
        ]
        spans = cited or [[("v.txt", 0, 1)] for _ in verbatim]
        checks = iter(verbatim)
        response = Response(
            passages=tuple(map(passage, hits)),
            statements=tuple(Statement(text=text or "", citations=tuple(citation(s, next(checks, None)) for s in one)) for one in spans),
            text=text or ("x" if verbatim else ""),
            abstained=abstained,
            asked=text is not None or bool(verbatim),
            answerable=answerable,
            failure=failure,
        )
        return Outcome(question=Question(id="q", text="?", answers=tuple(answers)), gold=tuple(places), response=response)

    return make
