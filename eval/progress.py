"""How far a run is, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ragkit.records import Progress

if TYPE_CHECKING:
    from ragkit.cli.output import Output

    from .asking import OnProgress


@contextmanager
def asking(out: Output, label: str = "") -> Iterator[OnProgress | None]:
    """A bar with questions a second and the time left on a terminal; nothing elsewhere."""
    with out.bars() as report:
        if report is None:
            yield None
            return
        began, before = time.perf_counter(), -1

        def told(done: int, total: int) -> None:
            nonlocal before
            before = done - 1 if before < 0 else before
            text = pace(done - before, total - done, time.perf_counter() - began)
            report(Progress(stage="asking", done=done, total=total, uri=f"{text}  {label}".rstrip()))

        yield told


def pace(done: int, left: int, seconds: float) -> str:
    """Questions a second, and the time that the others take at that pace.

    >>> pace(10, 600, 5.0)
    '2.0 questions/s, 5:00 left'
    """
    rate = done / max(seconds, 1e-9)
    minutes, rest = divmod(round(left / rate), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{rate:.1f} questions/s, {clock} left"
