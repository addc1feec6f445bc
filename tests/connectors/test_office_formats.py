"""Excel and PowerPoint: what is read, what stays out, and the way back to each cell and slide."""

from __future__ import annotations

import io
import re

import openpyxl
import pptx
import samples_office as samples
from package_checks import LAUGHS, blocks, place_of, refused, round_trip

from bench.roundtrip import check
from ragkit.connectors.parsers.pptx import PptxParser
from ragkit.connectors.parsers.xlsx import XlsxParser
from ragkit.errors import LimitExceeded
from ragkit.testing import ParserConformance

# --- Excel ---


class TestXlsx(ParserConformance):
    def parser(self) -> XlsxParser:
        return XlsxParser()

    def samples(self) -> list[bytes]:
        return [samples.xlsx(), samples.large_xlsx()]


def test_xlsx_structure() -> None:
    """A heading for each sheet, a table for each block of rows, dates by ISO 8601, merged cells in each of their rows."""
    parsed = XlsxParser().parse(samples.xlsx())
    assert (parsed.title, parsed.metadata["author"]) == ("Port costs", "A. Harbour")
    assert blocks(parsed) == [
        ("heading", "Costs, all"),
        ("table", "Berth | Depth | Since\nNorth | 9.5 | 2024-01-05\nSouth | 7"),
        ("table", "East | crane\nEast | pilot\n | 2024-01-05 13:30:00\n | TRUE"),
    ]
    assert place_of(parsed, "North") == ["sheet Costs, all, A2"]
    assert place_of(parsed, "pilot") == ["sheet Costs, all, B7"]


def test_xlsx_hidden_is_left_out_and_counted() -> None:
    """Hidden sheets, rows and columns, white type and formats that show nothing are not in the text."""
    parsed = XlsxParser().parse(samples.xlsx())
    assert not any(word in parsed.text for word in ("hidden", "secret", "pale", "unseen", "Empty"))
    assert parsed.warnings == ("sheet Costs, all: 1 hidden row, 1 hidden column, 2 hidden cells left out", "1 hidden sheet left out")


def test_xlsx_formulas_show_what_was_saved() -> None:
    """A formula's cached value is read; one that was never computed has none."""
    book = openpyxl.Workbook()
    book.active.append(["Sum", "=1+1", "=2+2"])
    data = samples.saved(book)
    sheet = re.sub(rb"(<f>1\+1</f>)<v ?/?>(</v>)?", rb"\1<v>2</v>", samples.member(data, "xl/worksheets/sheet1.xml"))
    parsed = XlsxParser().parse(samples.repack(data, {"xl/worksheets/sheet1.xml": sheet}))
    assert parsed.text == "Sheet\n\nSum | 2"


def test_xlsx_round_trip() -> None:
    """Spans of a workbook are found in the cells that the anchors name, as openpyxl reads them."""
    data = samples.large_xlsx()
    book = openpyxl.load_workbook(io.BytesIO(data))

    def resolve(place: str) -> str:
        name = place.removeprefix("sheet ")
        if name in book.sheetnames:
            return name
        sheet, _, cell = name.rpartition(", ")
        return str(book[sheet][cell].value)

    round_trip(XlsxParser().parse(data), resolve)


def test_xlsx_vast_sheets_stay_small() -> None:
    """Two cells at the corners of a sheet, and a merged range over all of it, take no time and no space."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "first", "last"
    data = samples.saved(book)
    sheet = samples.member(data, "xl/worksheets/sheet1.xml")
    sheet = sheet.replace(b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFC1048576"/></mergeCells>')
    parsed = XlsxParser().parse(samples.repack(data, {"xl/worksheets/sheet1.xml": sheet}))
    assert parsed.text == "Sheet\n\nfirst\n\nfirst | last"


def test_xlsx_broken_and_hostile() -> None:
    """What is truncated, no workbook, a bomb, or declares entities is refused in one line."""
    data = samples.xlsx()
    refused(XlsxParser(), data[:-500], "broken")
    refused(XlsxParser(), b"PK\x03\x04 no zip", "broken")
    refused(XlsxParser(), samples.repack(data, {"xl/workbook.xml": b"<workbook"}), "broken")
    refused(XlsxParser(), samples.repack(data, {"xl/media/a.xml": b" " * (60 << 20)}), "zip bomb", LimitExceeded)
    sheet = samples.member(data, "xl/worksheets/sheet1.xml").replace(b"<worksheet", LAUGHS.encode() + b"<worksheet", 1)
    refused(XlsxParser(), samples.repack(data, {"xl/worksheets/sheet1.xml": sheet}), "declares")


# --- PowerPoint ---


class TestPptx(ParserConformance):
    def parser(self) -> PptxParser:
        return PptxParser()

    def samples(self) -> list[bytes]:
        return [samples.pptx(), samples.large_pptx()]


def test_pptx_structure() -> None:
    """Titles are headings, boxes come from top to bottom and left to right, then tables, a chart's numbers, notes."""
    parsed = PptxParser().parse(samples.pptx())
    assert (parsed.title, parsed.metadata["author"]) == ("The harbour", "A. Harbour")
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("list_item", "Ropes"),
        ("list_item", "of hemp"),
        ("paragraph", "Say good morning."),
        ("paragraph", "left"),
        ("paragraph", "right"),
        ("paragraph", "below"),
        ("table", "Berth | Depth\nNorth | nine metres"),
        ("table", "| Ships\n2023 | 12\n2024 | 17.5"),
    ]
    assert place_of(parsed, "hemp") == ["slide 1"]
    assert place_of(parsed, "morning") == ["slide 1, notes"]
    assert place_of(parsed, "left") == ["slide 3"]
    assert place_of(parsed, "nine") == ["slide 3, table 1, row 2"]
    assert place_of(parsed, "17.5") == ["slide 3, chart 1, row 3"]


def test_pptx_merged_cells() -> None:
    """A cell that is merged over rows is read in each of them; one over columns once."""
    import pptx as powerpoint

    deck = powerpoint.Presentation()
    table = deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_table(3, 3, 0, 0, 99, 99).table
    for row, texts in enumerate((("Berth", "Depth", ""), ("North", "nine", "2023"), ("", "ten", "2024"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 0).merge(table.cell(2, 0))
    data = samples.saved(deck)
    parsed = PptxParser().parse(data)
    assert parsed.text == "Berth | Depth\nNorth | nine | 2023\nNorth | ten | 2024"
    assert not any(check(data, "pptx", parsed, "pptx"))


def test_pptx_hidden_is_left_out_and_counted() -> None:
    """Hidden slides and shapes, shapes beside the slide and type of a point are not in the text."""
    parsed = PptxParser().parse(samples.pptx())
    assert not any(word in parsed.text for word in ("Unseen", "beside", "secret", "speck"))
    assert parsed.warnings == ("1 hidden slide left out", "17 hidden characters left out")


def test_pptx_shapes_of_a_newer_kind_are_read_once() -> None:
    """Of a shape and its stand-in for older programs, the shape is read."""
    data = samples.pptx()
    slide = samples.member(data, "ppt/slides/slide3.xml")
    shape = slide[slide.index(b"<p:sp>") : slide.index(b"</p:sp>") + 7]
    both = b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="a14">'
    both += shape + b"</mc:Choice><mc:Fallback>" + shape + b"</mc:Fallback></mc:AlternateContent>"
    parsed = PptxParser().parse(samples.repack(data, {"ppt/slides/slide3.xml": slide.replace(shape, both, 1)}))
    assert parsed.text == PptxParser().parse(data).text


def test_pptx_round_trip() -> None:
    """Spans of a presentation are found on the slides, in the table rows and notes that the anchors name."""
    data = samples.large_pptx()
    slides = list(pptx.Presentation(io.BytesIO(data)).slides)

    def resolve(place: str) -> str:
        slide, *rest = re.split(r", (?=table|row|notes)", place)
        shown = slides[int(slide.removeprefix("slide ")) - 1]
        if rest == ["notes"]:
            return str(shown.notes_slide.notes_text_frame.text)
        if rest:
            tables = [shape.table for shape in shown.shapes if shape.has_table]
            row = tables[int(rest[0].split()[1]) - 1].rows[int(rest[1].split()[1]) - 1]
            return " | ".join(cell.text for cell in row.cells)
        return "\n".join(shape.text_frame.text for shape in shown.shapes if shape.has_text_frame)

    round_trip(PptxParser().parse(data), resolve)


def test_pptx_broken_and_hostile() -> None:
    """What is truncated, no presentation, a bomb, or declares entities is refused in one line."""
    data = samples.pptx()
    refused(PptxParser(), data[:-500], "broken")
    refused(PptxParser(), samples.xlsx(), "broken")
    refused(PptxParser(), samples.repack(data, {"ppt/slides/slide1.xml": b"<p:sld"}), "broken")
    refused(PptxParser(), samples.repack(data, {"ppt/media/a.xml": b" " * (60 << 20)}), "zip bomb", LimitExceeded)
    refused(PptxParser(), samples.repack(data, {"ppt/slides/slide1.xml": LAUGHS.encode() + b"<sld/>"}), "declares")


def test_xlsx_charts_give_their_titles() -> None:
    """The titles of a chart and of its axes stand below the sheet's cells; a sheet that is a chart alone is a table; a hidden one not."""
    parsed = XlsxParser().parse(samples.charts_xlsx())
    assert blocks(parsed) == [
        ("heading", "Data"),
        ("table", "Year | Ships\n2023 | 12\n2024 | 14"),
        ("caption", "Ferries a year, Count"),
        ("heading", "Picture"),
        ("caption", "Cutters"),
    ]
    assert place_of(parsed, "Ferries") == ["sheet Data, chart 1"]
    assert place_of(parsed, "Cutters") == ["sheet Picture, chart 1"]
    assert parsed.warnings == ("1 hidden sheet left out",)


def test_xlsx_hidden_charts_are_left_out() -> None:
    """A chart that is switched off is not in the text."""
    data = samples.charts_xlsx()
    drawing = samples.member(data, "xl/drawings/drawing1.xml")
    assert "Ferries" in XlsxParser().parse(data).text
    off = re.sub(rb"<((?:\w+:)?cNvPr) ", rb'<\1 hidden="1" ', drawing)
    assert off != drawing
    assert "Ferries" not in XlsxParser().parse(samples.repack(data, {"xl/drawings/drawing1.xml": off})).text
