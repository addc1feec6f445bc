"""What a report shows, worked out from one run or two: plain records that HTML, Markdown, JSON and the interface all read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from .. import kept
from ..interval import bootstrap, paired_p
from ..kept import RunInfo
from ..measures import Measure, all_measures
from ..outcome import Outcome
from ..questions import Question
from ..runs import Result, results
from .faults import FAULTS, fault
from .plots import Plot, Run, plots
from .sides import Side, side


class OtherQuestions(RagkitError, ValueError):
    """Two runs have no question in common, so nothing can be compared."""


@record
class Difference(Jsonable):
    """A measure in both runs over the ``questions`` that have a value in both. ``difference`` is second less first; ``interval`` its
    95 % bootstrap interval, ``p`` of the paired randomisation test; both ``None`` for a measure that is no mean over questions."""

    name: str
    first: float | None
    second: float | None
    difference: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    questions: int = 0
    better: bool | None = None


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


def page_of(folders: Sequence[Path], *, max_questions: int | None = None) -> Page:
    """The report of one run's folder, or of two.

    Raises:
        NoRun: a folder holds no run, or one that cannot be read.
        OtherQuestions: the two have no question in common.
    """
    runs = [(kept.load_info(folder), kept.load_outcomes(folder)) for folder in folders]
    names = [info.name or folder.name or info.id for folder, (info, _) in zip(folders, runs, strict=True)]
    return page_of_outcomes([(name, *run) for name, run in zip(names, runs, strict=True)], max_questions=max_questions)


def page_of_outcomes(runs: Sequence[tuple[str, RunInfo, Sequence[Outcome]]], *, max_questions: int | None = None) -> Page:
    """As :func:`page_of`, from outcomes that are at hand."""
    chosen = [all_measures(info.k) for _, info, _ in runs]
    names = _apart([name for name, *_ in runs])
    made = [_part(name, info, outcomes, m) for name, (_, info, outcomes), m in zip(names, runs, chosen, strict=True)]
    drawn = [Run(name=p.name, outcomes=tuple(o), results=p.results, k=p.info.k) for p, (*_, o) in zip(made, runs, strict=True)]
    by_id = [{outcome.question.id: outcome for outcome in outcomes} for *_, outcomes in runs]
    pairs = _pairs(by_id) if len(runs) == 2 else []
    asked = sorted((_asked(id, by_id, chosen) for id in dict.fromkeys(id for one in by_id for id in one)), key=_order)
    shown = asked if max_questions is None else asked[:max_questions]
    return Page(
        runs=tuple(made),
        plots=plots(drawn),
        differences=tuple(_differences(pairs, chosen)) if pairs else (),
        questions=tuple(shown),
        left_out=len(asked) - len(shown),
        notes=tuple(_notes(by_id, pairs, made)),
    )


def _part(name: str, info: RunInfo, outcomes: Sequence[Outcome], measures: Sequence[Measure]) -> RunPart:
    found = [fault(outcome) for outcome in outcomes]
    return RunPart(
        name=name,
        info=info,
        results=results(outcomes, measures),
        questions=len(outcomes),
        unanswerable=sum(not outcome.question.answerable for outcome in outcomes),
        faults={one.name: count for one in FAULTS if (count := found.count(one.name))},
    )


def _apart(names: Sequence[str]) -> list[str]:
    return list(names) if len(set(names)) == len(names) else [f"{name} ({mark})" for name, mark in zip(names, "AB", strict=False)]


def _pairs(by_id: Sequence[Mapping[str, Outcome]]) -> list[tuple[Outcome, Outcome]]:
    first, second = by_id
    found = [(one, second[id]) for id, one in first.items() if id in second and second[id].question.text == one.question.text]
    if not found:
        raise OtherQuestions("the two runs have no question in common (the same id and the same words), so they cannot be compared")
    return found


def _differences(pairs: Sequence[tuple[Outcome, Outcome]], chosen: Sequence[Sequence[Measure]]) -> Iterator[Difference]:
    """For each measure of both runs; over the same questions on both sides."""
    others = {str(measure): measure for measure in chosen[1]}
    for measure in chosen[0]:
        if str(measure) not in others:
            continue
        scored = [(measure.score(a), measure.score(b)) for a, b in pairs]
        both = [(a, b) for a, b in scored if a is not None and b is not None]
        is_mean = type(measure).summary is Measure.summary
        if is_mean:
            a, b = (_mean([pair[side] for pair in both]) for side in (0, 1))
        else:
            a, b = (measure.summary([pair[side] for pair in pairs]) for side in (0, 1))
        if a is None or b is None:
            continue
        told = is_mean and len(both) > 1
        yield Difference(
            name=str(measure),
            first=a,
            second=b,
            difference=b - a,
            interval=bootstrap([y - x for x, y in both]) if told else None,
            p=paired_p([x for x, _ in both], [y for _, y in both]) if told else None,
            questions=len(both) if is_mean else len(pairs),
            better=None if a == b else (b > a) == measure.HIGHER_IS_BETTER,
        )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _asked(id: str, by_id: Sequence[Mapping[str, Outcome]], chosen: Sequence[Sequence[Measure]]) -> Asked:
    outcomes = [one.get(id) for one in by_id]
    sides = [None if o is None else side(o, measures) for o, measures in zip(outcomes, chosen, strict=True)]
    there = [one for one in sides if one is not None]
    order = [one.name for one in FAULTS]
    worst = min((one.fault for one in there if one.fault), key=order.index, default="")
    changed = 0.0
    if len(there) == 2:
        shared = there[0].values.keys() & there[1].values.keys()
        changed = sum(abs(there[0].values[name] - there[1].values[name]) for name in shared if there[0].range[name])
        changed += there[0].fault != there[1].fault
    question = next(o.question for o in outcomes if o is not None)
    return Asked(question=question, fault=worst, sides=tuple(sides), changed=changed)


def _order(asked: Asked) -> tuple[float, int]:
    """What changed most between two runs, then the worst faults."""
    names = [one.name for one in FAULTS]
    return -asked.changed, names.index(asked.fault) if asked.fault else len(names)


def _notes(by_id: Sequence[Mapping[str, Outcome]], pairs: Sequence[Any], runs: Sequence[RunPart]) -> Iterator[str]:
    for part, outcomes in zip(runs, by_id, strict=True):
        said = part.info.questions.get("count", part.info.questions.get("questions"))
        if isinstance(said, int) and said > len(outcomes):
            yield f"{part.name}: {said - len(outcomes)} of {said} questions have no outcome yet; the run was not finished"
        lost = [o.question.id for o in outcomes.values() if any(gold.uris == () for gold in o.gold)]
        if lost:
            said = f"gold places of {len(lost)} questions are not in the documents and count as not found"
            yield f"{part.name}: {said}: {', '.join(lost[:10])}"
    if len(by_id) == 2:
        alone = len(by_id[0].keys() | by_id[1].keys()) - len(pairs)
        if alone:
            yield f"{alone} questions were asked in one of the runs alone; differences are over the {len(pairs)} that both have"


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
