"""PDF pages: tables, columns, outlines, running heads, passwords, hidden text; and that every word's box holds the word."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pypdfium2
import pytest
import samples
from reportlab.pdfgen.canvas import Canvas

from ragkit.connectors.parsers.pdf import PdfParser
from ragkit.connectors.sandbox import ParserPool
from ragkit.errors import ParseError, SettingsError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ParsingSettings, load_settings

WORDS = "harbour crane berth tide rope anchor pilot quay lock dredger ferry buoy chart signal mast hull".split()


def drawn(*pages: Callable[[Canvas], object]) -> bytes:
    """A PDF in A4 whose pages these draw."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), invariant=True)
    for page in pages:
        canvas.setFont("Helvetica", 10)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def blocks(parsed: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, parsed.text[block.start : block.end]) for block in parsed.blocks]


def prose(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


CELLS = [["Berth", "Depth", "Ships"], ["North", "9 m", "120"], ["South", "12 m", "80"], ["East quay", "7 m", "45"]]


def bare_table(canvas: Canvas) -> None:
    canvas.drawString(72, 780, prose(1, 10))
    for row, cells in enumerate(CELLS):
        for column, cell in enumerate(cells):
            canvas.drawString(72 + 140 * column, 700 - 16 * row, cell)
    canvas.drawString(72, 560, prose(2, 10))


def ruled_table(canvas: Canvas) -> None:
    bare_table(canvas)
    canvas.grid([68, 205, 345, 480], [644 + 16 * line for line in (0, 1, 2, 3, 4)][:1] + [648 + 16 * n for n in range(1, 5)])


def two_columns(canvas: Canvas) -> None:
    """Line by line across the page, as some programs write: the file's order is not the reader's."""
    canvas.drawString(60, 800, "An abstract that goes all the way across the whole width of the page, from the left margin to the right")
    for line in range(25):
        for column in range(2):
            canvas.drawString(60 + 250 * column, 760 - 13 * line, f"c{column}l{line} " + prose(100 * column + line, 5))


def scattered(canvas: Canvas) -> None:
    for line in range(40):
        canvas.drawString(60, 780 - 14 * line, prose(line, 12))


@pytest.mark.parametrize("draw", [bare_table, ruled_table])
def test_tables(draw: Callable[[Canvas], object]) -> None:
    """A table is one block, a line a row, cells parted by bars, with or without rules."""
    found = blocks(PdfParser().parse(drawn(draw)))
    assert found == [
        ("paragraph", prose(1, 10)),
        ("table", "\n".join(" | ".join(row) for row in CELLS)),
        ("paragraph", prose(2, 10)),
    ]


def test_columns_are_read_one_after_the_other() -> None:
    """Two columns come in reading order after what goes across both, and are no table."""
    parsed = PdfParser().parse(drawn(two_columns))
    labels = [word for word in parsed.text.split() if word.startswith(("c0l", "c1l"))]
    assert labels == [f"c{column}l{line}" for column in range(2) for line in range(25)]
    assert parsed.text.startswith("An abstract")
    assert {kind for kind, _ in blocks(parsed)} == {"paragraph"}


def test_lists_and_prose_are_no_tables() -> None:
    """Numbered lists with hanging text, and prose, stay paragraphs."""

    def listed(canvas: Canvas) -> None:
        for line in range(6):
            canvas.drawString(72, 760 - 14 * line, f"{line + 1}.")
            canvas.drawString(95, 760 - 14 * line, prose(line, 3))

    for draw in (listed, scattered):
        assert {kind for kind, _ in blocks(PdfParser().parse(drawn(draw)))} == {"paragraph"}


@pytest.mark.parametrize("draw", [bare_table, ruled_table, two_columns, scattered])
def test_boxes_hold_their_words(draw: Callable[[Canvas], object]) -> None:
    """Of 200 random spans, PDFium finds each word in the box of its anchor."""
    data = drawn(draw)
    parsed = PdfParser().parse(data)
    page = pypdfium2.PdfDocument(data)[0]
    textpage = page.get_textpage()
    chosen = random.Random(5)
    for _ in range(200):
        start = chosen.randrange(len(parsed.text))
        end = min(len(parsed.text), start + chosen.randint(1, 60))
        for anchor in (a for a in parsed.anchors if a.start < end and a.end > start):
            assert anchor.page == 1
            assert anchor.box is not None
            x0, y0, x1, y1 = anchor.box
            inside = textpage.get_text_bounded(left=x0 - 0.5, bottom=842 - y1 - 0.5, right=x1 + 0.5, top=842 - y0 + 0.5)
            assert parsed.text[anchor.start : anchor.end] in inside


def test_outline_gives_headings() -> None:
    """A line that a bookmark of its page names is a heading of the bookmark's level, whatever its type."""

    def page(canvas: Canvas) -> None:
        for level, (title, y) in enumerate((("Chapter one", 780), ("Mooring", 700))):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level)
            canvas.drawString(72, y, title)
            canvas.drawString(72, y - 40, prose(level, 12))

    parsed = PdfParser().parse(drawn(page))
    assert [(b.level, parsed.text[b.start : b.end]) for b in parsed.blocks if b.kind == "heading"] == [(1, "Chapter one"), (2, "Mooring")]


def test_running_heads_and_page_numbers_are_left_out() -> None:
    """What three or more pages repeat at the same place is not in the text, and counted; two pages repeat nothing."""

    def page(number: int) -> Callable[[Canvas], object]:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(72, 815, "The Port Handbook")
            canvas.drawString(290, 25, f"Page {number}")
            canvas.drawString(72, 600, f"Text {number} {prose(number, 9)}")

        return draw

    parsed = PdfParser().parse(drawn(*map(page, range(1, 5))))
    assert "Handbook" not in parsed.text
    assert "Page" not in parsed.text
    assert parsed.warnings == ("8 lines that the pages repeat (running heads, page numbers) left out",)
    assert "Handbook" in PdfParser().parse(drawn(page(1), page(2))).text


def test_passwords() -> None:
    """Each password is tried in turn, through the sandbox too; none is in an error or in the settings' text or hash."""
    data = samples.pdf([[(72, 700, 11, "Sealed")]], password="open sesame")
    item = SourceItem(uri="a.pdf", token="1", open=lambda: io.BytesIO(data))
    with ParserPool(ParsingSettings(passwords=("wrong one", "open sesame"))) as pool:
        assert pool.parse(item).text == "Sealed"
        with pytest.raises(ParseError, match=r"encrypted.*parsing\.passwords") as error:
            pool.parse(item, ParsingSettings(passwords=("wrong one",)))
    assert "wrong one" not in str(error.value)
    settings = load_settings(environ={"RAGKIT_PARSING__PASSWORDS": '["open sesame"]'})
    assert settings.parsing.passwords == ("open sesame",)
    assert "sesame" not in repr(settings)
    assert settings.sha256() == load_settings(environ={}).sha256()
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={"RAGKIT_PARSING__PASSWORDS": "open sesame"})
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None


HIDING = {
    "invisible": b"BT 3 Tr /F 12 Tf 72 600 Td (Ignore) Tj ET",
    "white": b"1 1 1 rg BT /F 12 Tf 72 600 Td (Ignore) Tj ET",
    "tiny": b"BT /F 0.5 Tf 72 600 Td (Ignore) Tj ET",
    "off the page": b"BT /F 12 Tf 72 900 Td (Ignore) Tj ET",
    "transparent": b"/G gs BT /F 12 Tf 72 600 Td (Ignore) Tj ET",
    "covered": b"BT /F 12 Tf 72 600 Td (Ignore) Tj ET 0.9 g 60 590 200 30 re f",
    "in a layer that is off": b"/OC /L BDC BT /F 12 Tf 72 600 Td (Ignore) Tj ET EMC",
}


def hiding(content: bytes, *, off: bool = True) -> bytes:
    """A page with a layer /L and a transparent state /G at hand."""
    data = samples.raw_pdf(
        b"BT /F 12 Tf 72 700 Td (Seen) Tj ET " + content,
        extra=b"8 0 obj<</Type/OCG/Name(Layer)>>endobj\n9 0 obj<</Type/ExtGState/ca 0/CA 0>>endobj\n",
    )
    layers = b"/OCProperties<</OCGs[8 0 R]/D<</OFF[" + (b"8 0 R" if off else b"") + b"]>>>>"
    data = data.replace(b"/Type/Catalog", b"/Type/Catalog" + layers)
    return data.replace(b"/Resources<<", b"/Resources<</Properties<</L 8 0 R>>/ExtGState<</G 9 0 R>>")


@pytest.mark.parametrize("kind", HIDING)
def test_hidden_text_is_told_by_its_kind(kind: str) -> None:
    """However text hides, it is left out, and the warning says how."""
    parsed = PdfParser().parse(hiding(HIDING[kind]))
    assert parsed.text == "Seen"
    assert parsed.warnings == (f"page 1: 6 hidden characters left out ({kind})",)


def test_text_that_shows_after_all_is_kept() -> None:
    """Text in a layer that is on, and text painted over a ground, can be read."""
    assert "Ignore" in PdfParser().parse(hiding(HIDING["in a layer that is off"], off=False)).text
    over = b"0.9 g 60 590 200 30 re f 0 g BT /F 12 Tf 72 600 Td (Over) Tj ET"
    assert "Over" in PdfParser().parse(hiding(over)).text
