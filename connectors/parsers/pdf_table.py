"""Tables on a page: ruled ones by their rules, others by columns of words that stand under each other over several rows."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from statistics import median

import numpy as np
from numpy.typing import NDArray

from .pdf_layout import Line, Paragraph, paragraphs
from .pdf_native import groups, measured
from .pdf_order import PageLines, split, split_all

_NEAR = 3.0
_MARKER = re.compile(r"(?:\(?[\divxlcA-Za-z]{1,4}[.)]|[•◦▪‣–\-*·o])\Z")
#: Most rules of a page, and the shortest one, in points: beyond is a drawing.
_MOST_RULES = 1000
_SHORTEST = 6.0
#: Three upright and three level rules are the least that make cells in two rows and two columns.
_LEAST_RULES = 6


def blocks(page: PageLines) -> Iterator[Paragraph]:
    """The paragraphs and tables of a page, in order."""
    rest: list[Line] = []
    for item in _borderless(_ruled(page)):
        if isinstance(item, Line):
            rest.append(item)
            continue
        yield from paragraphs(rest)
        rest = []
        yield item
    yield from paragraphs(rest)


# --- ruled ---


def _ruled(page: PageLines) -> list[Line | Paragraph]:
    items: list[Line | Paragraph] = list(page.lines)
    for xs, ys in _grids(page.rules):
        table = _fill(items, xs, ys)
        if table is not None:
            items = table
    return items


def _grids(rules: NDArray[np.float64]) -> list[tuple[list[float], list[float]]]:
    """The upright and level lines of each group of rules that touch."""
    if not _LEAST_RULES <= len(rules) <= _MOST_RULES:
        return []
    boxes = rules[(rules[:, 2:] - rules[:, :2]).max(axis=1) >= _SHORTEST]
    group = groups(boxes, np.argsort(boxes[:, 1]), _NEAR)
    grids = []
    for first in np.flatnonzero(np.bincount(group) >= _LEAST_RULES):
        part = boxes[group == first]
        upright = part[part[:, 2] - part[:, 0] <= _NEAR]
        level = part[part[:, 3] - part[:, 1] <= _NEAR]
        xs, ys = _distinct(upright[:, 0].tolist()), _distinct(level[:, 1].tolist())
        if len(xs) >= 3 and len(ys) >= 3 and len(xs) * len(ys) <= 5000:
            grids.append((xs, ys))
    return grids


def _distinct(values: list[float]) -> list[float]:
    out: list[float] = []
    for value in sorted(values):
        if not out or value - out[-1] > _NEAR:
            out.append(value)
    return out


def _fill(items: list[Line | Paragraph], xs: list[float], ys: list[float]) -> list[Line | Paragraph] | None:
    """The items with those words that stand in the grid made a table, where the first of them stood; ``None`` where it is none."""
    lines = [item for item in items if isinstance(item, Line) and item.bottom >= ys[0] and item.top <= ys[-1]]
    if not lines:
        return None
    boxes, counts = np.concatenate([line.boxes for line in lines]), [len(line.words) for line in lines]
    columns, rows = (np.searchsorted(edges, (boxes[:, at] + boxes[:, at + 2]) / 2) - 1 for at, edges in enumerate((xs, ys)))
    inside = (columns >= 0) & (columns < len(xs) - 1) & (rows >= 0) & (rows < len(ys) - 1)
    places, at = rows * len(xs) + columns, np.flatnonzero(inside)
    cells = np.unique(places[at])
    used_rows, filled = np.unique(cells // len(xs), return_counts=True)
    used_columns = np.unique(cells % len(xs)).tolist()
    if len(used_columns) < 2 or (filled > 1).sum() < 2:
        return None
    owners = np.repeat(np.arange(len(lines)), counts)[at]
    found = _cells([word for line in lines for word in line.words], boxes, at, owners, places[at])
    table = _table([[found.get(row * len(xs) + column) for column in used_columns] for row in used_rows.tolist()])
    kept = {id(line): ~part for line, part in zip(lines, np.split(inside, np.cumsum(counts)[:-1]), strict=True) if part.any()}
    begin = next(number for number, item in enumerate(items) if id(item) in kept)
    return [*items[:begin], table, *(rest for item in items[begin:] if (rest := _without(item, kept.get(id(item)))))]


def _without(item: Line | Paragraph, kept: NDArray[np.bool_] | None) -> Line | Paragraph | None:
    """The item with those of its words that are kept, by default all; ``None`` for nothing."""
    if kept is None or isinstance(item, Paragraph):
        return item
    words = [word for word, stays in zip(item.words, kept.tolist(), strict=True) if stays]
    return Line.of(words, item.boxes[kept], item.soft) if words else None


def _cells(
    words: list[str], boxes: NDArray[np.float64], at: NDArray[np.int64], owners: NDArray[np.int64], cells: NDArray[np.int64]
) -> dict[int, Line]:
    """The line of each cell: of the words ``at``, which stand in these lines and cells, what one line has there after the other,
    from the top and from the left."""
    order = np.lexsort((owners, cells))
    at, owners, cells = at[order], owners[order], cells[order]
    starts = np.flatnonzero((np.diff(owners, prepend=-1) != 0) | (np.diff(cells, prepend=-1) != 0))
    pieces = measured(boxes[at], starts)
    if len(np.unique(cells)) < len(starts):
        places = np.lexsort((pieces[:, 1], np.round(pieces[:, 2] / 3), cells[starts]))
        lengths = np.diff(starts, append=len(at))
        ranks = np.empty(len(starts), np.int64)
        ranks[places] = np.arange(len(starts))
        at = at[np.argsort(np.repeat(ranks, lengths), kind="stable")]
    firsts = np.flatnonzero(np.diff(cells, prepend=-1))
    made = Line.each([words[word] for word in at.tolist()], boxes[at], firsts, [False] * len(firsts))
    return dict(zip(cells[firsts].tolist(), made, strict=True))


def _table(rows: list[list[Line | None]]) -> Paragraph:
    return Paragraph(lines=[cell for row in rows for cell in row if cell], rows=rows)


# --- without rules ---


def _borderless(items: list[Line | Paragraph]) -> Iterator[Line | Paragraph]:
    split_all(items)
    run: list[list[Line]] = []
    for item in items:
        parts = [] if isinstance(item, Paragraph) else split(item)
        if parts and run and _same_row(run[-1], parts):
            run[-1] = [*run[-1], *parts]
            continue
        if run and (len(parts) < 2 or not _follows(run[-1], parts)) and not (len(parts) == 1 and len(run[-1]) == 1):
            if len(parts) == 1 and _may_begin(run[-1], parts):
                run.append(parts)
                continue
            yield from _flushed(run)
            run = []
        if isinstance(item, Paragraph):
            yield from _flushed(run)
            run = []
            yield item
        else:
            run.append(parts)
    yield from _flushed(run)


def _same_row(above: list[Line], parts: list[Line]) -> bool:
    """Whether words of the same height go on to the right of a row."""
    return abs(above[-1].top - parts[0].top) < 0.3 * above[-1].size and parts[0].left > above[-1].right + above[-1].size


def _follows(above: list[Line], parts: list[Line]) -> bool:
    step = parts[0].top - above[0].top
    return 0 < step < 3.2 * max(above[0].size, 4.0)


def _may_begin(above: list[Line], parts: list[Line]) -> bool:
    """Whether a single part may be the first cell of a row whose others the file has as lines of their own."""
    return _follows(above, parts) and len(parts[0].words) <= 6


def _flushed(run: list[list[Line]]) -> Iterator[Line | Paragraph]:
    """The run's rows, those that make a table as one."""
    low = 0
    while low < len(run):
        high = low
        while high < len(run) and len(run[high]) >= 2 and (high == low or _follows(run[high - 1], run[high])):
            high += 1
        table = _columns(run[low:high]) if high - low >= 3 else None
        if table is not None:
            yield table
            low = high
            continue
        for row in run[low : max(high, low + 1)]:
            yield _whole(row)
        low = max(high, low + 1)


def _whole(row: list[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    return Line.of([word for part in row for word in part.words], np.concatenate([part.boxes for part in row]), row[-1].soft)


def _columns(rows: list[list[Line]]) -> Paragraph | None:
    """A table of rows whose parts stand in the same two or more columns; ``None`` for prose, lists and leaders of dots."""
    spans: list[list[float]] = []
    for left, right in sorted((part.left, part.right) for row in rows for part in row):
        if spans and left < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], right)
        else:
            spans.append([left, right])
    if len(spans) < 2:
        return None
    edges = [low for low, _ in spans]
    table: list[list[Line | None]] = []
    for row in rows:
        cells: list[Line | None] = [None] * len(spans)
        for part in sorted(row, key=lambda part: part.left):
            column = bisect_left(edges, part.left + 0.01) - 1
            before = cells[column]
            cells[column] = part if before is None else _whole([before, part])
        table.append(cells)
    full = sum(sum(cell is not None for cell in row) >= 2 for row in table)
    lengths = [cell.count for row in table for cell in row if cell]
    first = [row[0] for row in table if row[0]]
    listed = len(spans) == 2 and sum(_MARKER.match(" ".join(cell.words)) is not None for cell in first) > 0.5 * len(first)
    sparse = full < 0.7 * len(table) or len(lengths) < 0.5 * len(table) * len(spans)
    if sparse or listed or median(lengths) > (5 if len(spans) < 4 else 8):
        return None
    return _table(table)
