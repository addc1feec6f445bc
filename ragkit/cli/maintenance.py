"""Commands that look after the store itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ragkit.cli.codes import FAILED, PARTLY
from ragkit.cli.documents import table, words
from ragkit.cli.output import Output, visible
from ragkit.cli.session import Session, command

app = typer.Typer()

Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The embedding model to change to; without it, the settings' model.")
]


@command(app, "compact")
def compact(session: Session) -> None:
    """Merge the index into one segment, and drop what is deleted."""
    with session.open() as kit, session.out.bars() as bars:
        report = kit.compact(progress=bars)
    if session.json:
        session.out.value(report.to_dict())
        return
    session.out.show(
        f"{report.segments_before} segments before, {report.segments_after} now; {report.rows_dropped} deleted passages dropped, "
        f"{report.bytes_freed:,} bytes freed in {report.seconds:.1f} s"
    )
    if report.postponed:
        session.out.note("a reader was opening files: the old ones go with the next write")


@command(app, "repair")
def repair(session: Session) -> None:
    """Mend what `check` finds; exit 3 when documents are lost, 1 when faults remain."""
    with session.open(damaged=True) as kit, session.out.bars() as bars:
        report = kit.repair(progress=bars)
    if session.json:
        session.out.value(report.to_dict())
    elif not report.found:
        session.out.show("The store is whole.")
    else:
        _told(session.out, report.to_dict())
    if report.left:
        raise typer.Exit(FAILED)
    if report.lost:
        raise typer.Exit(PARTLY)


def _told(out: Output, report: Mapping[str, Any]) -> None:
    lists = {
        "found": "Found:",
        "quarantined": "Moved to quarantine/:",
        "recut": "Cut into passages anew:",
        "lost": "Lost, to be ingested again:",
        "left": "Not mended; `ragkit restore` brings back a backup:",
    }
    for name, head in lists.items():
        if report[name]:
            out.show(head, *(f"  {visible(line)}" for line in report[name]))
    out.show(
        f"{report['rebuilt']} passages indexed anew, {report['reused']} of them with their vectors; {report['dropped']} rows dropped; "
        f"{report['records']} broken records removed; {report['seconds']:.1f} s"
    )


@command(app, "reindex")
def reindex(session: Session, model: Model = None) -> None:
    """Cut and embed every document anew, beside the index in use, and switch to the result."""
    with session.open() as kit, session.out.bars() as bars:
        report = kit.reindex(model=model, progress=bars)
    if session.json:
        session.out.value(report.to_dict())
        return
    counts = f"{report.documents} documents, {report.chunks} passages, {report.seconds:.1f} s"
    session.out.show(f"{counts}; the model is {visible(report.model)}")
    if model is not None:
        session.out.note(f'From now on the settings must say so: embedding.model = "{visible(model)}"')


@command(app, "stats")
def stats(session: Session) -> None:
    """Say what the store weighs: rows, bytes, terms, deleted passages."""
    with session.open() as kit, session.out.busy("counting"):
        found = kit.stats()
    if session.json:
        session.out.value(found)
        return
    table(session.out, ("", ""), [(key.replace("_", " "), words(value)) for key, value in found.items() if key != "segments"])
    if found["segments"]:
        rows = [(s["name"], *(f"{s.get(part, 0):,}" for part in ("rows", "lexical", "dense", "ann", "bytes"))) for s in found["segments"]]
        table(session.out, ("segment", "rows", "lexical", "dense", "approximate", "bytes"), rows)


@command(app, "duplicates")
def duplicates(
    session: Session,
    threshold: Annotated[
        float, typer.Option(min=0.1, max=1.0, metavar="SHARE", help="Common runs of five words from which texts are nearly the same.")
    ] = 0.8,
) -> None:
    """List documents that are copies of one another, exactly or nearly."""
    with session.open() as kit, session.out.busy("comparing"):
        found = kit.duplicates(threshold)
    if session.json:
        session.out.value([group.to_dict() for group in found])
        return
    for group in found:
        said = "the same bytes" if group.kind == "exact" else f"nearly the same ({group.similarity:.2f})"
        session.out.show(f"{said}:", *(f"  {visible(uri)}" for uri in group.uris))
    if not found:
        session.out.show("no duplicates")
