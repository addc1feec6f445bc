"""Passages on their way into the index: the pages they stand on, their vectors, and the segment made of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragkit.contracts import BothEmbedder, Embedder, TokenVectors
from ragkit.index.codes import TokenCodes
from ragkit.index.segments import Segment
from ragkit.records import Chunk, Parsed
from ragkit.text.words import Analyzer, terms

EMBEDDED_AT_ONCE = 256
#: Tokens that have one code together.
POOLED = 4
_WORD = re.compile(r"\w+")


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
        parts.append(TokenCodes.encode([pooled(text, one) for text, one in zip(some, tokens, strict=True)], embedder.dimension))
    return Embedded(vectors, TokenCodes.joined(parts).taken(np.argsort(order)) if codes else None)


def pooled(text: str, tokens: TokenVectors) -> NDArray[np.float32]:
    """``(groups, dimension)`` float32: the directions of the means of every :data:`POOLED` tokens that follow one another, those of stop
    words and of punctuation left out (token pooling: Clavié et al. 2024); of all tokens where nothing else is there."""
    keep = np.zeros(len(tokens.starts), np.bool_)
    for word in _WORD.finditer(text):
        if terms(word.group()):
            keep |= (tokens.starts >= word.start()) & (tokens.ends <= word.end())
    kept = tokens.vectors[keep if keep.any() else slice(None)].astype(np.float32, copy=False)
    sums: NDArray[np.float32] = np.add.reduceat(kept, np.arange(0, len(kept), POOLED), axis=0) if len(kept) else kept
    found: NDArray[np.float32] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return found


def _both(embedder: Embedder, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[TokenVectors]]:
    if isinstance(embedder, BothEmbedder):
        return embedder.embed_both(texts)
    return embedder.embed(texts), embedder.embed_tokens(texts)


def segment_of(chunk_ids: Sequence[int], texts: Sequence[str], embedded: Embedded, analyzer: Analyzer) -> Segment:
    """A segment of passages given as the index sees them (:func:`ragkit.search.indexed_text`), by rising id."""
    return Segment.build(chunk_ids, [analyzer.terms(text) for text in texts], embedded.vectors, embedded.codes)


def spread(made: Embedded, places: Sequence[int], kept: Mapping[int, Embedded]) -> Embedded:
    """What was ``made`` for the passages at ``places``, with what was ``kept`` of the others, one each."""
    order = np.argsort([*places, *kept])
    every = [made, *kept.values()]
    vectors = np.concatenate([one.vectors for one in every])[order]
    if all(one.codes is None for one in every):
        return Embedded(vectors)
    codes = [one.codes or TokenCodes.none(len(one.vectors), vectors.shape[1]) for one in every]
    return Embedded(vectors, TokenCodes.joined(codes).taken(order))
