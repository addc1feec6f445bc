"""Small workbooks and presentations, made when they are needed."""

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


def charts_xlsx() -> bytes:
    """A workbook with a chart beside its cells, a sheet that is a chart alone, and a hidden one."""
    import openpyxl
    from openpyxl.chart import BarChart, Reference

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in (["Year", "Ships"], [2023, 12], [2024, 14]):
        sheet.append(row)
    alone, unseen = book.create_chartsheet("Picture"), book.create_chartsheet("H")
    for title, place in (("Ferries a year", sheet), ("Cutters", alone), ("Unseen", unseen)):
        chart = BarChart()
        chart.title = title
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        if place is sheet:
            chart.y_axis.title = "Count"
        place.add_chart(chart)
    book["H"].sheet_state = "hidden"
    return saved(book)


def pptx() -> bytes:
    """Slides with bullets, a table, boxes out of order, a chart and notes; a hidden slide, a hidden shape, one beside the slide."""
    import pptx as powerpoint
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches, Pt

    deck = powerpoint.Presentation()
    deck.core_properties.author = "A. Harbour"
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "The harbour"
    body = first.placeholders[1].text_frame
    body.text = "Ropes"
    item = body.add_paragraph()
    item.text, item.level = "of hemp", 1
    first.notes_slide.notes_text_frame.text = "Say good morning."
    hidden = deck.slides.add_slide(deck.slide_layouts[1])
    hidden.shapes.title.text = "Unseen slide"
    hidden._element.set("show", "0")
    third = deck.slides.add_slide(deck.slide_layouts[6])
    for left, top, text in ((1, 3, "below"), (5, 1, "right"), (1, 1, "left"), (40, 1, "beside"), (1, 4, "secret")):
        box = third.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(0.5))
        box.text_frame.text = text
        if text == "secret":
            box._element.nvSpPr.cNvPr.set("hidden", "1")
    run = third.shapes[0].text_frame.paragraphs[0].add_run()
    run.text, run.font.size = "speck", Pt(1)
    table = third.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    for row, cells in enumerate((("Berth", "Depth"), ("North", "nine metres"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    data = CategoryChartData()
    data.categories = ["2023", "2024"]
    data.add_series("Ships", (12, 17.5))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(6), Inches(4), Inches(1), data)
    return saved(deck)


def large_pptx() -> bytes:
    """Slides of random words in boxes, tables and notes."""
    import pptx as powerpoint
    from pptx.util import Inches

    rng, deck = random.Random(4), powerpoint.Presentation()

    def words() -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(2, 9)))

    for number in range(20):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = f"{words()} {number}"
        for _ in range(4):
            box = slide.shapes.add_textbox(Inches(rng.random() * 5), Inches(1 + rng.random() * 4), Inches(3), Inches(1))
            box.text_frame.text = f"{words()}\n{words()}"
        table = slide.shapes.add_table(3, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
        for cell in table.iter_cells():
            cell.text = words()
        slide.notes_slide.notes_text_frame.text = words()
    return saved(deck)
