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


_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMESPACES = " ".join(
    [
        f'xmlns:{short}="{_ODF}{name}:1.0"'
        for short, name in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"))
    ]
    + [f'xmlns:draw="{_ODF}drawing:1.0" xmlns:presentation="{_ODF}presentation:1.0" xmlns:meta="{_ODF}meta:1.0"']
    + [f'xmlns:svg="{_ODF}svg-compatible:1.0" xmlns:fo="{_ODF}xsl-fo-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"']
)
_STYLES = """<style:style style:name="Unseen" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="Heir" style:parent-style-name="Unseen"/>
<style:style style:name="Gone" style:family="table"><style:table-properties table:display="false"/></style:style>
<style:style style:name="Off" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>"""


def odf(kind: str, body: str, *, before: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    """An OpenDocument file of a kind (text, spreadsheet, presentation) from the XML of its body."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {_NAMESPACES}><office:automatic-styles>{_STYLES}'
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    meta = (
        f"<office:document-meta {_NAMESPACES}><office:meta><dc:title>Port book</dc:title><dc:creator>A. Harbour</dc:creator></office:meta>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        package.writestr("content.xml", content)
        package.writestr("meta.xml", f"{meta}</office:document-meta>")
        for name, data in (more or {}).items():
            package.writestr(name, data)
    return buffer.getvalue()


ODT = """<text:h text:outline-level="2">The  harbour</text:h>
<text:p>The crane<text:s text:c="2"/>lifts<text:line-break/>forty
 tonnes<text:note><text:note-body><text:p>note</text:p></text:note-body></text:note>.<office:annotation><text:p>comment</text:p>
</office:annotation><text:span text:style-name="Heir">secret</text:span></text:p>
<text:list><text:list-item><text:p>Ropes</text:p><text:list><text:list-item><text:p>of hemp</text:p></text:list-item></text:list>
</text:list-item></text:list><text:section text:display="none"><text:p>section</text:p></text:section>
<table:table table:name="T"><table:table-row><table:table-cell><text:p>Berth</text:p></table:table-cell>
<table:table-cell><text:p>Depth</text:p>
</table:table-cell></table:table-row><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>nine</text:p>
</table:table-cell></table:table-row></table:table>
<text:p>Box:<draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box></draw:frame></text:p>"""

ODS = """<table:table table:name="Costs, all"><table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>
<table:table-row><table:table-cell><text:p>Berth</text:p></table:table-cell><table:table-cell><text:p>secret</text:p></table:table-cell>
<table:table-cell><text:p>Since</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>North</text:p><office:annotation><text:p>comment</text:p></office:annotation></table:table-cell>
<table:table-cell/><table:table-cell office:value-type="date" office:date-value="2024-01-05T00:00:00"><text:p>5 January</text:p>
</table:table-cell><table:table-cell table:number-columns-repeated="16380"/></table:table-row>
<table:table-row table:visibility="filter"><table:table-cell><text:p>filtered</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="percentage" office:value="0.25"><text:p>25 %</text:p>
</table:table-cell></table:table-row></table:table>
<table:table table:name="Gone" table:style-name="Gone"><table:table-row>
<table:table-cell><text:p>gone</text:p></table:table-cell></table:table-row>
</table:table>"""

ODP = """<draw:page><draw:frame svg:y="5cm"><draw:text-box><text:p>below</text:p></draw:text-box></draw:frame>
<draw:custom-shape svg:y="2cm" svg:x="9cm"><text:p>right</text:p></draw:custom-shape>
<draw:frame svg:y="2.1cm" svg:x="1cm"><draw:text-box><text:list><text:list-item><text:p>left</text:p></text:list-item>
</text:list></draw:text-box></draw:frame><draw:frame svg:y="9cm" presentation:class="title"><draw:text-box><text:p>The harbour</text:p></draw:text-box></draw:frame>
<draw:frame svg:y="9cm"><table:table><table:table-row><table:table-cell><text:p>Berth</text:p></table:table-cell><table:table-cell>
<text:p>North</text:p></table:table-cell></table:table-row></table:table></draw:frame>
<presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>Good morning.</text:p></draw:text-box></draw:frame>
<draw:frame presentation:class="page-number"><draw:text-box><text:p>7</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>
<draw:page draw:style-name="Off"><draw:frame><draw:text-box><text:p>unseen</text:p></draw:text-box></draw:frame></draw:page>"""


def _some(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(2, 9)))


def large_odt() -> bytes:
    """A text of random words: paragraphs, list items, tables."""
    rng, parts = random.Random(5), []
    for number in range(60):
        rows = "".join(
            f"<table:table-row>{f'<table:table-cell><text:p>{_some(rng)}</text:p></table:table-cell>' * 2}</table:table-row>" for _ in "ab"
        )
        item = f"<text:list><text:list-item><text:p>{_some(rng)}</text:p></text:list-item></text:list>"
        parts.append((f"<text:p>{_some(rng)}</text:p>", item, f"<table:table>{rows}</table:table>")[number % 3])
    return odf("text", "".join(parts))


def large_ods() -> bytes:
    """A spreadsheet of random words, some cells empty."""
    rng, rows = random.Random(6), []
    for _ in range(60):
        cells = (f"<table:table-cell>{f'<text:p>{_some(rng)}</text:p>' * (rng.random() < 0.7)}</table:table-cell>" for _ in range(6))
        rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return odf("spreadsheet", f'<table:table table:name="One">{"".join(rows)}</table:table>')


def large_odp() -> bytes:
    """Slides of random words."""
    rng = random.Random(7)
    frame = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    return odf("presentation", "".join(f"<draw:page>{''.join(frame.format(_some(rng)) for _ in range(5))}</draw:page>" for _ in range(20)))


_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="{}"/></rootfiles></container>'
)


def epub(chapters: Mapping[str, str], *, spine: str = "", before: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    """A book from the XHTML of its chapters, in their order, or in that of ``spine``, words that name them."""
    items = "".join(f'<item id="{n}" href="{n.replace(" ", "%20")}" media-type="application/xhtml+xml"/>' for n in chapters)
    order = "".join(f'<itemref idref="{n}"/>' for n in (spine.split() or chapters))
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    opf = (
        f'<?xml version="1.0"?>{before}<package xmlns="http://www.idpf.org/2007/opf"><metadata {dc}><dc:title>Port book</dc:title>'
        f"<dc:creator>A. Harbour</dc:creator><dc:creator>B. Quay</dc:creator></metadata><manifest>{items}{nav}</manifest>"
        f'<spine><itemref idref="nav"/>{order}</spine></package>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        package.writestr("META-INF/container.xml", _CONTAINER.format("OEBPS/book.opf"))
        package.writestr("OEBPS/book.opf", opf)
        package.writestr("OEBPS/nav.xhtml", "<html><body>Contents</body></html>")
        for name, text in chapters.items():
            package.writestr(
                f"OEBPS/{name}",
                '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title>'
                f'<script src="a.js"/></head><body>{text}</body></html>',
            )
        for name, data in (more or {}).items():
            package.writestr(name, data)
    return buffer.getvalue()


CHAPTERS = {
    "two.xhtml": "<h1>Second</h1><p>Words <a id='x'/>after.</p>",
    "ch one.xhtml": "<h1>First</h1><p>The crane.</p><ul><li>Ropes</li></ul><p hidden='hidden'>secret</p><script>alert(1)</script><title/>",
}


def large_epub() -> bytes:
    """Chapters of random words."""
    rng = random.Random(8)
    return epub({f"c{n}.xhtml": f"<h2>{_some(rng)}</h2>" + "".join(f"<p>{_some(rng)}</p>" for _ in range(9)) for n in range(9)})
