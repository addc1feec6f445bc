"""One thread: calls are numbered by thread, so a point is the same in every run only when one thread makes them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ragkit.index import segments


class Serial:
    """Does at once what a pool of threads would do."""

    def __enter__(self) -> Serial:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def map(self, function: Callable[..., Any], *values: Iterable[Any]) -> Iterator[Any]:
        """As the built-in."""
        return map(function, *values)


def install() -> None:
    """Open the files of a segment one after another, in this process."""
    if hasattr(segments, "ThreadPoolExecutor"):
        segments.ThreadPoolExecutor = Serial  # type: ignore[misc, assignment]
