"""Outcomes built by hand: each test says what was found and what was answered, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from ragkit.eval.gold import Gold
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.records import Answer, Citation, Hit, Sentence

Span = tuple[str, int, int]
MakeOutcome = Callable[..., Outcome]


def hit(span: Span, rank: int) -> Hit:
    uri, start, end = span
    return Hit(rank=rank, score=1 / rank, uri=uri, document_id=1, title=uri, start_char_index=start, end_char_index=end, text="x")


def citation(span: Span) -> Citation:
    uri, start, end = span
    return Citation(
        cited_text="x", uri=uri, document_title=uri, document_version=1, document_index=0, start_char_index=start, end_char_index=end
    )


def answer(text: str, cited: Sequence[Sequence[Span]], *, abstained: bool, answerable: float) -> Answer:
    sentences = tuple(Sentence(text=text, status="quoted", support=1.0, citations=tuple(map(citation, spans))) for spans in cited)
    return Answer(record_id="r", question="?", abstained=abstained, reason=None, answerable=answerable, text=text, sentences=sentences)


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
    ) -> Outcome:
        places = [
            Gold(id=f"gold:{n}", uris=(g,), spans=((),))
            if isinstance(g, str)
            else Gold(id=f"gold:{n}", uris=(g[0],), spans=(((g[1], g[2]),),))
            for n, g in enumerate(gold)
        ]
        return Outcome(
            question=Question(id="q", text="?", answers=tuple(answers)),
            gold=tuple(places),
            hits=tuple(hit(span, rank) for rank, span in enumerate(hits, 1)),
            answer=None if text is None else answer(text, cited, abstained=abstained, answerable=answerable),
            verbatim=tuple(verbatim),
        )

    return make
