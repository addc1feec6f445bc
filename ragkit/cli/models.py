"""Commands about the models that ragkit knows by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ragkit.cli.codes import FAILED
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command
from ragkit.errors import ModelError

app = typer.Typer(name="models", help="The models that ragkit knows by name.", no_args_is_help=True)


@command(app, "list")
def list_models(session: Session) -> None:
    """List the known models, and whether each is installed."""
    from ragkit.models import registry

    rows = [{**model.to_dict(), "installed": _installed(model.name)} for model in registry.known()]
    if session.json:
        session.out.value(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in ("name", "kind", "size", "licence", "installed", "what it is"):
        table.add_column(head, overflow="fold")
    for row in rows:
        there = "yes" if row["installed"] else f"no: {row['install']}"
        table.add_row(row["name"], row["kind"], f"{row['bytes'] / 1e6:.0f} MB", row["licence"], there, row["description"])
    session.out.show(table)


@command(app, "verify")
def verify(
    session: Session,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME…", help="Models; all without any.")] = None,
) -> None:
    """Hash the models' files and compare with what is recorded; exit 1 when one differs or is missing."""
    from ragkit.models import registry

    results: list[dict[str, Any]] = [_verified(name) for name in names or [model.name for model in registry.known()]]
    if session.json:
        session.out.value(results)
    else:
        session.out.show(*(f"{result['name']}: {'ok' if result['ok'] else result['fault']}" for result in results))
    if not all(result["ok"] for result in results):
        raise typer.Exit(FAILED)


@command(app, "path")
def path(session: Session, name: Annotated[str, typer.Argument(help="A model's name from `ragkit models list`.")]) -> None:
    """Print where a model's weights are."""
    from ragkit.models import registry

    found = str(registry.path(name))
    session.out.value({"name": name, "path": found}) if session.json else session.out.show(found)


@command(app, "pull")
def pull(
    session: Session,
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="A repository of the hub (setting models.endpoint).")],
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE…", help="Its files; without any its only GGUF file, or its embedder.")
    ] = None,
    revision: Annotated[str, typer.Option(help="A branch, a tag or a commit.")] = "main",
    sha256: Annotated[str, typer.Option(metavar="HEX", help="What the one file must have, whatever the hub says.")] = "",
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder (default: ragkit/models in the user's cache).")] = None,
) -> None:
    """Fetch a model from a hub, go on where it was interrupted, check its hash, and show its licence."""
    from ragkit.models import hub

    def report(name: str, held: int, size: int) -> None:
        if not held:
            session.out.note(f"fetching {name}, {size / 1e6:,.1f} MB")

    endpoint = session.settings().models.endpoint
    pulled = hub.pull(repository, files or (), revision=revision, sha256=sha256, endpoint=endpoint, folder=to, report=report)
    if session.json:
        session.out.value(pulled.to_dict())
        return
    part = "generation" if pulled.path.endswith(".gguf") else "embedding"
    session.out.show(
        f"{pulled.repository} at {pulled.commit[:12]}", f"licence: {visible(pulled.licence)}", f"path: {pulled.path}",
        f"to use it: --set {part}.model={pulled.path}",
    )  # fmt: skip


def _installed(name: str) -> bool:
    from ragkit.models import registry

    try:
        registry.path(name)
    except ModelError:
        return False
    return True


def _verified(name: str) -> dict[str, Any]:
    from ragkit.models import registry

    try:
        registry.verify(name)
    except ModelError as error:
        return {"name": name, "ok": False, "fault": str(error)}
    return {"name": name, "ok": True, "fault": None}
