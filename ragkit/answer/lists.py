"""Questions that ask for a list, by their words (English), and the items of the list that answers."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from dataclasses import replace

from ragkit.answer.evidence import Selection
from ragkit.records import Block, Evidence, Parsed

#: Items of a list that an answer has at most.
MOST = 20
_ASKS = re.compile(
    r"^(?:please )?(?:list|enumerate|name (?:all|the|every|each))\b"
    r"|^(?:what|which)(?: are| were)(?: all)?(?: of)? (?:the|these|those|all)\b[^?]*?\w{2,}s\b"
    r"|^(?:what|which)(?: \w+){0,2} (?!does\b)\w{2,}[^s\W]s (?:are|were|do|did|can|may|must|should|have|will|need)\b",
    re.I,
)
_MARKER = re.compile(r"\s*(?:[-*+•‣·–]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+")


def asks(question: str) -> bool:
    """Whether ``question`` wants several things told.

    >>> asks("Which boats are not admitted?"), asks("Which boat is not admitted?")
    (True, False)
    """
    return _ASKS.search(" ".join(question.split())) is not None


def listed(selection: Selection, parsed: Callable[[int], Parsed]) -> Selection | None:
    """``selection`` with the items of the list that its best sentence is an item of, or leads to; ``None``: it is about no list."""
    if not selection.evidence:
        return None
    best = selection.evidence[0]
    document = parsed(best.document_id)
    items = _items(document, best.start_char_index)
    if len(items) < 2:
        return None
    spans = [_span(document, block) for block in items[:MOST]]
    made = tuple(_evidence(best, document, number, span) for number, span in enumerate(spans, 1))
    return replace(selection, evidence=made)


def _items(parsed: Parsed, start: int) -> list[Block]:
    """The items of the list that has the place ``start``, or follows the paragraph that has it and ends in a colon."""
    blocks = parsed.blocks
    at = bisect.bisect_right(blocks, start, key=lambda block: block.end)
    if at == len(blocks):
        return []
    if blocks[at].kind == "paragraph" and parsed.text[blocks[at].start : blocks[at].end].rstrip().endswith((":", "：")):
        at += 1
    first = last = at
    while first > 0 and _together(parsed, blocks[first - 1], blocks[first]):
        first -= 1
    while last + 1 < len(blocks) and _together(parsed, blocks[last], blocks[last + 1]):
        last += 1
    return list(blocks[first : last + 1]) if at < len(blocks) and blocks[at].kind == "list_item" else []


def _together(parsed: Parsed, one: Block, two: Block) -> bool:
    """Whether two neighbours are items of one list: not where marks change to numbers on the same level."""
    if one.kind != "list_item" or two.kind != "list_item":
        return False
    return one.level != two.level or _numbered(parsed, one) == _numbered(parsed, two)


def _numbered(parsed: Parsed, block: Block) -> bool:
    mark = _MARKER.match(parsed.text, block.start, block.end)
    return mark is not None and any(c.isalnum() for c in mark.group())


def _span(parsed: Parsed, block: Block) -> tuple[int, int]:
    """An item without its mark."""
    mark = _MARKER.match(parsed.text, block.start, block.end)
    start = mark.end() if mark is not None and mark.end() < block.end else block.start
    return start, start + len(parsed.text[start : block.end].rstrip())


def _evidence(like: Evidence, parsed: Parsed, number: int, span: tuple[int, int]) -> Evidence:
    return replace(like, id=number, text=parsed.text[span[0] : span[1]], start_char_index=span[0], end_char_index=span[1])
