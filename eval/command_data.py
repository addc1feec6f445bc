"""``ragkit eval data``: public sets and one's own tables as question, document, claim and response files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command, pair

if TYPE_CHECKING:
    from rich.table import Table

    from .data.convert import Converted

app = typer.Typer()

Name = Annotated[str | None, typer.Argument(metavar="NAME", help="A known set, or a format; both are listed without NAME.")]
From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="SOURCE", help="A folder, a file, an archive, or a URL with #sha256=HEX behind it; may be repeated."),
]
To = Annotated[Path | None, typer.Option("--to", metavar="FOLDER", file_okay=False, help="Where the files go (default: NAME).")]
Options = Annotated[list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="An option of the format; may be repeated.")]


@command(app, "data")
def data(session: Session, name: Name = None, source: From = None, to: To = None, option: Options = None) -> None:
    """List the known data sets, or convert one to ragkit's question, document, claim and response files."""
    from .data import CONVERTERS, DATASETS
    from .data.convert import convert, places

    if name is None:
        if source or to or option:
            raise typer.BadParameter("say which set or format; ragkit eval data lists them", param_hint="NAME")
        formats = {one.NAME: {"reads": one.READS, "options": dict(one.OPTIONS)} for one in CONVERTERS.values()}
        if session.json:
            session.out.value({"datasets": [one.to_dict() for one in DATASETS], "formats": formats})
            return
        session.out.show(_sets(), "", _formats())
        return
    options = dict(pair(one, "--option") for one in option or ())
    with session.out.busy(name):
        found = places(name, source or (), allow_hosts=session.settings().sources.allow_hosts)
        made = convert(name, found, to or Path(name), options)
    if session.json:
        session.out.value({**made.to_dict(), "folder": str(to or name)})
        return
    session.out.show(*map(visible, _told(made, to or Path(name))))


def _told(made: Converted, folder: Path) -> list[str]:
    lines = [f"{folder / name}: {count:,}" for name, count in made.files.items()]
    if made.licence:
        lines.append(f"licence: {made.licence}; {made.origin}; cite {made.citation}")
    return lines


def _sets() -> Table:
    from rich.table import Table

    from .data import DATASETS

    made = Table(title="Known sets; none is shipped", title_justify="left")
    made.add_column("name", no_wrap=True)
    for title in ("what it is", "format", "from", "licence", "files"):
        made.add_column(title)
    for one in DATASETS:
        files = ", ".join(f"{file.name}{' (can be fetched)' if file.sha256 else ''}" for file in one.files)
        made.add_row(one.name, one.about, one.converter, one.origin, one.licence, files)
    return made


def _formats() -> Table:
    from rich.table import Table

    from .data import CONVERTERS

    made = Table(title="Formats", title_justify="left")
    made.add_column("name", no_wrap=True)
    made.add_column("what it reads")
    made.add_column("options")
    for one in CONVERTERS.values():
        made.add_row(one.NAME, one.READS, ", ".join(one.OPTIONS))
    return made
