"""Dense search is exact over the rows that may be seen; fusion is arithmetic."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ragkit.index import dense, fusion
from ragkit.index.dense import DenseIndex


def _unit(rng: np.random.Generator, n: int, d: int = 16) -> np.ndarray:
    vectors = rng.normal(size=(n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(max_examples=60, deadline=None)
@example(228, [14, 30], 0.5)  # a component half-way between two halves, which FAISS and numpy round differently
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 30), min_size=1, max_size=3), st.floats(0, 1))
def test_search_is_exact_among_the_allowed_rows(seed: int, sizes: list[int], share: float) -> None:
    """FAISS with a selector finds just what a product over the allowed rows finds; no other row is returned."""
    rng = np.random.default_rng(seed)
    parts = [_unit(rng, n) for n in sizes]
    built = [dense.build([p], p.shape[1]) for p in parts]
    everything = np.concatenate([dense.vectors_of(index, np.arange(index.ntotal)) for index in built])
    np.testing.assert_allclose(everything, np.concatenate(parts), rtol=2.0**-11, atol=2.0**-25)
    live = rng.random(len(everything)) < 0.9
    allowed = rng.random(len(everything)) < share
    query = _unit(rng, 1)[0]
    rows, scores = DenseIndex(built, live).search(query, 5, allowed=allowed)
    visible = np.flatnonzero(live & allowed)
    expected = np.sort(everything[visible] @ query)[::-1][:5]
    assert set(rows.tolist()) <= set(visible.tolist())
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_scores_of_chosen_rows_across_segments() -> None:
    """The cosine of any row can be asked for, whichever segment holds it."""
    rng = np.random.default_rng(3)
    parts = [_unit(rng, 4), _unit(rng, 3)]
    query = _unit(rng, 1)[0]
    found = DenseIndex([dense.build([p], p.shape[1]) for p in parts], np.ones(7, bool)).scores(query, np.array([6, 0, 3]))
    np.testing.assert_allclose(found, (np.concatenate(parts) @ query)[[6, 0, 3]], atol=2e-3)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_minmax_stays_in_the_unit_interval_and_keeps_the_order(values: list[float]) -> None:
    """0 is the lowest, 1 the highest, and no pair changes places."""
    scaled = fusion.minmax(np.array(values))
    assert scaled.min() >= 0
    assert scaled.max() <= 1
    assert all(b <= a for a, b in zip(scaled[np.argsort(values)][1:], scaled[np.argsort(values)][:-1], strict=True))


def test_reciprocal_rank_ignores_lists_that_lack_a_row() -> None:
    """Rank 0 adds nothing; equal ranks add equal shares."""
    scores = fusion.reciprocal_rank([np.array([1, 0, 2]), np.array([0, 1, 2])], k=60)
    assert scores[0] == scores[1] == 1 / 61
    assert scores[2] == 2 / 62


def test_few_rows_are_read_and_many_are_mapped_alike(tmp_path: Path) -> None:
    """A stored index gives the vectors that were put in, bit for bit, by either way, and also after its file was removed."""
    vectors = np.random.default_rng(5).normal(size=(3000, 24)).astype(np.float16).astype(np.float32)
    file = tmp_path / "x.dense.faiss"
    file.write_bytes(dense.to_bytes(dense.build([vectors], 24)))
    stored = dense.Stored(file)
    file.unlink()
    assert (stored.ntotal, stored.d) == (3000, 24)
    for count in (0, 1, 7, 1024, 1025, 3000):
        rows = np.random.default_rng(count).permutation(3000)[:count]
        np.testing.assert_array_equal(dense.vectors_of(stored, rows), vectors[rows])


def test_a_stored_index_lets_go_of_its_file(tmp_path: Path) -> None:
    """Opening and dropping indexes leaves no descriptor open."""
    file = tmp_path / "x.dense.faiss"
    file.write_bytes(dense.to_bytes(dense.build([np.eye(8, dtype=np.float32)], 8)))

    def descriptors() -> int:
        return sum(os.path.realpath(f"/proc/self/fd/{name}") == str(file) for name in os.listdir("/proc/self/fd"))

    stored = [dense.Stored(file) for _ in range(20)]
    assert descriptors() >= 20
    del stored
    assert descriptors() == 0
