"""OpenDocument and EPUB: what is read, what stays out, and the way back to each paragraph, cell, slide and chapter."""

from __future__ import annotations

from typing import Any

import lxml.etree
import pytest
import samples_office
import samples_open as samples
from package_checks import LAUGHS, blocks, place_of, refused, round_trip

from bench.roundtrip import check
from ragkit.connectors.parsers.epub import EpubParser
from ragkit.connectors.parsers.opendocument import OdpParser, OdsParser, OdtParser
from ragkit.contracts import Parser
from ragkit.errors import LimitExceeded
from ragkit.testing import ParserConformance

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
    """Headings, paragraphs, lists, tables, boxes and notes come in order; comments and hidden text stay out, which is counted."""
    parsed = OdtParser().parse(samples.odf("text", samples.ODT))
    assert (parsed.title, parsed.metadata["author"]) == ("Port book", "A. Harbour")
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("paragraph", "The crane  lifts\nforty tonnes."),
        ("paragraph", "note"),
        ("list_item", "Ropes"),
        ("list_item", "of hemp"),
        ("table", "Berth | Depth\nnine | nine"),
        ("paragraph", "Box:"),
        ("paragraph", "in a box"),
    ]
    assert [block.level for block in parsed.blocks] == [2, 0, 0, 1, 2, 0, 0, 0]
    assert place_of(parsed, "nine") == ["table 1, row 2"]
    assert parsed.warnings == ("13 hidden characters left out",)


def test_odt_notes_charts_and_merged_cells() -> None:
    """A note follows what refers to it, a chart is a table, and a cell that is merged over rows is read in each of them."""
    parsed = OdtParser().parse(samples.odt_parts())
    assert blocks(parsed) == [
        ("paragraph", "The crane."),
        ("paragraph", "By its makers."),
        ("paragraph", "Since 1980."),
        ("table", "North |  | nine\nNorth |  | ten\n |  | late"),
        ("paragraph", "At low water."),
        ("caption", "Ships, Year"),
        ("table", "| Ferries\n2023 | 70"),
        ("paragraph", "Chart:"),
    ]
    assert place_of(parsed, "makers") == ["footnote 1"]
    assert place_of(parsed, "low") == ["footnote 2"]
    assert place_of(parsed, "1980") == ["endnote 1"]
    assert place_of(parsed, "70") == ["chart 1, row 2"]
    assert place_of(parsed, "ten") == ["table 1, row 2"]
    assert not any(check(samples.odt_parts(), "odt", parsed, "odt"))


def test_odt_of_a_broken_chart() -> None:
    """An embedded object that is broken, or no chart, is passed over."""
    for broken in (b"<chart", b"<a/>"):
        parsed = OdtParser().parse(samples.odt_parts(chart=broken))
        assert "Ferries" not in parsed.text
        assert "Since 1980." in parsed.text


def test_odt_merged_cells_stay_small() -> None:
    """A long cell that is merged over thousands of rows takes no space."""
    covered = "<table:table-row><table:covered-table-cell/><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>"
    cell = f'<table:table-cell table:number-rows-spanned="9999"><text:p>{"word " * 10_000}</text:p></table:table-cell>'
    table = f"<table:table><table:table-row>{cell}</table:table-row>{covered * 5000}</table:table>"
    assert len(OdtParser().parse(samples.odf("text", table)).text) < 500_000


def test_odt_white_text_needs_a_ground() -> None:
    """White text on the paper is left out; on a coloured paragraph, in a table and on a slide it is read."""
    span = '<text:span text:style-name="White">white</text:span>'
    table = f"<table:table><table:table-row><table:table-cell><text:p>{span}</text:p></table:table-cell></table:table-row></table:table>"
    body = f'<text:p>Seen {span}</text:p><text:p text:style-name="Dark">dark {span}</text:p>{table}'
    parsed = OdtParser().parse(samples.odf("text", body))
    assert parsed.text == "Seen\n\ndark white\n\nwhite"
    assert parsed.warnings == ("5 hidden characters left out",)
    slide = f"<draw:page><draw:frame><draw:text-box><text:p>{span}</text:p></draw:text-box></draw:frame></draw:page>"
    assert OdpParser().parse(samples.odf("presentation", slide)).text == "white"


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
    root = lxml.etree.fromstring(samples_office.member(data, "content.xml"))

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
    book = samples_office.member(data, "OEBPS/book.opf").replace(
        b"</manifest>", b'<item id="g" href="g.xhtml" media-type="text/html"/></manifest>'
    )
    book = book.replace(b"</spine>", b'<itemref idref="g"/><itemref idref="two.xhtml"/><itemref idref="none"/></spine>')
    parsed = EpubParser().parse(samples_office.repack(data, {"OEBPS/book.opf": book}))
    assert parsed.text.count("Second") == 1
    assert place_of(parsed, "crane") == ["chapter OEBPS/ch one.xhtml, paragraph 2"]
    assert parsed.warnings == ("1 chapter is missing", "6 hidden characters left out")


def test_epub_round_trip() -> None:
    """Spans are found in the chapter and block that the anchors name, counted in the XHTML."""
    data = samples.large_epub()

    def resolve(place: str) -> str:
        chapter, _, number = place.removeprefix("chapter ").rpartition(", paragraph ")
        body = lxml.etree.fromstring(samples_office.member(data, chapter)).find("{*}body")
        return flat_text(body[int(number) - 1])

    round_trip(EpubParser().parse(data), resolve)


def test_epub_broken_and_hostile() -> None:
    """What is truncated, no book, encrypted, a bomb, or declares entities is refused in one line; a chapter's are never expanded."""
    data = samples.epub(samples.CHAPTERS)
    refused(EpubParser(), data[:-300], "broken")
    refused(EpubParser(), samples_office.xlsx(), "no e-book")
    refused(EpubParser(), samples_office.repack(data, {"META-INF/container.xml": b"<container/>"}), "no package file")
    refused(EpubParser(), samples_office.repack(data, {"OEBPS/book.opf": b"<package>"}), "broken XML")
    refused(EpubParser(), samples.epub(samples.CHAPTERS, before=LAUGHS), "entities")
    refused(EpubParser(), samples_office.repack(data, {"OEBPS/a.css": b" " * (60 << 20)}), "zip bomb", LimitExceeded)
    locked = b'<e><CipherReference URI="OEBPS/two.xhtml"/></e>'
    refused(EpubParser(), samples_office.repack(data, {"META-INF/encryption.xml": locked}), "encrypted")
    chapter = f"{LAUGHS}<html><body><p>Words &a8; more</p></body></html>".encode()
    assert EpubParser().parse(samples_office.repack(data, {"OEBPS/two.xhtml": chapter})).text.startswith("Words &a8; more")
