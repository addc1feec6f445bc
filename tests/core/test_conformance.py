"""The built-in models pass the suites that plug-ins are given."""

from __future__ import annotations

import pytest

from ragkit.answer.verify import AlignmentVerifier
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.generator import LlamaCppGenerator
from ragkit.models.rerank import LateInteraction, TokenCache
from ragkit.testing import EmbedderConformance, GeneratorConformance, RerankerConformance, VerifierConformance


class TestEmbedder(EmbedderConformance):
    @pytest.fixture(autouse=True)
    def _embedder(self, embedder: SentenceTransformerEmbedder) -> None:
        self._it = embedder

    def embedder(self) -> SentenceTransformerEmbedder:
        return self._it


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
