"""What came of one question in one run, ready to be shown: sentences, what they cite, and what was retrieved, with marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragkit.records import Jsonable, record

from ..measures import Measure
from ..outcome import Outcome
from ..response import Cited, Passage
from .faults import fault
from .marks import Piece, cited_in, pieces, place, spans_of

#: Characters around what is marked in a cited text, and of a retrieved passage: the report of a thousand questions stays readable.
AROUND_CITED, AROUND_PASSAGE = 480, 200
#: Retrieved passages that are shown with their text; of those after them only what is gold or cited, and of the others the place.
WITH_TEXT = 3


@record
class CitedText(Jsonable):
    """A citation: its number in the answer, where it stands, the text there in pieces, and what is known of it."""

    number: int
    place: str
    pieces: tuple[Piece, ...]
    verbatim: bool | None
    gold: bool


@record
class Sentence(Jsonable):
    """A sentence of an answer, and what it cites."""

    text: str
    citations: tuple[CitedText, ...]


@record
class Retrieved(Jsonable):
    """A passage of the ranking; ``score`` is the system's own."""

    rank: int
    place: str
    score: float | None
    gold: bool
    cited: bool
    pieces: tuple[Piece, ...]


@record
class Side(Jsonable):
    """One question in one run. ``values`` has the measures that apply to it."""

    fault: str
    state: str
    text: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Retrieved, ...]
    values: Mapping[str, float]
    answerable: float | None
    timings: Mapping[str, float]
    failure: str | None
    record_id: str


def side(outcome: Outcome, measures: Sequence[Measure]) -> Side:
    """``outcome`` as it is shown; texts are shortened around what is marked."""
    response = outcome.response
    values = {str(measure): value for measure in measures if (value := measure.score(outcome)) is not None}
    return Side(
        fault=fault(outcome),
        state=response.state if response.asked else "not asked",
        text=response.text,
        sentences=_sentences(outcome),
        passages=tuple(_retrieved(outcome, number, passage) for number, passage in enumerate(response.passages, 1)),
        values=values,
        answerable=response.answerable,
        timings=response.timings,
        failure=response.failure,
        record_id=response.record_id,
    )


def _sentences(outcome: Outcome) -> tuple[Sentence, ...]:
    """Each with its citations, which are numbered by what they cite, in order of appearance."""
    numbers: dict[Cited, int] = {}
    made = []
    for statement in outcome.response.statements:
        cited = [_cited(outcome, one, numbers.setdefault(one, len(numbers) + 1)) for one in statement.citations]
        made.append(Sentence(text=statement.text, citations=tuple(cited)))
    return tuple(made)


def _cited(outcome: Outcome, cited: Cited, number: int) -> CitedText:
    text, spans, where = cited_in(outcome.response, cited)
    passage = outcome.response.resolved(cited)
    gold = spans_of(passage, outcome.gold, ()) if passage is not None and cited.passage is not None else []
    return CitedText(
        number=number,
        place=where,
        pieces=pieces(text, [*spans, *gold], AROUND_CITED),
        verbatim=cited.verbatim,
        gold=outcome.cites_gold(cited),
    )


def _retrieved(outcome: Outcome, rank: int, passage: Passage) -> Retrieved:
    by_number = [c for c in outcome.response.citations if c.passage == rank - 1]
    spans = spans_of(passage, outcome.gold, outcome.response.citations)
    cited = bool(by_number) or any("cited" in kind for *_, kind in spans)
    shown = pieces(passage.text, spans, AROUND_PASSAGE) if rank <= WITH_TEXT or spans else ()
    return Retrieved(rank=rank, place=place(passage), score=passage.score, gold=outcome.is_gold(passage), cited=cited, pieces=shown)
