"""The way back: where in its source a passage of the canonical text stands."""

from __future__ import annotations

from collections.abc import Sequence

from ragkit.records import Anchor, Parsed

from .parsers.source import width


def covering(anchors: Sequence[Anchor], start: int, end: int) -> list[Anchor]:
    """The anchors that touch ``[start, end)``."""
    return [anchor for anchor in anchors if anchor.start < end and anchor.end > start]


def byte_span(parsed: Parsed, start: int, end: int) -> tuple[int, int] | None:
    """The source's bytes ``[first, last)`` that ``parsed.text[start:end]`` was read from; ``None`` where no anchor tells.

    Within an anchor whose text is as long in the document's encoding as its bytes, the place is exact to the
    character; any other anchor (an entity, a run that was found only roughly) counts as a whole.
    """
    found = [anchor for anchor in covering(parsed.anchors, start, end) if anchor.byte_start is not None]
    if not found:
        return None
    spans = [_within(parsed, anchor, max(start, anchor.start), min(end, anchor.end)) for anchor in found]
    return min(first for first, _ in spans), max(last for _, last in spans)


def _within(parsed: Parsed, anchor: Anchor, start: int, end: int) -> tuple[int, int]:
    first, last = anchor.byte_start or 0, anchor.byte_end or 0
    encoding = str(parsed.metadata.get("encoding", "utf-8"))
    crlf = parsed.metadata.get("newline") == "crlf"
    cuts = ((anchor.start, start), (start, end), (end, anchor.end))
    before, inside, after = (width(parsed.text[low:high], encoding, crlf) for low, high in cuts)
    if before + inside + after != last - first:
        return first, last
    return first + before, last - after
