"""A comparison as tables, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .compare import Change, Comparison, Difference
from .report import figure

if TYPE_CHECKING:
    from rich.table import Table

#: Longest answer that is shown, in characters.
_LONGEST = 200
#: Measures of a changed question that are shown.
_MEASURES = 6

HEADINGS = ("measure", "difference", "95 % interval", "p", "corrected p", "effect", "won/lost/same", "questions", "detectable")


def table(found: Comparison, run: str) -> Table:
    """The rows of one run beside the first."""
    from rich.table import Table

    made = Table(title=f"{run} beside {found.runs[0]}; {found.questions} questions", title_justify="left")
    for number, name in enumerate(_headings(found, run)):
        made.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in found.differences:
        if row.run == run:
            made.add_row(*_cells(row))
    return made


def lines(found: Comparison) -> Iterator[str]:
    """How p was corrected, what was left out, and the questions that changed most, with the answers."""
    if any(found.left_out):
        told = ", ".join(f"{count} of {run}" for run, count in zip(found.runs, found.left_out, strict=True))
        yield f"{found.questions} questions are shared; left out: {told}"
    yield f"p: paired randomisation test; corrected for {sum(d.p is not None for d in found.differences)} tests: {found.correction}"
    if found.changed:
        yield "\nChanged most:"
    for change in found.changed:
        yield f"  {change.id}: {change.question}"
        yield f"    {_moved(change)}"
        yield from (f"    {run}: {_short(text)}" for run, text in zip(found.runs, change.answers, strict=True))


def markdown(found: Comparison) -> str:
    """All of it as Markdown, for a comment on a change."""
    parts = [f"Comparison over {found.questions} questions; p corrected: {found.correction}.", ""]
    for run in found.runs[1:]:
        parts += _rows(_headings(found, run), [_cells(row) for row in found.differences if row.run == run])
    if found.changed:
        parts += ["Changed most:", ""]
        cells = [[c.id, c.question, _moved(c), *map(_short, c.answers)] for c in found.changed]
        parts += _rows(("id", "question", "values", *found.runs), cells)
    return "\n".join(parts)


def _rows(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    rows = [headings, ["---"] * len(headings), *cells]
    return ["| " + " | ".join(map(_cell, row)) + " |" for row in rows] + [""]


def _cell(text: str) -> str:
    """Text that cannot leave its cell, and is no markup."""
    for sign in "\\|`<[*_":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def _headings(found: Comparison, run: str) -> tuple[str, ...]:
    return (HEADINGS[0], found.runs[0], run, *HEADINGS[1:])


def _cells(row: Difference) -> list[str]:
    name = row.measure + ("" if row.higher_is_better else " (lower is better)")
    interval = "" if row.interval is None else f"{row.interval[0]:+.3f} to {row.interval[1]:+.3f}"
    won = "" if row.effect is None else f"{row.effect.wins}/{row.effect.losses}/{row.effect.ties}"
    shift = "–" if row.difference is None else f"{row.difference:+.3f}"
    found = "" if row.detectable is None else f"{row.detectable:.3f}"
    tested = [_p(row.p), _p(row.corrected_p), _effect(row)]
    return [name, figure(row.a), figure(row.b), shift, interval, *tested, won, str(row.questions), found]


def _p(p: float | None) -> str:
    return "" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _effect(row: Difference) -> str:
    if row.effect is None or row.effect.d_z is None:
        return ""
    odds = "" if row.effect.odds is None else f", odds {row.effect.odds:.2f}"
    return f"d {row.effect.d_z:+.2f}{odds}"


def _moved(change: Change) -> str:
    shown = list(change.values.items())[:_MEASURES]
    told = "; ".join(f"{name} " + " → ".join(map(figure, row)) for name, row in shown)
    return told + (f"; and {len(change.values) - _MEASURES} more" if len(change.values) > _MEASURES else "")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
