"""Excel workbooks of before 2007 (.xls), by xlrd: the values that were saved with them, never computed anew."""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .grid import Grid, counted, shown, write
from .ole import opened

#: Records of a sheet that may paint the ground of cells: conditions, and the styles of tables ("[MS-XLS]", 2.3).
_PAINTING = frozenset([0x01B0, 0x0879, 0x0872, 0x0877, 0x0878])
_SHEET, _PASSWORD = 0x0085, 0x002F
#: Cells with a style and no value, of which a few bytes make a million; they are turned into records that nobody knows.
_BLANK, _UNKNOWN = frozenset([0x0001, 0x0201, 0x00BE]), b"\xff\xff"
_WHITE = (255, 255, 255)


class XlsParser:
    """A heading for each sheet, a table for each block of rows; anchors say "sheet Costs, B4"."""

    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.ms-excel",)
    suffixes: ClassVar[tuple[str, ...]] = (".xls", ".xlt")

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every workbook needs."""
        import olefile  # noqa: F401
        import openpyxl  # noqa: F401
        import xlrd  # noqa: F401

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``'s visible sheets, rows and columns.

        Raises:
            ParseError: it is no such workbook, encrypted, or broken.
            LimitExceeded: it is longer than any workbook.
        """
        out = Builder()
        with opened(data, "workbook") as container:
            stream = bytearray(container.stream("Workbook") or container.stream("Book"))
            if not stream:
                raise ParseError("no Excel workbook of 1993 to 2003; open it in Excel and save it as .xlsx")
            properties = container.properties()
            painted = _prepared(stream)
            try:
                _read(bytes(stream), painted, out)
            except (AssertionError, NotImplementedError, EOFError) as error:  # the library asserts what files should be like
                raise ParseError(f"the workbook is broken: {type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=properties.pop("title", None),
            metadata=properties,
            warnings=tuple(out.warnings),
        )


def _records(stream: bytearray) -> Iterator[tuple[int, int, int]]:
    """Kind, offset and length of the stream's records."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at, length
        at += 4 + length


def _prepared(stream: bytearray) -> set[int]:
    """Takes the blank cells out of ``stream``; the numbers of the sheets on which a white cell without a fill may be seen all the
    same."""
    begins, painting = list[int](), list[int]()
    for kind, at, length in _records(stream):
        if kind == _PASSWORD:
            raise ParseError("the workbook is encrypted with a password; save it without")
        if kind == _SHEET and length >= 6 and not stream[at + 9]:  # a worksheet, where others are charts and macros
            begins.append(struct.unpack_from("<I", stream, at + 4)[0])
        elif kind in _PAINTING:
            painting.append(at)
        elif kind in _BLANK:
            stream[at : at + 2] = _UNKNOWN
    order = sorted(range(len(begins)), key=begins.__getitem__)
    found = (bisect_right(order, at, key=begins.__getitem__) - 1 for at in painting)
    return {order[place] for place in found if place >= 0}


class _Nowhere(io.TextIOBase):
    """Where the library's remarks go."""

    def write(self, text: str, /) -> int:
        return len(text)


def _read(stream: bytes, painted: set[int], out: Builder) -> None:
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=stream, logfile=_Nowhere(), formatting_info=True, on_demand=True, ragged_rows=True,
        )  # fmt: skip
        styles, hidden = _Styles(book), 0
        for number, (name, visibility) in enumerate(zip(book.sheet_names(), book._sheet_visibility, strict=True)):
            if visibility:
                hidden += 1
                continue
            write(out, f"sheet {name}", name, _grid(book.sheet_by_index(number), styles, number in painted))
            book.unload_sheet(number)
    except xlrd.XLRDError as error:
        raise ParseError(f"the workbook is broken: {' '.join(str(error).split())[:200]}") from error
    if hidden:
        out.warnings.append(f"{counted(hidden, 'hidden sheet')} left out")


def _grid(sheet: Any, styles: _Styles, painted: bool) -> Grid:
    grid = Grid()
    for row in range(sheet.nrows):
        texts = ((column, styles.shown(sheet.cell(row, column))) for column in range(sheet.row_len(row)))
        cells = [(column, text) for column, text in texts if text]
        if cells and _is_hidden(sheet, row):
            grid.hidden_rows += 1
            continue
        for column, text in cells:
            style = sheet.cell_xf_index(row, column)
            if styles.empty(style) or (not painted and styles.white(style)):
                grid.hidden_cells += 1
            else:
                grid.put(row + 1, column + 1, text)
    for column, info in sheet.colinfo_map.items():
        if info.hidden or info.width == 0:
            grid.hide(column + 1, column + 1)
    grid.spread((first + 1, end, column + 1) for first, end, column, _ in sheet.merged_cells)
    return grid


def _is_hidden(sheet: Any, row: int) -> bool:
    info = sheet.rowinfo_map.get(row)
    return bool(sheet.default_row_hidden) if info is None else bool(info.hidden) or info.height == 0


class _Styles:
    """What a cell's style makes of its value."""

    def __init__(self, book: Any) -> None:
        self._book = book

    def shown(self, cell: Any) -> str:
        """The cell's value as text: dates by ISO 8601, errors by their names."""
        import xlrd

        if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
            return ""
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
        if cell.ctype == xlrd.XL_CELL_DATE:
            return self._moment(cell)
        return shown(bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value)

    def _moment(self, cell: Any) -> str:
        """By the functions that read the newer files' dates, so that both kinds show the same."""
        from openpyxl.styles.numbers import is_timedelta_format
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

        epoch = CALENDAR_MAC_1904 if self._book.datemode else CALENDAR_WINDOWS_1900
        try:
            return shown(from_excel(cell.value, epoch, timedelta=is_timedelta_format(self._format(cell.xf_index))))
        except (OverflowError, ValueError):
            return "#VALUE!"

    def _format(self, style: int | None) -> str:
        found = self._book.format_map.get(self._book.xf_list[style].format_key) if style is not None else None
        return found.format_str if found else ""

    def empty(self, style: int) -> bool:
        """Whether the number format shows nothing."""
        return self._format(style).replace(" ", "") == ";;;"

    def white(self, style: int) -> bool:
        """Whether the type is white, and the cell not filled."""
        found = self._book.xf_list[style]
        colour = self._book.colour_map.get(self._book.font_list[found.font_index].colour_index)
        return bool(colour == _WHITE and found.background.fill_pattern == 0)
