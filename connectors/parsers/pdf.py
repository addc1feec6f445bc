"""PDF, by PDFium: the text that shows, in the order of the page, every word with its page and box."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .. import ocr

if TYPE_CHECKING:
    import pypdfium2

    from .pdf_order import PageLines

_MOST_BROKEN = 50
#: What programs write when nobody gave a title.
_NO_TITLES = ("", "untitled", "(anonymous)", "anonymous", "unspecified", "powerpoint presentation", "word document", "document1")
#: With hidden text, so that what paints pages is loaded too.
_SAMPLE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]/Contents 4 0 R
/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 87>>stream
BT /F 12 Tf 9 9 Td (sample) Tj ET BT /F 9 Tf 52 52 Td (x) Tj ET 0.9 g 40 40 40 40 re f
endstream endobj
trailer<</Root 1 0 R>>"""


class PdfParser:
    """Pages in order, lines joined to paragraphs, larger type as headings. Text that cannot be seen is left out."""

    media_types: ClassVar[tuple[str, ...]] = ("application/pdf",)
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    sample: ClassVar[bytes] = _SAMPLE

    options: ClassVar[tuple[str, ...]] = ("ocr", "passwords", "timeout_s")

    def __init__(self, *, ocr: str = "auto", passwords: Sequence[str] = (), timeout_s: float = 20.0) -> None:
        self.ocr = ocr
        self.passwords = tuple(passwords)
        self.timeout_s = timeout_s

    @classmethod
    def load_more(cls) -> None:
        """Loads what reads scans."""
        ocr.warm_up()

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The visible text of ``data``.

        Raises:
            ParseError: it is encrypted, broken, or a scan without text.
        """
        from .pdf_assemble import assemble  # only here, as it loads numba and the compiled loops
        from .pdf_order import drop_running
        from .pdf_outline import mark

        reading = ocr.Reading.within(self.ocr, self.timeout_s)
        document = _opened(data, self.passwords)
        warnings: list[str] = []
        try:
            pages = _pages(document, warnings, reading)
            if running := drop_running(pages):
                warnings.append(f"{running} lines that the pages repeat (running heads, page numbers) left out")
            mark(document, pages)
            title = _title(document)
        finally:
            document.close()
        if not any(page.lines for page in pages):
            why = reading.why_not() or "OCR finds none in its pictures"
            raise ParseError(f"the PDF has no text that shows: it is a scan or a drawing, and {why}")
        return assemble(pages, title, warnings)


def _opened(data: bytes, passwords: Sequence[str]) -> pypdfium2.PdfDocument:
    import pypdfium2

    for password in (None, *passwords):
        try:
            return pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            if "password" not in str(error).lower():
                raise ParseError("the PDF is broken: it has no readable structure") from error
    tried = f"none of the {len(passwords)} in parsing.passwords opens it" if passwords else "set parsing.passwords"
    raise ParseError(f"the PDF is encrypted and needs a password: {tried} (RAGKIT_PARSING__PASSWORDS, a JSON list), or save it without one")


def _pages(document: pypdfium2.PdfDocument, warnings: list[str], reading: ocr.Reading) -> list[PageLines]:
    """Each page's number, from 1, and its lines."""
    import numpy as np
    import pypdfium2

    from .pdf_order import PageLines
    from .pdf_page import PageReader

    pages: list[PageLines] = []
    empty: list[int] = []
    late: list[int] = []
    read: list[int] = []
    broken: list[int] = []
    for index in range(len(document)):
        try:
            page = document[index]
            with contextlib.closing(page):
                reader = PageReader(page)
                lines = reader.lines()
                rules = reader.rules() if lines else np.empty((0, 4))
                if not lines and reader.has_picture and not reading.why_not():
                    if reading.late:
                        late.append(index + 1)
                    else:
                        lines = reader.read_picture()
                        read.append(index + 1)
        except pypdfium2.PdfiumError:
            broken.append(index + 1)
            if len(broken) >= _MOST_BROKEN and not pages:
                raise ParseError(f"the PDF is broken: none of its first {len(broken)} pages can be read") from None
            continue
        pages.append(PageLines(index + 1, *reader.size, lines, rules))
        if not lines and index + 1 not in late:
            empty.append(index + 1)
        warnings += [f"page {index + 1}: {note}" for note in reader.notes]
    why = reading.why_not()
    for numbers, what in (
        (broken, "cannot be read"),
        (empty, f"without text that shows{f' ({why})' if why else ''}"),
        (read, "read by OCR"),
        (late, "not read by OCR: there was no time left (parsing.timeout_s)"),
    ):
        if numbers:
            warnings.append(f"{_listed(numbers)} {what}")
    return pages


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"


def _title(document: pypdfium2.PdfDocument) -> str | None:
    title = " ".join(document.get_metadata_dict().get("Title", "").split())
    return None if title.lower() in _NO_TITLES else title[:500]
