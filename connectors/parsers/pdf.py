"""PDF, by PDFium: the text that shows, in the order of the page, every word with its page and box."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .pdf_flow import Flow
from .pdf_order import PageLines, drop_running, in_columns
from .pdf_outline import mark
from .pdf_table import blocks

if TYPE_CHECKING:
    import pypdfium2

_MOST_BROKEN = 50
#: What programs write when nobody gave a title.
_NO_TITLES = ("", "untitled", "(anonymous)", "anonymous", "unspecified", "powerpoint presentation", "word document", "document1")
_SAMPLE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]/Contents 4 0 R
/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 34>>stream
BT /F 12 Tf 9 9 Td (sample) Tj ET
endstream endobj
trailer<</Root 1 0 R>>"""


class PdfParser:
    """Pages in order, lines joined to paragraphs, larger type as headings. Text that cannot be seen is left out."""

    media_types: ClassVar[tuple[str, ...]] = ("application/pdf",)
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    sample: ClassVar[bytes] = _SAMPLE

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The visible text of ``data``.

        Raises:
            ParseError: it is encrypted, broken, or a scan without text.
        """
        document = _opened(data)
        warnings: list[str] = []
        try:
            pages = _pages(document, warnings)
            if running := drop_running(pages):
                warnings.append(f"{running} lines that the pages repeat (running heads, page numbers) left out")
            mark(document, pages)
            title = _title(document)
        finally:
            document.close()
        if not any(page.lines for page in pages):
            raise ParseError("the PDF has no text that shows: it is a scan or a drawing, and there is no OCR here")
        return _assemble(pages, title, warnings)


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ParseError("the PDF is encrypted; save it without its password") from error
        raise ParseError("the PDF is broken: it has no readable structure") from error


def _pages(document: pypdfium2.PdfDocument, warnings: list[str]) -> list[PageLines]:
    """Each page's number, from 1, and its lines."""
    import pypdfium2

    from .pdf_page import PageReader

    pages: list[PageLines] = []
    empty: list[int] = []
    broken: list[int] = []
    for index in range(len(document)):
        try:
            page = document[index]
            with contextlib.closing(page):
                reader = PageReader(page)
                lines = reader.lines()
                rules = reader.rules() if lines else []
        except pypdfium2.PdfiumError:
            broken.append(index + 1)
            if len(broken) >= _MOST_BROKEN and not pages:
                raise ParseError(f"the PDF is broken: none of its first {len(broken)} pages can be read") from None
            continue
        pages.append(PageLines(index + 1, *reader.size, lines, rules))
        if not lines:
            empty.append(index + 1)
        warnings += [f"page {index + 1}: {note}" for note in reader.notes]
    for numbers, what in ((broken, "cannot be read"), (empty, "without text that shows (no OCR here)")):
        if numbers:
            warnings.append(f"{_listed(numbers)} {what}")
    return pages


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"


def _title(document: pypdfium2.PdfDocument) -> str | None:
    title = " ".join(document.get_metadata_dict().get("Title", "").split())
    return None if title.lower() in _NO_TITLES else title[:500]


def _assemble(pages: list[PageLines], title: str | None, warnings: list[str]) -> Parsed:
    for page in pages:
        page.lines = in_columns(page) or page.lines
    sizes = Counter[float]()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size, 1)] += len(line.words)
    body = sizes.most_common(1)[0][0]
    larger = sorted((size for size in sizes if size > body * 1.15), reverse=True)[:6]
    levels = {size: level for level, size in enumerate(larger, start=1)}
    flow = Flow()
    for page in pages:
        for paragraph in blocks(page):
            flow.begin()
            paragraph.put(flow, page.number)
            level = paragraph.lines[0].level or (levels.get(round(paragraph.size, 1), 0) if flow.block_length <= 200 else 0)
            if paragraph.rows is not None:
                flow.end("table")
            else:
                flow.end("heading" if level else "paragraph", level)
    text = flow.text
    title = title or next((text[b.start : b.end] for b in flow.blocks[:5] if b.kind == "heading"), None)
    return Parsed(text=text, blocks=tuple(flow.blocks), anchors=flow.anchors(), title=title, warnings=tuple(warnings[:50]))

