"""``ragkit eval compare``: runs over the same questions, side by side."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

from .statistics import Correction

app = typer.Typer()

Runs = Annotated[list[str], typer.Argument(metavar="RUN RUN…", help="Folders, ids or names of runs; each is compared with the first.")]
Common = Annotated[bool, typer.Option("--common", help="Compare the questions that all runs share, where they are not the same.")]
How = Annotated[str, typer.Option(metavar="|".join(get_args(Correction)), help="How p is corrected for several tests.")]
Names = Annotated[str | None, typer.Option("--measures", metavar="NAMES", help="Measures between commas (default: all).")]
By = Annotated[str | None, typer.Option("--by", metavar="MEASURE", help="The measure by which questions changed most (default: all).")]
Count = Annotated[int, typer.Option("--changed", min=0, metavar="N", help="Questions that changed most, which are shown.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown.")]


@command(app, "compare")
def compare(
    session: Session,
    runs: Runs,
    common: Common = False,
    correction: How = "holm",
    measures: Names = None,
    by: By = None,
    changed: Count = 10,
    markdown: Markdown = False,
) -> None:
    """Compare runs question by question: differences with intervals, tests, effect sizes, and what changed most."""
    from . import compare as comparing
    from . import compare_report
    from .choosing import measures_of
    from .places import runs_beside
    from .stored import find

    if len(runs) < 2:
        raise typer.BadParameter("takes two runs or more", param_hint="RUN")
    if correction not in get_args(Correction):
        raise typer.BadParameter(f"{correction!r} is not one of {', '.join(get_args(Correction))}", param_hint="--correction")
    stored = [find(run, runs_beside(session)) for run in runs]
    chosen = measures_of(stored, measures)
    order = measures_of(stored, by)[0] if by else None
    how = cast(Correction, correction)
    found = comparing.compare(stored, chosen, common=common, correction=how, by=order, changed=changed)
    if session.json:
        session.out.value(found.to_dict())
    elif markdown:
        session.out.raw(visible(compare_report.markdown(found)))
    else:
        session.out.show(*(compare_report.table(found, run) for run in found.runs[1:]), *map(visible, compare_report.lines(found)))
