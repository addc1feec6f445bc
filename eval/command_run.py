"""``ragkit eval run``: how well the store answers a file of questions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command
from ragkit.records import Mode

if TYPE_CHECKING:
    from .outcome import Outcome

app = typer.Typer()

_MODES = ("auto", "quote", "compose")

File = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS",
        exists=True,
        dir_okay=False,
        help='JSON lines {"_id", "question", "answers": […], "relevant": [{"uri", "quote"}]}.',
    ),
]
K = Annotated[int, typer.Option("-k", min=1, help="Passages that are ranked.")]
Only = Annotated[bool, typer.Option("--retrieval-only", help="Measure the search alone; ask nothing.")]
How = Annotated[str | None, typer.Option("--mode", metavar="|".join(_MODES), help="How to answer (default: the setting answering.mode).")]
Curve = Annotated[
    Path | None,
    typer.Option(
        "--curve", metavar="FILE.json", dir_okay=False, help="Write risk over coverage for answering.risk_curve, and a drawing (.svg)."
    ),
]


@command(app, "run")
def run(session: Session, questions: File, k: K = 10, retrieval_only: Only = False, mode: How = None, curve: Curve = None) -> None:
    """Measure retrieval, answers, citations and abstention on a file of questions."""
    from . import curve as curves
    from .questions import read_questions
    from .report import lines, table
    from .runs import evaluate

    if mode is not None and mode not in _MODES:
        raise typer.BadParameter(f"{mode!r} is not one of {', '.join(_MODES)}", param_hint="--mode")
    if curve is not None and (retrieval_only or curve.suffix == ".svg"):
        raise typer.BadParameter("takes answers, and a file whose name does not end in .svg", param_hint="--curve")
    asked = read_questions(questions)
    least = 0.0
    outcomes: list[Outcome] = []
    if curve is not None:  # all is answered; below the threshold in force it then counts as an abstention
        least = session.settings().answering.min_answerable
        values = curves.ANSWER_ALL | ({} if mode is None else {"answering.mode": mode})
        session = replace(session, values=(*session.values, *(f"{key}={value}" for key, value in values.items())))
    with session.open() as kit, session.out.busy(f"{len(asked)} questions"):
        how = cast(Mode | None, mode)
        report = evaluate(kit, asked, k=k, mode=how, retrieval_only=retrieval_only, least=least, seen=outcomes)
        found = None if curve is None else curves.curve(kit, outcomes)
    told = dict(report.to_dict())
    shown = list(lines(report))
    if found is not None and curve is not None:
        drawing = curves.save(found, curve)
        told["curve"] = {"file": str(curve), "drawing": str(drawing), "area": found.area, "promises": curves.promises(found)}
        shown += curves.lines(found)
    if session.json:
        session.out.value(told)
        return
    session.out.show(table(report), *map(visible, shown))
