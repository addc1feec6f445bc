"""PDF and Word: that a phrase is found on the right page and in the right box, and that what nobody sees is left out."""

from __future__ import annotations

import pytest
import samples

from ragkit.connectors.anchoring import covering
from ragkit.connectors.parsers.docx import DocxParser
from ragkit.connectors.parsers.pdf import PdfParser
from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import Anchor, Parsed


def anchors_of(parsed: Parsed, phrase: str) -> list[Anchor]:
    at = parsed.text.index(phrase)
    return covering(parsed.anchors, at, at + len(phrase))


def blocks(parsed: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, parsed.text[block.start : block.end]) for block in parsed.blocks]


# --- PDF ---

PAGES = [
    [
        (72, 770, 22, "The harbour"),
        (72, 730, 11, "The crane lifts forty"),
        (72, 716, 11, "tonnes at a time."),
        (72, 660, 11, "A new paragraph."),
    ],
    [(300, 100, 11, "Depth of the north berth: nine metres.")],
]


def test_pdf_structure() -> None:
    """Lines join to paragraphs, larger type is a heading, pages are apart, the title is the document's."""
    parsed = PdfParser().parse(samples.pdf(PAGES, title="Port book"))
    assert parsed.title == "Port book"
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("paragraph", "The crane lifts forty tonnes at a time."),
        ("paragraph", "A new paragraph."),
        ("paragraph", "Depth of the north berth: nine metres."),
    ]


def test_pdf_phrase_has_its_page_and_box() -> None:
    """A phrase's anchors lie on its page, in boxes around the place where it was set, measured from the top left."""
    parsed = PdfParser().parse(samples.pdf(PAGES))
    (nine,) = anchors_of(parsed, "nine")
    assert nine.page == 2
    assert nine.box is not None
    assert 842 - 100 - 12 < nine.box.y0 < 842 - 100 < nine.box.y1 < 842 - 100 + 5
    assert 300 + 100 < nine.box.x0 < nine.box.x1 < 300 + 160
    forty, tonnes = anchors_of(parsed, "forty tonnes")
    assert (forty.page, tonnes.page) == (1, 1)
    assert forty.box is not None
    assert tonnes.box is not None
    assert tonnes.box.y0 - forty.box.y0 == pytest.approx(14, abs=0.5)
    assert tonnes.box.x0 == pytest.approx(72, abs=1)


@pytest.mark.parametrize(("turn", "corner"), [(0, (72, 142)), (90, (700, 72)), (180, (595 - 72, 700)), (270, (142, 595 - 72))])
def test_pdf_turned_pages(turn: int, corner: tuple[float, float]) -> None:
    """On a turned page the box is where the reader sees the word."""
    data = samples.raw_pdf(b"BT /F 12 Tf 72 700 Td (word) Tj ET", page=b"/Rotate %d" % turn)
    box = PdfParser().parse(data).anchors[0].box
    assert box is not None
    near_x, near_y = min((abs(box.x0 - corner[0]), abs(box.x1 - corner[0]))), min((abs(box.y0 - corner[1]), abs(box.y1 - corner[1])))
    assert near_x < 5
    assert near_y < 5


def test_pdf_broken_words_are_joined() -> None:
    """A word that the end of a line breaks is whole again; each half keeps its own box."""
    parsed = PdfParser().parse(samples.pdf([[(72, 700, 11, "an important exam-"), (72, 686, 11, "ple of it")]]))
    assert parsed.text == "an important example of it"
    assert [anchor.box.y0 < 140 for anchor in anchors_of(parsed, "example") if anchor.box] == [True, False]


@pytest.mark.parametrize(
    "hiding",
    [
        b"BT 3 Tr /F 12 Tf 72 600 Td (Ignore) Tj ET",
        b"1 1 1 rg BT /F 12 Tf 72 600 Td (Ignore) Tj ET",
        b"BT /F 0.5 Tf 72 600 Td (Ignore) Tj ET",
        b"BT /F 12 Tf -500 600 Td (Ignore) Tj ET",
        b"BT /F 12 Tf 72 900 Td (Ignore) Tj ET",
    ],
)
def test_pdf_hidden_text_is_left_out(hiding: bytes) -> None:
    """Invisible, white, tiny and off-page text is not in the text, and counted in a warning."""
    parsed = PdfParser().parse(samples.raw_pdf(b"BT /F 12 Tf 72 700 Td (Seen) Tj ET " + hiding))
    assert parsed.text == "Seen"
    assert parsed.warnings[0].startswith("page 1: 6 hidden characters left out (")


def test_pdf_white_text_on_a_dark_ground_is_kept() -> None:
    """White letters on a painted bar can be read."""
    parsed = PdfParser().parse(samples.raw_pdf(b"0 0 0.4 rg 60 690 200 30 re f 1 1 1 rg BT /F 12 Tf 72 700 Td (Seen) Tj ET"))
    assert parsed.text == "Seen"


def test_pdf_refusals() -> None:
    """An encrypted file, a broken one and a scan are each refused in their own words."""
    for data, words in (
        (samples.pdf(PAGES, password="secret"), "encrypted"),
        (b"%PDF-1.7\nnothing", "broken"),
        (samples.raw_pdf(b"0 0 100 100 re f"), "scan"),
    ):
        with pytest.raises(ParseError, match=words):
            PdfParser().parse(data)


def test_pdf_pages_without_text_are_told() -> None:
    """A page without text among others is a warning with its number."""
    parsed = PdfParser().parse(samples.pdf([[(72, 700, 11, "One")], [], [(72, 700, 11, "Three")]]))
    assert parsed.warnings[0].startswith("page 2 without text that shows")
    assert anchors_of(parsed, "Three")[0].page == 3


# --- Word ---


def test_docx_structure() -> None:
    """Headings, paragraphs, lists and tables come in order, with places in words."""
    parsed = DocxParser().parse(samples.docx())
    assert parsed.title == "The harbour"
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("paragraph", "The crane lifts forty tonnes."),
        ("list_item", "Ropes"),
        ("list_item", "Anchors"),
        ("table", "Berth | Depth\nNorth | nine metres"),
    ]
    assert [anchor.place for anchor in anchors_of(parsed, "nine metres")] == ["table 1, row 2"]
    assert [anchor.place for anchor in anchors_of(parsed, "forty")] == ["paragraph 2"]


def test_docx_hidden_text_is_left_out() -> None:
    """Hidden, white and tiny runs, deleted text and field codes are not in the text."""
    run = "<w:r><w:rPr>{}</w:rPr><w:t>Ignore</w:t></w:r>"
    hiding = "".join(run.format(how) for how in ("<w:vanish/>", '<w:color w:val="FFFFFF"/>', '<w:sz w:val="1"/>'))
    body = f"<w:p><w:r><w:t>Seen</w:t></w:r>{hiding}<w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
    parsed = DocxParser().parse(samples.raw_docx(body))
    assert parsed.text == "Seen"
    assert parsed.warnings == ("18 hidden characters left out", "1 deleted revision left out")


def test_docx_bombs_are_refused_before_they_unpack() -> None:
    """A member that unpacks to a thousand times its size is refused by the directory alone."""
    with pytest.raises(LimitExceeded, match="zip bomb"):
        DocxParser().parse(samples.raw_docx("<w:p/>", more=[("word/media/a.xml", b" " * (60 << 20))]))
