"""Spreadsheets, presentations, OpenDocument and e-books: what is read, what stays out, and the way back to each place."""

from __future__ import annotations

import io
import os
import random
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lxml.etree
import openpyxl
import pptx
import pytest
import samples_office as samples

from ragkit.connectors import wire
from ragkit.connectors.anchoring import covering
from ragkit.connectors.parsers import Registry
from ragkit.connectors.parsers.epub import EpubParser
from ragkit.connectors.parsers.opendocument import OdpParser, OdsParser, OdtParser
from ragkit.connectors.parsers.pptx import PptxParser
from ragkit.connectors.parsers.xlsx import XlsxParser
from ragkit.contracts import Parser
from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import Parsed
from ragkit.testing import ParserConformance

DATA = Path(os.environ.get("RAGKIT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "parsers"
LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)) + "]>"
COMMENT = re.compile("<!--.*?-->", re.DOTALL)
SAMPLES: dict[str, Callable[[], bytes]] = {
    "xlsx": samples.xlsx,
    "pptx": samples.pptx,
    "odt": partial(samples.odf, "text", samples.ODT),
    "ods": partial(samples.odf, "spreadsheet", samples.ODS),
    "odp": partial(samples.odf, "presentation", samples.ODP),
    "epub": partial(samples.epub, samples.CHAPTERS),
}
WORD = re.compile(r"[^\W_]+")


def blocks(parsed: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, parsed.text[block.start : block.end]) for block in parsed.blocks]


def place_of(parsed: Parsed, phrase: str) -> list[str | None]:
    at = parsed.text.index(phrase)
    return [anchor.place for anchor in covering(parsed.anchors, at, at + len(phrase))]


def flat(text: str) -> str:
    return " ".join(text.split())


def round_trip(parsed: Parsed, resolve: Callable[[str], str], *, spans: int = 200) -> None:
    """The text of random spans is found at the places that their anchors name; all text but separators has a place."""
    assert wire.check(parsed) is None
    rng = random.Random(11)
    for _ in range(spans):
        start = rng.randrange(len(parsed.text))
        end = min(len(parsed.text), start + rng.randint(1, 120))
        at = start
        for anchor in covering(parsed.anchors, start, end):
            assert not parsed.text[at : max(at, anchor.start)].strip(" |\n"), "text without a place"
            at = min(end, anchor.end)
            assert anchor.place is not None
            assert flat(parsed.text[max(start, anchor.start) : at]) in flat(resolve(anchor.place)), anchor.place
        assert not parsed.text[at:end].strip(" |\n"), "text without a place"


def refused(parser: Parser, data: bytes, words: str, kind: type[ParseError] = ParseError) -> None:
    with pytest.raises(kind, match=words) as caught:
        parser.parse(data)
    assert "\n" not in str(caught.value)


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


def test_pptx_hidden_is_left_out_and_counted() -> None:
    """Hidden slides and shapes, shapes beside the slide and type of a point are not in the text."""
    parsed = PptxParser().parse(samples.pptx())
    assert not any(word in parsed.text for word in ("Unseen", "beside", "secret", "speck"))
    assert parsed.warnings == ("1 hidden slide left out", "17 hidden characters left out")


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


# --- OpenDocument ---


class TestOdt(ParserConformance):
    def parser(self) -> OdtParser:
        return OdtParser()

    def samples(self) -> list[bytes]:
        return [samples.odf("text", samples.ODT), samples.large_odt()]


class TestOds(ParserConformance):
    def parser(self) -> OdsParser:
        return OdsParser()

    def samples(self) -> list[bytes]:
        return [samples.odf("spreadsheet", samples.ODS), samples.large_ods()]


class TestOdp(ParserConformance):
    def parser(self) -> OdpParser:
        return OdpParser()

    def samples(self) -> list[bytes]:
        return [samples.odf("presentation", samples.ODP), samples.large_odp()]


def test_odt_structure() -> None:
    """Headings, paragraphs, lists, tables and boxes come in order; notes, comments and hidden text stay out, which is counted."""
    parsed = OdtParser().parse(samples.odf("text", samples.ODT))
    assert (parsed.title, parsed.metadata["author"]) == ("Port book", "A. Harbour")
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("paragraph", "The crane  lifts\nforty tonnes."),
        ("list_item", "Ropes"),
        ("list_item", "of hemp"),
        ("table", "Berth | Depth\nnine | nine"),
        ("paragraph", "Box:"),
        ("paragraph", "in a box"),
    ]
    assert [block.level for block in parsed.blocks] == [2, 0, 1, 2, 0, 0, 0]
    assert place_of(parsed, "nine") == ["table 1, row 2"]
    assert parsed.warnings == ("13 hidden characters left out",)


def test_ods_structure() -> None:
    """Sheets are headings, rows lines of tables; hidden sheets, rows and columns stay out; a million empty rows take no space."""
    parsed = OdsParser().parse(samples.odf("spreadsheet", samples.ODS))
    assert blocks(parsed) == [("heading", "Costs, all"), ("table", "Berth | Since\nNorth | 2024-01-05"), ("table", "25 %\n25 %")]
    assert place_of(parsed, "2024") == ["sheet Costs, all, C2"]
    assert place_of(parsed, "25 %") == ["sheet Costs, all, A1000004"]
    assert parsed.warnings == ("sheet Costs, all: 1 hidden row, 1 hidden column left out", "1 hidden sheet left out")


def test_ods_repetitions_are_bounded() -> None:
    """A cell that says it stands 16,384 times in each of a million rows is cut short, and that is told."""
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>again</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    parsed = OdsParser().parse(samples.odf("spreadsheet", f'<table:table table:name="S">{row}</table:table>'))
    assert parsed.text.count("again") < 200_000
    assert "repeated cells left out" in parsed.warnings[0]


def test_odp_structure() -> None:
    """The title first, then from top to bottom and left to right; notes follow; hidden slides stay out."""
    parsed = OdpParser().parse(samples.odf("presentation", samples.ODP))
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("list_item", "left"),
        ("paragraph", "right"),
        ("paragraph", "below"),
        ("table", "Berth | North"),
        ("paragraph", "Good morning."),
    ]
    assert place_of(parsed, "North") == ["slide 1, table 1, row 1"]
    assert place_of(parsed, "morning") == ["slide 1, notes"]
    assert parsed.warnings == ("1 hidden slide left out",)


def flat_text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("kind", ["odt", "ods", "odp"])
def test_opendocument_round_trip(kind: str) -> None:
    """Spans are found in the paragraph, table row, cell or slide that the anchors name, counted in the XML."""
    parser, data = {
        "odt": (OdtParser(), samples.large_odt()),
        "ods": (OdsParser(), samples.large_ods()),
        "odp": (OdpParser(), samples.large_odp()),
    }[kind]
    root = lxml.etree.fromstring(samples.member(data, "content.xml"))

    def resolve(place: str) -> str:
        first, _, second = place.partition(", ")
        number = int(first.split()[1]) if first.split()[1].isdigit() else 0
        if first.startswith("paragraph"):
            return flat_text(list(root.iter("{*}p", "{*}h"))[number - 1])
        if first.startswith("table"):
            row = list(list(root.iter("{*}table"))[number - 1].iter("{*}table-row"))[int(second.split()[1]) - 1]
            return " | ".join(flat_text(cell) for cell in row)
        if first.startswith("slide"):
            return " ".join(flat_text(p) for p in list(root.iter("{*}page"))[number - 1].iter("{*}p"))
        if not second:
            return first.removeprefix("sheet ")
        return flat_text(list(root.iter("{*}table-row"))[int(second[1:]) - 1][ord(second[0]) - 65])

    round_trip(parser.parse(data), resolve)


@pytest.mark.parametrize(("kind", "parser"), [("text", OdtParser()), ("spreadsheet", OdsParser()), ("presentation", OdpParser())])
def test_opendocument_broken_and_hostile(kind: str, parser: Parser) -> None:
    """What is truncated, of another kind, encrypted, a bomb, or declares entities is refused in one line."""
    data = samples.odf(kind, samples.ODT)
    refused(parser, data[:-300], "broken")
    refused(parser, samples.odf("drawing", ""), f"no {kind}")
    refused(parser, samples.odf(kind, "<text:p>"), "broken XML")
    refused(parser, samples.odf(kind, samples.ODT, before=LAUGHS), "declares")
    refused(parser, samples.odf(kind, samples.ODT, more={"Pictures/a": b" " * (60 << 20)}), "zip bomb", LimitExceeded)
    refused(parser, samples.odf(kind, "", more={"META-INF/manifest.xml": b"<m:encryption-data/>"}), "encrypted")
    refused(parser, samples.odf(kind, "<text:list>" * 5000 + "</text:list>" * 5000), "broken XML")


# --- EPUB ---


class TestEpub(ParserConformance):
    def parser(self) -> EpubParser:
        return EpubParser()

    def samples(self) -> list[bytes]:
        return [samples.epub(samples.CHAPTERS), samples.large_epub()]


def test_epub_structure() -> None:
    """Chapters come in the order of the spine, without its table of contents, scripts and hidden text; places name them."""
    parsed = EpubParser().parse(
        samples.epub({"b.xhtml": samples.CHAPTERS["two.xhtml"], "a.xhtml": samples.CHAPTERS["ch one.xhtml"]}, spine="a.xhtml b.xhtml")
    )
    assert (parsed.title, parsed.metadata["author"]) == ("Port book", "A. Harbour, B. Quay")
    assert blocks(parsed) == [
        ("heading", "First"),
        ("paragraph", "The crane."),
        ("list_item", "Ropes"),
        ("heading", "Second"),
        ("paragraph", "Words after."),
    ]
    assert place_of(parsed, "after") == ["chapter OEBPS/b.xhtml, paragraph 2"]
    assert parsed.warnings == ("6 hidden characters left out",)


def test_epub_spine_faults() -> None:
    """A chapter that is named twice is read once, one that is missing is counted, and names may be escaped."""
    data = samples.epub(samples.CHAPTERS)
    book = samples.member(data, "OEBPS/book.opf").replace(
        b"</manifest>", b'<item id="g" href="g.xhtml" media-type="text/html"/></manifest>'
    )
    book = book.replace(b"</spine>", b'<itemref idref="g"/><itemref idref="two.xhtml"/><itemref idref="none"/></spine>')
    parsed = EpubParser().parse(samples.repack(data, {"OEBPS/book.opf": book}))
    assert parsed.text.count("Second") == 1
    assert place_of(parsed, "crane") == ["chapter OEBPS/ch one.xhtml, paragraph 2"]
    assert parsed.warnings == ("1 chapter is missing", "6 hidden characters left out")


def test_epub_round_trip() -> None:
    """Spans are found in the chapter and block that the anchors name, counted in the XHTML."""
    data = samples.large_epub()

    def resolve(place: str) -> str:
        chapter, _, number = place.removeprefix("chapter ").rpartition(", paragraph ")
        body = lxml.etree.fromstring(samples.member(data, chapter)).find("{*}body")
        return flat_text(body[int(number) - 1])

    round_trip(EpubParser().parse(data), resolve)


def test_epub_broken_and_hostile() -> None:
    """What is truncated, no book, encrypted, a bomb, or declares entities is refused in one line; a chapter's are never expanded."""
    data = samples.epub(samples.CHAPTERS)
    refused(EpubParser(), data[:-300], "broken")
    refused(EpubParser(), samples.xlsx(), "no e-book")
    refused(EpubParser(), samples.repack(data, {"META-INF/container.xml": b"<container/>"}), "no package file")
    refused(EpubParser(), samples.repack(data, {"OEBPS/book.opf": b"<package>"}), "broken XML")
    refused(EpubParser(), samples.epub(samples.CHAPTERS, before=LAUGHS), "entities")
    refused(EpubParser(), samples.repack(data, {"OEBPS/a.css": b" " * (60 << 20)}), "zip bomb", LimitExceeded)
    locked = b'<e><CipherReference URI="OEBPS/two.xhtml"/></e>'
    refused(EpubParser(), samples.repack(data, {"META-INF/encryption.xml": locked}), "encrypted")
    chapter = f"{LAUGHS}<html><body><p>Words &a8; more</p></body></html>".encode()
    assert EpubParser().parse(samples.repack(data, {"OEBPS/two.xhtml": chapter})).text.startswith("Words &a8; more")


# --- every kind ---


@pytest.mark.parametrize("suffix", ["xlsx", "pptx", "odt", "ods", "odp", "epub"])
def test_noise_gives_a_reason(suffix: str) -> None:
    """A package with a few bytes changed, anywhere, is a valid document or one line that says what is wrong."""
    data, rng = SAMPLES[suffix](), random.Random(9)
    parser = Registry().parser(Registry().media_type(data, ""))()
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [
            name for name in package.namelist() if name.endswith(("ml", ".opf", ".rels")) and "theme" not in name and "Layout" not in name
        ]
    faults: list[str] = []
    for _ in range(60):
        name = rng.choice(names)
        content = bytearray(samples.member(data, name))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(content))
            content[at : at + rng.randint(0, 9)] = rng.choice([b"", b"-1", b"<", b'"', b"99999999999", b"x", b"\xff"])
        try:
            parsed = parser.parse(samples.repack(data, {name: bytes(content)}))
        except ParseError as error:
            faults.append(str(error))
        else:
            assert wire.check(parsed) is None
    assert [fault for fault in faults if not fault.isprintable()] == []


def test_formats_are_told_by_their_content() -> None:
    """A package is what its members say, whatever its name."""
    registry = Registry()
    for kind, made in SAMPLES.items():
        assert registry.parser(registry.media_type(made(), "notes.txt")) is registry.parser(registry.by_suffix[f".{kind}"])
    with pytest.raises(ParseError, match="looks like a zip archive"):
        registry.media_type(samples.odf("text", "").replace(b"opendocument", b"openkitchens"), "a.xlsx")


#: Words of the expected text that are not in the document: captions of charts and pictures that another program wrote.
BELOW = {"pptx_chart.pptx": "kinds of charts, which that program names"}


@pytest.mark.skipif(not DATA.is_dir(), reason="the documents of other projects are not here; RAGKIT_DATA says where")
@pytest.mark.parametrize("kind", list(SAMPLES))
def test_documents_of_other_projects(kind: str) -> None:
    """Every document of two other projects parses, and holds nine in ten of the words that are expected of it."""
    registry = Registry()
    found = sorted((DATA / "docling" / kind).glob(f"*.{kind}")) + sorted((DATA / "markitdown").glob(f"*.{kind}"))
    assert found
    for path in found:
        parsed = registry.parser(registry.media_type(path.read_bytes(), path.name))().parse(path.read_bytes())
        assert wire.check(parsed) is None
        expected = path.with_name(f"{path.name}.expected.md")
        if expected.is_file() and path.name not in BELOW:
            have, wanted = set(WORD.findall(parsed.text.lower())), WORD.findall(COMMENT.sub("", expected.read_text("utf-8")).lower())
            assert sum(word in have for word in wanted) >= 0.9 * len(wanted), path.name
