"""``ragkit eval gate``: whether a run is good enough, as an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragkit.cli.codes import FAILED
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command

if TYPE_CHECKING:
    from .gate import Baseline
    from .measures import Measure

app = typer.Typer()

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's folder, its id or its name.")]
Before = Annotated[
    str | None, typer.Option("--baseline", metavar="RUN|FILE", help="A run, or what `eval show RUN --json` printed, or {measure: value}.")
]
Drop = Annotated[
    str | None, typer.Option("--max-drop", metavar="LIMITS", help='How much worse measures may be: "nDCG@10=0.02,answer contains=0.03".')
]
Least = Annotated[str | None, typer.Option("--min", metavar="LIMITS", help='Least values: "answer contains=0.8".')]
Most = Annotated[str | None, typer.Option("--max", metavar="LIMITS", help='Greatest values: "false answers=0.05".')]
Sure = Annotated[bool, typer.Option("--confidence", help="Fail only where the whole 95 % interval is beyond the limit.")]
Common = Annotated[bool, typer.Option("--common", help="Compare the questions that both share, where they are not the same.")]


@command(app, "gate")
def gate(
    session: Session,
    run: Run,
    baseline: Before = None,
    max_drop: Drop = None,
    least: Least = None,
    most: Most = None,
    confidence: Sure = False,
    common: Common = False,
) -> None:
    """Exit with 0 where a run keeps every limit, else with 1, and say why."""
    from .choosing import limits, measures_of
    from .gate import checks
    from .places import runs_beside
    from .runs import scored
    from .stored import find

    given = {"max_drop": limits(max_drop), "least": limits(least), "most": limits(most)}
    if not any(given.values()):
        raise typer.BadParameter("takes a limit: --max-drop, --min or --max")
    stored = find(run, runs_beside(session))
    named = {name: measure for part in given.values() for name in part for measure in measures_of([stored], name)}
    asked = {key: {str(named[name]): limit for name, limit in part.items()} for key, part in given.items()}
    measures = list({str(measure): measure for measure in named.values()}.values())
    report = scored(stored, measures)
    before = None if baseline is None else _baseline(session, baseline, measures)
    found = list(checks(report, before, **asked, confidence=confidence, common=common))
    passed = stored.unfinished == 0 and all(check.passed for check in found)
    if session.json:
        told = [check.to_dict() for check in found]
        session.out.value({"passed": passed, "run": stored.folder, "unfinished": stored.unfinished, "checks": told})
    else:
        for check in found:
            sign = {"max-drop": "may drop by", "min": "at least", "max": "at most"}[check.kind]
            verdict = "kept" if check.passed else "FAILED"
            session.out.show(visible(f"{verdict}: {check.measure} {sign} {check.limit:g}: {check.why} ({check.questions} questions)"))
        if stored.unfinished:
            session.out.show(f"FAILED: {stored.unfinished} questions of the run are not asked yet")
    if not passed:
        raise typer.Exit(FAILED)


def _baseline(session: Session, given: str, measures: list[Measure]) -> Baseline:
    from .gate import of_report, read_baseline
    from .places import runs_beside
    from .runs import scored
    from .stored import find

    if Path(given).is_file():
        return read_baseline(Path(given))
    stored = find(given, runs_beside(session))
    return of_report(scored(stored, measures), stored.name)
