"""Hybrid retrieval: candidates from both indexes, each scored exactly by both, joined by fusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragkit.index import fusion
from ragkit.index.codes import TokenCodes
from ragkit.index.dense import DenseIndex
from ragkit.index.lexical import LexicalIndex, Mask, Rows
from ragkit.index.segments import Segment
from ragkit.settings import RetrievalSettings
from ragkit.text.words import terms


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of one query, best first: aligned arrays. Ranks count from 1; 0 means "not among this list's best".
    ``idf`` has the weight of each of the query's terms among the rows that may be seen."""

    chunk_ids: NDArray[np.int64]
    lexical: NDArray[np.float64]
    dense: NDArray[np.float64]
    fused: NDArray[np.float64]
    lexical_ranks: NDArray[np.int64]
    dense_ranks: NDArray[np.int64]
    idf: dict[str, float]


class HybridIndex:
    """The rows of several segments under a mask of those that live."""

    def __init__(self, segments: Sequence[Segment], dead_chunks: NDArray[np.int64], settings: RetrievalSettings) -> None:
        self._ids = [s.chunk_ids for s in segments]
        self.chunk_ids = np.concatenate([np.zeros(0, np.int64), *self._ids])
        self.live: Mask = ~self.mask_of(dead_chunks)
        self.lexical = LexicalIndex([s.lexical for s in segments], self.live, k1=settings.bm25_k1, b=settings.bm25_b)
        self.dense = DenseIndex(
            [s.dense for s in segments],
            self.live,
            near=[s.ann for s in segments],
            probe=settings.dense_probe,
            exact_when_restricted=settings.exact_when_restricted,
        )
        self._codes = [s.codes for s in segments]
        self._dimension = segments[0].dense.d if segments else 0
        self._settings = settings

    def codes_of(self, chunk_ids: Sequence[int]) -> TokenCodes | None:
        """The codes of the tokens of chunks, in their order; ``None`` where no segment keeps any."""
        return TokenCodes.joined([self._code(number) for number in chunk_ids]) if self.has_codes and chunk_ids else None

    @property
    def has_codes(self) -> bool:
        """Whether a segment keeps codes of tokens."""
        return any(codes is not None for codes in self._codes)

    def _code(self, chunk_id: int) -> TokenCodes:
        for ids, codes in zip(self._ids, self._codes, strict=True):
            row = int(np.searchsorted(ids, chunk_id))
            if codes is not None and row < len(ids) and ids[row] == chunk_id:
                return codes.taken(np.array([row]))
        return TokenCodes.none(1, self._dimension)

    def mask_of(self, chunk_ids: NDArray[np.int64]) -> Mask:
        """The rows of ``chunk_ids``."""
        mask, base = np.zeros(len(self.chunk_ids), np.bool_), 0
        for ids in self._ids if len(chunk_ids) else ():
            places = np.searchsorted(ids, chunk_ids)
            there = places < len(ids)
            there[there] = ids[places[there]] == chunk_ids[there]
            mask[base + places[there]] = True
            base += len(ids)
        return mask

    def candidates(
        self,
        query: str | Sequence[str],
        vector: NDArray[np.float32],
        *,
        allowed: Mask | None = None,
        wanted: Mask | None = None,
        depth: int = 0,
    ) -> Candidates:
        """The union of the best ``depth`` (at least the setting) rows of either index, each with both exact scores, fused, best first.

        ``query`` is its index terms, or an English text. Statistics come from the ``allowed`` rows (``None``: all that live);
        of these only the ``wanted`` ones are returned.
        """
        depth = max(depth, self._settings.candidates)
        weighed = self.lexical.weigh(terms(query) if isinstance(query, str) else query, allowed=allowed)
        lexical_rows, _ = self.lexical.search(weighed, depth, allowed=allowed, wanted=wanted)
        dense_rows, _ = self.dense.search(vector, depth, allowed=_both(allowed, wanted))
        rows = np.union1d(lexical_rows, dense_rows)
        lexical = self.lexical.scores_of(weighed, rows)
        dense = self.dense.scores(vector, rows).astype(np.float64)
        ranks = [_ranks(rows, lexical_rows), _ranks(rows, dense_rows)]
        fused = self._fuse(lexical, dense, ranks)
        order = np.lexsort((rows, -fused))
        return Candidates(
            self.chunk_ids[rows[order]], lexical[order], dense[order], fused[order], ranks[0][order], ranks[1][order], weighed.idf()
        )

    def _fuse(self, lexical: fusion.Scores, dense: fusion.Scores, ranks: list[NDArray[np.int64]]) -> fusion.Scores:
        if not len(lexical):
            return np.zeros(0)
        if self._settings.fusion == "rrf":
            return fusion.reciprocal_rank(ranks, self._settings.rrf_k)
        return fusion.weighted(dense, lexical, self._settings.dense_weight)


def _both(first: Mask | None, second: Mask | None) -> Mask | None:
    return second if first is None else first if second is None else first & second


def _ranks(rows: Rows, ordered: Rows) -> NDArray[np.int64]:
    """For each of the sorted ``rows`` its place, from 1, in ``ordered``; 0 when it is not there."""
    ranks = np.zeros(len(rows), np.int64)
    ranks[np.searchsorted(rows, ordered)] = np.arange(1, len(ordered) + 1)
    return ranks
