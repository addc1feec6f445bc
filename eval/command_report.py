"""``ragkit eval report``: a run, or two side by side, as a page to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

app = typer.Typer()

#: The form of a file by the end of its name.
_BY_SUFFIX = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".json": "json"}

Runs = Annotated[list[str], typer.Argument(metavar="RUN [RUN2]", help="Folders, ids or names of runs; two stand side by side.")]
To = Annotated[Path, typer.Option("--to", metavar="FILE", dir_okay=False, help="The file to write; its end says how: .html, .md or .json.")]
Form = Annotated[str | None, typer.Option("--format", metavar="html|markdown|json", help="How to write it, whatever the file's name.")]
Most = Annotated[int, typer.Option("--max-questions", min=0, help="Questions that are shown one by one, what went wrong first.")]


@command(app, "report")
def report(session: Session, runs: Runs, to: To = Path("report.html"), format: Form = None, max_questions: Most = 1000) -> None:
    """Write a run, or two side by side, as one HTML file, Markdown or JSON: measures, plots, and every question with what it cites."""
    from .places import runs_beside
    from .reports import FORMATS, page_of, render
    from .stored import find

    if len(runs) > 2:
        raise typer.BadParameter(f"one run or two; these are {len(runs)}", param_hint="RUN")
    form = format or _BY_SUFFIX.get(to.suffix.lower(), "")
    if form not in FORMATS:
        raise typer.BadParameter(f"{form or to.suffix!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
    with session.out.busy("reading the outcomes"):
        page = page_of([find(run, runs_beside(session)) for run in runs], max_questions=max_questions)
        data = render(page, form)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(data)
    shown = {"file": str(to), "format": form, "bytes": len(data), "questions": len(page.questions), "left_out": page.left_out}
    if session.json:
        session.out.value(shown)
        return
    left = f", {page.left_out} left out (--max-questions)" if page.left_out else ""
    session.out.show(visible(f"{to}: {len(page.questions)} questions{left}, {len(data) / 1e6:.1f} MB"))
