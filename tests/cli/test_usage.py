"""What the command line does before any store is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ragkit
from ragkit.cli import reference


@pytest.mark.parametrize("command", sorted(name for name, _ in reference.commands()))
def test_every_command_has_help(command: str, run: Any) -> None:
    """``--help`` of each command exits with 0 and says how it is used."""
    ran = run(*command.split(), "--help")
    assert ran.code == 0
    assert ran.out.startswith("Usage: ")


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    """The list of commands comes without a model, an index, a database or a web library."""
    code = (
        "import sys; from ragkit.cli import main; main(['--help'])\n"
        "print(sorted({'torch', 'streamlit', 'faiss', 'sqlalchemy', 'numpy', 'transformers', 'llama_cpp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "  ask " in done.stdout


def test_version(run: Any) -> None:
    """``--version`` prints the version of the code."""
    assert run("--version").out == f"ragkit {ragkit.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option"],
        ["no-such-command"],
        ["ingest"],
        ["search"],
        ["search", "one", "--queries", "two.jsonl"],
        ["ask", "why", "--mode", "loudly"],
        ["search", "q", "-k", "0"],
        ["show", "a.md", "--span", "9:3"],
        ["ls", "--set", "no equals sign"],
        ["ls", "--set", "retrieval.kk=3"],
        ["ls", "--set", "retrieval.k=many"],
        ["ingest", "x", "--meta", "=v"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(arguments: list[str], run: Any) -> None:
    """Wrong usage exits with 2, says why on standard error, prints nothing else, and is no traceback."""
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err
    assert "Traceback" not in ran.err


def test_no_store_is_one_line(run: Any, tmp_path: Path) -> None:
    """Asking where there is no store exits with 1 and one line, and makes none."""
    for arguments in (["ls"], ["ask", "why?"], ["check"], ["sync"]):
        ran = run("--store", tmp_path / "none", *arguments)
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
        assert str(tmp_path / "none") in ran.err
        assert not (tmp_path / "none").exists()


def test_a_missing_settings_file_is_told(run: Any) -> None:
    """A settings file that is not there is named."""
    ran = run("ls", "--config", "gone.toml")
    assert ran.code == 2
    assert "gone.toml" in ran.err


def test_module_is_the_command() -> None:
    """``python -m ragkit`` is the same as the ``ragkit`` script."""
    done = subprocess.run([sys.executable, "-m", "ragkit", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"ragkit {ragkit.__version__}\n"
