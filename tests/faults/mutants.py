"""The harness, tested: each sync, rename and lock of ragkit taken out in turn, in the driver alone. Something must go red."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import ragkit
from ragkit.index import files, segments
from ragkit.store import engine

_HOME = str(Path(ragkit.__file__).parent)
_REAL = {"fsync": os.fsync, "replace": os.replace, "rename": os.rename, "flock": fcntl.flock}


@dataclass(frozen=True)
class Mutant:
    """``install`` takes the guard out, in a child that will do nothing else. ``kind`` is what is taken out, ``site`` where."""

    kind: str
    site: str
    install: Callable[[], None]

    @property
    def name(self) -> str:
        return f"{self.kind} in {self.site}"


def sites(kind: str) -> str:
    """The functions of ragkit that stand on the stack, the inner two: ``sync_folder, for write_once``."""
    frame, found = sys._getframe(2), []
    while frame is not None and len(found) < (1 if kind == "flock" else 2):
        if frame.f_code.co_filename.startswith(_HOME):
            found.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")
        frame = frame.f_back  # type: ignore[assignment]
    return ", for ".join(found)


def _is_lock(kind: str, arguments: tuple[Any, ...]) -> bool:
    return kind != "flock" or bool(arguments[1] & (fcntl.LOCK_EX | fcntl.LOCK_SH))


def watch(say: Callable[[str], None]) -> None:
    """Tell every guarded call that ragkit makes from here on, as ``kind site``."""

    def watched(kind: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            site = sites(kind)
            if site and _is_lock(kind, arguments):
                say(f"site {kind} {site}")
            return _REAL[kind](*arguments, **named)

        return call

    _patch({kind: watched(kind) for kind in _REAL})


def taken_out(kind: str, site: str) -> Mutant:
    """The mutant without the ``kind`` of call at ``site``."""

    def call(*arguments: Any, **named: Any) -> Any:
        if sites(kind) == site and _is_lock(kind, arguments):
            return _INSTEAD[kind](*arguments)
        return _REAL[kind](*arguments, **named)

    return Mutant(kind, site, lambda: _patch({kind: call}))


def _patch(calls: dict[str, Callable[..., Any]]) -> None:
    for kind, call in calls.items():
        setattr(fcntl if kind == "flock" else os, kind, call)


def _straight(source: Any, target: Any) -> None:
    """What a program without renames does: it writes to the final name, and syncs."""
    if Path(source).is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        shutil.rmtree(source)
        return
    data = Path(source).read_bytes()
    with open(target, "wb", buffering=0) as handle:
        for at in range(0, len(data), 1024):
            handle.write(data[at : at + 1024])
        _REAL["fsync"](handle.fileno())
    os.unlink(source)


_INSTEAD: dict[str, Callable[..., Any]] = {
    "fsync": lambda descriptor: None,
    "flock": lambda descriptor, operation: None,
    "replace": _straight,
    "rename": _straight,
}


# --- guards that are no calls of Python ---------------------------------------------------------------------


def _option(name: str, value: str) -> Callable[[], None]:
    def install() -> None:
        engine._SQLITE_OPTIONS = tuple(f"{name}={value}" if o.startswith(f"{name}=") else o for o in engine._SQLITE_OPTIONS)  # type: ignore[assignment]

    return install


def _no_transactions() -> None:
    """Every statement is its own transaction."""
    real = sa.Connection.exec_driver_sql

    def statement(self: sa.Connection, text: str, *rest: Any, **named: Any) -> Any:
        return real(self, "SELECT 1" if text.startswith("BEGIN IMMEDIATE") else text, *rest, **named)

    sa.Connection.exec_driver_sql = statement  # type: ignore[method-assign]


def _no_hash() -> None:
    files.fault_of = lambda folder, info: None


def _save_late() -> None:
    """The catalog refers to files before they are written."""
    real_save, real_write = segments.Segment.save, files.write_once
    from ragkit.store.catalog import Catalog

    real_commit, late = Catalog.commit, []

    def write(folder: Path, name: str, content: Any) -> Any:
        late.append((folder, name, bytes(content)))
        return files.FileInfo(name=name, bytes=len(content), sha256=files.sha256(content))

    def commit(self: Catalog, change: Any) -> int:
        number = real_commit(self, change)
        while late:
            real_write(*late.pop(0))
        return number

    files.write_once, Catalog.commit = write, commit  # type: ignore[method-assign, assignment]
    segments.Segment.save = real_save  # type: ignore[method-assign]


OTHERS = (
    Mutant("synchronous=FULL", "the catalog (NORMAL instead)", _option("synchronous", "NORMAL")),
    Mutant("synchronous=FULL", "the catalog (OFF instead)", _option("synchronous", "OFF")),
    Mutant("the transaction", "Catalog.commit", _no_transactions),
    Mutant("files before the commit", "Ingestor", _save_late),
    Mutant("the hash check", "files.fault_of", _no_hash),
)


def is_folder(descriptor: int) -> bool:
    """Whether a descriptor is a folder's."""
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)
