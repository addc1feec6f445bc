"""A file imports only what stands on a lower floor, or beside it in its own folder; there is no import circle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

#: The floors, from the ground up. What stands on one floor does not know its neighbours.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("ragkit.errors", "ragkit.records"),
    ("ragkit.pii",),
    ("ragkit.contracts", "ragkit.plugins", "ragkit.settings", "ragkit.watch"),
    ("ragkit.text",),
    ("ragkit.index", "ragkit.models"),
    ("ragkit.store",),
    ("ragkit.check", "ragkit.duplicates", "ragkit.passages", "ragkit.query"),
    ("ragkit.selection",),
    ("ragkit.search",),
    ("ragkit.surroundings",),
    ("ragkit.answer", "ragkit.ingest", "ragkit.salvage"),
    ("ragkit.backup", "ragkit.diff", "ragkit.forget", "ragkit.recordkeeping", "ragkit.reindex", "ragkit.repair"),
    ("ragkit.safekeeping",),
    ("ragkit.maintenance",),
    ("ragkit.intake",),
    ("ragkit.api",),
    ("ragkit",),
    ("ragkit.langchain", "ragkit.testing"),
    ("ragkit.server",),
    ("ragkit.cli",),
    ("ragkit.__main__",),
    ("ragkit.connectors",),
    ("ragkit.eval",),
    ("ragkit.ui",),
)
OUTER = ("ragkit.connectors", "ragkit.eval", "ragkit.ui")

FLOOR = {unit: number for number, units in enumerate(FLOORS) for unit in units}


def unit(module: str) -> str:
    """The longest unit of the table that ``module`` belongs to; ``ragkit`` itself only by its own name."""
    parts = module.split(".")
    name = ".".join(parts[:2])
    return name if name in FLOOR else f"unknown: {name}"


@pytest.fixture(scope="module")
def imports(modules: dict[str, Path]) -> dict[str, set[str]]:
    """For each module what of ragkit it imports, anywhere in the file: inside functions and for types alone too."""
    return {name: set(_imports(name, path, modules)) - {name} for name, path in modules.items()}


def _imports(name: str, path: Path, modules: dict[str, Path]) -> list[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            found += [f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base for alias in node.names]
    return [target for target in found if target in modules]


def test_every_file_has_a_floor(modules: dict[str, Path]) -> None:
    """Each file belongs to a folder or module that the table knows."""
    assert sorted(name for name in modules if unit(name) not in FLOOR) == []


def test_imports_go_down(imports: dict[str, set[str]]) -> None:
    """No arrow runs up, and none runs sideways out of a folder."""
    up = [
        f"{name} (floor {FLOOR[unit(name)] + 1}) imports {target} (floor {FLOOR[unit(target)] + 1})"
        for name, targets in imports.items()
        for target in targets
        if unit(name) != unit(target) and FLOOR.get(unit(target), 0) >= FLOOR.get(unit(name), 99)
    ]
    assert sorted(up) == []


def test_the_core_does_not_know_the_outer_folders(imports: dict[str, set[str]]) -> None:
    """Connectors, evaluation and interface plug in by entry point; the core names none of them."""
    known = [f"{name} imports {target}" for name, targets in imports.items() for target in targets if _outer(target) and not _outer(name)]
    assert known == []


def test_there_is_no_import_circle(imports: dict[str, set[str]]) -> None:
    """The modules can be put in an order in which each imports only earlier ones, imports inside functions counted."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_outer_folders_import_their_own_relatively(modules: dict[str, Path]) -> None:
    """Inside the three outer folders, siblings are imported by a relative or a ``ragkit.`` name, never by the folder's."""
    wrong = []
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            wrong += [f"{name} imports {target}" for target in named if target.split(".")[0] in ("connectors", "eval", "ui")]
    assert wrong == []


def _outer(name: str) -> bool:
    return unit(name) in OUTER
