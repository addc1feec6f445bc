"""The project as the packaging tests look at it: the tree, the declared packages, and every source file."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def modules() -> dict[str, Path]:
    """Every module by the name it is imported under, and its file."""
    return {name: path for path in sources() for name in [module_name(path)]}


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file that belongs to the project: git's list, new files that are not ignored among it."""
    command = [shutil.which("git") or "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and not {"__pycache__", ".git", ".venv", "build"} & set(path.parts)]
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def homes() -> dict[str, str]:
    """Import name and folder of the four places that code lives in."""
    declared: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-dir"]
    return declared


def sources() -> list[Path]:
    """Every Python file of the four folders."""
    return sorted(path for folder in homes().values() for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    """``connectors/parsers/html.py`` is ``ragkit.connectors.parsers.html``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = next(name for name, folder in homes().items() if folder == parts[0])
    return ".".join([name, *parts[1:]]).removesuffix(".__init__")
