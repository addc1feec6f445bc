"""What a report shows, worked out from one run or two: plain records that HTML, Markdown, JSON and the interface all read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ragkit.records import Jsonable, record

from ..choosing import measures_of
from ..compare import Comparison, Difference, compare
from ..kept import RunInfo
from ..measures import Measure
from ..outcome import Outcome
from ..questions import Question
from ..scoring import Result, measured
from ..stored import Stored
from .faults import FAULTS, fault
from .plots import Plot, Run, plots
from .sides import Side, side

#: Questions that a note names.
_NAMED = 10

@record
class Asked(Jsonable):
    """A question with what came of it in each run (``None``: it was not asked there); ``fault`` is the worst of them."""

    question: Question
    fault: str
    sides: tuple[Side | None, ...]
    changed: float = 0.0


@record
class RunPart(Jsonable):
    """A run: its name in the report, its header, and its measures."""

    name: str
    info: RunInfo
    results: tuple[Result, ...]
    questions: int
    unanswerable: int
    faults: Mapping[str, int]


@record
class Page(Jsonable):
    """A report. ``questions`` are those shown one by one, what went wrong first; ``left_out`` counts the others."""

    runs: tuple[RunPart, ...]
    plots: tuple[Plot, ...]
    differences: tuple[Difference, ...]
    questions: tuple[Asked, ...]
    left_out: int
    notes: tuple[str, ...]

    @property
    def groups(self) -> dict[str, list[list[Result | None]]]:
        """Measures that apply to a question or more, by group: for each a list with one result a run."""
        names = {r.name: r.about["group"] for run in self.runs for r in run.results if r.value is not None}
        made: dict[str, list[list[Result | None]]] = {}
        for name, group in names.items():
            made.setdefault(group, []).append([next((r for r in run.results if r.name == name), None) for run in self.runs])
        return made

    @property
    def idle(self) -> list[str]:
        """Measures that apply to no question of any run."""
        used = {r.name for run in self.runs for r in run.results if r.value is not None}
        return list(dict.fromkeys(r.name for run in self.runs for r in run.results if r.name not in used))


def page_of(runs: Sequence[Stored], *, max_questions: int | None = None) -> Page:
    """The report of one run, or of two over the questions that both have.

    Raises:
        OtherQuestions: the two have no question in common.
    """
    measures = measures_of(runs, None)
    compared = compare(runs, measures, common=True, changed=sys.maxsize) if len(runs) == 2 else None
    names = compared.runs if compared is not None else tuple(run.name for run in runs)
    made = [_part(name, run, measures) for name, run in zip(names, runs, strict=True)]
    drawn = [Run(name=part.name, outcomes=run.outcomes, results=part.results, k=run.info.k) for part, run in zip(made, runs, strict=True)]
    sizes = {change.id: change.size for change in compared.changed} if compared is not None else {}
    by_id = [{outcome.question.id: outcome for outcome in run.outcomes} for run in runs]
    asked = sorted((_asked(id, by_id, measures, sizes) for id in dict.fromkeys(id for one in by_id for id in one)), key=_order)
    shown = asked if max_questions is None else asked[:max_questions]
    return Page(
        runs=tuple(made),
        plots=plots(drawn),
        differences=() if compared is None else compared.differences,
        questions=tuple(shown),
        left_out=len(asked) - len(shown),
        notes=tuple(_notes(runs, made, compared)),
    )


def _part(name: str, run: Stored, measures: Sequence[Measure]) -> RunPart:
    found = [fault(outcome) for outcome in run.outcomes]
    return RunPart(
        name=name,
        info=run.info,
        results=tuple(result for result, _ in measured(measures, run.outcomes)),
        questions=len(found),
        unanswerable=sum(not outcome.question.answerable for outcome in run.outcomes),
        faults={one.name: count for one in FAULTS if (count := found.count(one.name))},
    )


def _asked(
    id: str, by_id: Sequence[Mapping[str, Outcome]], measures: Sequence[Measure], sizes: Mapping[str, float]
) -> Asked:
    outcomes = [one.get(id) for one in by_id]
    sides = tuple(None if outcome is None else side(outcome, measures) for outcome in outcomes)
    faults = [one.fault for one in sides if one is not None and one.fault]
    question = next(outcome.question for outcome in outcomes if outcome is not None)
    return Asked(question=question, fault=min(faults, key=_place, default=""), sides=sides, changed=sizes.get(id, 0.0))


def _order(asked: Asked) -> tuple[float, int]:
    """What changed most between two runs, then the worst faults."""
    return -asked.changed, _place(asked.fault)


def _place(fault: str) -> int:
    names = [one.name for one in FAULTS]
    return names.index(fault) if fault else len(names)


def _notes(runs: Sequence[Stored], parts: Sequence[RunPart], compared: Comparison | None) -> Iterator[str]:
    for part, run in zip(parts, runs, strict=True):
        if run.unfinished:
            yield f"{part.name}: {run.unfinished} questions have no outcome yet; the run was not finished"
        lost = [o.question.id for o in run.outcomes if any(gold.uris == () for gold in o.gold)]
        if lost:
            said = f"gold places of {len(lost)} questions are not in the documents and count as not found"
            yield f"{part.name}: {said}: {', '.join(lost[:_NAMED])}"
    if compared is not None and any(compared.left_out):
        alone = " and ".join(f"{count} in {name}" for name, count in zip(compared.runs, compared.left_out, strict=True) if count)
        yield f"Differences are over the {compared.questions} questions that both runs have; alone are {alone}"


def told(info: RunInfo) -> dict[str, str]:
    """All that a header says, flat: dotted names and values as text."""
    tree = info.to_dict()
    flat = {"system": info.system, "created": info.created, "k": str(info.k), "run": info.id}
    for part in ("questions", "versions", "machine", "about"):
        flat |= dict(_flat(tree[part], "" if part == "about" else part))
    return flat


def _flat(tree: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, tree if isinstance(tree, str) else json.dumps(tree, ensure_ascii=False)
