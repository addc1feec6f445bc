"""Word documents: notes, charts and merged cells, which stand outside the paragraphs that show them."""

from __future__ import annotations

import time

import pytest
import samples_word
from package_checks import blocks, place_of
from samples_office import repack

from bench.roundtrip import check
from ragkit.connectors import wire
from ragkit.connectors.parsers.docx import DocxParser
from ragkit.errors import ParseError
from ragkit.testing import ParserConformance


class TestDocxParts(ParserConformance):
    def parser(self) -> DocxParser:
        return DocxParser()

    def samples(self) -> list[bytes]:
        return [samples_word.docx()]


def test_notes_and_charts_follow_what_shows_them() -> None:
    """A note is read once, after the paragraph or table that refers to it, numbered as a reader sees it; a chart is a table."""
    parsed = DocxParser().parse(samples_word.docx())
    assert blocks(parsed) == [
        ("paragraph", "The crane lifts forty tonnes."),
        ("paragraph", "By its makers."),
        ("paragraph", "Since 1980."),
        ("paragraph", "Kept."),
        ("table", "Berth | Depth | Since\nNorth | nine\nNorth | ten | 2024\n|  | late"),
        ("paragraph", "At low water."),
        ("paragraph", "Ships by year:"),
        ("caption", "Cutters"),
        ("table", "| Ships\n2023 | 12\n2024 | 13"),
        ("caption", "Ferries"),
        ("table", "| Ships\n2023 | 70\n2024 | 71"),
        ("paragraph", "Again."),
    ]
    assert place_of(parsed, "makers") == ["footnote 1"]
    assert place_of(parsed, "low") == ["footnote 2"]
    assert place_of(parsed, "1980") == ["endnote 1"]
    assert place_of(parsed, "71") == ["chart 2, row 3"]
    assert place_of(parsed, "ten") == ["table 1, row 3"]


def test_a_hidden_chart_is_left_out() -> None:
    """A drawing that is switched off shows nothing, and neither does the text."""
    wp = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    for hidden, titles in (("0", "Ferries"), ("1", "")):
        drawing = samples_word.shown(0).replace(
            "<w:drawing>", f'<w:drawing><wp:inline xmlns:wp="{wp}"><wp:docPr id="1" name="c" hidden="{hidden}"/>'
        )  # fmt: skip
        body = samples_word.said("Ships:", drawing.replace("</w:drawing>", "</wp:inline></w:drawing>"))
        parsed = DocxParser().parse(samples_word.with_parts(body, {}, [samples_word.chart("Ferries", 7)]))
        assert ("Ferries" in parsed.text) is bool(titles)


def test_spans_stand_at_their_places() -> None:
    """Spans are found in the notes, charts and rows that the anchors name; merged cells as python-docx reads them."""
    data = samples_word.docx()
    assert not any(check(data, "docx", DocxParser().parse(data), "docx"))


@pytest.mark.parametrize("name", ["word/footnotes.xml", "word/charts/chart0.xml"])
def test_a_broken_part_is_told(name: str) -> None:
    """A document whose notes or chart are broken is read without them, and a warning says so."""
    parsed = DocxParser().parse(repack(samples_word.docx(), {name: b"<w:footnotes"}))
    assert "forty tonnes" in parsed.text
    assert any("cannot be read" in warning for warning in parsed.warnings)


def test_merged_cells_stay_small() -> None:
    """A long cell merged over thousands of rows, and one that claims a million columns, take no space."""
    cell = "<w:tc><w:tcPr><w:vMerge{}/></w:tcPr>{}</w:tc>"
    rows = "".join(
        f"<w:tr>{cell.format('', '<w:p/>')}<w:tc><w:tcPr><w:gridSpan w:val='1000000000'/></w:tcPr>{samples_word.said('x')}</w:tc></w:tr>"
        for _ in range(4000)
    )
    first = "<w:tr>" + cell.format(' w:val="restart"', samples_word.said("word " * 10_000)) + "</w:tr>"
    begin = time.perf_counter()
    parsed = DocxParser().parse(samples_word.with_parts(f"<w:tbl>{first}{rows}</w:tbl>", {}, []))
    assert wire.check(parsed) is None
    assert len(parsed.text) < 500_000
    assert time.perf_counter() - begin < 5


def formula(inside: str) -> str:
    return f'<w:p><m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">{inside}</m:oMath></w:p>'


def letter(text: str, properties: str = "") -> str:
    return f"<m:r>{properties}<m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (f"{letter('A=π')}<m:sSup><m:e>{letter('r')}</m:e><m:sup>{letter('2')}</m:sup></m:sSup>", "A=πr^{2}"),
        (f"<m:f><m:num>{letter('a+b')}</m:num><m:den>{letter('2')}</m:den></m:f>", r"\frac{a+b}{2}"),
        (f"<m:f><m:fPr><m:type m:val='noBar'/></m:fPr><m:num>{letter('n')}</m:num><m:den>{letter('k')}</m:den></m:f>", r"\binom{n}{k}"),
        (f"<m:rad><m:deg>{letter('3')}</m:deg><m:e>{letter('x')}</m:e></m:rad>", r"\sqrt[3]{x}"),
        (
            f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{letter('k=0')}</m:sub><m:sup>{letter('n')}</m:sup>"
            f"<m:e>{letter('k')}</m:e></m:nary>",
            r"\sum_{k=0}^{n} k",
        ),
        (f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>{letter('x')}</m:e><m:e>{letter('y')}</m:e></m:d>", "[x|y]"),
        (f"<m:m><m:mr><m:e>{letter('1')}</m:e><m:e>{letter('2')}</m:e></m:mr><m:mr><m:e>{letter('3')}</m:e></m:mr></m:m>", r"1 & 2 \\ 3"),
        (f"{letter('x')}<w:del>{letter('gone')}</w:del>{letter('unseen', '<w:rPr><w:vanish/></w:rPr>')}", "x"),
        ("<m:box><m:e>" * 5000 + letter("deep") + "</m:e></m:box>" * 5000 + letter("x"), "x"),
    ],
)
def test_formulas_are_latex(inside: str, text: str) -> None:
    """A formula reads as LaTeX; deleted and hidden parts of it stay out, and depth does no harm."""
    if len(inside) > 100_000:
        with pytest.raises(ParseError, match="broken"):  # XML so deep is not read at all
            DocxParser().parse(samples_word.with_parts(formula(inside), {}, []))
        inside = inside.replace("<m:box><m:e>" * 4950, "").replace("</m:e></m:box>" * 4950, "")
    assert DocxParser().parse(samples_word.with_parts(formula(inside), {}, [])).text == text
