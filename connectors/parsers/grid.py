"""The cells of a spreadsheet's sheet, turned into tables of canonical text."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from .builder import Builder

#: A table that is this many times larger than its cells are many is written without its empty cells.
_SPARSE = 20
_MAX_SPREAD = 100_000

Row = list[tuple[int, str, str]]


class Grid:
    """Cells by row and column, counted from 1, of what is visible; ``hidden_*`` count what was left out."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[int, tuple[str, str]]] = {}
        self.hidden_rows = 0
        self.hidden_columns = 0
        self.hidden_cells = 0

    def put(self, row: int, column: int, text: str) -> None:
        """``text``, which is not empty, in a cell."""
        self.rows.setdefault(row, {})[column] = (text, f"{letters(column)}{row}")

    def take(self, row: int, column: int) -> int:
        """Removes a cell; how many were there."""
        return self.rows.get(row, {}).pop(column, None) is not None

    def hide(self, first: int, last: int) -> None:
        """Leaves the columns ``first`` to ``last`` out."""
        gone = {column for row in self.rows.values() for column in row if first <= column <= last}
        self.hidden_columns += len(gone)
        for row in self.rows.values():
            for column in gone & row.keys():
                del row[column]

    def spread(self, merged: Iterable[tuple[int, int, int]]) -> None:
        """Cells merged over the rows (first, last) of a column are read in each of them that holds anything else."""
        numbers, left = sorted(self.rows), _MAX_SPREAD
        for first, last, column in merged:
            cell = self.rows.get(first, {}).get(column)
            if cell and left > 0:
                for number in numbers[bisect_right(numbers, first) : bisect_right(numbers, last)][:left]:
                    self.rows[number].setdefault(column, cell)
                    left -= 1

    def tables(self) -> Iterator[list[Row]]:
        """Rows of (column, text, cell) that follow one another without an empty row between."""
        table: list[Row] = []
        before = 0
        for number in sorted(number for number, row in self.rows.items() if row):
            if table and number > before + 1:
                yield table
                table = []
            table.append([(column, *cell) for column, cell in sorted(self.rows[number].items())])
            before = number
        if table:
            yield table


def write(out: Builder, place: str, title: str, grid: Grid) -> None:
    """The sheet as a heading and its tables; anchors say ``place`` and the cell."""
    if any(grid.rows.values()):
        out.add(" ".join(title.split()))
        out.flush("heading", 1, place=place)
    for table in grid.tables():
        _write_table(out, place, table)
    left_out = ((grid.hidden_rows, "hidden row"), (grid.hidden_columns, "hidden column"), (grid.hidden_cells, "hidden cell"))
    if any(number for number, _ in left_out):
        told = ", ".join(counted(number, what) for number, what in left_out if number)
        out.warnings.append(f"{place}: {told} left out")


def _write_table(out: Builder, place: str, table: list[Row]) -> None:
    columns = sorted({column for row in table for column, _, _ in row})
    sparse = len(columns) * len(table) > _SPARSE * sum(map(len, table))
    for number, row in enumerate(table):
        if number:
            out.add("\n")
        cells = {column: (text, cell) for column, text, cell in row}
        for index, column in enumerate(sorted(cells) if sparse else columns[: columns.index(max(cells)) + 1]):
            if index:
                out.add(" | ")
            if column in cells:
                text, cell = cells[column]
                out.add(text, place=f"{place}, {cell}")
    out.flush("table" if sum(map(len, table)) > 1 else "paragraph")


def lines(out: Builder, rows: Iterable[list[str]], place: str, *, first: int = 1) -> None:
    """``rows`` of cells as the lines of a table; the anchor of each says ``place`` and its number, from ``first``."""
    written = False
    for number, cells in enumerate(rows, start=first):
        line = " | ".join(cells).rstrip(" |")
        if line.strip(" |"):
            out.add("\n" if written else "")
            out.add(line if written else line.lstrip(), place=f"{place}{number}")
            written = True
    out.flush("table")


def shown(value: Any) -> str:
    """A cell's value as text on one line: dates by ISO 8601, numbers with the 15 digits that a spreadsheet keeps."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(value, ".15g")
    if isinstance(value, datetime.datetime):
        moment: datetime.datetime = value.replace(microsecond=0, tzinfo=None)
        return moment.date().isoformat() if moment.time() == datetime.time() else moment.isoformat(" ")
    if isinstance(value, datetime.date | datetime.time):
        return str(value)  # of ISO 8601, as both print themselves
    return " ".join(str(value).split())


def counted(number: int, what: str) -> str:
    """
    >>> counted(1, "hidden row"), counted(2, "hidden row")
    ('1 hidden row', '2 hidden rows')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def letters(column: int) -> str:
    """
    >>> letters(1), letters(28)
    ('A', 'AB')
    """
    name = ""
    while column > 0:
        column, digit = divmod(column - 1, 26)
        name = chr(65 + digit) + name
    return name
