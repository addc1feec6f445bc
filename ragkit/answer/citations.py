"""From evidence to citations: the exact words, and where in the source they stand."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from ragkit.records import Anchor, Box, Citation, Evidence, Parsed
from ragkit.text.tables import read_with


def quoted(cited: Sequence[str]) -> str:
    """How a quote is shown: what it cites, white space joined; a table's row, which cites its header as well, with its columns' names."""
    return read_with(cited[1], cited[0]) if len(cited) == 2 else " ".join(cited[0].split())


def cite(evidence: Evidence, parsed: Parsed, document_index: int) -> Citation:
    """A citation of ``evidence``; ``parsed`` is the text of its document version."""
    anchors = _touching(parsed.anchors, evidence.start_char_index, evidence.end_char_index)
    pages = [a.page for a in anchors if a.page is not None]
    return Citation(
        cited_text=parsed.text[evidence.start_char_index : evidence.end_char_index],
        uri=evidence.uri,
        document_title=evidence.document_title,
        document_version=evidence.document_version,
        document_index=document_index,
        start_char_index=evidence.start_char_index,
        end_char_index=evidence.end_char_index,
        start_page_number=min(pages, default=None),
        end_page_number=max(pages, default=None),
        boxes=_line_boxes(anchors),
        place=next((a.place for a in anchors if a.place), None),
    )


def _touching(anchors: Sequence[Anchor], start: int, end: int) -> list[Anchor]:
    first = bisect.bisect_right(anchors, start, key=lambda a: a.end)
    last = bisect.bisect_left(anchors, end, key=lambda a: a.start)
    return list(anchors[first:last])


def _line_boxes(anchors: Sequence[Anchor]) -> tuple[tuple[int, float, float, float, float], ...]:
    """One box for each line of the passage: neighbours on a page that overlap in height are joined."""
    lines: list[tuple[int, Box]] = []
    for anchor in anchors:
        if anchor.page is None or anchor.box is None:
            continue
        box = anchor.box
        if lines and lines[-1][0] == anchor.page and _same_line(lines[-1][1], box):
            last = lines[-1][1]
            lines[-1] = anchor.page, Box(min(last.x0, box.x0), min(last.y0, box.y0), max(last.x1, box.x1), max(last.y1, box.y1))
        else:
            lines.append((anchor.page, box))
    return tuple((page, *(round(v, 1) for v in box)) for page, box in lines)  # type: ignore[misc]


def _same_line(a: Box, b: Box) -> bool:
    shared = min(a.y1, b.y1) - max(a.y0, b.y0)
    return shared > 0.5 * min(a.y1 - a.y0, b.y1 - b.y0) and b.x0 >= a.x0
