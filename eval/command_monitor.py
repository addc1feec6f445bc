"""``ragkit eval monitor``: the live answers of the store, scored, compared with earlier ones, with alerts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragkit.cli.codes import PARTLY
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

if TYPE_CHECKING:
    from rich.table import Table

    from .monitoring import Look

app = typer.Typer()

#: Records that are named for a person to look at.
_SHOWN = 10

Win = Annotated[str, typer.Option("--window", metavar="N|TIME", help="The answers that are looked at: the newest N, or of 90m, 24h, 7d.")]
Base = Annotated[str, typer.Option("--baseline", metavar="N|TIME", help="The answers before them that they are compared with.")]
Rate = Annotated[float, typer.Option("--rate", min=0.0, max=1.0, metavar="SHARE", help="The share of answers that is scored.")]
Alerts = Annotated[list[str] | None, typer.Option("--alert", metavar="NAME>N", help="Exit 3 when this holds; repeatable; >, <, >=, <=.")]
As = Annotated[list[str] | None, typer.Option("--as", metavar="PRINCIPAL", help="Only what was answered to exactly these principals.")]
Every = Annotated[float | None, typer.Option("--every", min=0.01, metavar="SECONDS", help="Look again after so long, until Ctrl+C.")]
Looks = Annotated[int | None, typer.Option("--looks", min=1, metavar="N", help="With --every: end after so many looks.")]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="RUN", help="Answers of this run are not live (those beside the store never are).")
]


@command(app, "monitor")
def monitor(
    session: Session,
    window: Win = "24h",
    baseline: Base = "7d",
    rate: Rate = 1.0,
    alert: Alerts = None,
    principal: As = None,
    every: Every = None,
    looks: Looks = None,
    without: Without = None,
) -> None:
    """Score a sample of the live answers without gold, compare them with those before, and raise alerts; exit 3 when one holds."""
    from .monitoring import Monitor, parse_alert, parse_window

    names = None if principal is None else [name.strip() for one in principal for name in one.split(",") if name.strip()]
    any_fired = False
    with session.open() as kit:
        watch = Monitor(
            kit,
            window=parse_window(window),
            baseline=parse_window(baseline),
            rate=rate,
            alerts=[parse_alert(text) for text in alert or ()],
            principal=names,
            without=_evaluated(kit.path, without or []),
        )
        for number in _turns(every, looks):
            with session.out.busy("scoring answers"):
                look = watch.look()
            any_fired = any_fired or bool(look.fired)
            _show(session, look, number, every is not None)
    if any_fired:
        raise typer.Exit(PARTLY)


def _turns(every: float | None, looks: int | None) -> Iterator[int]:
    """Counts the looks; between two it waits. Ctrl+C ends the waiting, and the command as if it were done."""
    number = 0
    try:
        while True:
            yield number
            number += 1
            if every is None or number == looks:
                return
            time.sleep(every)
    except KeyboardInterrupt:
        return


def _evaluated(store: Path, named: list[str]) -> frozenset[str]:
    """The records of answers that were asked for to evaluate."""
    from .places import beside
    from .stored import find, load, runs_in

    runs = [load(folder) for folder, _ in runs_in(beside(store))] + [find(name, beside(store)) for name in named]
    return frozenset(outcome.response.record_id for run in runs for outcome in run.outcomes if outcome.response.record_id)


def _show(session: Session, look: Look, number: int, watching: bool) -> None:
    if session.json:
        told = {**look.to_dict(), "figures": look.figures}
        session.out.line(told) if watching else session.out.value(told)
        return
    session.out.show(*([""] if number else []), _table(look), *map(visible, _lines(look)))


def _table(look: Look) -> Table:
    from rich.table import Table

    from .report import figure

    title = f"{look.answers} answers, {look.scored} scored; baseline {look.baseline_answers}, {look.baseline_scored} scored"
    made = Table(title=title, title_justify="left")
    made.add_column("figure", no_wrap=True)
    for name in ("value", "95 % interval", "answers", "baseline", "PSI", "KS p"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("what it is")
    for one in look.watched:
        span = "" if one.interval is None else f"{one.interval[0]:.3f} to {one.interval[1]:.3f}"
        numbers = (figure(one.value), span, str(one.answers), figure(one.baseline), figure(one.psi), figure(one.ks_p))
        made.add_row(one.name, *numbers, one.about)
    return made


def _lines(look: Look) -> Iterator[str]:
    found, labels = look.questions, look.labels
    if found is not None:
        yield f"Questions: energy distance {found.distance:.3f} from the baseline's (p {found.p:.3f}), means {found.shift:.3f} apart"
    if labels.accuracy is not None:
        yield f"Feedback: {labels.up} up, {labels.down} down: accuracy {labels.accuracy:.3f}; {labels.corrected} corrected (ragkit cases)"
    if look.worst:
        more = f" and {len(look.worst) - _SHOWN} more" if len(look.worst) > _SHOWN else ""
        yield f"To be looked at (ragkit verify ID): {', '.join(look.worst[:_SHOWN])}{more}"
    yield from (f"ALERT: {one.alert}: it is {one.value:.3f}" for one in look.fired)
