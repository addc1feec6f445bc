"""A store after the process was killed, the disk was full or failing, or the power was lost: a sample of what `make faults` tries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import strace

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.skipif(bool(strace.why_not()), reason=strace.why_not() or "strace works"),
    pytest.mark.xdist_group("faults"),
]


def run(*arguments: str) -> str:
    """What ``python -m tests.faults`` says, after it ended well."""
    command = [sys.executable, "-m", "tests.faults", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "0"})
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.slow
def test_a_killed_or_failing_write_leaves_the_old_or_the_new_store() -> None:
    """Forty faults over three operations, and power lost a thousand times in each: nothing is lost, nothing half."""
    operations = ("--only", "ingest", "--only", "delete", "--only", "first")
    said = run("--points", "40", "--states", "3000", "--realised", "9", *operations)
    assert "40 points in" in said
    assert re.search(r"s, 0 bad, [0-2] missed", said), said  # names are random, so a call may come in another order
    assert "3009 states of lost power, 0 bad" in said


@pytest.mark.slow
def test_the_harness_sees_a_missing_guard() -> None:
    """Without the sync of a segment's file, without its rename, or without the writers' lock something goes red."""
    guards = ("fsync in files.write_once", "replace in files.write_once", "flock in lock.writer_lock")
    said = run("--points", "0", "--only", "ingest", "--mutants", ";".join(guards))
    assert all(guard in said for guard in guards), f"not all were tried: {said}"
    assert "NOBODY" not in said
