"""Excel workbooks (.xlsx), by openpyxl: the values that were saved with them, never computed anew."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

from ragkit.records import Parsed

from .builder import Builder
from .detection import XLSX
from .grid import Grid, counted, lines, shown, write
from .package import check, core, reading
from .pptx_chart import points, titles
from .xlsx_chart import charts


class XlsxParser:
    """A heading for each sheet, a table for each block of rows; anchors say "sheet Costs, B4". Of charts, the titles."""

    media_types: ClassVar[tuple[str, ...]] = (XLSX, "application/vnd.ms-excel.sheet.macroEnabled.12")
    suffixes: ClassVar[tuple[str, ...]] = (".xlsx", ".xlsm")

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every workbook needs."""
        import openpyxl

        empty, book = io.BytesIO(), openpyxl.Workbook()
        book.create_sheet("a").append(["a"])
        book.save(empty)
        cls().parse(empty.getvalue())

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``'s visible sheets, rows and columns.

        Raises:
            ParseError: it is no workbook, or broken.
            LimitExceeded: it unpacks to more than is allowed.
        """
        check(data)
        out = Builder()
        with warnings.catch_warnings(), reading("the workbook"):
            warnings.simplefilter("ignore")  # openpyxl tells of every feature that it does not keep
            properties = _read(data, out)
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=properties.pop("title", None),
            metadata=properties,
            warnings=tuple(out.warnings),
        )


def _read(data: bytes, out: Builder) -> dict[str, str]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    styles, hidden = _Styles(book), 0
    cells = {sheet.title: sheet for sheet in book.worksheets}
    drawn = charts(data)
    for name, shows, found in drawn or [(title, sheet.sheet_state == "visible", []) for title, sheet in cells.items()]:
        if not shows:
            hidden += 1
            continue
        grid = _grid(cells[name], styles) if name in cells else Grid()
        write(out, f"sheet {name}", name, grid)
        alone = not any(grid.rows.values())
        if alone and found:
            out.add(" ".join(name.split()))
            out.flush("heading", 1, place=f"sheet {name}")
        for number, chart in enumerate(found, start=1):
            _chart(out, f"sheet {name}, chart {number}", chart, alone=alone)
    if hidden:
        out.warnings.append(f"{counted(hidden, 'hidden sheet')} left out")
    return core(data)


def _chart(out: Builder, place: str, chart: Any, *, alone: bool) -> None:
    """The titles of a chart and its axes; its numbers are the cells', but on a sheet that is a chart alone they are read once more."""
    out.add(titles(chart))
    out.flush("caption", place=place)
    if alone:
        lines(out, points(chart), f"{place}, row ")


def _grid(sheet: Any, styles: _Styles) -> Grid:
    """The sheet's cells as they come: the library's own rows would fill every gap with empty cells, a million of them."""
    from openpyxl.worksheet._reader import WorkSheetParser

    book, grid, pale = sheet.parent, Grid(), []
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source, sheet._shared_strings, data_only=True,
            epoch=book.epoch, date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,
        )  # fmt: skip
        for number, cells in parser.parse():
            if _is_hidden(parser.row_dimensions.get(str(number), {}), "ht"):
                grid.hidden_rows += any(cell["value"] is not None for cell in cells)
                continue
            for cell in cells:
                text = shown(cell["value"])
                if text and styles.empty(cell["style_id"]):
                    grid.hidden_cells += 1
                elif text:
                    grid.put(number, cell["column"], text)
                    if styles.white(cell["style_id"]):
                        pale.append((number, cell["column"]))
    if not parser.tables.tablePart and not parser.formatting:  # a table's style or a condition may paint the ground
        for row, column in pale:
            grid.hidden_cells += grid.take(row, column)
    for columns in parser.column_dimensions.values():
        if _is_hidden(columns, "width"):
            grid.hide(int(columns["min"]), int(columns.get("max", columns["min"])))
    if parser.merged_cells:
        grid.spread((merged.min_row, merged.max_row, merged.min_col) for merged in parser.merged_cells.mergeCell)
    return grid


def _is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    return attributes.get("hidden", "0") in ("1", "true") or float(attributes.get(size, 1)) == 0


class _Styles:
    """What a cell's style does to its visibility, asked once a style."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._seen: dict[int, tuple[bool, bool]] = {}

    def empty(self, style: int) -> bool:
        """Whether the number format shows nothing."""
        return self._of(style)[0]

    def white(self, style: int) -> bool:
        """Whether the type is white, and the cell not filled."""
        return self._of(style)[1]

    def _of(self, style: int) -> tuple[bool, bool]:
        if style not in self._seen:
            self._seen[style] = self._look(style)
        return self._seen[style]

    def _look(self, style: int) -> tuple[bool, bool]:
        from openpyxl.styles.numbers import BUILTIN_FORMATS_MAX_SIZE

        found = self.book._cell_styles[style]
        custom = found.numFmtId - BUILTIN_FORMATS_MAX_SIZE
        formats = self.book._number_formats
        empty = 0 <= custom < len(formats) and formats[custom].replace(" ", "") == ";;;"
        colour = self.book._fonts[found.fontId].color
        white = colour is not None and (str(colour.value)[-6:] == "FFFFFF" or (colour.type == "theme" and colour.theme == 0))
        return empty, white and self.book._fills[found.fillId].fill_type is None
