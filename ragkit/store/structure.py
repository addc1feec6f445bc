"""Blocks and anchors of a document as compact bytes: columns of numbers, deltas where they rise, zlib."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, get_args

from ragkit.records import Anchor, Block, BlockKind, Box, Parsed

_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)


def pack(parsed: Parsed) -> bytes:
    """Everything of ``parsed`` but its text and title."""
    blocks, anchors = parsed.blocks, parsed.anchors
    tree: dict[str, Any] = {
        "blocks": [
            [_KINDS.index(b.kind) for b in blocks],
            _deltas([b.start for b in blocks]),
            [b.end - b.start for b in blocks],
            [b.level for b in blocks],
        ],
        "anchors": [_deltas([a.start for a in anchors]), [a.end - a.start for a in anchors]],
        "bytes": _optional([(a.byte_start, a.byte_end) if a.byte_start is not None else None for a in anchors]),
        "pages": _optional([a.page for a in anchors]),
        "boxes": _optional([None if a.box is None else [round(v * 10) for v in a.box] for a in anchors]),
        "places": _optional([a.place for a in anchors]),
        "metadata": dict(parsed.metadata),
        "warnings": list(parsed.warnings),
    }
    return zlib.compress(json.dumps(tree, separators=(",", ":")).encode(), 6)


def unpack(packed: bytes, text: str, title: str) -> Parsed:
    """The inverse of :func:`pack`; boxes come back to a tenth of a point."""
    tree = json.loads(zlib.decompress(packed))
    kinds, starts, sizes, levels = tree["blocks"]
    blocks = tuple(
        Block(kind=_KINDS[kind], start=start, end=start + size, level=level)
        for kind, start, size, level in zip(kinds, accumulate(starts), sizes, levels, strict=True)
    )
    anchor_starts, anchor_sizes = tree["anchors"]
    count = len(anchor_starts)
    columns = [tree[name] or [None] * count for name in ("bytes", "pages", "boxes", "places")]
    anchors = tuple(
        Anchor(
            start=start,
            end=start + size,
            byte_start=span[0] if span else None,
            byte_end=span[1] if span else None,
            page=page,
            box=Box(*(v / 10 for v in box)) if box else None,
            place=place,
        )
        for start, size, span, page, box, place in zip(accumulate(anchor_starts), anchor_sizes, *columns, strict=True)
    )
    return Parsed(text=text, blocks=blocks, anchors=anchors, title=title, metadata=tree["metadata"], warnings=tuple(tree["warnings"]))


def _deltas(rising: Sequence[int]) -> list[int]:
    return [b - a for a, b in zip([0, *rising[:-1]], rising, strict=True)] if rising else []


def _optional(column: list[Any]) -> list[Any] | None:
    return column if any(value is not None for value in column) else None
