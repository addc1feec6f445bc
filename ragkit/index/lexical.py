"""BM25 over immutable segments, with the exact scores of ``rank_bm25.BM25Okapi`` on the rows that may be seen.

Statistics (number of rows, document frequencies, average length) are taken from the allowed rows alone, so a row that
an asker may not see moves none of the scores.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: ``rank_bm25``'s floor for terms in more than half of the rows, as a share of the average idf.
EPSILON = 0.25

_EVERY_ROW = np.zeros(0, np.bool_)


class LexicalSegment:
    """Postings of ``n`` rows. Arrays: ``lengths (n,)`` terms a row; ``terms`` UTF-8 bytes of the sorted vocabulary, cut
    by ``term_ends``; ``rows``/``counts`` the postings, term after term, cut by ``posting_ends``."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = {name: _read_only(array) for name, array in arrays.items()}
        self.lengths: NDArray[np.uint32] = self.arrays["lengths"]
        self.rows: NDArray[np.uint32] = self.arrays["rows"]
        self.counts: NDArray[np.uint16] = self.arrays["counts"]
        self.posting_ends: NDArray[np.int64] = self.arrays["posting_ends"]
        self.blob: NDArray[np.uint8] = self.arrays["terms"]
        self.term_ends: NDArray[np.int64] = self.arrays["term_ends"]

    @classmethod
    def build(cls, rows: Sequence[Sequence[str]]) -> LexicalSegment:
        """From the terms of each row."""
        number: dict[str, int] = {}
        ids = np.array([number.setdefault(term, len(number)) for terms in rows for term in terms], np.int64)
        lengths = np.array([len(terms) for terms in rows], np.int64)
        vocabulary = sorted((term.encode(), i) for term, i in number.items())
        rank = np.zeros(len(number), np.int64)
        rank[[i for _, i in vocabulary]] = np.arange(len(number))
        pairs, counts = np.unique(rank[ids] * max(len(rows), 1) + np.repeat(np.arange(len(rows)), lengths), return_counts=True)
        term_of, row_of = np.divmod(pairs, max(len(rows), 1))
        sizes = np.bincount(term_of, minlength=len(number))
        return cls(_arrays(lengths, [term for term, _ in vocabulary], sizes, row_of, np.minimum(counts, 0xFFFF)))

    @classmethod
    def merge(cls, segments: Sequence[LexicalSegment], live: Sequence[Mask]) -> LexicalSegment:
        """One segment with the live rows of several, in order."""
        from ragkit.index import kernels

        vocabularies = [segment.vocabulary() for segment in segments]
        counts = [kernels.count_all(s.posting_ends, s.rows, np.ascontiguousarray(m)) for s, m in zip(segments, live, strict=True)]
        total: Counter[bytes] = Counter()
        for vocabulary, found in zip(vocabularies, counts, strict=True):
            total.update(dict(zip(vocabulary, found.tolist(), strict=True)))
        used = sorted(term for term, size in total.items() if size)
        number = {term: i for i, term in enumerate(used)}
        sizes = np.array([total[term] for term in used], np.int64)
        cursor = np.cumsum(sizes) - sizes
        rows, tallies = np.zeros(int(sizes.sum()), np.uint32), np.zeros(int(sizes.sum()), np.uint16)
        base = 0
        for segment, mask, vocabulary in zip(segments, live, vocabularies, strict=True):
            new_row = np.where(mask, np.cumsum(mask) - 1 + base, -1)
            term_of = np.array([number.get(term, 0) for term in vocabulary], np.int64)
            kernels.copy_live(segment.posting_ends, term_of, segment.rows, segment.counts, new_row, cursor, rows, tallies)
            base += int(mask.sum())
        lengths = np.concatenate([s.lengths[m] for s, m in zip(segments, live, strict=True)])
        return cls(_arrays(lengths, used, sizes, rows, tallies))

    def vocabulary(self) -> list[bytes]:
        """All terms, sorted by their bytes."""
        blob, ends = self.blob.tobytes(), self.term_ends.tolist()
        return [blob[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=False)]

    def beginning(self, first: bytes, shortest: int, longest: int) -> list[bytes]:
        """The terms that begin with the byte ``first`` and have ``shortest`` to ``longest`` bytes."""
        starts = np.concatenate([np.zeros(min(1, len(self.term_ends)), np.int64), self.term_ends[:-1]])
        sizes = self.term_ends - starts
        chosen = np.flatnonzero((self.blob[starts] == first[0]) & (sizes >= shortest) & (sizes <= longest))
        return [self.blob[a : a + n].tobytes() for a, n in zip(starts[chosen].tolist(), sizes[chosen].tolist(), strict=True)]

    def postings(self, term: str) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
        """Rows that hold ``term``, rising, and how often each does. Empty arrays for an unknown term."""
        start, end = self.spans([term])[0].tolist()
        return self.rows[start:end], self.counts[start:end]

    def spans(self, terms: Sequence[str]) -> NDArray[np.int64]:
        """``(terms, 2)``: where each term's postings start and end; twice 0 for an unknown one."""
        from ragkit.index import kernels

        wanted = [term.encode() for term in terms]
        blob, ends = np.frombuffer(b"".join(wanted), np.uint8), np.cumsum([len(w) for w in wanted], dtype=np.int64)
        spans: NDArray[np.int64] = kernels.find(self.blob, self.term_ends, self.posting_ends, blob, ends)
        return spans


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """What is built and what is mapped must be of one type to the compiled loops."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array


def _arrays(lengths: Any, terms: Sequence[bytes], sizes: Any, rows: Any, counts: Any) -> dict[str, NDArray[Any]]:
    return {
        "lengths": np.asarray(lengths, np.uint32),
        "terms": np.frombuffer(b"".join(terms), np.uint8),
        "term_ends": np.cumsum([len(t) for t in terms], dtype=np.int64),
        "posting_ends": np.cumsum(sizes, dtype=np.int64),
        "rows": np.asarray(rows, np.uint32),
        "counts": np.asarray(counts, np.uint16),
    }


@dataclass(frozen=True, slots=True)
class Weighed:
    """A query among the rows that may be seen: ``terms``, in how many of the ``visible`` rows each occurs, its weight, and its
    postings in each segment."""

    terms: list[str]
    visible: int
    frequencies: NDArray[np.int64]
    weights: NDArray[np.float64]
    spans: list[NDArray[np.int64]]
    slope: float

    def idf(self) -> dict[str, float]:
        """``ln(1 + (N - df + 0.5) / (df + 0.5))`` of each term, always above 0: how much a word tells among the visible rows."""
        found = np.log1p((self.visible - self.frequencies + 0.5) / (self.frequencies + 0.5))
        return dict(zip(self.terms, found.tolist(), strict=True))


class LexicalIndex:
    """BM25 (Robertson et al., TREC-3; Okapi idf with ``rank_bm25``'s epsilon floor) over the rows of all segments.

    ``live`` masks the rows that were not deleted; row numbers run through the segments in order. Safe to use from threads.
    """

    def __init__(self, segments: Sequence[LexicalSegment], live: Mask, *, k1: float = 1.2, b: float = 0.75) -> None:
        self._segments = segments
        self._bases = np.cumsum([0, *[len(s.lengths) for s in segments]]).tolist()
        self._live = live
        self._all_live = bool(live.all())
        self._live_rows = int(live.sum())
        self._live_terms = self._terms_in(live)
        self._k1, self._b = k1, b
        self._average_idf_of_live: float | None = None
        self._scratch = threading.local()

    def weigh(self, query: Sequence[str], *, allowed: Mask | None = None) -> Weighed:
        """What the terms of ``query`` weigh among the allowed rows, from these rows alone."""
        from ragkit.index import kernels

        times = Counter(query)
        terms = list(times)
        mask = self._live if allowed is None else self._live & allowed
        visible = self._live_rows if allowed is None else int(mask.sum())
        total = self._live_terms if allowed is None else self._terms_in(mask)
        spans = [segment.spans(terms) for segment in self._segments]
        frequencies = np.zeros(len(terms), np.int64)
        for segment, span, part in zip(self._segments, spans, self._parts(allowed, mask), strict=True):
            frequencies += kernels.count(span, segment.rows, part)
        idf = np.log(visible - frequencies + 0.5) - np.log(frequencies + 0.5)
        if (idf < 0).any():
            idf[idf < 0] = EPSILON * self._average_idf(mask, visible, of_live=allowed is None)
        weights = np.fromiter(times.values(), np.float64, len(terms)) * idf * (self._k1 + 1)
        return Weighed(terms, visible, frequencies, weights, spans, self._k1 * self._b / ((total / visible if visible else 0) or 1.0))

    def search(
        self, query: Sequence[str] | Weighed, k: int, *, allowed: Mask | None = None, wanted: Mask | None = None
    ) -> tuple[Rows, NDArray[np.float64]]:
        """The ``k`` best allowed rows that hold a term of ``query``, best first, ties by row number.

        Of them only those of ``wanted`` are returned; that changes no score.
        """
        from ragkit.index import kernels

        weighed = query if isinstance(query, Weighed) else self.weigh(query, allowed=allowed)
        found_rows, found_scores = [np.zeros(0, np.int64)], [np.zeros(0)]
        mask = self._live if allowed is None else self._live & allowed
        for n, (segment, part) in enumerate(zip(self._segments, self._parts(allowed, mask), strict=True)):
            scores = self._zeros(len(segment.lengths))
            self._add(scores, n, weighed, part)
            chosen = _EVERY_ROW if wanted is None else np.ascontiguousarray(wanted[self._bases[n] : self._bases[n + 1]])
            rows, best_scores = kernels.take_best(scores, weighed.spans[n], segment.rows, max(0, min(k, len(scores))), chosen)
            found_rows.append(rows + self._bases[n])
            found_scores.append(best_scores)
        rows, scores = np.concatenate(found_rows), np.concatenate(found_scores)
        order = np.lexsort((rows, -scores))[:k]
        return rows[order], scores[order]

    def scores(self, query: Sequence[str], *, allowed: Mask | None = None) -> NDArray[np.float64]:
        """``(rows,)`` float64: the BM25 score of every row, 0 where it is not allowed."""
        weighed = self.weigh(query, allowed=allowed)
        found = np.zeros(self._bases[-1])
        mask = self._live if allowed is None else self._live & allowed
        for n, part in enumerate(self._parts(allowed, mask)):
            self._add(found[self._bases[n] : self._bases[n + 1]], n, weighed, part)
        return found

    def beginning(self, first: bytes, shortest: int, longest: int) -> set[bytes]:
        """The terms, of whatever rows, that begin with the byte ``first`` and have ``shortest`` to ``longest`` bytes."""
        return {term for segment in self._segments for term in segment.beginning(first, shortest, longest)}

    def holding(self, term: str) -> Mask:
        """``(rows,)``: which rows hold ``term``, whether they live or not."""
        found = np.zeros(self._bases[-1], np.bool_)
        for segment, base in zip(self._segments, self._bases, strict=False):
            found[segment.postings(term)[0].astype(np.int64) + base] = True
        return found

    def scores_of(self, weighed: Weighed, rows: Rows) -> NDArray[np.float64]:
        """``(len(rows),)``: the scores of ``rows``, which the caller knows to be allowed."""
        from ragkit.index import kernels

        found = np.zeros(len(rows))
        owner = np.searchsorted(self._bases, rows, side="right") - 1
        for n in np.unique(owner).tolist():
            segment, mine = self._segments[n], owner == n
            found[mine] = kernels.score_rows(
                rows[mine] - self._bases[n], weighed.spans[n], weighed.weights, segment.rows, segment.counts, segment.lengths,
                self._k1 * (1 - self._b), weighed.slope,
            )  # fmt: skip
        return found

    def _add(self, scores: NDArray[np.float64], n: int, weighed: Weighed, mask: Mask) -> None:
        from ragkit.index import kernels

        segment = self._segments[n]
        kernels.add(
            scores, weighed.spans[n], weighed.weights, segment.rows, segment.counts, segment.lengths,
            self._k1 * (1 - self._b), weighed.slope, mask,
        )  # fmt: skip

    def _parts(self, allowed: Mask | None, mask: Mask) -> Iterator[Mask]:
        """Each segment's part of ``mask``; an empty one where all rows count."""
        for start, end in zip(self._bases, self._bases[1:], strict=False):
            yield _EVERY_ROW if allowed is None and self._all_live else mask[start:end]

    def _zeros(self, size: int) -> NDArray[np.float64]:
        """Room for scores; :func:`ragkit.index.kernels.take_best` leaves it as it was."""
        room: NDArray[np.float64] | None = getattr(self._scratch, "room", None)
        if room is None or len(room) < size:
            room = self._scratch.room = np.zeros(size)
        return room[:size]

    def _terms_in(self, mask: Mask) -> int:
        """The length of all masked rows together."""
        parts = zip(self._segments, self._bases, strict=False)
        return sum(int(s.lengths.sum(where=mask[base : base + len(s.lengths)], dtype=np.int64)) for s, base in parts)

    def _average_idf(self, mask: Mask, visible: int, *, of_live: bool) -> float:
        """Mean idf over the vocabulary of the allowed rows. Only needed when a term is in more than half of them."""
        from ragkit.index import kernels

        if of_live and self._average_idf_of_live is not None:
            return self._average_idf_of_live
        counts = [kernels.count_all(s.posting_ends, s.rows, part) for s, part in zip(self._segments, self._parts(mask, mask), strict=True)]
        names = np.concatenate([kernels.hashes(s.blob, s.term_ends) for s in self._segments])
        _, place = np.unique(names, return_inverse=True)
        df = np.bincount(place, weights=np.concatenate(counts))
        df = df[df > 0]
        average = float((np.log(visible - df + 0.5) - np.log(df + 0.5)).mean())
        if of_live:
            self._average_idf_of_live = average
        return average
