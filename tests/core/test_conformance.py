"""The built-in models pass the suites that plug-ins are given."""

from __future__ import annotations

import pytest

from ragkit.answer.verify import AlignmentVerifier
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.generator import LlamaCppGenerator
from ragkit.models.rerank import LateInteraction, TokenCache
from ragkit.testing import (
    EmbedderConformance,
    GeneratorConformance,
    RerankerConformance,
    SyntheticEmbedder,
    VerifierConformance,
)


class TestEmbedder(EmbedderConformance):
    @pytest.fixture(autouse=True)
    def _embedder(self, embedder: SentenceTransformerEmbedder) -> None:
        self._it = embedder

    def embedder(self) -> SentenceTransformerEmbedder:
        return self._it


class TestSyntheticEmbedder(EmbedderConformance):
    def embedder(self) -> SyntheticEmbedder:
        return SyntheticEmbedder()

    def test_shared_words_bring_texts_together(self) -> None:
        """The more words two texts share, case and punctuation left aside, the nearer they are; another seed is another model."""
        embedder = SyntheticEmbedder()
        query, near, far = embedder.embed(["the old mill", "An OLD mill.", "green bananas, sold by weight"])
        assert query @ near > 0.5 > query @ far
        assert SyntheticEmbedder(seed=1).sha256 != embedder.sha256 != SyntheticEmbedder(16).sha256


class TestLateInteraction(RerankerConformance):
    @pytest.fixture(autouse=True)
    def _embedder(self, embedder: SentenceTransformerEmbedder) -> None:
        self._it = LateInteraction(TokenCache(embedder), embedder)

    def reranker(self) -> LateInteraction:
        return self._it


class TestLlama(GeneratorConformance):
    @pytest.fixture(autouse=True)
    def _generator(self, generator: LlamaCppGenerator) -> None:
        self._it = generator

    def generator(self) -> LlamaCppGenerator:
        return self._it


class TestVerifier(VerifierConformance):
    @pytest.fixture(autouse=True)
    def _embedder(self, embedder: SentenceTransformerEmbedder) -> None:
        self._it = AlignmentVerifier(TokenCache(embedder))

    def verifier(self) -> AlignmentVerifier:
        return self._it
