"""``python -m tests.faults``: fault injection, lost power, and the test of both. Exit code 1 when a store was bad once."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.update({"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"})  # before anything that starts threads is loaded


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="how many points, evenly over operations and faults")
    parser.add_argument("--states", type=int, default=0, help="how many states of lost power to judge by the model")
    parser.add_argument("--realised", type=int, default=0, help="how many of them to make on the disk and open")
    parser.add_argument("--mutants", nargs="?", const="all", default="", help="take out all guards, or those named (parts of names, by ;)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="an operation; may be given more than once")
    parser.add_argument("--folder", type=Path, default=_memory(), help="where the stores are made; in memory where there is /dev/shm")
    given = parser.parse_args()
    from tests.faults import points, serial, strace
    from tests.faults.operations import available

    if strace.why_not():
        print(strace.why_not(), file=sys.stderr)
        return 2
    serial.install()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=given.folder) as folder:
        work = Path(folder).resolve()
        stages = [points.make_ready(o, work) for o in available() if not given.only or o.name in given.only]
        bad = sum(job(given, stages, work) for job in (_points, _losses, _mutants))
    print(f"seed {given.seed}, code {_version()}")
    return 1 if bad else 0


def _points(given: argparse.Namespace, stages: list[Any], work: Path) -> int:
    """Fault injection; how many points were bad."""
    from tests.faults import points

    if not given.points:
        return 0
    started = time.monotonic()
    for stage in stages:
        sizes = {fault: len(found) for fault, found in points.universe(stage).items()}
        print(f"{stage.operation.name}: {len(stage.calls)} calls, points {sizes}", flush=True)
    results = points.try_all(stages, points.plan(stages, given.points, given.seed), _tell)
    print(points.table(results))
    bad = sum(bool(result.faults) for result in results)
    missed = sum(result.missed for result in results)
    print(f"{len(results)} points in {time.monotonic() - started:.0f} s, {bad} bad, {missed} missed")
    return bad


def _losses(given: argparse.Namespace, stages: list[Any], work: Path) -> int:
    """The power-loss model; how many states were bad."""
    from tests.faults import powerloss

    total = bad = 0
    if given.states or given.realised:
        print("| operation | steps | states | bad | made real | old | new | same | bad |\n|---|" + "---:|" * 8)
    for number, stage in enumerate(stages):
        if not (given.states or given.realised):
            break
        row = powerloss.survey(stage, _share(given.states, number, len(stages)), _share(given.realised, number, len(stages)), given.seed)
        print(row.line(), flush=True)
        for fault in row.faults:
            _tell(f"BAD {stage.operation.name}, power lost: {fault}")
        total, bad = total + row.states + row.realised, bad + row.bad + row.bad_realised
    if total:
        print(f"{total} states of lost power, {bad} bad")
    return bad


def _mutants(given: argparse.Namespace, stages: list[Any], work: Path) -> int:
    """The mutation test; how many mutants nobody noticed."""
    from tests.faults import mutation

    if not given.mutants:
        return 0
    verdicts = []
    for mutant, where in mutation.all_mutants(stages):
        if given.mutants != "all" and not any(part in mutant.name for part in given.mutants.split(";")):
            continue
        found = mutation.judge(mutant, where, work)
        _tell(f"{mutant.name}: " + "; ".join(f"{v.harness}: {v.fault or 'nothing'}" for v in found))
        verdicts.append(found)
    print(mutation.table([verdict for found in verdicts for verdict in found]))
    return sum(not any(verdict.fault for verdict in found) for found in verdicts)


def _share(total: int, number: int, of: int) -> int:
    return total // of + (number < total % of)


def _tell(line: str) -> None:
    print(line, flush=True)


def _memory() -> Path | None:
    """A disk in memory syncs in no time, and the faults are made by strace, not by the disk."""
    folder = Path("/dev/shm")
    return folder if os.access(folder, os.W_OK) else None


def _version() -> str:
    found = subprocess.run([shutil.which("git") or "git", "log", "-1", "--format=%h of %cI"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "without version"


if __name__ == "__main__":
    sys.exit(main())
