"""``ragkit eval judge``: how well a verifier or judge agrees with people's labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

if TYPE_CHECKING:
    from rich.table import Table

    from .judging import Judgement, Quality
    from .separation import Estimate

app = typer.Typer()

Files = Annotated[
    list[Path],
    typer.Argument(metavar="CLAIMS…", exists=True, dir_okay=False, help='JSON lines {"_id", "claim", "evidence": […], "label", "source"}.'),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--verifier",
        metavar="NAME",
        help="As in the setting answering.verifier (the default), lexical, or package.module:object.",
    ),
]
Dev = Annotated[
    Path | None,
    typer.Option("--dev", exists=True, dir_okay=False, help="Other claims, on which the threshold is chosen (default: half of CLAIMS)."),
]
Seed = Annotated[int, typer.Option("--seed", help="Draws the half of CLAIMS that chooses the threshold.")]
Again = Annotated[int, typer.Option("--again", min=0, help="How many claims are judged twice, to see whether verdicts repeat.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="Only the first N claims of each file; 0: all.")]


@command(app, "judge")
def judge(
    session: Session, claims: Files, verifier: Name = None, dev: Dev = None, seed: Seed = 7, again: Again = 100, limit: Limit = 0
) -> None:
    """Measure a verifier or judge against human labels, beside the lexical floor."""
    from .claims import read_claims
    from .judges import judge_named
    from .judging import measure

    chosen = [claim for path in claims for claim in read_claims([path])[: limit or None]]
    others = read_claims([dev]) if dev else []
    with judge_named(verifier, session.settings()) as found, _progress(session) as progress:
        found.judge("A claim.", ["Some evidence."])  # what is loaded when it is first needed is nobody's time
        made = measure(found, chosen, dev=others, seed=seed, again=again, progress=progress)
    if session.json:
        session.out.value(made.to_dict())
        return
    session.out.show(table(made), *map(visible, lines(made)))


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[int, int], None] | None]:
    """A bar with the time that is left, on a terminal."""
    if not session.out.errors.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=session.out.errors, transient=True, redirect_stdout=False, redirect_stderr=False) as board:
        task = board.add_task("judging", total=None)
        yield lambda done, total: board.update(task, completed=done, total=total)


def table(made: Judgement) -> Table:
    """The judge and the floor, over all claims and for each source."""
    from rich.table import Table

    labels = ", ".join(f"{count} {label}" for label, count in made.labels.items())
    shown = Table(title=f"{made.verifier}: {made.claims} claims ({labels})", title_justify="left")
    shown.add_column("")
    for name in ("claims", "AUROC", "of the floor", "balanced accuracy", "of the floor"):
        shown.add_column(name, justify="right", no_wrap=True)
    rows = {"all": (made.judge, made.floor), **{name or "(no source)": pair for name, pair in made.sources.items()}}
    for name, (quality, floor) in rows.items():
        shown.add_row(visible(name), str(quality.claims), *_figures(quality, floor))
    return shown


def _figures(quality: Quality, floor: Quality) -> list[str]:
    pairs = ((quality.auroc, floor.auroc), (quality.balanced_accuracy, floor.balanced_accuracy))
    return [text for one, other in pairs for text in (_figure(one), _figure(other))]


def _figure(estimate: Estimate) -> str:
    if estimate.value is None or estimate.interval is None:
        return "\u2013"
    return f"{estimate.value:.3f} ({estimate.interval[0]:.3f} to {estimate.interval[1]:.3f})"


def lines(made: Judgement) -> Iterator[str]:
    """What a table cannot say: where the threshold is from, what failed, whether verdicts repeat, and how long they take."""
    yield f"AUROC above the floor's: {_figure(made.gain)}"
    yield f"thresholds: {made.judge.threshold:.3f}, of the floor {made.floor.threshold:.3f}; chosen on {made.dev}"
    yield f"balanced accuracy at 0.5, all claims: {_figure(made.judge.at_half)}"
    if made.sentences:
        f1 = f"{_figure(made.sentences_f1)}, of the floor {_figure(made.floor_sentences_f1)}"
        yield f"supporting sentences, F1: {f1} ({made.sentences} claims)"
    yield f"failed: {made.failures} (counted as no support); another verdict when judged again: {made.different} of {made.again}"
    times = made.milliseconds
    yield f"ms a claim: {times['mean']:.1f} (p50 {times['p50']:.1f}, p95 {times['p95']:.1f})"
    failed = [row for row in made.rows if row.failure]
    if failed:
        yield f"first failure: {failed[0].id}: {failed[0].failure}"
