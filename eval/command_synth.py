"""``ragkit eval synth``: a question file from the store's own documents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

if TYPE_CHECKING:
    from ragkit.contracts import Generator

    from .synth import Synthetic

app = typer.Typer()

To = Annotated[
    Path | None, typer.Option("--to", metavar="FILE.jsonl", dir_okay=False, help="Where the questions go (default: standard output).")
]
N = Annotated[int | None, typer.Option("-n", min=1, help="Most questions (default: all that pass the checks).")]
Seed = Annotated[int, typer.Option("--seed", help="Draws which questions, and their order.")]
Share = Annotated[float, typer.Option("--unanswerable", min=0, max=0.9, help="Share of near-misses that no document answers.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Have a model write questions too, as in generation.model; set: the one that is set."),
]


@command(app, "synth")
def synth(session: Session, to: To = None, n: N = None, seed: Seed = 7, unanswerable: Share = 0.2, model: Model = None) -> None:
    """Make a file of checked questions, and of unanswerable near-misses, from the store's documents."""
    from .synth import CHECKING, synthesize

    checking = replace(session, values=(*session.values, *(f"{key}={value}" for key, value in CHECKING.items())))
    generator = None if model is None else _writer(session, model)
    with checking.open() as kit, session.out.busy("questions from the documents"):
        made = synthesize(kit, n=n, seed=seed, share=unanswerable, generator=generator)
    lines = "".join(json.dumps(question.to_line(), ensure_ascii=False) + "\n" for question in made.questions)
    if to is not None:
        to.write_text(lines, "utf-8")
    if session.json:
        session.out.value({**made.to_dict(), "questions": [question.to_line() for question in made.questions], "kinds": made.kinds})
    elif to is None:
        session.out.raw(lines)
    for line in _told(made, to):
        session.out.note(visible(line))


def _writer(session: Session, model: str) -> Generator:
    """The model that writes.

    Raises:
        SettingsError: there is none.
        ModelError: it cannot be loaded.
    """
    from ragkit.errors import SettingsError
    from ragkit.models import load

    settings = session.settings().generation
    found = load.generator(settings if model == "set" else settings.model_copy(update={"model": model}))
    if found is None:
        raise SettingsError(f"--model {model}: there is no model; name one, or set generation.model; ragkit models list shows them")
    return found


def _told(made: Synthetic, to: Path | None) -> list[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in made.kinds.items()) or "none"
    lines = [f"{len(made.questions)} questions{f' in {to}' if to else ''}: {kinds}"]
    return [*lines, *(f"dropped {count}: {reason}" for reason, count in sorted(made.dropped.items()) if count)]
