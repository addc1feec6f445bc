"""Documentation that is made from the code is the code's, and every example in a docstring runs."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from ragkit.cli import reference
from ragkit.settings import known_keys


@pytest.mark.parametrize("page", sorted(reference.PAGES))
def test_made_pages_are_current(page: str, root: Path) -> None:
    """``make docs`` would change nothing."""
    assert (root / "docs" / page).read_text("utf-8") == reference.PAGES[page](), "run: make docs"


def test_every_command_is_documented(root: Path) -> None:
    """Each command, a plug-in's of this project among them, has a heading, and each says what it is for."""
    page = (root / "docs" / "cli.md").read_text("utf-8")
    commands = dict(reference.commands())
    assert {"ingest", "ask", "models list", "doctor"} <= set(commands)
    assert any(name.split()[0] == "ui" for name in commands)
    assert any(name.split()[0] == "eval" for name in commands)
    assert [name for name in commands if f"## ragkit {name}\n" not in page] == []
    assert [name for name, command in commands.items() if not command.help] == []


def test_every_option_says_what_it_does() -> None:
    """No option or argument of a command is without its line of help."""
    silent = [f"{name} {p.name}" for name, command in reference.commands() for p in command.params if not p.help]
    assert silent == []


def test_every_setting_is_documented(root: Path) -> None:
    """Each key, and a sentence that says what it means."""
    page = (root / "docs" / "configuration.md").read_text("utf-8")
    rows = {line.split("`")[1]: line.split("|")[3].strip() for line in page.splitlines() if line.startswith("| `")}
    assert list(rows) == list(known_keys())
    assert all(rows.values())


def test_examples_in_docstrings_run(modules: dict[str, Path]) -> None:
    """Every module with an example is imported under its own name, and its examples give what they show."""
    failed = {}
    for name, path in modules.items():
        if ">>> " in path.read_text("utf-8"):
            result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
            if result.failed:
                failed[name] = result
    assert failed == {}
