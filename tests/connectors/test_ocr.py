"""Pictures of text: what OCR reads from scans and images, inside the sandbox; and what is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ragkit.connectors import ocr
from ragkit.connectors.parsers.image import ImageParser
from ragkit.connectors.parsers.pdf import PdfParser
from ragkit.connectors.sandbox import ParserPool
from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ParsingSettings

needs_ocr = pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")
LINES = ["The crane lifts forty tonnes", "at the north berth of the harbour", "Depth nine metres at low tide"]


def picture(lines: list[str] = LINES) -> Image.Image:
    """800 x 400 pixels; line n at (60, 50 + 80 n), 32 pixels high."""
    image = Image.new("RGB", (800, 400), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((60, 50 + 80 * number), line, fill="black", font=ImageFont.load_default(32))
    return image


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, kind, **options)
    return buffer.getvalue()


def read(data: bytes, uri: str, memory_mb: int = 1024) -> Parsed:
    with ParserPool(ParsingSettings(timeout_s=60, memory_mb=memory_mb)) as pool:
        return pool.parse(SourceItem(uri=uri, token="1", open=lambda: io.BytesIO(data)))


def check_places(parsed: Parsed, points: float, page: int = 1) -> None:
    """Every line stands where it was drawn."""
    for number, line in enumerate(LINES):
        at = parsed.text.index(line.split()[0])
        anchor = next(a for a in parsed.anchors if a.start <= at < a.end)
        assert anchor.page == page
        assert anchor.box is not None
        assert abs(anchor.box.x0 - 60 * points) < 12 * points
        assert anchor.box.y0 < (50 + 80 * number + 20) * points < anchor.box.y1


@needs_ocr
def test_image_in_the_sandbox() -> None:
    """A PNG of unknown density is read in the sandbox; a pixel counts as a point."""
    parsed = read(saved("PNG"), "note.png")
    assert parsed.text.split() == " ".join(LINES).split()
    assert parsed.warnings == ("the text was read by OCR",)
    check_places(parsed, 1.0)


@needs_ocr
def test_every_frame_of_a_tiff_is_a_page() -> None:
    """Two frames are two pages; boxes are points by the file's dots an inch."""
    data = saved("TIFF", save_all=True, append_images=[picture(["Second sheet"])], dpi=(144, 144))
    parsed = ImageParser().parse(data)
    assert "Second sheet" in parsed.text
    assert parsed.anchors[-1].page == 2
    check_places(parsed, 0.5)


@needs_ocr
def test_scanned_pdf() -> None:
    """A page that is a picture is read by OCR, in points of the page, and the warning says so. The models are not loaded within the
    limits of the document, even when it is the first one."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(400, 200))
    canvas.drawImage(ImageReader(picture()), 0, 0, 400, 200)
    canvas.save()
    parsed = read(buffer.getvalue(), "scan.pdf", memory_mb=600)
    assert parsed.text.split() == " ".join(LINES).split()
    assert "page 1 read by OCR" in parsed.warnings
    check_places(parsed, 0.5)
    with pytest.raises(ParseError, match=r"OCR is off \(parsing\.ocr\)"):
        PdfParser(ocr="off").parse(buffer.getvalue())


@needs_ocr
def test_pages_beyond_the_time_are_named() -> None:
    """When the time for OCR is over, what is left is refused with the setting to raise."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(400, 200))
    canvas.drawString(20, 20, "Text")
    canvas.showPage()
    canvas.drawImage(ImageReader(picture()), 0, 0, 400, 200)
    canvas.save()
    parsed = PdfParser(timeout_s=1e-9).parse(buffer.getvalue())
    assert parsed.warnings == ("page 2 not read by OCR: there was no time left (parsing.timeout_s)",)


@needs_ocr
def test_image_bombs_and_broken_images() -> None:
    """A picture of too many pixels, a broken one and an empty one are each refused in their own words."""
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    blank = io.BytesIO()
    Image.new("RGB", (100, 100), "white").save(blank, "PNG")
    with pytest.raises(LimitExceeded, match="pixels"):
        ImageParser().parse(bomb.getvalue())
    with pytest.raises(ParseError, match="broken"):
        ImageParser().parse(saved("PNG")[:300])
    with pytest.raises(ParseError, match="no text"):
        ImageParser().parse(blank.getvalue())


def test_off() -> None:
    """With OCR off an image is refused, and the reason names the setting."""
    with pytest.raises(ParseError, match=r"parsing\.ocr"):
        ImageParser(ocr="off").parse(saved("PNG"))
