"""A run as a folder: ``run.json`` says what was run, ``outcomes.jsonl`` holds a line for each question, appended as it is done.

A line is written whole and flushed before the next question begins, so what was killed goes on where it was: a last line that was
cut off is dropped. Values of measures are not kept; they are computed from the outcomes, so a new measure needs no new run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from .outcome import Outcome

HEADER, OUTCOMES = "run.json", "outcomes.jsonl"


class NoRun(RagkitError, FileNotFoundError):
    """There is no run in a folder, or what is there cannot be read."""


@record
class RunInfo(Jsonable):
    """What was run: ``system`` is the system's name and ``about`` its own account (settings, versions, hashes of models);
    ``questions`` the file, its sha256 and how many; ``k`` passages are ranked; ``created`` is ISO 8601, UTC."""

    id: str
    name: str
    created: str
    system: str
    about: Mapping[str, Any]
    questions: Mapping[str, Any]
    k: int
    versions: Mapping[str, str]
    machine: Mapping[str, Any]


def begin(folder: Path, info: RunInfo) -> None:
    """Makes the folder and writes the header.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADER).write_text(json.dumps(info.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")


def append(folder: Path, outcome: Outcome) -> None:
    """Writes one outcome, whole, and sees to it that it is on the disk."""
    line = json.dumps(outcome.to_dict(), ensure_ascii=False, allow_nan=False) + "\n"
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
