"""Pictures of text: PNG, JPEG, TIFF, WebP, BMP and GIF, read by OCR."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import Parsed

from .. import ocr
from .detection import detect

if TYPE_CHECKING:
    from PIL import Image

    from .pdf_order import PageLines

_MOST_PIXELS = 100_000_000
_MOST_FRAMES = 1000
#: Dots an inch that a scanner may have meant; others are what programs write when they know nothing.
_DENSITIES = (50.0, 2400.0)


class ImageParser:
    """Every frame of a TIFF is a page, of the others the first. A box is in points where the file tells its dots an inch,
    else a pixel counts as a point."""

    media_types: ClassVar[tuple[str, ...]] = ("image/png", "image/jpeg", "image/tiff", "image/webp", "image/bmp", "image/gif")
    suffixes: ClassVar[tuple[str, ...]] = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")
    options: ClassVar[tuple[str, ...]] = ("ocr", "timeout_s")

    def __init__(self, *, ocr: str = "auto", timeout_s: float = 20.0) -> None:
        self.ocr = ocr
        self.timeout_s = timeout_s

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every document needs."""
        import PIL.Image

        PIL.Image.init()
        ocr.warm_up()

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text in the picture.

        Raises:
            LimitExceeded: it would unpack to too many pixels.
            ParseError: it is broken, holds no text, or OCR is not installed.
        """
        reading = ocr.Reading.within(self.ocr, self.timeout_s)
        if why := reading.why_not():
            raise ParseError(f"a {_kind(data)} image, and {why}")
        pages: list[PageLines] = []
        late = 0
        for number, image in enumerate(_frames(data), start=1):
            if reading.late:
                late += 1
                continue
            pages.append(_page(number, image))
        if not any(page.lines for page in pages):
            raise ParseError("the image holds no text that OCR can read")
        notes = ["the text was read by OCR"]
        if late:
            notes.append(f"{late} pages from page {len(pages) + 1} on not read: there was no time left (parsing.timeout_s)")
        from .pdf_assemble import assemble  # only here, as it loads numba

        return assemble(pages, None, notes)


def _kind(data: bytes) -> str:
    return detect(data, "", {kind: kind for kind in ImageParser.media_types}).split("/")[1].upper()


def _frames(data: bytes) -> Iterator[Image.Image]:
    from PIL import Image, ImageSequence, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                for number, frame in enumerate(ImageSequence.Iterator(image)):
                    if frame.width * frame.height > _MOST_PIXELS or number >= _MOST_FRAMES:
                        raise LimitExceeded(f"the image unpacks to more than {_MOST_PIXELS:,} pixels or {_MOST_FRAMES} frames")
                    if number and image.format != "TIFF":
                        return
                    frame.load()
                    yield frame
    except (Image.DecompressionBombError, MemoryError) as error:
        raise LimitExceeded(f"the image unpacks to more than {_MOST_PIXELS:,} pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise ParseError(f"the {_kind(data)} image is broken: it cannot be decoded") from error


def _page(number: int, image: Image.Image) -> PageLines:
    import numpy as np
    from PIL import ImageOps

    from .pdf_order import PageLines

    density = image.info.get("dpi", (0, 0))[0]
    points = 72 / float(density) if density and _DENSITIES[0] <= float(density) <= _DENSITIES[1] else 1.0
    upright = ImageOps.exif_transpose(image)
    width, height = upright.size
    if "A" in upright.getbands() or "transparency" in upright.info:
        from PIL import Image

        over = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    upright = upright.convert("RGB")
    upright.thumbnail((ocr.LONGEST, ocr.LONGEST))
    lines = ocr.lines(np.ascontiguousarray(np.asarray(upright)[:, :, ::-1]), points * width / upright.width)
    return PageLines(number, width * points, height * points, lines, np.empty((0, 4)))
