"""``ragkit eval run``: how well the store, or another system, answers a file of questions; what came of it is kept."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ragkit.cli.codes import FAILED, PARTLY
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command
from ragkit.records import Mode

if TYPE_CHECKING:
    from .kept import RunInfo
    from .questions import Question
    from .stored import Stored
    from .systems import System

app = typer.Typer()

_MODES = ("auto", "quote", "compose")

File = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS",
        exists=True,
        dir_okay=False,
        help='JSON lines {"_id", "question", "answers": […], "relevant": [{"uri", "quote"}]}.',
    ),
]
K = Annotated[int, typer.Option("-k", min=1, help="Passages that are ranked.")]
Only = Annotated[bool, typer.Option("--retrieval-only", help="Measure the search alone; ask nothing.")]
How = Annotated[str | None, typer.Option("--mode", metavar="|".join(_MODES), help="How to answer (default: the setting answering.mode).")]
Curve = Annotated[
    Path | None,
    typer.Option(
        "--curve", metavar="FILE.json", dir_okay=False, help="Write risk over coverage for answering.risk_curve, and a drawing (.svg)."
    ),
]
Spec = Annotated[
    str,
    typer.Option(
        "--system",
        metavar="SYSTEM",
        help="What is asked: store, recorded:FILE.jsonl, python:MODULE:CALLABLE, or http:URL[,model=NAME][,key=VARIABLE].",
    ),
]
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="FOLDER", file_okay=False, help="Keep the run here (default: beside the store, in STORE-runs/ID)."),
]
Name = Annotated[str, typer.Option("--name", help="What the run is called beside its id.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the newest such run that was broken off; --to FOLDER always does.")]
Retry = Annotated[bool, typer.Option("--retry", help="Ask those that failed once more, in a run that is gone on with.")]
Workers = Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Questions that are asked at once. Times are longer then.")]


@command(app, "run")
def run(
    session: Session,
    questions: File,
    k: K = 10,
    retrieval_only: Only = False,
    mode: How = None,
    curve: Curve = None,
    system: Spec = "store",
    to: To = None,
    name: Name = "",
    resume: Resume = False,
    retry: Retry = False,
    workers: Workers = 1,
) -> None:
    """Ask a file of questions, keep what came of each, and measure retrieval, answers, citations and abstention."""
    from . import curve as curves
    from .header import header
    from .questions import read_questions
    from .systems.opening import open_system

    check_mode(mode)
    if curve is not None and (retrieval_only or curve.suffix == ".svg" or system != "store"):
        raise typer.BadParameter("takes answers of the store, and a file whose name does not end in .svg", param_hint="--curve")
    asked, least = read_questions(questions), 0.0
    if curve is not None:  # all is answered; below the threshold in force it then counts as an abstention
        least = session.settings().answering.min_answerable
        values = curves.ANSWER_ALL | ({} if mode is None else {"answering.mode": mode})
        session = replace(session, values=(*session.values, *(f"{key}={value}" for key, value in values.items())))
    began = time.perf_counter()
    with open_system(system, session, mode=cast(Mode | None, mode), retrieval_only=retrieval_only) as opened:
        info = header(opened, questions, len(asked), k=k, name=name, least=least)
        folder = to or _folder(session, info, resume)
        stored = _carried_out(session, folder, info, opened, asked, workers=workers, retry=retry)
        drawn = None if curve is None else _drawn(opened, folder, curve)
    show(session, stored, seconds=time.perf_counter() - began, curve=drawn)


def check_mode(mode: str | None) -> None:
    """Wrong usage where there is no such mode."""
    if mode is not None and mode not in _MODES:
        raise typer.BadParameter(f"{mode!r} is not one of {', '.join(_MODES)}", param_hint="--mode")


def show(session: Session, stored: Stored, *, seconds: float = 0.0, curve: tuple[dict[str, object], list[str]] | None = None) -> None:
    """The report of a run that was kept; exits with 3 where questions failed."""
    from .report import lines, table
    from .runs import scored

    report = scored(stored, seconds=seconds)
    if session.json:
        session.out.value({**report.to_dict(), **({"curve": curve[0]} if curve else {})})
    else:
        session.out.show(table(report), *map(visible, [*lines(report), *(curve[1] if curve else [])]))
        session.out.note(visible(f"kept: {stored.folder}"))
    if report.failed:
        raise typer.Exit(PARTLY)


def _folder(session: Session, info: RunInfo, resume: bool) -> Path:
    from .places import runs_beside
    from .stored import unfinished

    runs = runs_beside(session)
    there = unfinished(info, runs)
    if there is not None and not resume:
        session.out.note(visible(f"note: {there} holds the same run, broken off; --resume goes on with it"))
    return there if there is not None and resume else runs / info.id


def _carried_out(
    session: Session, folder: Path, info: RunInfo, system: System, questions: list[Question], *, workers: int, retry: bool
) -> Stored:
    from . import kept
    from .progress import asking
    from .stored import carry_out

    try:
        with asking(session.out) as progress:
            return carry_out(folder, info, system, questions, workers=workers, retry=retry, progress=progress)
    except KeyboardInterrupt:
        told = f"broken off: {kept.count(folder)} of {len(questions)} questions are kept in {folder}; the same command with"
        session.out.note(visible(f"{told} --to {folder} goes on"))
        raise typer.Exit(FAILED) from None


def _drawn(system: System, folder: Path, file: Path) -> tuple[dict[str, object], list[str]]:
    """The curve of all that was answered, written; what it says, as values and as lines."""
    from . import curve as curves
    from . import kept
    from .systems import StoreSystem

    if not isinstance(system, StoreSystem):
        raise typer.BadParameter("takes the store", param_hint="--curve")
    found = curves.curve(system.kit, kept.load_outcomes(folder))
    drawing = curves.save(found, file)
    told = {"file": str(file), "drawing": str(drawing), "area": found.area, "promises": curves.promises(found)}
    return told, list(curves.lines(found))
