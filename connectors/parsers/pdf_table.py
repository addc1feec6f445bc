"""Tables on a page: ruled ones by their rules, others by columns of words that stand under each other over several rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .pdf_layout import Line, Paragraph, paragraphs
from .pdf_order import PageLines, split

_NEAR = 3.0
_MARKER = re.compile(r"(?:\(?[\divxlcA-Za-z]{1,4}[.)]|[•◦▪‣–\-*·o])\Z")
#: Most rules of a page, and the shortest one, in points: beyond is a drawing.
_MOST_RULES = 1000
_SHORTEST = 6.0
#: Three upright and three level rules are the least that make cells in two rows and two columns.
_LEAST_RULES = 6

Rule = tuple[float, float, float, float]


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


def _grids(rules: Sequence[Rule]) -> list[tuple[list[float], list[float]]]:
    """The upright and level lines of each group of rules that touch."""
    if not 4 <= len(rules) <= _MOST_RULES:
        return []
    boxes = np.array(rules)
    boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= _SHORTEST]
    low, high = boxes[:, :2] - _NEAR, boxes[:, 2:] + _NEAR
    touch = (low[:, None, 0] <= high[None, :, 0]) & (low[:, None, 1] <= high[None, :, 1])
    touch &= touch.T
    grids = []
    for part in map(boxes.__getitem__, _groups(touch)):
        upright = part[part[:, 2] - part[:, 0] <= _NEAR]
        level = part[part[:, 3] - part[:, 1] <= _NEAR]
        xs, ys = _distinct(upright[:, 0].tolist()), _distinct(level[:, 1].tolist())
        if len(xs) >= 3 and len(ys) >= 3 and len(xs) * len(ys) <= 5000:
            grids.append((xs, ys))
    return grids


def _groups(touch: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """``(n,)`` each: the members of every group of six or more that hang together by ``touch``, ``(n, n)``."""
    left = touch.sum(axis=1) > 1
    while left.any():
        group = np.zeros(len(touch), np.bool_)
        new = group.copy()
        new[int(left.argmax())] = True
        while new.any():
            group |= new
            new = touch[new].any(axis=0) & ~group
        left &= ~group
        if group.sum() >= _LEAST_RULES:
            yield group


def _distinct(values: list[float]) -> list[float]:
    out: list[float] = []
    for value in sorted(values):
        if not out or value - out[-1] > _NEAR:
            out.append(value)
    return out


def _fill(items: list[Line | Paragraph], xs: list[float], ys: list[float]) -> list[Line | Paragraph] | None:
    """The items with those words that stand in the grid made a table, where the first of them stood; ``None`` where it is none."""
    cells: dict[tuple[int, int], list[Line]] = {}
    out: list[Line | Paragraph] = []
    at = -1
    for item in items:
        if isinstance(item, Paragraph) or item.bottom < ys[0] or item.top > ys[-1]:
            out.append(item)
            continue
        middles = (item.boxes[:, :2] + item.boxes[:, 2:]) / 2
        columns, rows = np.searchsorted(xs, middles[:, 0]) - 1, np.searchsorted(ys, middles[:, 1]) - 1
        inside = (columns >= 0) & (columns < len(xs) - 1) & (rows >= 0) & (rows < len(ys) - 1)
        if not inside.any():
            out.append(item)
            continue
        at = len(out) if at < 0 else at
        if not inside.all():
            out.append(Line.of([w for w, keep in zip(item.words, ~inside, strict=True) if keep], item.boxes[~inside], item.soft))
        for (row, column), chosen in _by_cell(rows[inside].tolist(), columns[inside].tolist(), np.flatnonzero(inside).tolist()):
            cells.setdefault((row, column), []).append(Line.of([item.words[word] for word in chosen], item.boxes[chosen]))
    used_rows, used_columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    if len(used_rows) < 2 or len(used_columns) < 2 or sum(len({c for r, c in cells if r == row}) > 1 for row in used_rows) < 2:
        return None
    table = [[_cell(cells.get((row, column), [])) for column in used_columns] for row in used_rows]
    return [*out[:at], _table(table), *out[at:]]


def _by_cell(rows: list[int], columns: list[int], words: list[int]) -> list[tuple[tuple[int, int], list[int]]]:
    """The words that stand in each cell, cell by cell."""
    found: dict[tuple[int, int], list[int]] = {}
    for row, column, word in zip(rows, columns, words, strict=True):
        found.setdefault((row, column), []).append(word)
    return sorted(found.items())


def _cell(lines: list[Line]) -> Line | None:
    if len(lines) < 2:
        return lines[0] if lines else None
    lines = sorted(lines, key=lambda line: (round(line.top / 3), line.left))
    return Line.of([word for line in lines for word in line.words], np.concatenate([line.boxes for line in lines]))


def _table(rows: list[list[Line | None]]) -> Paragraph:
    return Paragraph(lines=[cell for row in rows for cell in row if cell], rows=rows)


# --- without rules ---


def _borderless(items: list[Line | Paragraph]) -> Iterator[Line | Paragraph]:
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
            column = int(np.searchsorted(edges, part.left + 0.01)) - 1
            before = cells[column]
            cells[column] = part if before is None else _whole([before, part])
        table.append(cells)
    full = sum(sum(cell is not None for cell in row) >= 2 for row in table)
    lengths = [cell.count for row in table for cell in row if cell]
    first = [row[0] for row in table if row[0]]
    listed = len(spans) == 2 and sum(_MARKER.match(" ".join(cell.words)) is not None for cell in first) > 0.5 * len(first)
    sparse = full < 0.7 * len(table) or len(lengths) < 0.5 * len(table) * len(spans)
    if sparse or listed or float(np.median(lengths)) > (5 if len(spans) < 4 else 8):
        return None
    return _table(table)
