"""Large collections with natural word frequencies and vectors like those of real text.

Real passages are windows of 50 words of the four retrieval collections, embedded by the embedded model. A made passage has two
of them as parents: two thirds of its words are drawn from the first one, the rest from the second, and its vector is
0.8 times the first's plus 0.45 times the second's plus normal noise of deviation 0.02 in each dimension, normalised. So words
have the frequencies that they have in real text, and vectors lie where those of real text do. The real passages come first.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import data, json_lines
from ragkit.models.embedder import SentenceTransformerEmbedder

SETS = ("scifact", "cranfield", "cisi", "npl")
WORDS = 50
FIRST, SECOND, NOISE = 0.8, 0.45, 0.02
AT_ONCE = 16384


@dataclass(frozen=True)
class Real:
    """Real passages, their vectors ``(n, d)``, and questions with theirs."""

    passages: list[str]
    vectors: NDArray[np.float32]
    questions: list[str]
    question_vectors: NDArray[np.float32]


def windows() -> list[str]:
    """The real passages, shuffled."""
    found: list[str] = []
    for name in SETS:
        for document in json_lines(data(f"retrieval/{name}") / "corpus.jsonl"):
            words = f"{document.get('title', '')} {document['text']}".split()
            found += [" ".join(words[at : at + WORDS]) for at in range(0, len(words) - 8, WORDS)]
    random.Random(7).shuffle(found)
    return found


def texts(count: int) -> list[str]:
    """``count`` texts as :func:`passages` makes them, without vectors."""
    base = windows()
    nothing = np.zeros((len(base), 0), np.float32)
    return [text for some, _ in passages(Real(base, nothing, [], nothing), count) for text in some]


def real(count: int, *, kept: Path | None = None) -> Real:
    """The first ``count`` real passages with their vectors; ``kept`` names a file that spares embedding them again."""
    passages = windows()[:count]
    questions = [q["text"] for name in SETS for q in json_lines(data(f"retrieval/{name}") / "queries.jsonl")]
    if kept is not None and kept.exists():
        arrays = np.load(kept)
        if len(arrays["vectors"]) == len(passages):
            return Real(passages, arrays["vectors"], questions, arrays["questions"])
    embedder = SentenceTransformerEmbedder()
    vectors = np.concatenate([embedder.embed(passages[at : at + 512]) for at in range(0, len(passages), 512)])
    asked = embedder.embed(questions)
    if kept is not None:
        np.savez(kept, vectors=vectors, questions=asked)
    return Real(passages, vectors, questions, asked)


def passages(base: Real, count: int, *, seed: int = 7) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """``count`` passages in parts: texts, and vectors ``(n, d)``. Equal arguments give equal parts."""
    generator: Any = np.random.default_rng(seed)
    own, vectors = base.passages[:count], base.vectors[:count]
    for at in range(0, len(own), AT_ONCE):
        yield own[at : at + AT_ONCE], vectors[at : at + AT_ONCE]
    words = [text.split() for text in base.passages]
    for at in range(len(own), count, AT_ONCE):
        size = min(AT_ONCE, count - at)
        parents = generator.integers(0, len(words), (2, size))
        draws = generator.random((size, WORDS))
        made = []
        for a, b, row in zip(*parents.tolist(), draws, strict=True):
            one, two = words[a], words[b]
            cut = 2 * WORDS // 3
            made.append(" ".join([one[int(x * len(one))] for x in row[:cut]] + [two[int(x * len(two))] for x in row[cut:]]))
        mixed = FIRST * base.vectors[parents[0]] + SECOND * base.vectors[parents[1]]
        mixed += generator.normal(0, NOISE, mixed.shape).astype(np.float32)
        yield made, (mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)).astype(np.float32)
