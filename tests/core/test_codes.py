"""Token vectors in one bit a dimension: the estimate, its error, and passages taken and joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ragkit import Ragkit, Settings, passages
from ragkit.contracts import TokenVectors
from ragkit.index import files
from ragkit.index.codes import TokenCodes, rotation
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.testing import SyntheticEmbedder


def unit(rows: int, dimension: int, seed: int = 1) -> NDArray[np.float32]:
    made = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.mark.parametrize("dimension", [1, 8, 30, 64, 100, 384, 768])
def test_the_rotation_keeps_lengths_and_angles(dimension: int) -> None:
    """Its rows are orthonormal, so inner products are those of the vectors."""
    turned = rotation(dimension)
    assert turned.shape == (dimension, -(-dimension // 8) * 8)
    assert np.allclose(turned @ turned.T, np.eye(dimension), atol=1e-5)


def test_the_rotation_is_the_same_for_ever() -> None:
    """Codes that were written earlier are read with it: some of its numbers, as they were when it was made."""
    assert rotation(384)[[0, 100, 383], [0, 200, 383]].tolist() == pytest.approx(FIXED, abs=1e-6)


FIXED = [-0.09184101969003677, 0.038669902831315994, 0.005524271633476019]


def test_estimates_are_without_bias() -> None:
    """Over many pairs the mean error is nothing, its deviation about 1 / sqrt(dimension), also for vectors that share a direction."""
    shared = unit(1, 384, 5) * 0.6
    tokens = unit(4000, 384) * 0.8 + shared
    tokens /= np.linalg.norm(tokens, axis=1, keepdims=True)
    query = unit(64, 384, 3) * 0.7 + shared
    query /= np.linalg.norm(query, axis=1, keepdims=True)
    error = TokenCodes.encode([row[None] for row in tokens], 384).best(query) - tokens @ query.T
    assert abs(float(error.mean())) < 0.01
    assert float(error.std()) < 1.1 / np.sqrt(384)


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=8), data=st.data())
def test_a_passage_is_the_same_in_any_company(counts: list[int], data: st.DataObject) -> None:
    """Taken out, put in another order, or joined with others, each passage keeps its tokens; one without any scores 0."""
    every = TokenCodes.encode([unit(n, 24, seed) for seed, n in enumerate(counts)], 24)
    query = unit(3, 24, 99)
    scores = every.best(query)
    rows = np.array(data.draw(st.lists(st.integers(0, len(counts) - 1), max_size=12)), np.int64)
    assert np.allclose(every.taken(rows).best(query), scores[rows], atol=1e-6)
    parts = [every.taken(np.array([i])) for i in range(len(counts))]
    joined = TokenCodes.joined(parts)
    assert all(np.array_equal(joined.arrays[name], every.arrays[name]) for name in every.arrays)
    assert every.there.tolist() == [n > 0 for n in counts]
    assert not scores[~every.there].any()


def test_codes_survive_their_file(tmp_path: Path) -> None:
    """What is mapped from the file is what was written."""
    made = TokenCodes.encode([unit(3, 24), unit(0, 24), unit(2, 24)], 24)
    info = files.write_once(tmp_path, "codes", files.save_arrays(made.arrays))
    read = TokenCodes(**files.map_arrays(tmp_path / info.name))
    assert all(np.array_equal(read.arrays[name], made.arrays[name]) for name in made.arrays)


def test_pooled_tokens_are_those_of_words_that_say_something() -> None:
    """Stop words and punctuation have no part in it; every four others have one vector, of length 1; a text of stop words keeps its own."""
    embedder = SyntheticEmbedder(64)
    text = "The mill , the old mill of Dunmore grinds oats for bread ."
    (tokens,) = embedder.embed_tokens([text])
    found = passages.pooled(text, tokens)
    words = embedder.embed_tokens(["mill old mill Dunmore grinds oats bread"])[0].vectors
    expected = np.array([words[:4].sum(axis=0), words[4:].sum(axis=0)])
    assert np.allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    (some,) = embedder.embed_tokens(["the of the"])
    assert passages.pooled("the of the", some).shape == (1, 64)
    assert passages.pooled("", TokenVectors(np.zeros((0, 64), np.float32), np.zeros(0, np.int32), np.zeros(0, np.int32))).shape == (0, 64)


def test_both_kinds_of_vectors_in_one_pass(embedder: SentenceTransformerEmbedder) -> None:
    """What the real model gives in one pass is to the bit what it gives in two."""
    texts = ["The mill grinds oats.", "Rye bread is baked on Fridays only, in a stone oven.", ""]
    vectors, tokens = embedder.embed_both(texts)
    assert np.array_equal(vectors, embedder.embed(texts))
    for one, other in zip(tokens, embedder.embed_tokens(texts), strict=True):
        assert np.array_equal(one.vectors, other.vectors)
        assert np.array_equal(one.starts, other.starts)


def test_a_search_does_not_run_the_model_over_passages(embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With codes the order is the same as with the passages' own vectors, and nothing but the question goes through the model."""
    texts = ["The lighthouse was built in 1871.", "Rye bread is baked on Fridays.", "The mill on the Dray grinds oats."]
    seen: list[str] = []
    orders = []
    for codes in (False, True):
        with Ragkit.in_memory(settings=Settings().with_values(**{"embedding.token_codes": codes}), embedder=embedder) as kit:
            for number, text in enumerate(texts):
                kit.add_text(text, uri=f"n:{number}")
            embedder.clear()
            given = embedder.embed_tokens
            with monkeypatch.context() as patched:
                patched.setattr(embedder, "embed_tokens", lambda asked, given=given: seen.extend(asked) or given(asked))
                orders.append([hit.uri for hit in kit.search("When was the lighthouse built?")])
            assert (set(texts) & set(seen) == set()) == codes
            seen.clear()
            kit.compact()
            assert [hit.uri for hit in kit.search("When was the lighthouse built?")] == orders[-1]
            assert kit.check() == []
    assert orders[0] == orders[1]
