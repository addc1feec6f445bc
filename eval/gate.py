"""Whether a run is good enough beside a baseline: limits on how far measures may drop, and on their values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from .compare import OtherQuestions, of_pairs
from .interval import Interval
from .runs import Report
from .scoring import Result

#: What lies this far beyond a limit is rounding.
_ROUNDING = 1e-6

Values = Mapping[str, float | None]


class BadBaseline(RagkitError, ValueError):
    """A file is no baseline, or does not have what is asked of it."""


@record
class Baseline(Jsonable):
    """What a run is measured against: the value of each measure, and, where they are known, those of each question by its id and text."""

    name: str
    values: Values
    rows: Mapping[tuple[str, str], Values] | None = None


@record
class Check(Jsonable):
    """One limit: of what ``kind``, on which measure, the ``baseline``'s value and the run's, and how far it ``moved`` for the worse.

    ``interval`` is that of ``moved`` for a drop (paired, 95 %), of ``value`` for the others. ``why`` says in a sentence how it came out.
    """

    measure: str
    kind: Literal["max-drop", "min", "max"]
    limit: float
    value: float | None
    baseline: float | None = None
    moved: float | None = None
    interval: Interval | None = None
    questions: int = 0
    passed: bool = False
    why: str = ""


def of_report(report: Report, name: str) -> Baseline:
    """A run as a baseline."""
    return Baseline(
        name=name,
        values={result.name: result.value for result in report.results},
        rows={(row.id, row.question): row.values for row in report.rows},
    )


def read_baseline(file: Path) -> Baseline:
    """What ``ragkit eval show RUN --json`` or ``eval run --json`` printed, or an object of measures and values.

    Raises:
        BadBaseline: it is neither.
    """
    try:
        tree = json.loads(file.read_text("utf-8"))
        if "results" not in tree:
            return Baseline(name=str(file), values={str(name): float(value) for name, value in tree.items()})
        rows = {(str(row["id"]), str(row["question"])): dict(row["values"]) for row in tree["rows"]}
        return Baseline(name=str(file), values={one["name"]: one["value"] for one in tree["results"]}, rows=rows)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadBaseline(f"{file} is no baseline ({error}); make one with: ragkit eval show RUN --json > {file}") from error


def checks(
    report: Report,
    baseline: Baseline | None,
    *,
    max_drop: Mapping[str, float],
    least: Mapping[str, float],
    most: Mapping[str, float],
    confidence: bool = False,
    common: bool = False,
) -> Iterator[Check]:
    """Every limit. A drop fails when it exceeds its limit, a value when it is beyond its own; with ``confidence`` only when the
    whole 95 % interval is. A measure without a value fails.

    Raises:
        OtherQuestions: the baseline is of other questions, and ``common`` is false, or none is shared.
        BadBaseline: it lacks a measure, or there is none.
        KeyError: the run was not measured by it.
    """
    if baseline is not None and baseline.rows is not None and max_drop:
        _same(report, baseline, common=common)
    for measure, limit in max_drop.items():
        if baseline is None or measure not in baseline.values:
            known = "none is given: --baseline RUN" if baseline is None else f"{baseline.name} has {', '.join(baseline.values)}"
            raise BadBaseline(f"a limit on the drop of {measure!r} takes a baseline with it; {known}")
        yield _drop(_result(report, measure), limit, report, baseline, confidence=confidence)
    for measure, limit in least.items():
        yield _bound(_result(report, measure), "min", limit, confidence=confidence)
    for measure, limit in most.items():
        yield _bound(_result(report, measure), "max", limit, confidence=confidence)


def _same(report: Report, baseline: Baseline, *, common: bool) -> None:
    there, here = set(baseline.rows or ()), {(row.id, row.question) for row in report.rows}
    if there != here and (not common or not there & here):
        raise OtherQuestions(
            f"the run and {baseline.name} are not of the same questions: {len(there & here)} are shared, the run has "
            f"{len(here - there)} more, the baseline {len(there - here)}. Compare those that are shared with --common, or make the "
            "baseline anew"
        )


def _drop(result: Result, limit: float, report: Report, baseline: Baseline, *, confidence: bool) -> Check:
    made = replace(_beside(result, report, baseline), limit=limit)
    if made.moved is None:
        return replace(made, why="the measure has no value in both")
    beyond = made.moved > limit + _ROUNDING
    sure = not confidence or made.interval is None or made.interval[0] > limit + _ROUNDING
    word = "worse" if made.moved > 0 else "better"
    told = f"as the baseline, {made.baseline:.4f}"
    if abs(made.moved) > _ROUNDING:
        told = f"{abs(made.moved):.4f} {word} than {made.baseline:.4f}"
    return replace(made, passed=not (beyond and sure), why=told + _doubt(beyond=beyond, sure=sure))


def _beside(result: Result, report: Report, baseline: Baseline) -> Check:
    """A measure beside the baseline's: by the pairs of a mean over questions where they are known, else by the two values."""
    sign = 1 if result.about["higher_is_better"] else -1
    before, value, interval, counted = baseline.values[result.name], result.value, None, result.questions
    if baseline.rows is not None and result.interval is not None:
        there = ((row.values[result.name], baseline.rows.get((row.id, row.question), {}).get(result.name)) for row in report.rows)
        pairs = [(old, new) for new, old in there if new is not None and old is not None]
        found = of_pairs(result.name, "", pairs)
        before, value, interval, counted = found.a, found.b, found.interval, len(pairs)
    elif result.interval is not None and before is not None:  # of the baseline only the value is known
        interval = result.interval[0] - before, result.interval[1] - before
    return Check(
        measure=result.name,
        kind="max-drop",
        limit=0.0,
        value=value,
        baseline=before,
        moved=None if before is None or value is None else sign * (before - value),
        interval=None if interval is None else _turned(interval, -sign),
        questions=counted,
    )


def _bound(result: Result, kind: Literal["min", "max"], limit: float, *, confidence: bool) -> Check:
    value, interval = result.value, result.interval
    made = Check(measure=result.name, kind=kind, limit=limit, value=value, interval=interval, questions=result.questions)
    if value is None:
        return replace(made, why="the measure applies to no question")
    sign = 1 if kind == "max" else -1
    beyond = sign * (value - limit) > _ROUNDING
    sure = not confidence or interval is None or all(sign * (end - limit) > _ROUNDING for end in interval)
    return replace(made, passed=not (beyond and sure), why=f"{value:.4f}" + _doubt(beyond=beyond, sure=sure))


def _doubt(*, beyond: bool, sure: bool) -> str:
    return "; beyond the limit, but its 95 % interval is not" if beyond and not sure else ""


def _turned(ends: Interval, sign: int) -> Interval:
    return ends if sign > 0 else (-ends[1], -ends[0])


def _result(report: Report, measure: str) -> Result:
    report.value(measure)
    return next(result for result in report.results if result.name == measure)
