"""Runs a file of questions against a store and measures what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ragkit.records import Jsonable, Mode, record

from .curve import withheld
from .gold import locate
from .interval import bootstrap
from .measures import Measure, all_measures, retrieval_measures
from .outcome import Outcome
from .questions import Question
from .systems import StoreSystem, System, Texts

if TYPE_CHECKING:
    from ragkit.api import Ragkit

#: Told after each question: how many are done, and of how many.
OnProgress = Callable[[int, int], None]


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
    system = StoreSystem(kit, mode=mode, retrieval_only=retrieval_only)
    outcomes = []
    for outcome in run(system, questions, k=k):
        if seen is not None:
            seen.append(outcome)
        outcomes.append(withheld(outcome, least))
        if progress is not None:
            progress(len(outcomes), len(questions))
    return Report(
        store=str(kit.path),
        k=k,
        mode=system.mode,
        questions=len(outcomes),
        unanswerable=sum(not o.question.answerable and not o.question.ungraded for o in outcomes),
        results=tuple(_result(measure, outcomes) for measure in chosen),
        rows=tuple(_row(outcome, chosen) for outcome in outcomes),
        notes=tuple(_notes(outcomes)),
        seconds=time.perf_counter() - began,
    )


def run(system: System, questions: Sequence[Question], *, k: int = 10) -> Iterator[Outcome]:
    """What comes of each question, in order."""
    opened = system if isinstance(system, Texts) else None
    uris = list(opened.uris()) if opened is not None and any(q.relevant for q in questions) else []
    for question in questions:
        gold = locate(question.relevant, uris, opened.text) if opened is not None else locate(question.relevant)
        yield Outcome(question=question, gold=gold, response=system.respond(question, k))


def _result(measure: Measure, outcomes: Sequence[Outcome]) -> Result:
    values = [v for v in map(measure.score, outcomes) if v is not None]
    value = measure.summary(outcomes)
    is_mean = bool(values) and type(measure).summary is Measure.summary
    counted = len(values) if values or value is None else len(outcomes)
    return Result(
        name=str(measure), value=value, questions=counted, interval=bootstrap(values) if is_mean else None, about=measure.describe()
    )


def _row(outcome: Outcome, measures: Sequence[Measure]) -> Row:
    question, response = outcome.question, outcome.response
    values = {str(measure): measure.score(outcome) for measure in measures}
    return Row(
        id=question.id,
        question=question.text,
        values=values,
        answers=question.answers,
        abstained=not outcome.answered if response.asked else None,
        answerable=response.answerable,
        text=response.text,
        record_id=response.record_id,
    )


def _notes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        for item, gold in zip(outcome.question.relevant, outcome.gold, strict=True):
            if gold.uris == ():
                what = "the quote is in no document" if item.quote else "no document"
                yield f"{outcome.question.id}: {what} that is named {item.uri}"
