"""Commands about the store and the documents in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragkit.cli.codes import FAILED, PARTLY
from ragkit.cli.output import Output, visible
from ragkit.cli.session import Session, command, pair

if TYPE_CHECKING:
    from ragkit.diff import Difference
    from ragkit.records import Failure, IngestReport

app = typer.Typer()

#: Flags that are named one by one after an ingestion.
_FLAGGED = 10

Uris = Annotated[list[str], typer.Argument(metavar="URI…", help="Documents, as `ragkit ls` names them.")]


@command(app, "init")
def init(session: Session) -> None:
    """Make an empty store; `ingest` does so too where there is none."""
    with session.open(create=True) as kit:
        session.out.value({"store": str(kit.path)}) if session.json else session.out.show(f"The store is {visible(str(kit.path))}")


@command(app, "ingest")
def ingest(
    session: Session,
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE…", help="Files, folders, or any other source that is known (see: ragkit plugins).")
    ],
    recursive: Annotated[bool, typer.Option("--recursive/--no-recursive", help="Go into folders below the given one.")] = True,
    acl: Annotated[str | None, typer.Option(metavar="P1,P2", help="Principals that may see these documents; everybody without it.")] = None,
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Metadata of these documents; numbers, true and false are read as such.")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Only files that match, as in a .gitignore; may be repeated.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="No files that match; may be repeated.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the kind of source; JSON or text; may be repeated. No secrets."),
    ] = None,
) -> None:
    """Read documents into the store; what has not changed is not read again."""
    metadata = {key: _typed(value) for key, value in (pair(text, "--meta") for text in meta or ())}
    principals = None if acl is None else [name for name in (part.strip() for part in acl.split(",")) if name]
    with session.open(create=True) as kit, session.out.bars() as bars:
        report = kit.ingest(
            *sources,
            recursive=recursive,
            include=include or (),
            exclude=exclude or (),
            acl=principals,
            metadata=metadata,
            options={key: _json(value) for key, value in (pair(text, "--option") for text in option or ())},
            progress=bars,
        )
    _report(session.out, report)


def _json(value: str) -> Any:
    """A value of JSON, else the text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _typed(value: str) -> str | int | float | bool:
    """A number where the text is one, ``true`` and ``false`` as such, else the text."""
    if value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


@command(app, "sync")
def sync(
    session: Session,
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE…", help="Sources; without any, all that were ingested.")] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Remove all documents of a source that lists nothing any more; else they are kept.")
    ] = False,
) -> None:
    """Read sources again, and remove documents that are gone from them."""
    with session.open(create=bool(sources)) as kit:
        with session.out.bars() as bars:
            report = kit.sync(*(sources or ()), allow_empty=allow_empty, progress=bars)
        agreed = [source for source in report.emptied if not session.json and _agreed(source)]
        if agreed:
            removed = kit.sync(*agreed, allow_empty=True).removed
            left = tuple(source for source in report.emptied if source not in agreed)
            report = replace(report, removed=report.removed + removed, emptied=left)
    _report(session.out, report)


def _agreed(source: str) -> bool:
    """Whether somebody who can be asked wants all documents of a source removed."""
    asked = f"{visible(source)} lists nothing any more. Remove all documents that came from it?"
    return sys.stdin.isatty() and typer.confirm(asked, err=True)


@command(app, "watch")
def watch(
    session: Session,
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE…", help="Sources; without any, all that were ingested.")] = None,
    settle: Annotated[float, typer.Option(metavar="SECONDS", help="A file is read when it has been left alone for so long.")] = 1.0,
    every: Annotated[float, typer.Option(metavar="SECONDS", help="All sources are read again after so long in any case.")] = 300.0,
) -> None:
    """Sync now, and again whenever files change; a line for each time. Ends with Ctrl+C."""
    with session.open(create=bool(sources)) as kit:
        for report in kit.watch(*(sources or ()), settle_s=settle, every_s=every):
            if session.json:
                session.out.line(report.to_dict())
            elif report.added or report.updated or report.removed or report.failed:
                _say(session.out, report)


@command(app, "diff")
def diff(
    session: Session,
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE…", help="Sources; without any, all that were ingested.")] = None,
) -> None:
    """Say what `sync` would do, and do nothing."""
    with session.open() as kit, session.out.busy("comparing"):
        found = kit.diff(*(sources or ()))
    if session.json:
        session.out.value(found.to_dict())
    else:
        changes = {"+": found.added, "~": found.updated, "-": found.removed}
        session.out.show(*(f"{sign} {visible(uri)}" for sign, uris in changes.items() for uri in uris), f"{found.unchanged} unchanged")
        _troubles(session.out, found)
    if found.failed or found.emptied:
        raise typer.Exit(PARTLY)


@command(app, "ls")
def ls(session: Session) -> None:
    """List the documents."""
    with session.open() as kit:
        documents = kit.documents()
    if session.json:
        session.out.value([document.to_dict() for document in documents])
        return
    rows = [(d.uri, d.title, str(d.version), f"{d.characters:,}", str(d.chunks), d.added_at[:19], _who(d.acl)) for d in documents]
    table(session.out, ("uri", "title", "version", "characters", "passages", "added", "seen by"), rows)


@command(app, "status")
def status(session: Session) -> None:
    """Say what the store holds."""
    with session.open() as kit:
        found = kit.status()
    if session.json:
        session.out.value(found)
        return
    table(session.out, ("", ""), [(key.replace("_", " "), words(value)) for key, value in found.items() if key != "failures"])
    failures: list[Mapping[str, Any]] = list(found.get("failures") or ())
    if failures:
        session.out.show("Could not be read:")
        table(session.out, ("uri", "reason"), [(str(f["uri"]), str(f["reason"])) for f in failures])


@command(app, "delete")
def delete(session: Session, uris: Uris) -> None:
    """Remove documents."""
    with session.open() as kit:
        removed = kit.delete(*uris)
    session.out.value({"removed": removed}) if session.json else session.out.show(f"removed {removed}")


@command(app, "show")
def show(
    session: Session,
    uri: Annotated[str, typer.Argument(help="A document, as `ragkit ls` names it.")],
    span: Annotated[str | None, typer.Option(metavar="START:END", help="Only these characters, as a citation gives them.")] = None,
) -> None:
    """Print a document's canonical text, or the passage that a citation names."""
    start, end = _span(span)
    with session.open() as kit:
        document = kit.document(uri)
    text, found = document.parsed.text[start:end], document.metadata.get("instructions")
    if session.json:
        start = start or 0
        flags = {"instructions": found} if found else {}
        session.out.value({"uri": uri, "start_char_index": start, "end_char_index": start + len(text), "text": text, **flags})
    else:
        session.out.raw(text)
        if found:
            session.out.note(f"it speaks to a language model: {visible(words(found))}".replace("\n", ", "))


@command(app, "check")
def check(session: Session) -> None:
    """Check every row and file of the store against what was written; exit 1 with the faults."""
    with session.open(damaged=True) as kit, session.out.busy("checking the store"):
        faults = kit.check()
    if session.json:
        session.out.value({"ok": not faults, "faults": faults})
    else:
        session.out.show(*([visible(fault) for fault in faults] or ["The store is whole."]))
        if faults:
            session.out.note("mend it with: ragkit repair")
    if faults:
        raise typer.Exit(FAILED)


def _report(out: Output, report: IngestReport) -> None:
    if out.json:
        out.value({key: value for key, value in report.to_dict().items() if value or key not in ("emptied", "flagged")})
    else:
        _say(out, report)
    if report.failed or report.emptied:
        raise typer.Exit(PARTLY)


def _say(out: Output, report: IngestReport) -> None:
    counts = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged, "removed": report.removed}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing new"
    out.show(f"{said}; {report.chunks} passages in {report.seconds:.1f} s")
    _flags(out, report.flagged)
    _troubles(out, report)


def _flags(out: Output, flags: Sequence[Failure]) -> None:
    for flag in flags[:_FLAGGED]:
        out.note(f"flagged: {visible(flag.uri)}: {visible(flag.reason)}")
    if flags[_FLAGGED:]:
        out.note(f"and {len(flags) - _FLAGGED:,} more; to leave them out: --filter 'not exists(instructions) and not exists(hidden)'")


def _troubles(out: Output, report: IngestReport | Difference) -> None:
    for failure in report.failed:
        out.note(f"failed: {visible(failure.uri)}: {visible(failure.reason)}")
    for source in report.emptied:
        out.note(f"{visible(source)} lists nothing any more; its documents stay. To remove them: ragkit sync --allow-empty")


def _span(span: str | None) -> tuple[int | None, int | None]:
    if span is None:
        return None, None
    start, _, end = span.partition(":")
    if not (start.isdecimal() and end.isdecimal() and int(start) <= int(end)):
        raise typer.BadParameter(f"{span!r} is not START:END, two numbers with the smaller first", param_hint="--span")
    return int(start), int(end)


def _who(acl: tuple[str, ...] | None) -> str:
    return "everybody" if acl is None else ", ".join(acl) or "nobody"


def words(value: Any) -> str:
    """A value of a report in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {str(part)[:40]}" for key, part in value.items())
    if isinstance(value, list):
        return "\n".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else "none" if value is None else str(value)


def table(out: Output, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Rows below their heads, without lines."""
    from rich.table import Table

    made = Table(box=None, show_header=any(heads), pad_edge=False)
    for head in heads:
        made.add_column(head, overflow="fold")
    for row in rows:
        made.add_row(*map(visible, row))
    out.show(made)
