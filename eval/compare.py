"""Runs over the same questions, compared question by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from .interval import Interval, paired, paired_p
from .measures import Measure
from .outcome import Outcome
from .statistics import Correction, Effect, corrected, detectable, effect
from .stored import Stored

#: Questions that changed most, which are shown.
CHANGED = 10
#: Questions that an error names.
_NAMED = 3


class OtherQuestions(RagkitError, ValueError):
    """Runs are of different questions, or share none."""


@record
class Difference(Jsonable):
    """A measure of the run ``b`` beside that of the first run, ``a``, over the ``questions`` to which it applies in both.

    ``difference`` is b - a, ``interval`` its paired 95 % bootstrap interval, ``p`` that of the paired randomisation test and
    ``corrected_p`` what is left of it among all rows. The ``effect`` counts what is better as won. ``detectable`` is the difference that so
    many questions find with 80 % power. A measure that is no mean over questions (AUROC) has its two values and no more.
    """

    measure: str
    run: str
    a: float | None
    b: float | None
    difference: float | None
    questions: int
    interval: Interval | None = None
    p: float | None = None
    corrected_p: float | None = None
    effect: Effect | None = None
    detectable: float | None = None
    higher_is_better: bool = True


@record
class Change(Jsonable):
    """A question whose values differ: by measure the value of each run, the answers of each, and the ``size`` it is ordered by."""

    id: str
    question: str
    gold: tuple[str, ...]
    size: float
    values: dict[str, tuple[float | None, ...]]
    answers: tuple[str, ...]


@record
class Comparison(Jsonable):
    """``questions`` are those that all ``runs`` share; ``left_out`` says of each run how many others it has."""

    runs: tuple[str, ...]
    folders: tuple[str, ...]
    questions: int
    left_out: tuple[int, ...]
    correction: Correction
    differences: tuple[Difference, ...]
    changed: tuple[Change, ...]


def compare(
    runs: Sequence[Stored],
    measures: Sequence[Measure],
    *,
    common: bool = False,
    correction: Correction = "holm",
    by: Measure | None = None,
    changed: int = CHANGED,
) -> Comparison:
    """Every run beside the first. ``common`` compares the questions that all share; without it they must be the same.

    Questions are ordered by how far ``by`` changed, or by the mean change of all ``measures`` that lie in [0, 1].

    Raises:
        OtherQuestions: the questions are not the same, or none is shared.
    """
    lined = aligned(runs, common=common)
    names = _names(runs)
    rows = [difference(m, name, lined[0], other) for name, other in zip(names[1:], lined[1:], strict=True) for m in measures]
    tested = [row for row in rows if row.p is not None]
    left = dict(zip(map(id, tested), corrected([row.p or 0.0 for row in tested], correction), strict=True))
    return Comparison(
        runs=names,
        folders=tuple(run.folder for run in runs),
        questions=len(lined[0]),
        left_out=tuple(len(run.outcomes) - len(lined[0]) for run in runs),
        correction=correction,
        differences=tuple(replace(row, corrected_p=left.get(id(row))) for row in rows),
        changed=tuple(_changed(lined, measures, by)[:changed]),
    )


def aligned(runs: Sequence[Stored], *, common: bool = False) -> list[list[Outcome]]:
    """The outcomes of each run for the questions that all share, in the order of the first.

    Raises:
        OtherQuestions: the questions are not the same and ``common`` is false, or none is shared.
    """
    by_question = [{_key(outcome): outcome for outcome in run.outcomes} for run in runs]
    shared = [key for key in by_question[0] if all(key in other for other in by_question[1:])]
    others = [sum(key not in shared_set for key in one) for one in by_question] if (shared_set := set(shared)) else []
    if not shared:
        raise OtherQuestions(f"the runs share no question: {', '.join(_names(runs))}. Ask both the same file: ragkit eval run QUESTIONS")
    if any(others) and not common:
        some = [key[0] for one in by_question for key in one if key not in shared_set][:_NAMED]
        told = ", ".join(f"{name} has {count} more" for name, count in zip(_names(runs), others, strict=True))
        raise OtherQuestions(
            f"the runs are not of the same questions: {len(shared)} are shared, {told} (such as {', '.join(some)}). "
            "Compare those that are shared with --common"
        )
    return [[one[key] for key in shared] for one in by_question]


def difference(measure: Measure, name: str, a: Sequence[Outcome], b: Sequence[Outcome]) -> Difference:
    """One measure of two runs over the same questions."""
    better = measure.HIGHER_IS_BETTER
    if type(measure).summary is not Measure.summary:
        one, other = measure.summary(a), measure.summary(b)
        both = None if one is None or other is None else other - one
        return Difference(measure=str(measure), run=name, a=one, b=other, difference=both, questions=len(a), higher_is_better=better)
    scores = ((measure.score(x), measure.score(y)) for x, y in zip(a, b, strict=True))
    pairs = [(x, y) for x, y in scores if x is not None and y is not None]
    return of_pairs(str(measure), name, pairs, higher_is_better=better)


def of_pairs(measure: str, name: str, pairs: Sequence[tuple[float, float]], *, higher_is_better: bool = True) -> Difference:
    """A measure by the two values of each question; without any, all is ``None``."""
    made = Difference(measure=measure, run=name, a=None, b=None, difference=None, questions=len(pairs), higher_is_better=higher_is_better)
    if not pairs:
        return made
    one, other = [x for x, _ in pairs], [y for _, y in pairs]
    a, b = sum(one) / len(one), sum(other) / len(other)
    return replace(
        made,
        a=a,
        b=b,
        difference=b - a,
        interval=paired(one, other),
        p=paired_p(one, other),
        effect=effect(one, other) if higher_is_better else effect(other, one),
        detectable=detectable([y - x for x, y in pairs]),
    )


def _key(outcome: Outcome) -> tuple[str, ...]:
    question = outcome.question
    return question.id, question.text, repr(question.answers), repr(question.relevant)


def _names(runs: Sequence[Stored]) -> tuple[str, ...]:
    """The runs' names; those of one name are told apart by their ids."""
    named = [run.name for run in runs]
    return tuple(name if named.count(name) == 1 else f"{name} ({run.info.id})" for name, run in zip(named, runs, strict=True))


def _changed(lined: Sequence[Sequence[Outcome]], measures: Sequence[Measure], by: Measure | None) -> list[Change]:
    """The questions that changed, the most changed first."""
    found = []
    for outcomes in zip(*lined, strict=True):
        values = {str(m): tuple(m.score(outcome) for outcome in outcomes) for m in (measures if by is None else [*measures, by])}
        sizes = {name: _spread(row) for name, row in values.items()}
        counted = [str(m) for m in measures if m.HIGH == 1.0] if by is None else [str(by)]
        size = sum(sizes[name] for name in counted) / max(1, len(counted))
        if size > 0:
            question = outcomes[0].question
            moved = {name: row for name, row in values.items() if sizes[name] > 0 or len({value is None for value in row}) > 1}
            answers = tuple(_answer(outcome) for outcome in outcomes)
            found.append(
                Change(id=question.id, question=question.text, gold=question.answers, size=size, values=moved, answers=answers)
            )
    return sorted(found, key=lambda change: -change.size)


def _spread(row: Sequence[float | None]) -> float:
    there = [value for value in row if value is not None]
    return max(there) - min(there) if len(there) > 1 else 0.0


def _answer(outcome: Outcome) -> str:
    response = outcome.response
    if response.failure is not None:
        return f"(failed: {response.failure})"
    return response.text if response.state == "answered" else "(no answer)" if response.asked else "(not asked)"
