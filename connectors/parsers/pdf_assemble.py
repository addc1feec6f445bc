"""From the lines of every page to a document."""

from __future__ import annotations

from collections import Counter

from ragkit.records import Parsed

from .pdf_flow import Flow
from .pdf_order import PageLines, in_columns
from .pdf_table import blocks


def assemble(pages: list[PageLines], title: str | None, warnings: list[str]) -> Parsed:
    """The document of these pages: tables and paragraphs in order, larger type as headings."""
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
