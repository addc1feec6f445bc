"""The anchors of many words as columns of numbers: made into records only when somebody asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from ragkit.records import Anchor, Box

_ROW = np.dtype([("start", "<i4"), ("end", "<i4"), ("page", "<i4"), ("box", "<f4", 4)])


class PageAnchors(Sequence[Anchor]):
    """Anchors with a page and a box each: ``starts``, ``ends``, ``pages`` are ``(n,)``, ``boxes`` ``(n, 4)``. Equal to their tuple."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        self._rows = rows

    @classmethod
    def of(cls, starts: NDArray[np.int64], ends: NDArray[np.int64], pages: NDArray[np.int64], boxes: NDArray[np.float64]) -> PageAnchors:
        rows = np.empty(len(starts), _ROW)
        rows["start"], rows["end"], rows["page"], rows["box"] = starts, ends, pages, boxes
        return cls(rows)

    @classmethod
    def from_bytes(cls, data: bytes) -> PageAnchors:
        """The inverse of :meth:`to_bytes`. Raises ValueError when ``data`` is no such thing."""
        return cls(np.frombuffer(data, _ROW))

    def to_bytes(self) -> bytes:
        return self._rows.tobytes()

    def fault(self, length: int) -> str | None:
        """What is wrong with them for a text of ``length`` characters."""
        starts, ends = self._rows["start"], self._rows["end"]
        fine = bool((starts < ends).all() and (starts[1:] >= ends[:-1]).all() and (self._rows["page"] >= 1).all())
        if len(starts) and not (fine and starts[0] >= 0 and ends[-1] <= length and np.isfinite(self._rows["box"]).all()):
            return "an anchor is out of order or out of the text"
        return None

    @cached_property
    def _records(self) -> tuple[Anchor, ...]:
        starts, ends, pages = (self._rows[name].tolist() for name in ("start", "end", "page"))
        boxes = self._rows["box"].astype(np.float64).round(2).tolist()
        return tuple(Anchor(start=a, end=b, page=p, box=Box(*box)) for a, b, p, box in zip(starts, ends, pages, boxes, strict=True))

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Anchor: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Anchor, ...]: ...
    def __getitem__(self, at: int | slice) -> Anchor | tuple[Anchor, ...]:
        return self._records[at]

    def __iter__(self) -> Iterator[Anchor]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._records == tuple(other)

    def __hash__(self) -> int:
        return hash(self._records)
