"""The text of a PDF as it grows line by line, and where each of its words stands."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from ragkit.records import Anchor, Block, BlockKind

from ..columns import PageAnchors


class Flow:
    """Takes words with their boxes, and what stands between them; gives text, blocks and anchors."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._parts: list[str] = []
        self._length = 0
        self._start = 0
        self._gap = 0
        self._words: list[str] = []
        self._boxes: list[NDArray[np.float64]] = []
        #: The first word of each line; the characters before it; its page.
        self._firsts: list[int] = []
        self._gaps: list[int] = []
        self._pages: list[int] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def begin(self) -> None:
        """Begins a block."""
        if self.blocks:
            self.between("\n\n")
        self._start = self._length

    def end(self, kind: BlockKind, level: int = 0) -> None:
        """Ends the block."""
        self.blocks.append(Block(kind=kind, start=self._start, end=self._length, level=level))

    @property
    def block_length(self) -> int:
        return self._length - self._start

    def between(self, text: str) -> None:
        """Adds what stands nowhere on the page."""
        self._parts.append(text)
        self._length += len(text)
        self._gap += len(text)

    def line(self, words: list[str], boxes: NDArray[np.float64], page: int) -> None:
        """Adds words with a blank between them."""
        joined = " ".join(words)
        self._firsts.append(len(self._words))
        self._gaps.append(self._gap)
        self._pages.append(page)
        self._words += words
        self._boxes.append(boxes)
        self._parts.append(joined)
        self._length += len(joined)
        self._gap = 0

    def anchors(self) -> tuple[Anchor, ...]:
        """An anchor for each word."""
        count = len(self._words)
        if not count:
            return ()
        lengths = np.fromiter(map(len, self._words), np.int64, count)
        gaps = np.ones(count, np.int64)
        gaps[self._firsts] = self._gaps
        ends = np.cumsum(lengths + gaps)
        pages = np.repeat(self._pages, np.diff([*self._firsts, count]))
        return cast("tuple[Anchor, ...]", PageAnchors.of(ends - lengths, ends, pages, np.concatenate(self._boxes)))
