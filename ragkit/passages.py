"""Passages on their way into the index: the pages they stand on, their vectors, and the segment made of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragkit.contracts import BothEmbedder, Embedder, TokenVectors
from ragkit.index.codes import TokenCodes
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


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of passages, ``(passages, dimension)`` float32, and the codes of their tokens where these are kept."""

    vectors: NDArray[np.float32]
    codes: TokenCodes | None = None


def embed(embedder: Embedder, texts: Sequence[str], report: Callable[[int], None], *, codes: bool) -> Embedded:
    """Texts of like length go together, a slice at a time; ``report`` hears how many are done. ``codes``: their tokens' too."""
    order = np.array(sorted(range(len(texts)), key=lambda i: len(texts[i])), np.int64)
    vectors = np.zeros((len(texts), embedder.dimension), np.float32)
    parts = [TokenCodes.none(0, embedder.dimension)]
    for at in range(0, len(order), EMBEDDED_AT_ONCE):
        report(at)
        rows = order[at : at + EMBEDDED_AT_ONCE]
        some = [texts[i] for i in rows]
        if not codes:
            vectors[rows] = embedder.embed(some)
            continue
        vectors[rows], tokens = _both(embedder, some)
        parts.append(TokenCodes.encode([one.vectors for one in tokens], embedder.dimension))
    return Embedded(vectors, TokenCodes.joined(parts).taken(np.argsort(order)) if codes else None)


def _both(embedder: Embedder, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[TokenVectors]]:
    if isinstance(embedder, BothEmbedder):
        return embedder.embed_both(texts)
    return embedder.embed(texts), embedder.embed_tokens(texts)


def segment_of(chunk_ids: Sequence[int], texts: Sequence[str], embedded: Embedded, analyzer: Analyzer) -> Segment:
    """A segment of passages given as the index sees them (:func:`ragkit.search.indexed_text`), by rising id."""
    return Segment.build(chunk_ids, [analyzer.terms(text) for text in texts], embedded.vectors, embedded.codes)


def spread(made: Embedded, places: Sequence[int], kept: Mapping[int, NDArray[np.float32]]) -> Embedded:
    """What was ``made`` for the passages at ``places``, with the vectors that were ``kept`` for the others; these have no codes."""
    vectors = np.zeros((len(places) + len(kept), made.vectors.shape[1]), np.float32)
    vectors[list(places)] = made.vectors
    for at, vector in kept.items():
        vectors[at] = vector
    if made.codes is None:
        return Embedded(vectors)
    every = TokenCodes.joined([made.codes, TokenCodes.none(len(kept), vectors.shape[1])])
    return Embedded(vectors, every.taken(np.argsort([*places, *kept])))
