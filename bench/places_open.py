"""What stands at a named place of an OpenDocument file, or at a cell of any workbook."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

Resolve = Callable[[str], list[str]]

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"


def _values(value: Any) -> list[str]:
    """How a cell's value may be written."""
    if isinstance(value, bool):
        return [str(value).upper()]
    if isinstance(value, float):
        return [format(value, ".15g"), repr(value)]
    if isinstance(value, datetime.datetime):
        return [str(value.replace(microsecond=0)), value.date().isoformat()]
    return [str(value)]


def cells(names: Iterable[str], cell: Callable[[str, str], Any]) -> Resolve:
    known = {" ".join(name.split()): name for name in names} | {name: name for name in names}

    def resolve(place: str) -> list[str]:
        name = place.removeprefix("sheet ")
        if name in known:
            return [known[name]]
        sheet, _, where = name.rpartition(", ")
        return _values(cell(known[sheet], where))

    return resolve


def row_column(cell: str) -> tuple[int, int]:
    letters, number = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(number), column


def _content(data: bytes, folder: str = "") -> Any:
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return etree.fromstring(package.read(f"{folder}content.xml")).find(f"{_OFFICE}body")[0]


def _odf_text(element: Any) -> str:
    """Without the notes in it, which stand in places of their own."""
    parts = [element.text or ""]
    for child in element:
        parts += ["" if child.tag == f"{_TEXT}note" or not isinstance(child.tag, str) else _odf_text(child), child.tail or ""]
    return "".join(parts)


def odt(data: bytes) -> Resolve:
    body = _content(data)
    objects = [e.get(_HREF).removeprefix("./") for e in body.iter(f"{_DRAW}object")]
    paragraphs, tables = list(body.iter(f"{_TEXT}p", f"{_TEXT}h")), list(body.iter(f"{_TABLE}table"))
    notes = {kind: [e for e in body.iter(f"{_TEXT}note") if e.get(f"{_TEXT}note-class") == kind] for kind in ("footnote", "endnote")}

    def resolve(place: str) -> list[str]:
        if found := re.fullmatch(r"paragraph (\d+)", place):
            return [_odf_text(paragraphs[int(found[1]) - 1])]
        if found := re.fullmatch(r"table (\d+), row (\d+)", place):
            table = tables[int(found[1]) - 1]
            return ["".join(_expanded(table)[int(found[2]) - 1])]
        if found := re.fullmatch(r"chart (\d+)(?:, row (\d+))?", place):
            chart = _content(data, f"{objects[int(found[1]) - 1]}/")
            if not found[2]:
                return [", ".join(_odf_text(title) for title in chart.iter(f"{_CHART}title"))]
            return [_odf_text(list(chart.iter(f"{_TABLE}table-row"))[int(found[2]) - 1])]
        if found := re.fullmatch(r"(footnote|endnote) (\d+)", place):
            return [_odf_text(notes[found[1]][int(found[2]) - 1])]
        raise LookupError(place)

    return resolve


def _expanded(table: Any) -> list[list[str]]:
    """The texts of a table's cells by row and column; of one that is merged over rows in each of them."""
    rows = [row for row in table.iter(f"{_TABLE}table-row") if next(row.iterancestors(f"{_TABLE}table")) is table]
    grid: list[list[str]] = [[] for _ in rows]
    spread: dict[tuple[int, int], str] = {}
    for number, row in enumerate(rows):
        for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            for _ in range(int(cell.get(f"{_TABLE}number-columns-repeated", "1"))):
                column = len(grid[number])
                grid[number].append(spread.get((number, column), "") if cell.tag.endswith("covered-table-cell") else _odf_text(cell))
                for down in range(1, int(cell.get(f"{_TABLE}number-rows-spanned", "1"))):
                    spread[number + down, column] = grid[number][-1]
    return grid


def ods(data: bytes) -> Resolve:
    sheets = {table.get(f"{_TABLE}name"): table for table in _content(data).iter(f"{_TABLE}table")}

    def cell(sheet: str, where: str) -> str:
        row, column = row_column(where)
        found = _repeated(sheets[sheet].iter(f"{_TABLE}table-row"), "rows", row)
        inner = _repeated(found.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"), "columns", column)
        return _odf_text(inner) + (inner.get(f"{_OFFICE}date-value") or "")

    return cells(sheets, cell)


def _repeated(elements: Iterable[Any], what: str, number: int) -> Any:
    at = 0
    for element in elements:
        at += int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
        if at >= number:
            return element
    raise LookupError(number)


def odp(data: bytes) -> Resolve:
    pages = list(_content(data).iterchildren(f"{_DRAW}page"))

    def resolve(place: str) -> list[str]:
        found = re.fullmatch(r"slide (\d+)(?:, (notes)|, table (\d+), row (\d+))?", place)
        if not found:
            raise LookupError(place)
        page = pages[int(found[1]) - 1]
        if found[3]:
            return ["".join(_expanded(list(page.iter(f"{_TABLE}table"))[int(found[3]) - 1])[int(found[4]) - 1])]
        return [_odf_text(page)]

    return resolve
