"""The sheets of OpenDocument spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .builder import Builder
from .grid import Grid, counted, write
from .opendocument_style import OFFICE, TABLE, Styles
from .opendocument_text import SKIPPED, Reader

#: Most cells that repetitions may add to a sheet; one cell may say that it stands a million times.
_MAX_REPEATED = 100_000


def sheets(body: Any, styles: Styles, out: Builder) -> None:
    """All sheets that show."""
    hidden = 0
    for table in body.iterchildren(f"{TABLE}table"):
        if styles.hidden_table(table.get(f"{TABLE}style-name")):
            hidden += 1
            continue
        name = table.get(f"{TABLE}name", "")
        grid, repeated = _Sheet(Reader(table, styles, out)).read(table)
        write(out, f"sheet {' '.join(name.split())}", name, grid)
        if repeated > _MAX_REPEATED:
            out.warnings.append(f"sheet {' '.join(name.split())}: {repeated:,} repeated cells left out")
    if hidden:
        out.warnings.append(f"{counted(hidden, 'hidden sheet')} left out")


class _Sheet:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.grid = Grid()
        self.repeated = 0
        self.merged: list[tuple[int, int, int]] = []

    def read(self, table: Any) -> tuple[Grid, int]:
        """The sheet's cells, and how many of them repeat others."""
        at = 1
        for row in _own(table, "table-row"):
            times = _number(row, "number-rows-repeated")
            cells = list(self._cells(row))
            if row.get(f"{TABLE}visibility", "visible") != "visible":
                self.grid.hidden_rows += times if cells else 0
            else:
                self._put(at, times, cells)
            at += times
        self._columns(table)
        self.grid.spread(self.merged)
        return self.grid, self.repeated

    def _put(self, at: int, times: int, cells: list[tuple[int, int, int, str]]) -> None:
        for row in range(at, at + (times if cells else 0)):
            for column, across, down, text in cells:
                self.repeated += across - (row == at)
                if self.repeated > _MAX_REPEATED and row > at:
                    break
                for number in range(column, column + (across if self.repeated <= _MAX_REPEATED else 1)):
                    self.grid.put(row, number, text)
                if down > 1:
                    self.merged.append((row, row + down - 1, column))
            if self.repeated > _MAX_REPEATED:
                self.repeated += (at + times - row - 1) * len(cells)
                return

    def _cells(self, row: Any) -> Iterator[tuple[int, int, int, str]]:
        """Column, how often from there, rows spanned and text of each cell that has any."""
        column = 1
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            times = _number(cell, "number-columns-repeated")
            before = self.reader.hidden
            text = "" if cell.tag.endswith("covered-table-cell") else self._text(cell)
            self.grid.hidden_cells += self.reader.hidden > before
            if text:
                yield column, times, _number(cell, "number-rows-spanned"), text
            column += times

    def _text(self, cell: Any) -> str:
        """What the cell shows, but dates by ISO 8601."""
        date = cell.get(f"{OFFICE}date-value", "")
        shown = self.reader.flat(cell)
        if date and shown:
            return str(date.removesuffix("T00:00:00").replace("T", " "))
        return shown or ("" if cell.get(f"{OFFICE}value-type") == "string" else cell.get(f"{OFFICE}value", ""))

    def _columns(self, table: Any) -> None:
        at = 1
        for column in _own(table, "table-column"):
            times = _number(column, "number-columns-repeated")
            if column.get(f"{TABLE}visibility", "visible") != "visible":
                self.grid.hide(at, at + times - 1)
            at += times


def _own(table: Any, name: str) -> Iterator[Any]:
    """Rows or columns of the sheet itself, whatever groups them: not those of tables in its shapes."""
    for found in table.iter(f"{TABLE}{name}"):
        above = next(found.iterancestors(f"{TABLE}table"))
        if above is table and not any(one.tag in SKIPPED for one in found.iterancestors()):
            yield found


def _number(element: Any, name: str) -> int:
    return max(1, min(1 << 24, int(element.get(f"{TABLE}{name}", "1"))))
