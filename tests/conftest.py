"""What every test stands on: an environment without the caller's settings, and no way out to a network."""

from __future__ import annotations

import os

import pytest

#: Set before any library that reads them is imported.
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Tests run side by side: one thread each, or they wait for one another at every barrier.
    "OMP_NUM_THREADS": "1",
}

#: How long the tests that can be made longer are, from the caller's environment; see ``pytest --help``.
LENGTHS = {name: os.environ.get(f"RAGKIT_{name.upper()}") for name in ("runs", "seconds")}

os.environ.update(QUIET)
for name in [name for name in os.environ if name.startswith("RAGKIT_") and name != "RAGKIT_DATA"]:
    del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that make some tests longer; ``RAGKIT_RUNS`` and ``RAGKIT_SECONDS`` do the same."""
    parser.addoption("--runs", type=int, default=LENGTHS["runs"], help="sequences of changes to compare the store for")
    parser.addoption("--seconds", type=float, default=LENGTHS["seconds"], help="seconds of reading while a writer is at work")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts in an empty folder, so that no ``ragkit.toml`` and no ``.ragkit`` of the caller is found."""
    monkeypatch.chdir(tmp_path_factory.mktemp("cwd"))
