"""The sdist, the wheel made from it, and the wheel installed alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

#: What a clone has and a build does not read, beside what is not the project's at all.
APART = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", "node_modules")


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of a copy of the tree, and the wheel that was made from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    copy = shutil.copytree(root, folder / "tree", ignore=APART)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "did not match" not in done.stdout + done.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def inside(built: Path) -> set[str]:
    """The paths in the wheel, its own records left out."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        return {name for name in wheel.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def alone(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment in which the wheel is the only thing installed."""
    folder = tmp_path_factory.mktemp("alone")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*install, str(next(built.glob("*.whl")))], check=True)
    return python


def test_wheel_holds_every_module(inside: set[str], modules: dict[str, Path]) -> None:
    """Each module of the tree is in the wheel under the name it is imported by, and no other."""
    expected = {name.replace(".", "/") + ("/__init__.py" if path.name == "__init__.py" else ".py") for name, path in modules.items()}
    assert {name for name in inside if name.endswith(".py")} == expected


def test_wheel_has_one_import_root(inside: set[str]) -> None:
    """Nothing but ``ragkit`` reaches site-packages: no ``connectors``, ``ui``, ``eval`` or ``tests``."""
    assert {name.split("/")[0] for name in inside} == {"ragkit"}


def test_sdist_and_wheel_hold_the_same_package_files(built: Path, inside: set[str], root: Path) -> None:
    """Every file of the wheel is in the sdist, code and data alike, so that either installs the same."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        carried = {name.partition("/")[2] for name in sdist.getnames()}
    outer = {f"ragkit/{folder}/": f"{folder}/" for folder in ("connectors", "eval", "ui")}
    at_home = {next((home + name.removeprefix(away) for away, home in outer.items() if name.startswith(away)), name) for name in inside}
    assert at_home - carried == set()
    assert {"LICENSE", "NOTICE", "pyproject.toml"} <= carried


def test_wheel_carries_its_licence_and_metadata(built: Path) -> None:
    """The licence, the notice, the entry points and the supported Pythons are in the wheel's records."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        records = {name.partition(".dist-info/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}
        metadata = wheel.read(records["METADATA"]).decode()
    assert {"licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"} <= set(records)
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata


def test_the_wheel_alone_can_be_imported(alone: Path, tmp_path: Path) -> None:
    """Without any dependency, ``import ragkit`` and its error tree work."""
    code = "import ragkit, ragkit.errors; print(ragkit.__version__, issubclass(ragkit.RagkitError, Exception))"
    done = subprocess.run([str(alone), "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0.1.0", "True"]


def test_data_is_found_in_the_installed_wheel(alone: Path, tmp_path: Path, modules: dict[str, Path], tracked: list[Path]) -> None:
    """Every data file that stands beside the code is found through ``importlib.resources`` in the installed package."""
    packages = {path.parent: name for name, path in modules.items() if path.name == "__init__.py"}
    beside = [(home, path) for path in tracked if path.suffix != ".py" for home in path.parents if home in packages]
    wanted = [(packages[home], path.relative_to(home).as_posix()) for home, path in beside if packages[home].count(".") <= 1]
    code = (
        "from importlib.resources import files\n"
        f"gone = [(p, n) for p, n in {wanted!r} if not (files('ragkit').joinpath(*p.split('.')[1:]) / n).is_file()]\n"
        "print(gone)"
    )
    done = subprocess.run([str(alone), "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ("ragkit", "py.typed") in wanted
    assert done.stdout.strip() == "[]"
