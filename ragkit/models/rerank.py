"""Rerankers: late interaction with the embedder's own token vectors, or a cross-encoder by name."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.contracts import Codes, Embedder, LayeredEmbedder, TokenVectors
from ragkit.errors import ModelError
from ragkit.models import processors
from ragkit.text.words import terms

#: Token vectors of the passages last seen are kept up to this many bytes.
CACHE_BYTES = 64 * 2**20


class TokenCache:
    """Token vectors of passages by key, in half precision, the least recently used thrown out first."""

    def __init__(self, embedder: Embedder, capacity: int = CACHE_BYTES) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._bytes = 0
        self._kept: OrderedDict[int, TokenVectors] = OrderedDict()
        self._lock = Lock()

    def get(self, texts: Sequence[str], keys: Sequence[int] | None = None) -> list[TokenVectors]:
        """Token vectors of ``texts``; equal keys must mean equal texts, for ever."""
        if keys is None:
            return self._embedder.embed_tokens(texts)
        with self._lock:
            known = {i: self._kept[key] for i, key in enumerate(keys) if key in self._kept}
        missing = [i for i in range(len(keys)) if i not in known]
        fresh = [_half(v) for v in self._embedder.embed_tokens([texts[i] for i in missing])] if missing else []
        known.update(zip(missing, fresh, strict=True))
        with self._lock:
            for i, key in enumerate(keys):
                self._keep(key, known[i])
        return [known[i] for i in range(len(keys))]

    @property
    def max_tokens(self) -> int:
        """The most tokens that the embedder reads of one text."""
        return self._embedder.max_tokens

    def inner(self, text: str) -> TokenVectors:
        """Token vectors of ``text``, not kept, one layer before the last where the embedder shows it."""
        embedder = self._embedder
        return (embedder.embed_inner_tokens if isinstance(embedder, LayeredEmbedder) else embedder.embed_tokens)([text])[0]

    def _keep(self, key: int, vectors: TokenVectors) -> None:
        if key not in self._kept:
            self._bytes += vectors.vectors.nbytes
        self._kept[key] = vectors
        self._kept.move_to_end(key)
        while self._bytes > self._capacity and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].vectors.nbytes


def _half(tokens: TokenVectors) -> TokenVectors:
    """The same in half precision: what comes out of the cache must be what went in."""
    return TokenVectors(tokens.vectors.astype(np.float16), tokens.starts, tokens.ends)


def similarity(query: NDArray[Any], passage: NDArray[Any]) -> NDArray[np.float32]:
    """``(query tokens,)`` float32: for each token of the query its best cosine in the passage; 0 for an empty passage."""
    if not len(passage):
        return np.zeros(len(query), np.float32)
    with processors.one_blas_thread():
        cosines = query.astype(np.float32, copy=False) @ passage.T.astype(np.float32, copy=False)
    found: NDArray[np.float32] = cosines.max(axis=1)
    return found


def mean_direction(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """``(dimensions,)``: the direction of the mean of token vectors, zeros for none. The mean pooling of a span within its passage is
    late chunking (Günther et al. 2024)."""
    mean: NDArray[np.float32] = vectors.mean(axis=0, dtype=np.float32) if len(vectors) else np.zeros(vectors.shape[1], np.float32)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


def token_weights(text: str, tokens: TokenVectors, idf: Mapping[str, float] | None) -> NDArray[np.float32]:
    """``(tokens,)`` float32 weights that sum to 1: the idf of the word that a token belongs to, 0 for stop words.

    Equal weights when there is no ``idf``, or when the text holds nothing but stop words.
    """
    count = len(tokens.starts)
    weights = np.zeros(count, np.float32)
    for word in re.finditer(r"\w+", text) if idf is not None else ():
        found = terms(word.group())
        if found and idf is not None:
            weights[(tokens.starts >= word.start()) & (tokens.ends <= word.end())] = sum(idf.get(t, 0.0) for t in found) / len(found)
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(count, 1 / max(count, 1), np.float32)


class LateInteraction:
    """MaxSim (Khattab & Zaharia 2020, ColBERT) with a plain embedder's token vectors: the mean over the query's tokens,
    weighted by idf, of their best cosine in the passage. Needs no second model."""

    def __init__(self, tokens: TokenCache, embedder: Embedder) -> None:
        self._tokens = tokens
        self._embedder = embedder

    @property
    def id(self) -> str:
        return f"late-interaction:{self._embedder.id}"

    def score(
        self, query: str, passages: Sequence[str], *, keys: Sequence[int] | None = None, idf: Mapping[str, float] | None = None
    ) -> NDArray[np.float32]:
        wanted = self._tokens.get([query])[0]
        if not len(wanted.vectors):
            return np.zeros(len(passages), np.float32)
        weights = token_weights(query, wanted, idf)
        return np.array([similarity(wanted.vectors, p.vectors) @ weights for p in self._tokens.get(passages, keys)], np.float32)

    def score_codes(self, query: str, codes: Codes, *, idf: Mapping[str, float] | None = None) -> NDArray[np.float32]:
        wanted = self._tokens.get([query])[0]
        if not len(wanted.vectors):
            return np.zeros(len(codes.there), np.float32)
        with processors.one_blas_thread():
            best = codes.best(wanted.vectors.astype(np.float32, copy=False))
        found: NDArray[np.float32] = best @ token_weights(query, wanted, idf)
        return found


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder by folder or hub id."""

    def __init__(self, name: str) -> None:
        from sentence_transformers import CrossEncoder

        self._name = name
        try:
            self._model = CrossEncoder(name, device="cpu", trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"reranker {name!r} cannot be loaded: not a folder, and the hub did not give it ({error}). "
                "Set retrieval.reranker to late-interaction or none to do without"
            ) from error

    @property
    def id(self) -> str:
        return self._name

    def score(
        self, query: str, passages: Sequence[str], *, keys: Sequence[int] | None = None, idf: Mapping[str, float] | None = None
    ) -> NDArray[np.float32]:
        import torch

        found: NDArray[np.float32] = self._model.predict(
            [(query, p) for p in passages], activation_fn=torch.nn.Sigmoid(), show_progress_bar=False
        )
        return found.astype(np.float32)
