"""Small OpenDocument files and books, made when they are needed."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping

from samples_office import WORDS

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
<style:style style:name="White" style:family="text"><style:text-properties fo:color="#ffffff"/></style:style>
<style:style style:name="Dark" style:family="paragraph"><style:paragraph-properties fo:background-color="#000080"/></style:style>
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

CHART = (
    f'<office:document-content {_NAMESPACES} xmlns:chart="{_ODF}chart:1.0"><office:body><office:chart><chart:chart>'
    "<chart:title><text:p>Ships</text:p></chart:title><chart:axis><chart:title><text:p>Year</text:p></chart:title></chart:axis>"
    "<table:table><table:table-row><table:table-cell/><table:table-cell><text:p>Ferries</text:p></table:table-cell></table:table-row>"
    "<table:table-row><table:table-cell><text:p>2023</text:p></table:table-cell><table:table-cell><text:p>70</text:p></table:table-cell>"
    "</table:table-row></table:table></chart:chart></office:chart></office:body></office:document-content>"
).encode()


def _note(text: str, kind: str = "footnote") -> str:
    body = f"<text:note-citation>1</text:note-citation><text:note-body><text:p>{text}</text:p></text:note-body>"
    return f'<text:note text:note-class="{kind}">{body}</text:note>'


def odt_parts(chart: bytes = CHART) -> bytes:
    """A text with footnotes, one of them in a table, an endnote, merged cells, and a chart that is shown twice."""
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>".format
    merged = ' table:number-rows-spanned="2" table:number-columns-spanned="2"'
    covered = "<table:covered-table-cell/>"
    rows = (
        cell(merged, "North") + covered + cell("", "nine" + _note("At low water.")),
        covered * 2 + cell("", "ten"),
        cell("", "") * 2 + cell("", "late"),
    )
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    shown = '<draw:frame><draw:object xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="./Object 1"/></draw:frame>'
    text = f"The crane{_note('By its makers.')}{_note('Since 1980.', 'endnote')}."
    body = f"<text:p>{text}</text:p><table:table>{table}</table:table><text:p>{shown}</text:p><text:p>Chart:{shown}</text:p>"
    return odf("text", body, more={"Object 1/content.xml": chart})


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
</text:list></draw:text-box></draw:frame>
<draw:frame svg:y="9cm" presentation:class="title"><draw:text-box><text:p>The harbour</text:p></draw:text-box></draw:frame>
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
