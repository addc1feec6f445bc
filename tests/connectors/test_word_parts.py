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
