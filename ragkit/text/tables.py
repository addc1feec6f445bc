"""Tables in canonical text: a row a line, cells between vertical bars; which row says what the columns are, and a row read with it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

from ragkit.records import Block, Parsed

Span = tuple[int, int]

#: Characters of a cell that can be a column's name.
LONGEST_NAME = 60
_DIGIT = re.compile(r"\d")
#: Rows that are looked at to tell whether the first one is a header.
_ROWS = 50


def cells(row: str) -> list[str]:
    """The cells of a row.

    >>> cells("Cutter | 9 m | 7 crowns")
    ['Cutter', '9 m', '7 crowns']
    """
    return [" ".join(cell.split()) for cell in re.split(r"(?<!\S)\|(?!\S)", row)]


def header(parsed: Parsed, block: Block) -> Span | None:
    """The first row of the table ``block`` where it names the columns; ``None`` where it is a row like the others, or nobody can tell.

    It names them when none of its cells is empty, long or has a digit, and there are three columns or more; or when there are two
    rows or more below it and all below one of its cells have digits. The first of "Owner | Ada" and "Harbour | Dunmore" is a row
    like the others.
    """
    if block.kind != "table":
        return None
    lines = list(_lines(parsed.text, block))
    names, rows = cells(lines[0]), [cells(line) for line in lines[1:] if line.strip()]
    plain = all(0 < len(name) <= LONGEST_NAME and not _DIGIT.search(name) for name in names)
    if not rows or len(names) < 2 or not plain or all(len(row) != len(names) for row in rows):
        return None
    numbered = any(all(len(row) > n and _DIGIT.search(row[n]) for row in rows) for n in range(len(names)))
    if len(names) < 3 and (not numbered or len(rows) < 2):
        return None
    return block.start, block.start + len(lines[0].rstrip())


def _lines(text: str, block: Block) -> Iterator[str]:
    at = block.start
    for _ in range(_ROWS):
        end = text.find("\n", at, block.end)
        yield text[at : block.end if end < 0 else end]
        at = end + 1
        if end < 0:
            return


def header_above(parsed: Parsed, start: int) -> Span | None:
    """The header of the table whose row begins at ``start``; ``None`` where there is none, or the row is it."""
    number = bisect.bisect_right(parsed.blocks, start, key=lambda block: block.end)
    if number == len(parsed.blocks) or parsed.blocks[number].start > start:
        return None
    found = header(parsed, parsed.blocks[number])
    return found if found is not None and start >= found[1] else None


def read_with(names: str, row: str) -> str:
    """A row with the name of each column before its cell; the row itself where it has other columns. Empty cells are left out.

    >>> read_with("Boat | Length | Fee", "Cutter | 9 m | 7 crowns")
    'Boat: Cutter; Length: 9 m; Fee: 7 crowns'
    """
    columns, values = cells(names), cells(row)
    if len(columns) != len(values):
        return " ".join(row.split())
    return "; ".join(f"{name}: {value}" for name, value in zip(columns, values, strict=True) if value)
