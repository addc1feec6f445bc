"""Runs a file of questions against a store and measures what comes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from ragkit.records import Jsonable, Mode, record

from .asking import OnProgress, run
from .curve import withheld
from .measures import Measure, all_measures, retrieval_measures
from .outcome import Outcome
from .questions import Question
from .scoring import Result, by_class, measured
from .stored import Stored
from .systems import StoreSystem

if TYPE_CHECKING:
    from ragkit.api import Ragkit


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
    failure: str | None = None


@record
class Report(Jsonable):
    """The outcome of an evaluation. ``store`` is what was measured, ``failed`` how many questions failed. ``notes`` name gold places
    that the store does not hold; they count as not found. ``run`` is the folder of a run that is kept, ``classes`` the values by class
    of question, where there is more than one."""

    store: str
    k: int
    mode: str | None
    questions: int
    unanswerable: int
    results: tuple[Result, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    seconds: float
    failed: int = 0
    run: str = ""
    classes: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

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
    workers: int = 1,
) -> Report:
    """Search and ask every question, and measure. ``k`` passages are ranked; ``mode`` is that of :meth:`ragkit.Ragkit.ask`.

    ``measures`` default to all of them, or to those of retrieval with ``retrieval_only``, which asks nothing. Answers whose
    ``answerable`` is below ``least`` count as abstentions. ``seen`` is given every outcome as it was. ``workers`` questions are asked
    at once; rows and figures are the same for any number of them.
    """
    began = time.perf_counter()
    system = StoreSystem(kit, mode=mode, retrieval_only=retrieval_only)
    found: dict[str, Outcome] = {}
    for outcome in run(system, questions, k=k, workers=workers):
        found[outcome.question.id] = outcome
        if progress is not None:
            progress(len(found), len(questions))
    outcomes = [found[question.id] for question in questions]
    if seen is not None:
        seen += outcomes
    chosen = measures or (retrieval_measures(k) if retrieval_only else all_measures(k))
    held = [withheld(outcome, least) for outcome in outcomes]
    return report(held, chosen, store=str(kit.path), k=k, mode=system.mode, seconds=time.perf_counter() - began)


def scored(stored: Stored, measures: Sequence[Measure] | None = None, *, seconds: float = 0.0) -> Report:
    """A run that was kept, measured; ``measures`` default to all, or to those of retrieval where nothing was asked."""
    about, k = stored.info.about, stored.info.k
    asked = any(outcome.response.asked for outcome in stored.outcomes)
    chosen = measures or (all_measures(k) if asked else retrieval_measures(k))
    store = about.get("store", stored.info.system)
    return report(stored.outcomes, chosen, store=store, k=k, mode=about.get("mode"), seconds=seconds, run=stored.folder)


def report(
    outcomes: Sequence[Outcome], measures: Sequence[Measure], *, store: str, k: int, mode: str | None, seconds: float = 0.0, run: str = ""
) -> Report:
    """What the measures say of the outcomes."""
    found = measured(measures, outcomes)
    return Report(
        store=store,
        k=k,
        mode=mode,
        questions=len(outcomes),
        unanswerable=sum(not o.question.answerable for o in outcomes),
        results=tuple(result for result, _ in found),
        rows=tuple(_row(o, {result.name: values[place] for result, values in found}) for place, o in enumerate(outcomes)),
        notes=tuple(_notes(outcomes)),
        seconds=seconds,
        failed=sum(o.response.failure is not None for o in outcomes),
        run=run,
        classes=by_class(measures, outcomes, [values for _, values in found]),
    )


def results(outcomes: Sequence[Outcome], measures: Sequence[Measure]) -> tuple[Result, ...]:
    """Each measure over all outcomes."""
    return tuple(result for result, _ in measured(measures, outcomes))


def _row(outcome: Outcome, values: dict[str, float | None]) -> Row:
    question, response = outcome.question, outcome.response
    return Row(
        id=question.id,
        question=question.text,
        values=values,
        answers=question.answers,
        abstained=not outcome.answered if response.asked else None,
        answerable=response.answerable,
        text=response.text,
        record_id=response.record_id,
        failure=response.failure,
    )


def _notes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        for item, gold in zip(outcome.question.relevant, outcome.gold, strict=True):
            if gold.uris == ():
                what = "the quote is in no document" if item.quote else "no document"
                yield f"{outcome.question.id}: {what} that is named {item.uri}"
