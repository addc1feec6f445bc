"""The outline (bookmarks) of a PDF: which lines it names as headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pdf_order import PageLines

if TYPE_CHECKING:
    import pypdfium2

_MOST = 5000
_MOST_LINES = 3
_LONGEST = 300


def mark(document: pypdfium2.PdfDocument, pages: list[PageLines]) -> None:
    """Gives the lines that are a bookmark's title, on the page that it leads to, the bookmark's level."""
    by_number = {page.number: page for page in pages}
    texts: dict[int, list[str]] = {}
    for count, bookmark in enumerate(document.get_toc(max_depth=12)):
        if count >= _MOST:
            return
        target = bookmark.get_dest()
        index = target.get_index() if target is not None else None
        page = by_number.get(-1 if index is None else index + 1)
        wanted = _plain(bookmark.get_title()[:_LONGEST])
        if not page or not wanted:
            continue
        if page.number not in texts:
            texts[page.number] = [_plain("".join(line.words)) for line in page.lines]
        for line in page.lines[_titled(texts[page.number], wanted)]:
            line.level = min(6, bookmark.level + 1)


def _titled(texts: list[str], wanted: str) -> slice:
    """The place of the one to three lines, one after the other, that read as the title does, with or without a number before it."""
    for at in range(len(texts)):
        joined = ""
        for end in range(at, min(at + _MOST_LINES, len(texts))):
            joined += texts[end]
            if joined == wanted or (joined.endswith(wanted) and joined.removesuffix(wanted).isdigit()):
                return slice(at, end + 1)
            if len(joined) > len(wanted) + 8:
                break
    return slice(0)


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
