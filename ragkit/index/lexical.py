"""BM25 over immutable segments, with the exact scores of ``rank_bm25.BM25Okapi`` on the rows that may be seen.

Statistics (number of rows, document frequencies, average length) are taken from the allowed rows alone, so a row that
an asker may not see moves none of the scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: ``rank_bm25``'s floor for terms in more than half of the rows, as a share of the average idf.
EPSILON = 0.25


class LexicalSegment:
    """Postings of ``n`` rows. Arrays: ``lengths (n,)`` terms a row; ``terms`` UTF-8 bytes of the sorted vocabulary, cut
    by ``term_ends``; ``rows``/``counts`` the postings, term after term, cut by ``posting_ends``."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = dict(arrays)
        self.lengths: NDArray[np.uint32] = arrays["lengths"]
        self.rows: NDArray[np.uint32] = arrays["rows"]
        self.counts: NDArray[np.uint16] = arrays["counts"]
        self._blob = memoryview(arrays["terms"].data)
        self._term_ends: NDArray[np.int64] = arrays["term_ends"]
        self.posting_ends: NDArray[np.int64] = arrays["posting_ends"]

    @classmethod
    def build(cls, rows: Sequence[Sequence[str]]) -> LexicalSegment:
        """From the terms of each row."""
        vocabulary: dict[str, list[tuple[int, int]]] = {}
        for row, terms in enumerate(rows):
            for term, count in Counter(terms).items():
                vocabulary.setdefault(term, []).append((row, min(count, 0xFFFF)))
        terms_sorted = sorted(term.encode() for term in vocabulary)
        postings = [posting for term in terms_sorted for posting in vocabulary[term.decode()]]
        sizes = [len(vocabulary[term.decode()]) for term in terms_sorted]
        pairs = np.array(postings, np.uint32).reshape(-1, 2)
        return cls(_arrays([len(r) for r in rows], terms_sorted, sizes, pairs[:, 0], pairs[:, 1]))

    @classmethod
    def merge(cls, segments: Sequence[LexicalSegment], live: Sequence[Mask]) -> LexicalSegment:
        """One segment with the live rows of several, in order."""
        vocabulary = sorted({term for segment in segments for term in segment.vocabulary()})
        number = {term: i for i, term in enumerate(vocabulary)}
        columns: list[tuple[NDArray[np.int64], ...]] = []
        base = 0
        for segment, mask in zip(segments, live, strict=True):
            ids = np.array([number[t] for t in segment.vocabulary()], np.int64)
            term_of = np.repeat(ids, np.diff(segment.posting_ends, prepend=0))
            keep = mask[segment.rows]
            new_row = np.cumsum(mask) - 1 + base
            columns.append((term_of[keep], new_row[segment.rows[keep]], segment.counts[keep].astype(np.int64)))
            base += int(mask.sum())
        term_of, rows, counts = (np.concatenate(c) if columns else np.zeros(0, np.int64) for c in zip(*columns, strict=True))
        order = np.lexsort((rows, term_of))
        sizes = np.bincount(term_of, minlength=len(vocabulary))
        used = [term for term, size in zip(vocabulary, sizes, strict=True) if size]
        lengths = np.concatenate([s.lengths[m] for s, m in zip(segments, live, strict=True)])
        return cls(_arrays(lengths, used, sizes[sizes > 0], rows[order], counts[order]))

    def vocabulary(self) -> list[bytes]:
        """All terms, sorted by their bytes."""
        starts = [0, *self._term_ends[:-1].tolist()]
        return [bytes(self._blob[a:b]) for a, b in zip(starts, self._term_ends.tolist(), strict=False)]

    def postings(self, term: str) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
        """Rows that hold ``term``, rising, and how often each does. Empty arrays for an unknown term."""
        wanted, low, high = term.encode(), 0, len(self._term_ends)
        while low < high:
            middle = (low + high) // 2
            if self._term(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self._term_ends) or self._term(low) != wanted:
            return self.rows[:0], self.counts[:0]
        start = int(self.posting_ends[low - 1]) if low else 0
        end = int(self.posting_ends[low])
        return self.rows[start:end], self.counts[start:end]

    def _term(self, i: int) -> bytes:
        return bytes(self._blob[int(self._term_ends[i - 1]) if i else 0 : int(self._term_ends[i])])


def _arrays(lengths: Any, terms: Sequence[bytes], sizes: Any, rows: Any, counts: Any) -> dict[str, NDArray[Any]]:
    return {
        "lengths": np.asarray(lengths, np.uint32),
        "terms": np.frombuffer(b"".join(terms), np.uint8),
        "term_ends": np.cumsum([len(t) for t in terms], dtype=np.int64),
        "posting_ends": np.cumsum(sizes, dtype=np.int64),
        "rows": np.asarray(rows, np.uint32),
        "counts": np.asarray(counts, np.uint16),
    }


class LexicalIndex:
    """BM25 (Robertson et al., TREC-3; Okapi idf with ``rank_bm25``'s epsilon floor) over the rows of all segments.

    ``live`` masks the rows that were not deleted; row numbers run through the segments in order.
    """

    def __init__(self, segments: Sequence[LexicalSegment], live: Mask, *, k1: float = 1.2, b: float = 0.75) -> None:
        self._segments = segments
        self._bases = np.cumsum([0, *[len(s.lengths) for s in segments]])
        self._lengths = np.concatenate([np.zeros(0, np.uint32), *[s.lengths for s in segments]]).astype(np.float64)
        self._live = live
        self._k1, self._b = k1, b
        self._average_idf_of_live: float | None = None

    def search(self, query: Sequence[str], k: int, *, allowed: Mask | None = None) -> tuple[Rows, NDArray[np.float32]]:
        """The ``k`` best allowed rows that hold a term of ``query``, best first, ties by row number."""
        scores = self.scores(query, allowed=allowed)
        rows = best(scores, k)
        rows = rows[scores[rows] > 0]
        return rows, scores[rows].astype(np.float32)

    def scores(self, query: Sequence[str], *, allowed: Mask | None = None) -> NDArray[np.float64]:
        """``(rows,)`` float64: the BM25 score of every row, 0 where it is not allowed."""
        mask = self._live if allowed is None else self._live & allowed
        total = np.zeros(len(mask))
        visible = int(mask.sum())
        if not visible:
            return total
        average_length = float(self._lengths[mask].mean()) or 1.0
        for term, times in Counter(query).items():
            rows, counts = self._visible_postings(term, mask)
            if not len(rows):
                continue
            idf = float(np.log(visible - len(rows) + 0.5) - np.log(len(rows) + 0.5))
            if idf < 0:
                idf = EPSILON * self._average_idf(mask, visible, of_live=allowed is None)
            norm = self._k1 * (1 - self._b + self._b * self._lengths[rows] / average_length)
            total[rows] += times * idf * counts * (self._k1 + 1) / (counts + norm)
        return total

    def idf(self, query: Sequence[str], *, allowed: Mask | None = None) -> dict[str, float]:
        """``ln(1 + (N - df + 0.5) / (df + 0.5))`` of each term, always above 0: how much a word tells among the allowed rows."""
        mask = self._live if allowed is None else self._live & allowed
        visible = int(mask.sum())
        frequencies = {term: len(self._visible_postings(term, mask)[0]) for term in set(query)}
        return {term: float(np.log1p((visible - df + 0.5) / (df + 0.5))) for term, df in frequencies.items()}

    def _visible_postings(self, term: str, mask: Mask) -> tuple[Rows, NDArray[np.float64]]:
        found_rows, found_counts = [], []
        for base, segment in zip(self._bases.tolist(), self._segments, strict=False):
            rows, counts = segment.postings(term)
            if len(rows):
                found_rows.append(rows.astype(np.int64) + base)
                found_counts.append(counts)
        if not found_rows:
            return np.zeros(0, np.int64), np.zeros(0)
        all_rows = np.concatenate(found_rows)
        keep = mask[all_rows]
        return all_rows[keep], np.concatenate(found_counts)[keep].astype(np.float64)

    def _average_idf(self, mask: Mask, visible: int, *, of_live: bool) -> float:
        """Mean idf over the vocabulary of the allowed rows. Only needed when a term is in more than half of them."""
        if of_live and self._average_idf_of_live is not None:
            return self._average_idf_of_live
        frequencies: Counter[bytes] = Counter()
        for base, segment in zip(self._bases.tolist(), self._segments, strict=False):
            hits = np.concatenate([[0], np.cumsum(mask[base : base + len(segment.lengths)][segment.rows])])
            ends = segment.posting_ends
            per_term = hits[ends] - hits[np.concatenate([[0], ends[:-1]]).astype(np.int64)]
            for term, frequency in zip(segment.vocabulary(), per_term.tolist(), strict=True):
                if frequency:
                    frequencies[term] += frequency
        df = np.fromiter(frequencies.values(), np.float64, len(frequencies))
        average = float((np.log(visible - df + 0.5) - np.log(df + 0.5)).mean())
        if of_live:
            self._average_idf_of_live = average
        return average


def best(scores: NDArray[Any], k: int) -> Rows:
    """Indices of the ``k`` highest scores, best first, ties by index."""
    k = min(k, len(scores))
    if k <= 0:
        return np.zeros(0, np.int64)
    if k < len(scores):
        bar = np.partition(scores, len(scores) - k)[len(scores) - k]
        chosen = np.flatnonzero(scores >= bar)
    else:
        chosen = np.arange(len(scores))
    order = np.lexsort((chosen, -scores[chosen]))
    return chosen[order][:k].astype(np.int64)
