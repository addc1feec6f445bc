"""Small Excel workbooks of the old kind, made when they are needed."""

from __future__ import annotations

import datetime
import random
import struct
from typing import Any

import xlwt
from samples_office import WORDS, saved

DAY = datetime.datetime(2024, 1, 5)


def style(number: str = "General", **options: Any) -> xlwt.XFStyle:
    """A cell's style: its number format, the number of its font's colour, whether it is filled."""
    found = xlwt.XFStyle()
    found.num_format_str = number
    if "colour" in options:
        found.font = xlwt.Font()
        found.font.colour_index = options["colour"]
    if options.get("filled"):
        found.pattern.pattern = xlwt.Pattern.SOLID_PATTERN
        found.pattern.pattern_fore_colour = 18
    return found


def xls() -> bytes:
    """A workbook with two tables on a sheet, merged cells, dates, and much that is hidden."""
    book = xlwt.Workbook()
    costs = book.add_sheet("Costs, all")
    for row, cells in enumerate((["Berth", "Depth", "secret column", "Since"], ["North", 9.5, "x"], ["South", 7, "x"], ["hidden row", 1])):
        for column, value in enumerate(cells):
            costs.write(row, column, value)
    costs.write(1, 3, DAY, style("yyyy-mm-dd"))
    costs.row(3).hidden = True
    costs.col(2).hidden = True
    costs.write_merge(5, 6, 0, 0, "East")
    costs.write(5, 1, "crane")
    costs.write(6, 1, "pilot")
    costs.write(7, 0, "unseen", style(";;;"))
    costs.write(7, 1, DAY.replace(hour=13, minute=30), style("yyyy-mm-dd hh:mm"))
    costs.write(8, 0, "pale", style(colour=9))
    costs.write(8, 1, True)
    costs.write(8, 3, "on blue", style(colour=9, filled=True))
    book.add_sheet("Empty")
    for name, visibility in (("Gone", 1), ("Very gone", 2)):
        sheet = book.add_sheet(name)
        sheet.write(0, 0, "hidden sheet")
        sheet.visibility = visibility
    return saved(book)


def large_xls() -> bytes:
    """A workbook of random words, some cells empty, some columns hidden."""
    rng, book = random.Random(3), xlwt.Workbook()
    for name in ("One", "Two, and more"):
        sheet = book.add_sheet(name)
        for row in range(1, 40):
            for column in range(8):
                if rng.random() < 0.7:
                    sheet.write(row, column, " ".join(rng.choices(WORDS, k=rng.randint(1, 4))) + f" {rng.randint(0, 999)} łódź")
        sheet.col(3).hidden = True
    return saved(book)


def cells(*values: object, kind: str = "General") -> bytes:
    """A workbook with one row."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    for column, value in enumerate(values):
        sheet.write(0, column, value, style(kind))
    return saved(book)


def stream(data: bytes) -> tuple[int, int]:
    """Where the workbook's records begin in the file, and where they end, as xlwt lays them out: at the second sector."""
    at = 512
    while struct.unpack_from("<HH", data, at) != (0, 0):
        at += 4 + struct.unpack_from("<H", data, at + 2)[0]
    return 512, at


def records(data: bytes, kind: int) -> list[int]:
    """Where the records of a kind stand in the file."""
    at, end = stream(data)
    found = []
    while at < end:
        if struct.unpack_from("<H", data, at)[0] == kind:
            found.append(at)
        at += 4 + struct.unpack_from("<H", data, at + 2)[0]
    return found


def patched(data: bytes, at: int, value: bytes) -> bytes:
    """The same with some bytes written over."""
    return data[:at] + value + data[at + len(value) :]
