"""``ragkit eval show`` and ``ragkit eval list``: runs that were kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

app = typer.Typer()

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, its id or its name.")]
Names = Annotated[str | None, typer.Option("--measures", metavar="NAMES", help="Measures between commas (default: all).")]
Folder = Annotated[
    Path | None, typer.Argument(metavar="FOLDER", file_okay=False, help="Where the runs are (default: beside the store, in STORE-runs).")
]


@command(app, "show")
def show(session: Session, run: Run, measures: Names = None) -> None:
    """Measure a run that was kept, again; nothing is asked."""
    from .choosing import measures_of
    from .places import runs_beside
    from .report import lines, table
    from .runs import scored
    from .stored import find

    stored = find(run, runs_beside(session))
    report = scored(stored, measures_of([stored], measures))
    if session.json:
        session.out.value({**report.to_dict(), "info": stored.info.to_dict(), "unfinished": stored.unfinished})
        return
    session.out.show(table(report), *map(visible, lines(report)))
    if stored.unfinished:
        session.out.note(visible(f"note: {stored.unfinished} questions are not asked yet; ragkit eval run goes on: --to {stored.folder}"))


@command(app, "list")
def list_(session: Session, folder: Folder = None) -> None:
    """List the runs that were kept, the newest first."""
    from rich.table import Table

    from . import kept
    from .places import runs_beside
    from .stored import runs_in

    where = folder or runs_beside(session)
    found = [(path, info, kept.count(path)) for path, info in runs_in(where)]
    if session.json:
        session.out.value({"runs": [{**info.to_dict(), "folder": str(path), "done": done} for path, info, done in found]})
        return
    table = Table(title=visible(str(where)), title_justify="left")
    for heading in ("id", "name", "created", "system", "questions", "k"):
        table.add_column(heading, no_wrap=True)
    for _, info, done in found:
        asked = info.questions.get("count", done)
        told = f"{done}" if done == asked else f"{done} of {asked}"
        table.add_row(*map(visible, (info.id, info.name, info.created, info.system, told, str(info.k))))
    session.out.show(table)
