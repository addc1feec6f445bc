"""From settings to models."""

from __future__ import annotations

from ragkit.contracts import Embedder, Generator, Reranker
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.rerank import CrossEncoderReranker, LateInteraction, TokenCache
from ragkit.pii.finding import Names
from ragkit.settings import EmbeddingSettings, GenerationSettings


def embedder(settings: EmbeddingSettings) -> Embedder:
    """The embedder that the settings name. Its weights are loaded when they are first needed."""
    return SentenceTransformerEmbedder(settings)


def reranker(name: str, tokens: TokenCache, embedder: Embedder) -> Reranker | None:
    """``late-interaction`` with the embedder's own token vectors, ``none``, or a cross-encoder by name."""
    if name == "none":
        return None
    return LateInteraction(tokens, embedder) if name == "late-interaction" else CrossEncoderReranker(name)


def generator(settings: GenerationSettings) -> Generator | None:
    """The model that writes prose; ``None`` when the settings say ``none``."""
    if settings.model == "none":
        return None
    if settings.model.startswith("openai:"):
        from ragkit.models.openai_server import OpenAIGenerator

        return OpenAIGenerator(settings)
    from ragkit.models.generator import LlamaCppGenerator

    return LlamaCppGenerator(settings)


def names(name: str) -> Names | None:
    """What finds people's names; ``None`` when no model is named."""
    if not name:
        return None
    from ragkit.models.names import NamesModel

    return NamesModel(name)
