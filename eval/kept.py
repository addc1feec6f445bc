"""A run as a folder: ``run.json`` says what was run, ``outcomes.jsonl`` holds a line for each question, appended as it is done.

A line is written whole and flushed before the next question begins, so what was killed goes on where it was: a last line that was
cut off is dropped. Values of measures are not kept; they are computed from the outcomes, so a new measure needs no new run.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from .outcome import Outcome

HEADER, OUTCOMES = "run.json", "outcomes.jsonl"


class NoRun(RagkitError, FileNotFoundError):
    """There is no run in a folder, or what is there cannot be read."""


class RunBusy(RagkitError, RuntimeError):
    """Another process is at work on the run of a folder."""


@record
class RunInfo(Jsonable):
    """What was run: ``system`` is the system's name and ``about`` its own account (settings, versions, hashes of models);
    ``questions`` the file, its sha256 and how many; ``k`` passages are ranked; ``created`` is ISO 8601, UTC. Answers whose
    ``answerable`` is below ``least`` count as abstentions."""

    id: str
    name: str
    created: str
    system: str
    about: Mapping[str, Any]
    questions: Mapping[str, Any]
    k: int
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    least: float = 0.0


def begin(folder: Path, info: RunInfo) -> None:
    """Makes the folder and writes the header.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / HEADER, json.dumps(info.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def append(folder: Path, outcome: Outcome) -> None:
    """Writes one outcome, whole, and sees to it that it is on the disk."""
    line = _line(outcome)
    with (folder / OUTCOMES).open("ab") as file:
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def load_info(folder: Path) -> RunInfo:
    """The header of the run in ``folder``.

    Raises:
        NoRun: there is none.
    """
    try:
        return RunInfo(**json.loads((folder / HEADER).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise NoRun(f"{folder} holds no run ({error}); make one with: ragkit eval run QUESTIONS.jsonl --to {folder}") from error


def load_outcomes(folder: Path) -> list[Outcome]:
    """The outcomes that are there, in the order in which they were done. A last line that was cut off is left out.

    Raises:
        NoRun: another line cannot be read.
    """
    file = folder / OUTCOMES
    if not file.exists():
        return []
    lines = file.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate(lines[:-1], 1):  # what follows the last line break was cut off
        try:
            found.append(Outcome.from_dict(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise NoRun(f"{file}, line {number}, is not an outcome ({error}); remove the folder and run again") from error
    return found


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keeps other processes from the run in ``folder``, which is made; a kill releases it. What a kill cut off is removed first.

    Raises:
        RunBusy: another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _take(handle, folder)
        _mend(folder / OUTCOMES)
        yield
    finally:
        os.close(handle)


def _take(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunBusy(f"another process is at work on the run in {folder}; wait until it is done, or give another folder: --to") from error


def settle(folder: Path, ids: Sequence[str]) -> list[Outcome]:
    """Puts the outcomes into the order of the questions' ``ids``, in which they are given; a kill leaves one order or the other."""
    place = {name: number for number, name in enumerate(ids)}
    there = load_outcomes(folder)
    found = sorted(there, key=lambda outcome: place[outcome.question.id])
    if found != there:
        _replace(folder / OUTCOMES, "".join(map(_line, found)))
    return found


def forget_failed(folder: Path) -> None:
    """Takes out the outcomes of questions that failed, so that they are asked again."""
    there = load_outcomes(folder)
    found = [outcome for outcome in there if outcome.response.failure is None]
    if found != there:
        _replace(folder / OUTCOMES, "".join(map(_line, found)))


def count(folder: Path) -> int:
    """How many outcomes are there."""
    file = folder / OUTCOMES
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _line(outcome: Outcome) -> str:
    return json.dumps(outcome.to_dict(), ensure_ascii=False, allow_nan=False) + "\n"


def _mend(file: Path) -> None:
    """Removes a last line that was cut off: what is appended begins a line of its own."""
    if file.exists():
        with file.open("rb+") as stream:
            stream.truncate(stream.read().rfind(b"\n") + 1)


def _replace(file: Path, text: str) -> None:
    beside = file.with_suffix(".tmp")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)
