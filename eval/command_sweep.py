"""``ragkit eval sweep``: many settings over the same documents and questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ragkit.cli.codes import FAILED, PARTLY
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command
from ragkit.records import Mode

from .command_run import File, How, K, Only, Workers, check_mode

if TYPE_CHECKING:
    from .measures import Measure
    from .stored import Stored
    from .sweep import Plan, Point

app = typer.Typer()

Documents = Annotated[list[str], typer.Argument(metavar="DOCUMENTS…", help="What each store is filled with: files, folders, addresses.")]
Vary = Annotated[
    list[str], typer.Option("--vary", metavar="KEY=VALUE,VALUE", help="A setting and the values that it takes; may be repeated.")
]
Some = Annotated[int | None, typer.Option("--random", min=1, metavar="N", help="Try N of all combinations, chosen by chance.")]
Seed = Annotated[int, typer.Option("--seed", help="The seed of --random.")]
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="FOLDER", file_okay=False, help="Stores, runs and results (default: beside the store, STORE-sweep)."),
]
By = Annotated[str | None, typer.Option("--measure", metavar="MEASURE", help="What is best (default: answer contains, or nDCG@k).")]


@command(app, "sweep")
def sweep(
    session: Session,
    questions: File,
    documents: Documents,
    vary: Vary,
    some: Some = None,
    seed: Seed = 7,
    to: To = None,
    measure: By = None,
    k: K = 10,
    retrieval_only: Only = False,
    mode: How = None,
    workers: Workers = 1,
) -> None:
    """Try settings on the same documents and questions, and show which are best and which are best for their time.

    What was done is kept: the same command goes on where it was broken off.
    """
    from . import sweep as sweeping
    from .places import runs_beside
    from .questions import read_questions

    check_mode(mode)
    beside = runs_beside(session)
    plan = sweeping.Plan(
        folder=to or beside.with_name(beside.name.removesuffix("-runs") + "-sweep"),
        documents=documents,
        file=questions,
        questions=read_questions(questions),
        settings=session.settings(),
        k=k,
        mode=cast(Mode | None, mode),
        retrieval_only=retrieval_only,
        workers=workers,
    )
    chosen = sweeping.points(sweeping.variations(vary), some=some, seed=seed)
    runs = _carried_out(session, plan, chosen)
    _show(session, plan, sweeping.judged(runs, _measure(measure, plan, runs)))


def _carried_out(session: Session, plan: Plan, chosen: list[dict[str, str]]) -> list[tuple[dict[str, str], Stored]]:
    from . import sweep as sweeping
    from .progress import asking

    going, runs = sweeping.Sweep(plan), []
    ordered = going.ordered(chosen)
    try:
        for number, values in enumerate(ordered, 1):
            with asking(session.out, f"point {number} of {len(ordered)}: {sweeping.named(values)}") as progress:
                runs.append((values, going.carry_out(values, progress)))
    except KeyboardInterrupt:
        session.out.note(visible(f"broken off: {len(runs)} of {len(ordered)} points are done; the same command goes on"))
        raise typer.Exit(FAILED) from None
    for line in dict.fromkeys(line for lines in going.failures.values() for line in lines):
        session.out.note(visible(f"failed: {line}"))
    return runs


def _measure(name: str | None, plan: Plan, runs: list[tuple[dict[str, str], Stored]]) -> Measure:
    from .choosing import measures_of

    given = name or (f"nDCG@{plan.k}" if plan.retrieval_only else "answer contains")
    return measures_of([stored for _, stored in runs], given)[0]


def _show(session: Session, plan: Plan, points: list[Point]) -> None:
    from .sweep_report import svg, table

    told = {"folder": str(plan.folder), "drawing": str(plan.folder / "sweep.svg"), "points": [point.to_dict() for point in points]}
    (plan.folder / "sweep.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (plan.folder / "sweep.svg").write_text(svg(points), "utf-8")
    if session.json:
        session.out.value(told)
    else:
        session.out.show(table(points))
        session.out.note(visible(f"kept: {plan.folder}, the drawing in sweep.svg"))
        session.out.note("note: the best of many on these questions looks better than it is; measure it on others before you rely on it")
    if any(point.failed for point in points):
        raise typer.Exit(PARTLY)
