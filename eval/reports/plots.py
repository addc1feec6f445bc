"""The plots of a report, each from outcomes, with a text that says what is to be seen in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ragkit.answer import risk
from ragkit.records import Jsonable, record

from ..curve import is_wrong
from ..interval import bootstrap
from ..measures import Ndcg
from ..outcome import Outcome
from ..scoring import Result
from .svg import Frame, ticks

#: Classes of questions that are drawn, the most frequent first; kinds of fewer questions than this are drawn together.
_CLASSES, _FEW = 12, 3
_BINS = 10
_ROW = 22


@record
class Plot(Jsonable):
    """A drawing (``svg``), what it is of, and what it shows in words."""

    name: str
    title: str
    alt: str
    svg: str


@record
class Run:
    """What the plots of one run are made from."""

    name: str
    outcomes: tuple[Outcome, ...]
    results: tuple[Result, ...]
    k: int


def plots(runs: Sequence[Run]) -> tuple[Plot, ...]:
    """Those for which there is something to draw."""
    return tuple(plot for make in _PLOTS if (plot := make(runs)) is not None)


def intervals(runs: Sequence[Run]) -> Plot | None:
    """Every measure between 0 and 1 with its 95 % interval."""
    shown = [
        [r for r in run.results if r.value is not None and list(r.about["range"]) == [0.0, 1.0]] for run in runs
    ]
    names = list(dict.fromkeys(result.name for results in shown for result in results))
    rows = [(name, [next((r for r in results if r.name == name), None) for results in shown]) for name in names]
    made = [(name, [None if r is None or r.value is None else (r.value, r.interval) for r in found]) for name, found in rows]
    told = "; ".join(f"{name} {_each(values)}" for name, values in made)
    return _rows(runs, "intervals", "Measures and their 95 % intervals", "value", made, told)


def classes(runs: Sequence[Run]) -> Plot | None:
    """nDCG by class of question; where no question has one, by the word that it begins with."""
    by = [_by_class(run) for run in runs]
    sizes: dict[str, int] = {}
    for groups in by:
        for name, values in groups.items():
            sizes[name] = max(sizes.get(name, 0), len(values))
    names = sorted(sizes, key=lambda name: (name == "other", -sizes[name], name))[:_CLASSES]
    rows = [(f"{name} ({sizes[name]})", [_mean(groups[name]) if groups.get(name) else None for groups in by]) for name in names]
    told = "; ".join(f"{name} {_each(values)}" for name, values in rows)
    k = runs[0].k if runs else 10
    return _rows(runs, "classes", f"nDCG@{k} by class of question", f"nDCG@{k} (number of questions)", rows, told)


def _by_class(run: Run) -> dict[str, list[float]]:
    named = any(outcome.question.kind for outcome in run.outcomes)
    groups: dict[str, list[float]] = {}
    for outcome in run.outcomes:
        value = Ndcg(k=run.k).score(outcome)
        if value is not None:
            first = outcome.question.kind or "no class" if named else outcome.question.text.split()[0].lower()
            groups.setdefault(first, []).append(value)
    small = [name for name, values in groups.items() if len(values) < _FEW] if not named else []
    rest = [value for name in small for value in groups.pop(name)]
    return groups | ({"other": rest} if rest else {})


def _mean(values: Sequence[float]) -> tuple[float, tuple[float, float] | None]:
    return sum(values) / len(values), bootstrap(values)


Value = tuple[float, tuple[float, float] | None]


def _each(values: Sequence[Value | None]) -> str:
    return " and ".join("–" if value is None else f"{value[0]:.2f}" for value in values)


def _rows(
    runs: Sequence[Run], name: str, title: str, x_label: str, rows: Sequence[tuple[str, Sequence[Value | None]]], told: str
) -> Plot | None:
    """A line a row, with a point and an interval for each run."""
    if not rows:
        return None
    frame = Frame((0, 1), (0, len(rows)), names=_names(runs), width=560, height=66 + _ROW * len(rows), left=190)
    frame.axes(x_label, x_ticks=ticks(0, 1))
    for number, (label, values) in enumerate(rows):
        y = len(rows) - number - 0.5
        frame.text(frame.left - 8, frame.at(0, y)[1] + 4, label, "end", 30)
        for run, value in enumerate(values):
            if value is not None:
                shift = 0 if len(runs) == 1 else 8 * run - 4
                mean, span = value
                frame.span(*(span or (mean, mean)), y, run, shift)
                about = f"{label}: {mean:.3f}" + (f", {span[0]:.3f} to {span[1]:.3f}" if span else "")
                frame.dot(mean, y, run, about=about, shift=shift)
    alt = f"{title}: {told}."
    return Plot(name=name, title=title, alt=alt, svg=frame.drawn(alt))


def _names(runs: Sequence[Run]) -> list[str]:
    return [run.name for run in runs]


def coverage(runs: Sequence[Run]) -> Plot | None:
    """Risk over coverage: what share of answers is wrong when only the surest questions are answered."""
    drawn = []
    for run in runs:
        asked = [o for o in run.outcomes if o.response.asked]
        given = [(o.response.answerable, is_wrong(o)) for o in asked if o.answered and o.response.answerable is not None]
        drawn.append(risk.drawn([s for s, _ in given if s is not None], [w for _, w in given], len(asked)) if given else None)
    if not any(drawn):
        return None
    highest = max(point.risk for curve in drawn if curve for point in curve.points)
    frame = Frame((0, 1), (0, max(0.1, min(1.0, highest * 1.15))), names=_names(runs))
    frame.axes("coverage: share of questions answered", "risk: share of answers wrong")
    for number, curve in enumerate(drawn):
        if curve is not None:
            frame.line([(point.coverage, point.risk) for point in curve.points], number)
            frame.dot(curve.points[-1].coverage, curve.points[-1].risk, number)
    told = [
        f"{run.name}: area {curve.area:.3f}; {curve.points[-1].coverage:.0%} answered, {curve.points[-1].risk:.1%} of them wrong"
        for run, curve in zip(runs, drawn, strict=True) if curve is not None
    ]  # fmt: skip
    alt = f"Risk over coverage. {'; '.join(told)}."
    return Plot(name="coverage", title="Risk over coverage", alt=alt, svg=frame.drawn(alt))


def bins(pairs: Sequence[tuple[float, bool]], number: int = _BINS) -> list[tuple[float, float, int]]:
    """A reliability diagram's points: mean probability, share that came true, and how many, of each bin of equal width that
    is not empty (DeGroot & Fienberg 1983).

    >>> bins([(0.1, False), (0.9, True), (1.0, False)], 2)
    [(0.1, 0.0, 1), (0.95, 0.5, 2)]
    """
    found: dict[int, list[tuple[float, bool]]] = {}
    for probability, true in pairs:
        found.setdefault(min(int(probability * number), number - 1), []).append((probability, true))
    return [
        (round(sum(p for p, _ in one) / len(one), 12), sum(t for _, t in one) / len(one), len(one)) for _, one in sorted(found.items())
    ]


def reliability(runs: Sequence[Run]) -> Plot | None:
    """How often questions are answerable, by the probability that the system gave."""
    drawn = [
        bins([(o.response.answerable, o.question.answerable) for o in run.outcomes if o.response.answerable is not None]) for run in runs
    ]
    if not any(drawn):
        return None
    frame = Frame((0, 1), (0, 1), names=_names(runs))
    frame.axes("answerable: the system's probability", "share that is answerable")
    frame.line([(0, 0), (1, 1)], style='stroke="currentColor" stroke-opacity=".4" stroke-dasharray="3 3"')
    told = []
    for number, points in enumerate(drawn):
        total = sum(count for *_, count in points)
        frame.line([(p, share) for p, share, _ in points], number)
        for p, share, count in points:
            frame.dot(p, share, number, 3 + 6 * (count / total) ** 0.5, f"{count} questions: {p:.2f} said, {share:.2f} true")
        if points:
            error = sum(count * abs(p - share) for p, share, count in points) / total
            told.append(f"{runs[number].name}: expected calibration error {error:.3f} over {total} questions in {_BINS} bins")
    alt = f"Reliability of answerable; on the diagonal it is right. {'; '.join(told)}."
    return Plot(name="reliability", title="Reliability of answerable", alt=alt, svg=frame.drawn(alt))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie, between neighbours by proportion.

    >>> quantile([1.0, 2.0, 3.0], 0.75)
    2.5
    """
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    low = int(place)
    return ranked[low] + (place - low) * (ranked[min(low + 1, len(ranked) - 1)] - ranked[low])


def latency(runs: Sequence[Run]) -> Plot | None:
    """Seconds to the whole answer, as the share of questions that took at most so long."""
    taken = [[o.response.timings["total_s"] for o in run.outcomes if "total_s" in o.response.timings] for run in runs]
    if not any(taken):
        return None
    frame = Frame((0, max(max(times) for times in taken if times) * 1.05), (0, 1), names=_names(runs))
    frame.axes("seconds to the whole answer", "share of questions")
    told = []
    for number, times in enumerate(taken):
        if times:
            ranked = sorted(times)
            steps = [(0.0, 0.0)] + [(t, (n + side) / len(ranked)) for n, t in enumerate(ranked) for side in (0, 1)]
            frame.line(steps, number)
            for drop, share in enumerate((0.5, 0.95)):
                frame.upright(quantile(times, share), f"p{share * 100:g}", number, drop + 2 * number + 2)
            p50, p95, p99 = (quantile(times, share) for share in (0.5, 0.95, 0.99))
            told.append(f"{runs[number].name}: p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s of {len(times)} questions")
    alt = f"Time to the whole answer. {'; '.join(told)}."
    return Plot(name="latency", title="Time to the whole answer", alt=alt, svg=frame.drawn(alt))


_PLOTS: tuple[Callable[[Sequence[Run]], Plot | None], ...] = (intervals, classes, coverage, reliability, latency)
