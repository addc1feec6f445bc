"""Batch modes: JSON lines in, JSON lines out, one for one and in order, each written as soon as it is known."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import typer

from ragkit.cli.codes import PARTLY
from ragkit.cli.output import Output
from ragkit.errors import FilterError, ModelError, RagkitError, StoreError

Line = dict[str, Any]


class BadLine(RagkitError, ValueError):
    """A line of the input is not what the batch mode reads."""


def run(out: Output, source: Path, keys: tuple[str, ...], work: Callable[[Line], dict[str, Any]]) -> None:
    """Writes ``{"_id", …work(line)}`` for every line of ``source``, a file or ``-``.

    A line that cannot be done becomes ``{"_id", "error"}``, and the command exits with 3 at the end. Each line needs one
    of ``keys``, a string. What would befall every line alike (the store, a model, the filter) ends the batch.
    """
    failed = 0
    with _opened(source) as stream:
        for number, text in _lines(stream):
            name: Any = str(number)
            try:
                line = _parsed(text, number, keys)
                name = line.get("_id", name)
                done = work(line)
            except (FilterError, ModelError, StoreError):
                raise
            except RagkitError as error:
                failed += 1
                done = {"error": str(error)}
                out.note(f"failed: {name}: {error}")
            out.line({"_id": name, **done})
    if failed:
        raise typer.Exit(PARTLY)


def _opened(source: Path) -> Any:
    if str(source) == "-":
        return nullcontext(sys.stdin)
    if not source.is_file():
        raise typer.BadParameter(f"there is no file {str(source)!r}")
    return source.open(encoding="utf-8-sig", errors="replace")


def _lines(stream: IO[str]) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(stream, 1) if line.strip())


def _parsed(text: str, number: int, keys: tuple[str, ...]) -> Line:
    try:
        line = json.loads(text)
    except ValueError as error:
        raise BadLine(f"line {number} is not JSON: {error}") from error
    if not isinstance(line, dict) or not any(isinstance(line.get(key), str) for key in keys):
        raise BadLine(f"line {number} is not an object with a string {' or '.join(map(repr, keys))}")
    return line
