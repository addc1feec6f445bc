"""What stands where on a page: gaps in lines, columns, and what every page repeats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from .pdf_layout import Line

#: A gap between words this many times as wide as the type is high parts a line.
_GAP = 1.0
#: Least lines on either side of a gutter, and the least share of the page's height that it parts.
_LEAST_LINES = 4
_LEAST_HEIGHT = 0.12
_MOST_COLUMNS = 3
#: Running heads and feet stand in this share of the page's height, at its top and at its bottom.
_MARGIN = 0.12
_DIGITS = re.compile(r"\d+|(?<= )[ivxlc]+\Z")
_ROMAN = re.compile(r"[ivxlc]+\Z", re.IGNORECASE)


@dataclass(slots=True)
class PageLines:
    """The lines of a page, which is ``width`` x ``height`` points, numbered from 1; its straight rules, ``(n, 4)``: x0, y0, x1, y1."""

    number: int
    width: float
    height: float
    lines: list[Line]
    rules: NDArray[np.float64]


def split(line: Line) -> list[Line]:
    """The line's parts between wide gaps."""
    split_all([line])
    return line.parts or [line]


def split_all(lines: Sequence[object]) -> None:
    """Gives each of the lines that have wide gaps its parts, all at once; what is no line is passed over."""
    wide = [line for line in lines if isinstance(line, Line) and line.parts is None and line.gap > _GAP * max(line.size, 4.0)]
    if not wide:
        return
    boxes = wide[0].boxes if len(wide) == 1 else np.concatenate([line.boxes for line in wide])
    counts = [len(line.words) for line in wide]
    begins = np.zeros(len(boxes), np.bool_)
    begins[1:] = np.abs(boxes[1:, 0] - boxes[:-1, 2]) > np.repeat([_GAP * max(line.size, 4.0) for line in wide], counts)[1:]
    firsts = np.cumsum([0, *counts[:-1]])
    begins[firsts] = True
    starts = np.flatnonzero(begins)
    heads = [*np.searchsorted(starts, firsts).tolist(), len(starts)]
    soft = [False] * len(starts)
    for line, end in zip(wide, heads[1:], strict=True):
        soft[end - 1] = line.soft
    parts = Line.each([word for line in wide for word in line.words], boxes, starts, soft)
    for line, low, high in zip(wide, heads[:-1], heads[1:], strict=True):
        line.parts = parts[low:high]


def in_columns(page: PageLines) -> list[Line] | None:
    """The lines in reading order where the page is set in columns and the file does not have them so; else ``None``."""
    narrow = sum(line.right - line.left < 0.55 * page.width or line.gap > line.size for line in page.lines)
    if narrow < _LEAST_LINES:
        return None
    split_all(page.lines)
    parts = [part for line in page.lines for part in line.parts or [line]]
    gutters = _gutters(parts, page)
    if not gutters:
        return None
    return _read(parts, gutters)


def _gutters(parts: list[Line], page: PageLines) -> list[float]:
    """The middles of the gutters: where next to no line crosses, with prose on both sides."""
    if len(parts) < 2 * _LEAST_LINES:
        return []
    bounds = np.array([(part.left, part.top, part.right, part.bottom) for part in parts])
    lefts, rights = bounds[(bounds[:, 2] - bounds[:, 0]) <= 0.55 * page.width][:, [0, 2]].T
    if len(lefts) < 2 * _LEAST_LINES:
        return []
    spots = np.arange(0.2 * page.width, 0.8 * page.width, 2.0)
    crossed = ((lefts[:, None] < spots) & (rights[:, None] > spots)).sum(axis=0)
    free = crossed <= 0.02 * len(lefts)
    found = []
    for low, high in _runs(free):
        if (high - low) * 2.0 >= 6 and _prose(parts, bounds, (float(spots[low]), float(spots[high - 1])), page):
            found.append(float(spots[low] + spots[high - 1]) / 2)
    return found if len(found) < _MOST_COLUMNS else []


def _runs(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _prose(parts: list[Line], bounds: NDArray[np.float64], gutter: tuple[float, float], page: PageLines) -> bool:
    """Whether lines of several words stand close on either side of a gutter, over the same height."""
    low, high = gutter
    left, _, right, _ = bounds.T
    before = np.flatnonzero((right <= high + 1) & (right > low - 0.45 * page.width))
    after = np.flatnonzero((left >= low - 1) & (left < high + 0.1 * page.width))
    if min(len(before), len(after)) < _LEAST_LINES:
        return False
    top, bottom = max(bounds[before, 1].min(), bounds[after, 1].min()), min(bounds[before, 3].max(), bounds[after, 3].max())
    if bottom - top < _LEAST_HEIGHT * page.height:
        return False
    for side in (before.tolist(), after.tolist()):
        if median([parts[at].right - parts[at].left for at in side]) < 0.15 * page.width or median([parts[at].count for at in side]) < 3:
            return False
    return True


def _read(parts: list[Line], gutters: list[float]) -> list[Line]:
    """Column by column between what goes across all of them."""
    across = sorted((p for p in parts if any(p.left < g - 3 and p.right > g + 3 for g in gutters)), key=lambda p: p.top)
    across_ids = {id(p) for p in across}
    rest = [p for p in parts if id(p) not in across_ids]
    ordered: list[Line] = []
    for bound in [*across, None]:
        limit = float("inf") if bound is None else (bound.top + bound.bottom) / 2
        band = [p for p in rest if (p.top + p.bottom) / 2 < limit]
        taken = set(map(id, band))
        rest = [p for p in rest if id(p) not in taken]
        ordered += sorted(band, key=lambda p: (sum(p.left > g - 3 for g in gutters), round(p.top, 0), p.left))
        if bound is not None:
            ordered.append(bound)
    return _joined(ordered)


def _joined(lines: list[Line]) -> list[Line]:
    """Parts of one line that came to stand next to each other again."""
    out: list[Line] = []
    for line in lines:
        last = out[-1] if out else None
        if last and abs(last.top - line.top) < 0.3 * last.size and 0 <= line.left - last.right < 3 * last.size:
            out[-1] = Line.of([*last.words, *line.words], np.concatenate([last.boxes, line.boxes]), line.soft)
        else:
            out.append(line)
    return out


def drop_running(pages: list[PageLines]) -> int:
    """Takes out the lines that stand at the same place on several pages, numbers apart; how many there were.

    A document of one or two pages has none.
    """
    if len(pages) < 3:
        return 0
    keys: Counter[tuple[str, int, int]] = Counter()
    marked: list[tuple[PageLines, Line, tuple[str, int, int]]] = []
    for page in pages:
        seen = set()
        for line in page.lines:
            if line.bottom < _MARGIN * page.height or line.top > (1 - _MARGIN) * page.height:
                key = (_normal(line), round(line.top / 6), round(page.height))
                marked.append((page, line, key))
                seen.add(key)
        keys.update(seen)
    least = max(3, round(0.15 * len(pages)))
    gone = {id(line) for page, line, (text, at, height) in marked if sum(keys[text, at + shift, height] for shift in (-1, 0, 1)) >= least}
    if not gone or all(id(line) in gone for page in pages for line in page.lines):
        return 0
    for page in pages:
        page.lines = [line for line in page.lines if id(line) not in gone]
    return len(gone)


def _normal(line: Line) -> str:
    text = " ".join(line.words).casefold()
    return "#" if _ROMAN.match(text) else _DIGITS.sub("#", text)
