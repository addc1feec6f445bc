"""Small workbooks, presentations, OpenDocument files and books, made when they are needed."""

from __future__ import annotations

import datetime
import io
import random
import zipfile
from collections.abc import Mapping

WORDS = "anchor berth crane depth eastern ferry gangway harbour island jetty keel lighthouse mooring north ocean pilot quay rope".split()


def repack(data: bytes, members: Mapping[str, bytes]) -> bytes:
    """The package ``data`` with some members written anew."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in members:
                new.writestr(name, old.read(name))
        for name, content in members.items():
            new.writestr(name, content)
    return buffer.getvalue()


def member(data: bytes, name: str) -> bytes:
    """One member of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


def saved(document: object) -> bytes:
    """What ``document.save`` writes."""
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def xlsx() -> bytes:
    """A workbook with two tables on a sheet, merged cells, a date, and much that is hidden."""
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = "Port costs", "A. Harbour"
    costs = book.active
    costs.title = "Costs, all"
    for row in (["Berth", "Depth", "secret column", "Since"], ["North", 9.5, "x", datetime.datetime(2024, 1, 5)], ["South", 7, "x", None]):
        costs.append(row)
    costs.append(["hidden row", 1])
    costs.row_dimensions[4].hidden = True
    costs.column_dimensions["C"].hidden = True
    costs["A6"], costs["B6"], costs["B7"] = "East", "crane", "pilot"
    costs.merge_cells("A6:A7")
    costs["B8"], costs["B9"], costs["A9"] = datetime.datetime(2024, 1, 5, 13, 30), True, "pale"
    costs["A9"].font = Font(color="FFFFFFFF")
    costs["A8"], costs["A8"].number_format = "unseen", ";;;"
    book.create_sheet("Empty")
    book.create_sheet("Gone")["A1"] = "hidden sheet"
    book["Gone"].sheet_state = "veryHidden"
    return saved(book)


def large_xlsx() -> bytes:
    """A workbook of random words, some cells empty, some columns hidden."""
    import openpyxl

    rng, book = random.Random(3), openpyxl.Workbook()
    for name in ("One", "Two, and more"):
        sheet = book.create_sheet(name)
        for row in range(2, 40):
            for column in range(1, 9):
                if rng.random() < 0.7:
                    sheet.cell(row, column, " ".join(rng.choices(WORDS, k=rng.randint(1, 4))) + f" {rng.randint(0, 999)}")
        sheet.column_dimensions["D"].hidden = True
    return saved(book)
