"""Readers beside a writer: each result is that of one generation, and no lock or missing file ever reaches a reader."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import load
import pytest

from ragkit import Ragkit, Settings

MakeKit = Callable[..., Ragkit]
Running = list[subprocess.Popen[str]]

SECONDS = 4.0
THREADS, PROCESSES = 8, 4


@contextmanager
def started(role: str, store: Path, settings: Settings, seconds: float, folder: Path, count: int = 1) -> Iterator[Running]:
    """Processes that are ready to work in that role."""
    changed = {"generation.model": "none", "catalog.url": settings.catalog.url, "chunking.max_tokens": settings.chunking.max_tokens}
    command = [sys.executable, load.__file__, role, str(store), json.dumps(changed), str(seconds), str(folder)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate()


def begin(process: subprocess.Popen[str]) -> None:
    """Let it work."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def seen(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it saw, once its time is over."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it ended without a word"
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.slow
def test_every_result_equals_one_generation(make_kit: MakeKit, store: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Threads and processes search, explain, ask, list and open while another process writes, deletes and compacts."""
    seconds = float(pytestconfig.getoption("--seconds") or SECONDS)
    folder = tmp_path / "files"
    folder.mkdir()
    kit = make_kit(embedder=load.embedder(), chunking__max_tokens=20)
    load.write_edition(kit, folder, 1)
    load.acknowledge(folder, 1)
    reads: Counter[str] = Counter()
    problems = []
    with (
        started("writer", store, kit.settings, seconds + 0.5, folder) as writers,
        started("reader", store, kit.settings, seconds, folder, PROCESSES) as processes,
    ):
        readers = [load.Reader(kit, folder) for _ in range(THREADS)]
        threads = [threading.Thread(target=reader.run, args=(seconds,)) for reader in readers]
        for process in (*writers, *processes):
            begin(process)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for found in (*map(seen, processes), *({"reads": r.reads, "problems": r.problems} for r in readers)):
            reads.update(found["reads"])
            problems += found["problems"]
        last = seen(writers[0])["last"]
    assert problems == []
    assert last >= load.EDITIONS
    assert set(reads) == {"search", "explain", "ask", "list", "open"}
    assert min(reads.values()) >= THREADS + PROCESSES, f"the readers hardly read: {reads}"
    assert load.Reader(kit, folder)._search() == last
    assert kit.check() == []
