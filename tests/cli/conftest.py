"""Running the command line, and a small store that its tests read."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are imported one by one; their helpers stand beside them

from ragkit.cli import main

PAGES = {
    "heron.md": (
        "# The heron ferry\n\nThe heron ferry crosses the lake every forty minutes. A single ticket costs four crowns, "
        "and bicycles travel free.\n\n"
        "## Winter\n\nFrom December to February the ferry does not run, because the northern bay freezes.\n"
    ),
    "lighthouse.txt": (
        "The lighthouse on Gull Point was built in 1874 by Anna Lindqvist. Its lamp burned whale oil until 1921, when it was "
        "converted to electricity. Visitors may climb the 212 steps on Saturdays.\n"
    ),
    "bakery.md": (
        "# The mill bakery\n\nThe bakery opens at six in the morning. Its rye bread is baked in a stone oven that dates from 1790.\n"
    ),
}


@dataclass(frozen=True)
class Ran:
    """What one command gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON value and nothing else."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output, which is JSON lines and nothing else."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs ``ragkit`` with the given arguments in this process; what reaches the file descriptors is what counts."""

    def go(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return go


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three documents."""
    folder = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def pristine(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of those documents that no test opens; it is only copied, for even a question leaves its record in a store."""
    store = tmp_path_factory.mktemp("pristine") / "store"
    assert main(["ingest", str(pages), "--store", str(store)]) == 0
    return store


@pytest.fixture(scope="session")
def ingested(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of those documents that tests share: they ask it, and change nothing else."""
    return Path(shutil.copytree(pristine, tmp_path_factory.mktemp("ingested") / "store"))


@pytest.fixture
def store(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the store that a test may change, in which nothing was asked yet."""
    return Path(shutil.copytree(pristine, tmp_path / "store"))
