"""Commands about the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragkit.cli.codes import FAILED
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

app = typer.Typer(name="audit", help="The log of who asked what, when, and which documents were cited.", no_args_is_help=True)


@command(app, "head")
def head(
    session: Session,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Also write it to a file, as JSON.")] = None,
) -> None:
    """Print how far the log has come, COUNT:HASH. Kept elsewhere, it shows later whether the log was cut off or written anew."""
    import json

    with session.open() as kit:
        found = kit.audit_head()
    if output is not None:
        output.write_text(json.dumps(found.to_dict()) + "\n", encoding="ascii")
    session.out.value(found.to_dict()) if session.json else session.out.show(f"{found.count}:{found.hash}")


@command(app, "verify")
def verify(
    session: Session,
    head: Annotated[
        str | None, typer.Option("--head", metavar="FILE|COUNT:HASH|HASH", help="A head that was kept, as `ragkit audit head` gave it.")
    ] = None,
) -> None:
    """Check that no entry was changed, removed or moved; with --head, also that none was cut off. Exit 1 when something is wrong."""
    given = Path(head).read_text("utf-8", errors="replace") if head is not None and Path(head).is_file() else head
    with session.open() as kit, session.out.busy("checking"):
        faults = kit.audit_faults(given)
        now = kit.audit_head()
    if session.json:
        session.out.value({"sound": not faults, "faults": faults, "head": now.to_dict()})
    else:
        session.out.show(*(visible(fault) for fault in faults))
        if not faults:
            session.out.show(f"{now.count:,} entries, all as they were written")
    if faults:
        raise typer.Exit(FAILED)


@command(app, "list")
def entries(
    session: Session,
    question: Annotated[str | None, typer.Option(metavar="TEXT", help="Only where exactly this was asked.")] = None,
) -> None:
    """List the entries: when, who, which documents by number and version, which answer record."""
    with session.open() as kit:
        found = kit.audit_entries(question=question)
    if session.json:
        session.out.value([entry.to_dict() for entry in found])
        return
    for entry in found:
        who = "-" if entry.principal is None else ",".join(entry.principal) or "(everybody)"
        cited = " ".join(f"{document}v{version}" for document, version in entry.documents) or "-"
        said = f"{entry.number}  {entry.at}  {entry.kind}  {who}  generation {entry.generation}  cited {cited}  {entry.record_id}"
        session.out.show(visible(said))
