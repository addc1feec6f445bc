"""From lines on a page to paragraphs: pure geometry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .pdf_flow import Flow
from .pdf_native import measured

_BROKEN = re.compile("[^\\W\\d_A-Z]{2}[-\u00ad\u2010]\\Z")
_HYPHENS = "-\u00ad\u2010"


@dataclass(slots=True)
class Line:
    """Words that stand side by side, and the box of each: x0, y0, x1, y1 in points from the page's top left.

    ``size`` is the height of most of its type, in points. ``soft``: it ends in a hyphen that the file marks as one of a
    broken word. ``gap`` is the widest distance between two of its words. ``level``: the outline has it as a heading of this level.
    """

    words: list[str]
    boxes: NDArray[np.float64]
    size: float
    left: float
    top: float
    right: float
    bottom: float
    gap: float = 0.0
    soft: bool = False
    level: int = 0
    #: What :func:`split` finds, once it is known.
    parts: list[Line] | None = None

    @classmethod
    def of(cls, words: list[str], rows: NDArray[np.float64], soft: bool = False) -> Line:
        """The line of these words."""
        return cls.each(words, rows, np.zeros(1, np.int64), [soft])[0]

    @classmethod
    def each(cls, words: list[str], rows: NDArray[np.float64], starts: NDArray[np.int64], soft: list[bool]) -> list[Line]:
        """The lines of these words that begin at ``starts``."""
        lows = starts.tolist()
        spans = zip(lows, [*lows, len(words)][1:], measured(rows, starts).tolist(), soft, strict=True)
        return [
            cls(words[low:high], rows[low:high], size, left, top, right, bottom, gap, hyphen)
            for low, high, (size, left, top, right, bottom, gap), hyphen in spans
        ]

    @property
    def count(self) -> int:
        """How many words there are; OCR gives a line as one."""
        return len(self.words) + self.words[0].count(" ")


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together; or a table: rows of cells, each a line (empty where there is nothing)."""

    lines: list[Line] = field(default_factory=list)
    rows: list[list[Line | None]] | None = None

    @property
    def size(self) -> float:
        return self.lines[0].size

    def put(self, flow: Flow, page: int) -> None:
        """Adds the paragraph's words. A word broken by the end of a line is joined where the file marks its hyphen as soft or
        both halves are lower case."""
        for row, cells in enumerate(self.rows or ()):
            flow.between("\n" if row else "")
            for column, cell in enumerate(cells):
                flow.between(" | " if column else "")
                if cell:
                    flow.line(cell.words, cell.boxes, page)
        for line, following in zip(self.lines, [*self.lines[1:], None], strict=True) if self.rows is None else ():
            words = line.words
            broken = following is not None and (line.soft or _broken(words[-1], following.words[0]))
            if broken:
                words = [*words[:-1], words[-1].rstrip(_HYPHENS) or words[-1]]
            flow.line(words, line.boxes, page)
            if following is not None and not broken:
                flow.between(" ")


def _broken(word: str, after: str) -> bool:
    return _BROKEN.search(word) is not None and after[:1].islower()


def paragraphs(lines: list[Line]) -> Iterator[Paragraph]:
    """``lines`` joined where they follow each other closely, in type of the same size, in one column."""
    current = Paragraph()
    for line in lines:
        if current.lines and not _continues(current.lines[-1], line, current):
            yield current
            current = Paragraph()
        current.lines.append(line)
    if current.lines:
        yield current


def _continues(above: Line, line: Line, paragraph: Paragraph) -> bool:
    height = max(above.size, 1.0)
    step = line.top - above.top
    if abs(above.size - line.size) > 0.12 * height or not -0.3 * height <= step <= 2.4 * height or above.level != line.level:
        return False
    if line.top - above.bottom > 0.75 * height or min(above.right, line.right) <= max(above.left, line.left) - 2 * height:
        return False
    if len(paragraph.lines) > 1:
        usual = paragraph.lines[1].top - paragraph.lines[0].top
        if step > usual * 1.3 + 1:
            return False
    indented = line.left - above.left > 0.8 * height and above.left - paragraph.lines[0].left < 0.5 * height and len(paragraph.lines) > 1
    return not indented
