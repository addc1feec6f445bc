"""Commands that erase documents, and that make and read backups."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragkit.cli.codes import PARTLY
from ragkit.cli.output import Output, visible
from ragkit.cli.session import Session, command

if TYPE_CHECKING:
    from ragkit.forget import Receipt

app = typer.Typer()

#: Documents that the question before an erasure names one by one.
_SHOWN = 10


@command(app, "forget")
def forget(
    session: Session,
    uris: Annotated[list[str] | None, typer.Argument(metavar="URI…", help="Documents, as `ragkit ls` names them.")] = None,
    where: Annotated[str | None, typer.Option(metavar="EXPR", help="All documents whose metadata pass this filter.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; nobody is asked where standard input is no terminal.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be erased.")] = False,
) -> None:
    """Erase documents without a residue in the store: text, vectors, index terms, all versions, answers that quote them."""
    if not uris and where is None:
        raise typer.BadParameter("give URIs or --where EXPR", param_hint="URI…")
    with session.open() as kit:
        if not yes and not dry_run and sys.stdin.isatty():
            _ask(kit.forget(*(uris or ()), where=where, dry_run=True))
        with session.out.busy("erasing"):
            receipt = kit.forget(*(uris or ()), where=where, dry_run=dry_run)
    if session.json:
        session.out.value(receipt.to_dict())
    else:
        _print(session.out, receipt, dry_run)
    if receipt.pending:
        raise typer.Exit(PARTLY)


def _ask(planned: Receipt) -> None:
    if not planned.documents:
        return
    names = [visible(uri) for uri in planned.documents[:_SHOWN]]
    more = len(planned.documents) - len(names)
    listed = "\n".join(f"  {name}" for name in (*names, *([f"… and {more} more"] if more else [])))
    count = f"{len(planned.documents)} documents" if len(planned.documents) != 1 else "1 document"
    typer.confirm(f"{listed}\nErase {count} and {planned.answers} answer records for ever?", abort=True, err=True)


def _print(out: Output, receipt: Receipt, dry_run: bool) -> None:
    counts = {
        "versions": receipt.versions,
        "passages": receipt.chunks,
        "answer records": receipt.answers,
        "failures": receipt.failures,
        "sources": receipt.sources,
    }
    done = {"index rows": receipt.vectors, "segments rewritten": receipt.segments, "files removed": receipt.files}
    done["bytes freed"] = receipt.bytes_freed
    said = ", ".join(f"{count:,} {word}" for word, count in {**counts, **({} if dry_run else done)}.items())
    out.show(*[f"{'would erase' if dry_run else 'erased'}  {visible(uri)}" for uri in receipt.documents])
    out.show(*[f"unknown {visible(uri)}" for uri in receipt.unknown])
    if not receipt.documents:
        out.show("No document was erased.")
    out.show(said)
    if not dry_run:
        out.show(f"generation {receipt.generation}, {receipt.at}, {receipt.seconds:.1f} s")
        out.show(*[f"pending: {visible(what)}; the next write completes it" for what in receipt.pending])
        out.show("Out of reach:", *[f"  {visible(what)}" for what in receipt.outside])


@command(app, "backup")
def backup(
    session: Session,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A folder that is not there yet, outside the store.")],
) -> None:
    """Write one generation of the store to a new folder, while others may read and write the store."""
    with session.open() as kit, session.out.busy("copying the store"):
        report = kit.backup(target)
    if session.json:
        session.out.value(report.to_dict())
    else:
        held = f"generation {report.generation}: {report.documents:,} documents, {report.chunks:,} passages"
        session.out.show(f"{visible(report.backup)} holds {held}; {report.files} files, {report.bytes:,} bytes, {report.seconds:.1f} s")


@command(app, "restore")
def restore(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="The folder that `ragkit backup` made.")],
    target: Annotated[Path, typer.Argument(metavar="STORE", help="The store's folder; it must not be there, or be empty.")],
) -> None:
    """Make a store from a backup, after checking every byte of it."""
    from ragkit.api import Ragkit

    with session.out.busy("restoring the store"):
        report = Ragkit.restore(source, target, settings=session.settings())
    if session.json:
        session.out.value(report.to_dict())
    else:
        held = f"generation {report.generation}: {report.documents:,} documents, {report.chunks:,} passages"
        session.out.show(f"{visible(report.store)} holds {held}; {report.files} files, {report.bytes:,} bytes, {report.seconds:.1f} s")
