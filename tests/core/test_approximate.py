"""Approximate dense indexes: they choose candidates, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ragkit.index import approximate, dense
from ragkit.index.dense import DenseIndex
from ragkit.index.segments import Segment

ROWS, DIMENSION = 6000, 64


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    """Vectors in groups, as those of texts are; the last hundred serve as questions."""
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(300, DIMENSION))
    found = centres[chance.integers(0, 300, ROWS + 100)] + 0.7 * chance.normal(size=(ROWS + 100, DIMENSION))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module", params=sorted(approximate.KINDS))
def pair(request: pytest.FixtureRequest, vectors: NDArray[np.float32]) -> tuple[Any, Any]:
    """The exact index and an approximate one of each kind."""
    exact = dense.build([vectors[:ROWS]], DIMENSION)
    return exact, approximate.build(exact, request.param)


def _index(pair: tuple[Any, Any], live: NDArray[np.bool_], **options: Any) -> DenseIndex:
    return DenseIndex([pair[0]], live, near=[pair[1]], probe=0.25, **options)


def test_recall_and_scores(pair: tuple[Any, Any], vectors: NDArray[np.float32]) -> None:
    """Of the ten nearest it finds nine and a half, with the very scores of exact search, deleted rows never."""
    live = np.ones(ROWS, bool)
    live[::7] = False
    near, exact = _index(pair, live), DenseIndex([pair[0]], live)
    shares = []
    for query in vectors[ROWS:]:
        rows, scores = near.search(query, 100)
        assert live[rows].all()
        assert scores.tobytes() == exact.scores(query, rows).tobytes()
        assert (np.diff(scores) <= 0).all()
        shares.append(len({*rows[:10].tolist()} & {*exact.search(query, 10)[0].tolist()}) / 10)
    assert np.mean(shares) >= 0.95


def test_a_restricted_search_is_exact(pair: tuple[Any, Any], vectors: NDArray[np.float32]) -> None:
    """Whatever part of the rows may be seen, an asker's results are those of exact search over it."""
    for share in (0.5, 0.05, 0.001):
        allowed = np.random.default_rng(1).random(ROWS) < share
        for query in vectors[ROWS : ROWS + 20]:
            found = _index(pair, np.ones(ROWS, bool)).search(query, 10, allowed=allowed)
            expected = DenseIndex([pair[0]], np.ones(ROWS, bool)).search(query, 10, allowed=allowed)
            assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]


def test_a_restricted_search_may_be_approximate(pair: tuple[Any, Any], vectors: NDArray[np.float32]) -> None:
    """Turned off by setting, a broad filter goes through the approximate index, and still shows allowed rows only."""
    allowed = np.random.default_rng(2).random(ROWS) < 0.5
    for query in vectors[ROWS : ROWS + 20]:
        rows, _ = _index(pair, np.ones(ROWS, bool), exact_when_restricted=False).search(query, 10, allowed=allowed)
        assert len(rows) == 10
        assert allowed[rows].all()


@pytest.mark.parametrize("kind", sorted(approximate.KINDS))
def test_segments_keep_it_on_disk(kind: str, vectors: NDArray[np.float32], tmp_path: Path) -> None:
    """A segment of the kind has a third file, opens memory-mapped, finds the same, and is as large when made again."""
    made = Segment.build(range(ROWS), [[f"w{i % 50}"] for i in range(ROWS)], vectors[:ROWS], kind=kind)
    info = made.save(tmp_path, "one")
    assert set(info.parts) == {"lexical", "dense", "ann"}
    opened = Segment.open(tmp_path, info)
    live = np.ones(ROWS, bool)
    for query in vectors[ROWS : ROWS + 10]:
        first, second = (_index((s.dense, s.ann), live).search(query, 10)[0].tolist() for s in (made, opened))
        assert first == second
    again = Segment.merge([opened], [live], kind=kind).save(tmp_path, "two")
    assert again.ann is not None
    assert info.ann is not None
    assert again.ann.bytes == info.ann.bytes


def test_small_segments_have_none(vectors: NDArray[np.float32]) -> None:
    """By default only large segments get one; `exact` never does."""
    exact = dense.build([vectors[:ROWS]], DIMENSION)
    assert approximate.build(exact) is None
    assert approximate.build(exact, approximate.EXACT) is None
