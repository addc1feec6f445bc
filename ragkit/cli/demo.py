"""``ragkit demo``: the sample documents, three questions, and what came out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragkit.cli import render
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

if TYPE_CHECKING:
    from ragkit.api import Ragkit

app = typer.Typer()

Keep = Annotated[Path | None, typer.Option(metavar="DIR", help="Keep the store here, to go on with; otherwise it is gone at the end.")]


@command(app, "demo")
def demo(session: Session, keep: Keep = None) -> None:
    """Ingest the sample documents and ask three questions, one of which they do not answer."""
    from ragkit.api import Ragkit

    with _folder(keep) as folder, as_file(files("ragkit") / "demo") as samples:
        tour = [str(step["question"]) for step in json.loads((samples / "tour.json").read_text("utf-8"))]
        with Ragkit.open(folder, settings=session.settings()) as kit:
            done = _ingest(session, kit, [samples / "documents", *_own_pages()])
            answers = [_ask(session, kit, question) for question in tour]
    if session.json:
        session.out.value({"ingest": done, "answers": answers, "store": str(keep) if keep else None})
    elif keep:
        session.out.note(f'The store is kept: ragkit --store {visible(str(keep))} ask "…"')


def _ingest(session: Session, kit: Ragkit, sources: list[Path]) -> dict[str, Any]:
    session.out.note(f"Ingesting {', '.join(str(source) for source in sources)}")
    with session.out.bars() as bars:
        report = kit.ingest(*sources, exclude=["*.png"], progress=bars)  # the guide's pictures show questions that are asked here
    for failure in report.failed:
        session.out.note(f"failed: {visible(failure.uri)}: {visible(failure.reason)}")
    documents = report.added + report.updated + report.unchanged
    session.out.note(f"{documents} documents, {report.chunks} passages, {report.seconds:.1f} s")
    return report.to_dict()


def _ask(session: Session, kit: Ragkit, question: str) -> dict[str, Any]:
    if session.json:
        with session.out.busy(question):
            return kit.ask(question).to_dict()
    session.out.show("", f"Q: {visible(question)}", "")
    answer = render.streamed(session.out, kit.stream(question))
    return answer.to_dict() if answer else {}


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="ragkit-demo-") as folder:
        yield Path(folder)


def _own_pages() -> list[Path]:
    """The project's own documentation, when the demo is run from a clone of it."""
    here = Path()
    return [here / "docs"] if (here / "ragkit" / "demo").is_dir() and any((here / "docs").glob("*.md")) else []
