"""Measures over outcomes: each value is computed once, and summed up with its interval; all together, or by class of question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ragkit.records import Jsonable, record

from .interval import bootstrap
from .measures import Measure, mean
from .outcome import Outcome


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


#: The values of one measure, one a question; ``None`` where it does not apply.
Values = list[float | None]


def measured(measures: Sequence[Measure], outcomes: Sequence[Outcome]) -> list[tuple[Result, Values]]:
    """Each measure's result, and its value for each question."""
    found = []
    for measure in measures:
        values = measure.scores(outcomes)
        found.append((result(measure, outcomes, values), values))
    return found


def result(measure: Measure, outcomes: Sequence[Outcome], values: Values) -> Result:
    """What a measure's ``values`` for ``outcomes`` come to."""
    there = [value for value in values if value is not None]
    is_mean = type(measure).summary is Measure.summary
    value = mean(there) if is_mean else measure.summary(outcomes)
    return Result(
        name=str(measure),
        value=value,
        questions=len(there) if there or value is None else len(outcomes),
        interval=bootstrap(there, share=(measure.LOW, measure.HIGH) == (0.0, 1.0)) if is_mean else None,
        about=measure.describe(),
    )


def by_class(measures: Sequence[Measure], outcomes: Sequence[Outcome], values: Sequence[Values]) -> dict[str, dict[str, float | None]]:
    """Class of question -> measure -> value over its questions; empty where the questions have one class, or none. ``values`` are those of
    :func:`measured`, a list for each measure."""
    places: dict[str, list[int]] = {}
    for place, outcome in enumerate(outcomes):
        places.setdefault(outcome.question.kind, []).append(place)
    if len(places) < 2:
        return {}
    pairs = list(zip(measures, values, strict=True))
    return {kind: {str(m): _part(m, outcomes, v, at) for m, v in pairs} for kind, at in sorted(places.items())}


def _part(measure: Measure, outcomes: Sequence[Outcome], values: Values, places: Sequence[int]) -> float | None:
    if type(measure).summary is Measure.summary:
        return mean(values[place] for place in places)
    return measure.summary([outcomes[place] for place in places])
