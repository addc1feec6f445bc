"""A report as tables for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .runs import Report, Row
from .scoring import Result

if TYPE_CHECKING:
    from rich.table import Table

#: Most notes and questions that are printed; all of them are in the JSON.
_SHOWN = 10
#: Groups of measures that are printed for each class of question; all of them are in the JSON.
_BY_CLASS = ("retrieval", "answers")


def figure(value: float | None) -> str:
    """A value to three places, or a dash where there is none."""
    return "\u2013" if value is None else f"{value:.3f}"


def table(report: Report) -> Table:
    """One line a measure: value, interval, how many questions it applies to, what it means."""
    from rich.table import Table

    title = f"{report.questions} questions, {report.unanswerable} of them unanswerable; k = {report.k}"
    title += f"; {report.failed} failed" if report.failed else ""
    title += f"; {report.seconds:.1f} s" if report.seconds else ""
    made = Table(title=title, title_justify="left")
    made.add_column("measure", no_wrap=True)
    for name in ("value", "95 % interval", "questions"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("what it is")
    for result in report.results:
        made.add_row(_name(result), figure(result.value), _interval(result), str(result.questions), result.about["description"])
    return made


def lines(report: Report) -> Iterator[str]:
    """What a person looks at next: gold places that are not in the store, and questions that went wrong."""
    wrong = [(row, fault) for row in report.rows if row.failure is None and (fault := _fault(row))]
    for title, found in (
        ("Not in the store:", list(report.notes)),
        ("Failed:", [f"{row.id}: {row.failure}" for row in report.rows if row.failure is not None]),
        ("Went wrong:", [f"{row.id}: {fault}: {row.question}" for row, fault in wrong]),
    ):
        if found:
            yield "\n".join(["", title, *(f"  {line}" for line in found[:_SHOWN])])
        if len(found) > _SHOWN:
            yield f"  and {len(found) - _SHOWN} more; --json lists all"
    yield from _classes(report)


def _classes(report: Report) -> Iterator[str]:
    """Each class of question, with its values of what was found and answered."""
    names = [result.name for result in report.results if result.about["group"] in _BY_CLASS]
    if report.classes:
        yield "\nBy class of question:"
    for kind, values in report.classes.items():
        yield f"  {kind or 'none'}: " + ", ".join(f"{name} {figure(values[name])}" for name in names if values[name] is not None)


#: measure's name -> the value that is a fault, and what it is called
_FAULTS = (("false answers", 1.0, "answered"), ("false refusals", 1.0, "abstained"), ("answer contains", 0.0, "wrong"))


def _fault(row: Row) -> str:
    return next((name for measure, value, name in _FAULTS if row.values.get(measure) == value), "")


def _name(result: Result) -> str:
    return result.name + ("" if result.about["higher_is_better"] else " (lower is better)")


def _interval(result: Result) -> str:
    return "" if result.interval is None else f"{result.interval[0]:.3f} to {result.interval[1]:.3f}"
