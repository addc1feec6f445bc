"""Where a command writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ragkit.records import Progress as Step

#: Columns of a table that is read by a program, where nothing may be cut off.
WIDE = 1000

#: What is not printable to Python, and yet cannot steer a terminal.
SPACES = "\u00a0\u2002\u2003\u2009\u200a\u202f\u3000"

Report = Callable[["Step"], None]


@dataclass
class Output:
    """``json`` prints values as JSON and leaves the tables out. Colours and bars appear on a terminal alone."""

    json: bool = False
    stream: IO[str] = field(default_factory=lambda: sys.stdout)

    def value(self, value: Any) -> None:
        """One JSON value; indented where a person looks at it."""
        self._write(json.dumps(value, ensure_ascii=False, indent=2 if self.stream.isatty() else None) + "\n")

    def line(self, value: Any) -> None:
        """One JSON line of a stream, at once."""
        self._write(json.dumps(value, ensure_ascii=False) + "\n")

    def raw(self, text: str) -> None:
        """``text`` itself; a terminal gets the line end that it needs."""
        self._write(text + "\n" if self.stream.isatty() and not text.endswith("\n") else text)

    def show(self, *parts: RenderableType) -> None:
        """Text and tables for a person."""
        for part in parts:
            self.console.print(part, soft_wrap=isinstance(part, str) and not self.console.is_terminal)
        self.stream.flush()

    def note(self, text: str) -> None:
        """A line on standard error."""
        self.errors.print(text, soft_wrap=True)

    @cached_property
    def console(self) -> Console:
        return _console(self.stream)

    @cached_property
    def errors(self) -> Console:
        return _console(sys.stderr)

    @contextmanager
    def bars(self) -> Iterator[Report | None]:
        """Yields what to pass as ``progress``: bars on a terminal, ``None`` elsewhere."""
        if not self.errors.is_terminal:
            yield None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        stage, at = TextColumn("{task.description:<10}"), TextColumn("{task.fields[at]}")
        columns = (stage, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), at)
        with Progress(*columns, console=self.errors, transient=True, redirect_stdout=False, redirect_stderr=False) as board:
            tasks = {}

            def report(step: Step) -> None:
                if step.stage not in tasks:
                    tasks[step.stage] = board.add_task(step.stage, total=step.total, at="")
                board.update(tasks[step.stage], completed=step.done, total=step.total, at=visible(step.uri)[-60:])

            yield report

    @contextmanager
    def busy(self, text: str) -> Iterator[Callable[[], None]]:
        """A spinner on a terminal; yields the function that ends it before its time."""
        if not self.errors.is_terminal:
            yield lambda: None
            return
        with self.errors.status(text) as status:
            yield status.stop

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def visible(text: str) -> str:
    """``text`` without control characters, so that a file's name or content cannot steer the terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() or c in SPACES else "\ufffd" for c in text)


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, width=None if stream.isatty() else WIDE)
