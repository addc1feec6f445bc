"""Passages on their way into the index: the pages they stand on, their vectors, and the segment made of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ragkit.contracts import Embedder
from ragkit.index.segments import Segment
from ragkit.records import Chunk, Parsed
from ragkit.text.words import Analyzer

EMBEDDED_AT_ONCE = 256


def pages_of(parsed: Parsed, chunks: Sequence[Chunk]) -> list[int | None]:
    """The page on which each of ``chunks``, in order, starts; ``None`` where there are no pages."""
    anchors = [a for a in parsed.anchors if a.page is not None]
    pages: list[int | None] = []
    at = 0
    for piece in chunks:
        while at < len(anchors) and anchors[at].end <= piece.start:
            at += 1
        pages.append(anchors[at].page if at < len(anchors) and anchors[at].start < piece.end else None)
        at = max(0, at - 1)
    return pages


def embed(embedder: Embedder, texts: Sequence[str], report: Callable[[int], None]) -> NDArray[np.float32]:
    """``(len(texts), dimension)`` float32. Texts of like length go together, a slice at a time; ``report`` hears how many are done."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = np.zeros((len(texts), embedder.dimension), np.float32)
    for at in range(0, len(order), EMBEDDED_AT_ONCE):
        report(at)
        some = order[at : at + EMBEDDED_AT_ONCE]
        vectors[some] = embedder.embed([texts[i] for i in some])
    return vectors


def segment_of(chunk_ids: Sequence[int], texts: Sequence[str], vectors: NDArray[np.float32], analyzer: Analyzer) -> Segment:
    """A segment of passages given as the index sees them (:func:`ragkit.search.indexed_text`), by rising id."""
    return Segment.build(chunk_ids, [analyzer.terms(text) for text in texts], vectors)
