"""The lexical index against rank_bm25, which is its oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from ragkit.index import files
from ragkit.index.lexical import LexicalIndex, LexicalSegment

words = st.sampled_from([f"w{i}" for i in range(12)])
row = st.lists(words, max_size=14)
corpus = st.lists(st.lists(row, min_size=1, max_size=8), min_size=1, max_size=4)


def _index(segments: list[list[list[str]]], live: np.ndarray) -> LexicalIndex:
    return LexicalIndex([LexicalSegment.build(s) for s in segments], live, k1=1.2, b=0.75)


@settings(max_examples=300, deadline=None)
@given(corpus, st.lists(words, min_size=1, max_size=6), st.data())
def test_scores_are_those_of_rank_bm25_on_the_live_rows(segments: list[list[list[str]]], query: list[str], data: st.DataObject) -> None:
    """Whatever the segments and the deletions, each live row scores as BM25Okapi scores it among the live rows alone."""
    rows = [r for s in segments for r in s]
    live = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    kept = [r for r, alive in zip(rows, live, strict=True) if alive]
    scores = _index(segments, live).scores(query)
    assert (scores[~live] == 0).all()
    if any(kept):
        np.testing.assert_allclose(scores[live], BM25Okapi(kept, k1=1.2, b=0.75).get_scores(query), atol=1e-5)


@settings(max_examples=150, deadline=None)
@given(corpus, st.lists(words, min_size=1, max_size=6), st.data())
def test_hidden_rows_move_no_score(segments: list[list[list[str]]], query: list[str], data: st.DataObject) -> None:
    """A mask of allowed rows gives the same bytes as an index that never had the others."""
    count = sum(len(s) for s in segments)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    everything = _index(segments, np.ones(count, bool)).scores(query, allowed=allowed)
    alone = _index(segments, allowed).scores(query)
    assert everything.tobytes() == alone.tobytes()


@settings(max_examples=150, deadline=None)
@given(corpus, st.lists(words, min_size=1, max_size=6), st.data())
def test_merging_changes_no_score(segments: list[list[list[str]]], query: list[str], data: st.DataObject) -> None:
    """A merged segment holds the live rows of its parts, and scores them the same."""
    count = sum(len(s) for s in segments)
    live = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    masks = np.split(live, np.cumsum([len(s) for s in segments])[:-1])
    merged = LexicalSegment.merge([LexicalSegment.build(s) for s in segments], masks)
    scores = LexicalIndex([merged], np.ones(int(live.sum()), bool)).scores(query)
    np.testing.assert_allclose(scores, _index(segments, live).scores(query)[live], atol=1e-9)


def test_a_segment_comes_back_from_its_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Arrays survive the file bit for bit, and are memory-mapped."""
    segment = LexicalSegment.build([["naïve", "café"], ["café", "日本"], []])
    info = files.write_once(tmp_path, "x", files.save_arrays(segment.arrays))
    mapped = files.map_arrays(files.require_whole(tmp_path, info))
    again = LexicalSegment(mapped)
    assert again.vocabulary() == segment.vocabulary()
    assert again.postings("café")[0].tolist() == [0, 1]
    assert again.postings("unknown")[0].tolist() == []
    assert not mapped["rows"].flags.writeable


@settings(max_examples=150, deadline=None)
@given(corpus, st.lists(words, min_size=1, max_size=6), st.integers(0, 9), st.data())
def test_a_search_is_a_stable_sort_of_the_scores(segments: list[list[list[str]]], query: list[str], k: int, data: st.DataObject) -> None:
    """The k best wanted rows, best first, ties by row number, whatever is masked; twice the same; each with its full score."""
    count = sum(len(s) for s in segments)
    live, allowed, wanted = (np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count))) for _ in range(3))
    index = _index(segments, live)
    scores = index.scores(query, allowed=allowed)
    matching = [i for i in range(count) if wanted[i] and scores[i] > 0]
    expected = sorted(matching, key=lambda i: (-scores[i], i))[:k]
    for _ in range(2):
        rows, found = index.search(query, k, allowed=allowed, wanted=wanted)
        assert rows.tolist() == expected
        assert found.tolist() == scores[rows].tolist()
    visible = np.flatnonzero(live & allowed)
    assert index.scores_of(index.weigh(query, allowed=allowed), visible).tolist() == scores[visible].tolist()


def test_idf_is_positive_even_for_common_terms() -> None:
    """The weight of a term for late interaction is above zero, and falls with its frequency."""
    index = _index([[["a", "b"], ["a"], ["a", "c"]]], np.ones(3, bool))
    idf = index.weigh(["a", "b", "z"]).idf()
    assert idf["z"] > idf["b"] > idf["a"] > 0


@pytest.mark.parametrize("query", [[], ["unknown"]])
def test_nothing_matches_nothing(query: list[str]) -> None:
    """No term, no row: never all of them."""
    rows, scores = _index([[["a"]]], np.ones(1, bool)).search(query, 5)
    assert rows.tolist() == scores.tolist() == []
