"""Runs a file of questions against a store and measures what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ragkit.records import Citation, Jsonable, Mode, record

from .curve import withheld
from .gold import locate
from .interval import bootstrap
from .measures import Measure, all_measures, retrieval_measures
from .outcome import Outcome
from .questions import Question

if TYPE_CHECKING:
    from ragkit.api import Ragkit

#: Told after each question: how many are done, and of how many.
OnProgress = Callable[[int, int], None]

#: Texts of documents kept while citations are checked.
_TEXTS = 256


@record
class Result(Jsonable):
    """A measure's value over all questions it applies to (``questions`` of them), and the 95 % bootstrap interval of the mean.

    ``value`` is ``None`` when it applies to none. ``interval`` is ``None`` for measures that are no mean over questions.
    """

    name: str
    value: float | None
    questions: int
    interval: tuple[float, float] | None
    about: dict[str, Any]


@record
class Row(Jsonable):
    """One question: its values by measure (``None``: does not apply), and what was answered."""

    id: str
    question: str
    values: dict[str, float | None]
    answers: tuple[str, ...] = ()
    abstained: bool | None = None
    answerable: float | None = None
    text: str = ""
    record_id: str = ""


@record
class Report(Jsonable):
    """The outcome of an evaluation. ``notes`` name gold places that the store does not hold; they count as not found."""

    store: str
    k: int
    mode: str | None
    questions: int
    unanswerable: int
    results: tuple[Result, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    seconds: float

    def value(self, name: str) -> float | None:
        """A measure's value by its name, as ``report.value("nDCG@10")``.

        Raises:
            KeyError: no such measure was taken; the message lists those that were.
        """
        for result in self.results:
            if result.name == name:
                return result.value
        raise KeyError(f"no measure {name!r}; there are {', '.join(r.name for r in self.results)}")


def evaluate(
    kit: Ragkit,
    questions: Sequence[Question],
    *,
    k: int = 10,
    mode: Mode | None = None,
    retrieval_only: bool = False,
    measures: Sequence[Measure] | None = None,
    progress: OnProgress | None = None,
    least: float = 0.0,
    seen: list[Outcome] | None = None,
) -> Report:
    """Search and ask every question, and measure. ``k`` passages are ranked; ``mode`` is that of :meth:`ragkit.Ragkit.ask`.

    ``measures`` default to all of them, or to those of retrieval with ``retrieval_only``, which asks nothing. Answers whose
    ``answerable`` is below ``least`` count as abstentions. ``seen`` is given every outcome as it was.
    """
    began = time.perf_counter()
    chosen = measures or (retrieval_measures(k) if retrieval_only else all_measures(k))
    outcomes = []
    for outcome in run(kit, questions, k=k, mode=mode, retrieval_only=retrieval_only):
        if seen is not None:
            seen.append(outcome)
        outcomes.append(withheld(outcome, least))
        if progress is not None:
            progress(len(outcomes), len(questions))
    return Report(
        store=str(kit.path),
        k=k,
        mode=None if retrieval_only else mode or kit.settings.answering.mode,
        questions=len(outcomes),
        unanswerable=sum(not o.question.answerable for o in outcomes),
        results=tuple(_result(measure, outcomes) for measure in chosen),
        rows=tuple(_row(outcome, chosen) for outcome in outcomes),
        notes=tuple(_notes(outcomes)),
        seconds=time.perf_counter() - began,
    )


def run(
    kit: Ragkit, questions: Sequence[Question], *, k: int = 10, mode: Mode | None = None, retrieval_only: bool = False
) -> Iterator[Outcome]:
    """What comes of each question, in order."""
    text = lru_cache(_TEXTS)(lambda uri: kit.text(uri))
    uris = [document.uri for document in kit.documents()] if any(q.relevant for q in questions) else []
    for question in questions:
        answer = None if retrieval_only else kit.ask(question.text, mode=mode)
        outcome = Outcome(
            question=question,
            gold=locate(question.relevant, uris, text),
            hits=tuple(kit.search(question.text, k, operators=False)),
            answer=answer,
        )
        yield _checked(outcome, text)


def is_verbatim(citation: Citation, text: Callable[[str], str]) -> bool:
    """Whether the source's text at the citation's span is its cited text. An empty citation is not."""
    span = text(citation.uri)[citation.start_char_index : citation.end_char_index]
    return bool(span) and span == citation.cited_text


def _checked(outcome: Outcome, text: Callable[[str], str]) -> Outcome:
    verbatim = tuple(is_verbatim(citation, text) for citation in outcome.citations())
    return Outcome(question=outcome.question, gold=outcome.gold, hits=outcome.hits, answer=outcome.answer, verbatim=verbatim)


def _result(measure: Measure, outcomes: Sequence[Outcome]) -> Result:
    values = [v for v in map(measure.score, outcomes) if v is not None]
    value = measure.summary(outcomes)
    is_mean = bool(values) and type(measure).summary is Measure.summary
    counted = len(values) if values or value is None else len(outcomes)
    return Result(
        name=str(measure), value=value, questions=counted, interval=bootstrap(values) if is_mean else None, about=measure.describe()
    )


def _row(outcome: Outcome, measures: Sequence[Measure]) -> Row:
    question, answer = outcome.question, outcome.answer
    values = {str(measure): measure.score(outcome) for measure in measures}
    if answer is None:
        return Row(id=question.id, question=question.text, values=values, answers=question.answers)
    return Row(
        id=question.id,
        question=question.text,
        values=values,
        answers=question.answers,
        abstained=answer.abstained,
        answerable=answer.answerable,
        text=answer.text,
        record_id=answer.record_id,
    )


def _notes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        for item, gold in zip(outcome.question.relevant, outcome.gold, strict=True):
            if not gold.uris:
                what = "the quote is in no document" if item.quote else "no document"
                yield f"{outcome.question.id}: {what} that is named {item.uri}"
