"""What pyproject.toml declares is what stands on the disk, under one import root."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import ragkit

HEAVY = ("alembic", "docutils", "docx", "faiss", "langchain_core", "llama_cpp", "lxml", "numpy", "openpyxl", "pptx", "pylatexenc")
HEAVY += ("pypdfium2", "striprtf", "xlrd")
HEAVY += ("rank_bm25", "sentence_transformers", "sqlalchemy", "streamlit", "tokenizers", "torch", "transformers")


def run(code: str, cwd: Path) -> str:
    """What ``code`` prints in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


def test_every_package_is_declared(modules: dict[str, Path], project: dict[str, Any]) -> None:
    """A package missing from the list works in an editable install and is gone from the wheel; none is missing."""
    on_disk = sorted(name for name, path in modules.items() if path.name == "__init__.py")
    assert project["tool"]["setuptools"]["packages"] == on_disk


def test_every_module_is_in_a_package(modules: dict[str, Path]) -> None:
    """No module stands in a folder without ``__init__.py``, where the wheel would lose it."""
    assert [str(path) for path in modules.values() if not (path.parent / "__init__.py").is_file()] == []


def test_every_data_file_is_declared(modules: dict[str, Path], project: dict[str, Any], tracked: list[Path]) -> None:
    """Each file beside the code that is not Python matches a pattern of package-data, so the wheel carries it."""
    packages = {path.parent: name for name, path in modules.items() if path.name == "__init__.py"}
    patterns: dict[str, list[str]] = project["tool"]["setuptools"]["package-data"]
    lost = []
    for path in tracked:
        home = next((parent for parent in path.parents if parent in packages), None)
        if home is None or path.suffix == ".py":
            continue
        inside = path.relative_to(home).as_posix()
        if not any(fnmatch(inside, pattern) and inside.count("/") == pattern.count("/") for pattern in patterns.get(packages[home], [])):
            lost.append(path.as_posix())
    assert lost == []


def test_every_data_pattern_matches_something(modules: dict[str, Path], project: dict[str, Any]) -> None:
    """A pattern of package-data that matches no file is a name that has drifted."""
    patterns: dict[str, list[str]] = project["tool"]["setuptools"]["package-data"]
    idle = [f"{name}: {pattern}" for name, all_ in patterns.items() for pattern in all_ if not any(modules[name].parent.glob(pattern))]
    assert idle == []


def test_one_version() -> None:
    """The version that the code says is the one that the installed distribution has."""
    from importlib.metadata import version

    assert ragkit.__version__ == version("ragkit")


@pytest.mark.parametrize("group", ["connectors", "parsers", "runtime", "commands"])
def test_entry_points_load(group: str, project: dict[str, Any]) -> None:
    """Every entry point that pyproject.toml declares is installed, and loads."""
    declared = project["project"]["entry-points"][f"ragkit.{group}"]
    installed = {entry.name: entry for entry in entry_points(group=f"ragkit.{group}") if entry.dist and entry.dist.name == "ragkit"}
    assert {name: entry.value for name, entry in installed.items()} == declared
    assert all(entry.load() is not None for entry in installed.values())


def test_one_import_identity(root: Path) -> None:
    """From the project's own folder, where ``connectors`` could be found, nothing is imported under a second name."""
    code = (
        "import importlib.metadata as m, sys\n"
        "[e.load() for g in ('connectors', 'parsers', 'runtime', 'commands') for e in m.entry_points(group='ragkit.' + g)]\n"
        "print(sorted({'connectors', 'ui', 'eval'} & {name.split('.')[0] for name in sys.modules}))"
    )
    assert run(code, root) == "[]"


def test_importing_ragkit_loads_nothing_heavy(tmp_path: Path) -> None:
    """``import ragkit`` and the command line's parts load no model, index, database or web library."""
    code = f"import ragkit, ragkit.cli.app, sys; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert run(code, tmp_path) == "[]"


def test_public_names_import_nothing_heavy(tmp_path: Path) -> None:
    """Every public name can be had without loading a model library."""
    code = "import ragkit, sys; [getattr(ragkit, n) for n in ragkit.__all__]; print(sorted({'torch', 'streamlit'} & set(sys.modules)))"
    assert run(code, tmp_path) == "[]"


def test_public_surface_is_sorted_and_complete() -> None:
    """``__all__`` is sorted, every name in it resolves, and every public name of the package is in it."""
    import inspect

    assert list(ragkit.__all__) == sorted(ragkit.__all__)
    assert dir(ragkit) == list(ragkit.__all__)
    assert all(getattr(ragkit, name) is not None for name in ragkit.__all__)
    bound = vars(ragkit).items()
    own = {name for name, value in bound if not name.startswith("_") and not inspect.ismodule(value)}
    assert own - set(ragkit.__all__) <= {"TYPE_CHECKING", "Any", "annotations"}
    with pytest.raises(AttributeError, match="it has Answer"):
        ragkit.__getattr__("Missing")
