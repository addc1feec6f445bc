"""What must not stand in the project's files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LONGEST = 400
LARGEST = 1_048_576

#: Calls that run text as code or a shell, and modules that load objects from bytes.
SWITCHES = {"shell", "allow_dangerous_deserialization", "allow_pickle"}
CALLS = {"eval", "exec", "compile", "__import__"}
LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}

#: Words that are split here so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.$}/-])/(?:" + "|".join(["root", "work", "farm", "home/[a-z]", "Users"]) + r")/")
HOSTS = re.compile("|".join(["pypi" + r"\.org(?!/project/)", "python" + "hosted", "download" + r"\.pytorch", "registry" + r"\.npmjs"]))
LEFT_OVER = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
BARE = re.compile(r"# (?:type: ignore|no" + r"qa)\s*$", re.MULTILINE)


@pytest.fixture(scope="module")
def trees(modules: dict[str, Path]) -> dict[str, ast.Module]:
    """Every module of the project, parsed."""
    return {name: ast.parse(path.read_text("utf-8")) for name, path in modules.items()}


@pytest.fixture(scope="module")
def texts(tracked: list[Path], root: Path) -> dict[str, str]:
    """Every text file of the project."""
    return {path.relative_to(root).as_posix(): text for path in tracked if (text := _text(path)) is not None}


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def _faults(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield f"line {line}: {node.func.id}()"
            risky = (word for word in node.keywords if word.arg in SWITCHES and getattr(word.value, "value", None) is not False)
            yield from (f"line {line}: {word.arg}=" for word in risky)
        if isinstance(node, ast.Import):
            yield from (f"line {line}: import {a.name}" for a in node.names if a.name.split(".")[0] in LOADERS)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LOADERS:
            yield f"line {line}: from {node.module}"
        if isinstance(node, ast.ExceptHandler) and _catches_all(node):
            yield f"line {line}: a handler that catches everything"


def _catches_all(node: ast.ExceptHandler) -> bool:
    if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or getattr(kind, "id", None) in ("Exception", "BaseException") for kind in kinds)


def test_nothing_runs_text_or_loads_objects(trees: dict[str, ast.Module]) -> None:
    """No eval, exec, pickle, shell, or handler that swallows everything (one that raises again does not), in the code.

    One handler does, where other people's systems are measured: whatever they raise is the result.
    """
    found = {name: faults for name, tree in trees.items() if (faults := list(_faults(tree)))}
    measured = found.pop("ragkit.eval.systems.called")
    assert (found, len(measured)) == ({}, 1)


def test_no_assert_outside_the_tests(trees: dict[str, ast.Module]) -> None:
    """``python -O`` removes assertions, so none guards anything."""
    assert [name for name, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.Assert)] == []


def test_public_names_have_docstrings(trees: dict[str, ast.Module]) -> None:
    """Every module, and every public class and function in it, says what it is."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    bare = [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)]
    for name, tree in trees.items():
        if ".migrations.versions." in name:  # every one has the same two functions, which Alembic documents
            continue
        public = (node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_"))
        bare += [f"{name}.{node.name}" for node in public if not ast.get_docstring(node) and not _describes_itself(node)]
    assert bare == []


def _describes_itself(node: ast.stmt) -> bool:
    """A measure's sentence is its ``DESCRIPTION``, which its report prints."""
    names = [t.id for line in getattr(node, "body", []) if isinstance(line, ast.Assign) for t in line.targets if isinstance(t, ast.Name)]
    return "DESCRIPTION" in names


def test_files_stay_small(texts: dict[str, str], tracked: list[Path]) -> None:
    """No Python file is longer than a person reads at one go, and no file bloats the repository."""
    long = {name: text.count("\n") for name, text in texts.items() if name.endswith(".py") and text.count("\n") > LONGEST}
    assert long == {}
    assert [path.name for path in tracked if path.stat().st_size > LARGEST] == []


@pytest.mark.parametrize(
    ("pattern", "suffixes"),
    [
        pytest.param(MACHINE, None, id="a path of somebody's machine"),
        pytest.param(HOSTS, None, id="the host of a package registry"),
        pytest.param(LEFT_OVER, (".py", ".md", ".toml", ".yml"), id="a note of unfinished work"),
        pytest.param(BARE, (".py",), id="a silenced check that does not say which"),
    ],
)
def test_texts_do_not_hold(pattern: re.Pattern[str], suffixes: tuple[str, ...] | None, texts: dict[str, str]) -> None:
    """No text file of the project holds any of these."""
    own = {name: text for name, text in texts.items() if suffixes is None or name.endswith(suffixes)}
    assert {name: found.group() for name, text in own.items() if (found := pattern.search(text))} == {}


def test_constraints_pin_one_build_for_every_machine(root: Path) -> None:
    """Every line is ``name==version``: no local label, no path and no host; torch is the version that has a CPU build."""
    lines = [line for line in (root / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert "torch==2.13.0" in lines
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(names)


def test_constraints_cover_what_is_required(root: Path, project: dict[str, Any]) -> None:
    """Each requirement of the project and of its extras has a pin, and the pin is within the requirement's bounds."""
    from packaging.requirements import Requirement

    pins = dict(line.split("==") for line in (root / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [Requirement(line) for line in [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]]
    assert [str(r) for r in wanted if not r.specifier.contains(pins.get(r.name, "0"), prereleases=True)] == []


def test_makefile_chores_are_phony_and_told(root: Path) -> None:
    """Each chore of the Makefile is declared phony and has a line in ``make help``."""
    text = (root / "Makefile").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    assert phony == set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
