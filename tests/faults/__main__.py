"""``python -m tests.faults``: fault injection at many points, with a table. Exit code 1 when a store was bad once."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update({"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"})  # before anything that starts threads is loaded


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="how many points, evenly over operations and faults")
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
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=given.folder) as folder:
        work = Path(folder).resolve()
        stages = [points.make_ready(o, work) for o in available() if not given.only or o.name in given.only]
        for stage in stages:
            sizes = {fault: len(found) for fault, found in points.universe(stage).items()}
            print(f"{stage.operation.name}: {len(stage.calls)} calls, points {sizes}", flush=True)
        chosen = points.plan(stages, given.points, given.seed)
        results = points.try_all(stages, chosen, lambda line: print(line, flush=True))
    print(points.table(results))
    bad = sum(bool(result.faults) for result in results)
    missed = sum(result.missed for result in results)
    print(f"{len(results)} points in {time.monotonic() - started:.0f} s, {bad} bad, {missed} missed; seed {given.seed}, code {_version()}")
    return 1 if bad or not results else 0


def _memory() -> Path | None:
    """A disk in memory syncs in no time, and the faults are made by strace, not by the disk."""
    folder = Path("/dev/shm")
    return folder if os.access(folder, os.W_OK) else None


def _version() -> str:
    found = subprocess.run(["git", "log", "-1", "--format=%h of %cI"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "without version"


if __name__ == "__main__":
    sys.exit(main())
