"""``ragkit eval``: how well the store answers a file of questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command
from ragkit.records import Mode

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


@command(app, "eval")
def run(session: Session, questions: File, k: K = 10, retrieval_only: Only = False, mode: How = None) -> None:
    """Measure retrieval, answers, citations and abstention on a file of questions."""
    from .questions import read_questions
    from .report import lines, table
    from .runs import evaluate

    if mode is not None and mode not in _MODES:
        raise typer.BadParameter(f"{mode!r} is not one of {', '.join(_MODES)}", param_hint="--mode")
    asked = read_questions(questions)
    with session.open() as kit, session.out.busy(f"{len(asked)} questions"):
        report = evaluate(kit, asked, k=k, mode=cast(Mode | None, mode), retrieval_only=retrieval_only)
    if session.json:
        session.out.value(report.to_dict())
        return
    session.out.show(table(report), *(visible(line) for line in lines(report)))
