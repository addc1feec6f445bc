"""The commands, put together. Importing this loads neither the library's parts nor any model."""

from __future__ import annotations

import typer

from ragkit.cli import answers, audit, demo, doctor, documents, maintenance, models, questions, safekeeping, session
from ragkit.cli.plugins import Commands

app = typer.Typer(
    name="ragkit",
    cls=Commands,
    help="Answers from your own documents, on your own machine, with citations that can be checked.",
    epilog="Exit codes: 0 done (an abstention is an answer), 1 failed, 2 wrong usage, 3 done in part.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        import ragkit

        typer.echo(f"ragkit {ragkit.__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    ctx: typer.Context,
    store: session.Store = None,
    json: session.Json = False,
    config: session.Config = None,
    values: session.Set = None,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    ctx.obj = session.Session().merged(store=store, json=json, config=config, values=values)


for part in (documents, maintenance, safekeeping, questions, answers, audit, models, demo, doctor):
    app.add_typer(part.app)
