"""The loops of the lexical index, compiled by numba once a machine (its cache lies beside this file, or in the user's).

All work on one segment. ``spans`` ``(terms, 2)`` int64 are the starts and ends of the query terms' postings; ``mask``
``(rows,)`` bool says which rows count, and an empty one that all do. Rows within a term's postings rise.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def _compiled(function: Any) -> Any:
    return numba.njit(cache=True, nogil=True)(function)


@_compiled
def find(blob: Any, term_ends: Ints, posting_ends: Ints, wanted: Any, wanted_ends: Ints) -> Ints:
    """Spans of the postings of ``wanted`` terms in a vocabulary sorted by bytes; both are UTF-8 cut by their ends."""
    spans = np.zeros((len(wanted_ends), 2), np.int64)
    begin = 0
    for i in range(len(wanted_ends)):
        end = wanted_ends[i]
        low, high = 0, len(term_ends)
        while low < high:
            middle = (low + high) // 2
            if _compare(blob, term_ends, middle, wanted[begin:end]) < 0:
                low = middle + 1
            else:
                high = middle
        if low < len(term_ends) and _compare(blob, term_ends, low, wanted[begin:end]) == 0:
            spans[i, 0] = posting_ends[low - 1] if low else 0
            spans[i, 1] = posting_ends[low]
        begin = end
    return spans


@_compiled
def _compare(blob: Any, term_ends: Ints, number: int, wanted: Any) -> Any:
    start = term_ends[number - 1] if number else 0
    length = term_ends[number] - start
    for i in range(min(length, len(wanted))):
        if blob[start + i] != wanted[i]:
            return -1 if blob[start + i] < wanted[i] else 1
    return length - len(wanted)


@_compiled
def count(spans: Ints, rows: Any, mask: Any) -> Ints:
    """``(terms,)``: how many rows that count hold each term."""
    found = spans[:, 1] - spans[:, 0]
    if len(mask):
        for t in range(len(spans)):
            found[t] = 0
            for p in range(spans[t, 0], spans[t, 1]):
                found[t] += mask[rows[p]]
    return found


@_compiled
def count_all(posting_ends: Ints, rows: Any, mask: Any) -> Ints:
    """``(vocabulary,)``: how many rows that count hold each term of the segment."""
    found = np.zeros(len(posting_ends), np.int64)
    begin = 0
    for t in range(len(posting_ends)):
        for p in range(begin, posting_ends[t]):
            found[t] += mask[rows[p]]
        begin = posting_ends[t]
    return found


@_compiled
def hashes(blob: Any, term_ends: Ints) -> Any:
    """``(vocabulary,)`` uint64: FNV-1a of each term, to tell equal terms of several segments."""
    found = np.zeros(len(term_ends), np.uint64)
    begin = 0
    for t in range(len(term_ends)):
        value = np.uint64(0xCBF29CE484222325)
        for i in range(begin, term_ends[t]):
            value = (value ^ np.uint64(blob[i])) * np.uint64(0x100000001B3)
        found[t] = value
        begin = term_ends[t]
    return found


@_compiled
def add(scores: Floats, spans: Ints, weights: Floats, rows: Any, counts: Any, lengths: Any, flat: float, slope: float, mask: Any) -> None:
    """Add each term's part of BM25, ``weight · tf / (tf + flat + slope · length)``, to the ``scores`` of the rows that hold it."""
    for t in range(len(spans)):
        for p in range(spans[t, 0], spans[t, 1]):
            row = rows[p]
            if len(mask) == 0 or mask[row]:
                tf = float(counts[p])
                scores[row] += weights[t] * tf / (tf + flat + slope * lengths[row])


@_compiled
def take_best(scores: Floats, spans: Ints, rows: Any, k: int, wanted: Any) -> tuple[Ints, Floats]:
    """The ``k`` best rows above 0 among those with a posting in ``spans``, unordered; ties go to lower rows. Sets all of their
    scores back to 0. Only rows that ``wanted`` (or an empty one: all) are taken."""
    heap_scores, heap_rows = np.empty(k, np.float64), np.empty(k, np.int64)
    size = 0
    for t in range(len(spans)):
        for p in range(spans[t, 0], spans[t, 1]):
            row = np.int64(rows[p])
            score = scores[row]
            if score == 0.0:
                continue
            scores[row] = 0.0
            if score < 0.0 or (len(wanted) and not wanted[row]):
                continue
            if size < k:
                at = size
                size += 1
                while at and _worse(score, row, heap_scores[(at - 1) // 2], heap_rows[(at - 1) // 2]):
                    parent = (at - 1) // 2
                    heap_scores[at], heap_rows[at] = heap_scores[parent], heap_rows[parent]
                    at = parent
            elif _worse(heap_scores[0], heap_rows[0], score, row):
                at = 0
                while True:
                    child = 2 * at + 1
                    if child >= size:
                        break
                    if child + 1 < size and _worse(heap_scores[child + 1], heap_rows[child + 1], heap_scores[child], heap_rows[child]):
                        child += 1
                    if not _worse(heap_scores[child], heap_rows[child], score, row):
                        break
                    heap_scores[at], heap_rows[at] = heap_scores[child], heap_rows[child]
                    at = child
            else:
                continue
            heap_scores[at], heap_rows[at] = score, row
    return heap_rows[:size], heap_scores[:size]


@_compiled
def _worse(score: float, row: int, than_score: float, than_row: int) -> bool:
    return score < than_score or (score == than_score and row > than_row)


@_compiled
def score_rows(wanted: Ints, spans: Ints, weights: Floats, rows: Any, counts: Any, lengths: Any, flat: float, slope: float) -> Floats:
    """``(len(wanted),)``: what :func:`add` would give these rows, found in the postings by bisection."""
    scores = np.zeros(len(wanted), np.float64)
    for t in range(len(spans)):
        for i in range(len(wanted)):
            low, high = spans[t, 0], spans[t, 1]
            while low < high:
                middle = (low + high) // 2
                if rows[middle] < wanted[i]:
                    low = middle + 1
                else:
                    high = middle
            if low < spans[t, 1] and rows[low] == wanted[i]:
                tf = float(counts[low])
                scores[i] += weights[t] * tf / (tf + flat + slope * lengths[wanted[i]])
    return scores


@_compiled
def copy_live(
    posting_ends: Ints, term_of: Ints, rows: Any, counts: Any, new_row: Ints, cursor: Ints, new_rows: Any, new_counts: Any
) -> None:
    """Copy the postings of each term of a segment to where ``cursor`` ``(terms of the merged segment,)`` stands for the term
    that ``term_of`` names; rows whose ``new_row`` is below 0 are left out."""
    begin = 0
    for t in range(len(posting_ends)):
        for p in range(begin, posting_ends[t]):
            row = new_row[rows[p]]
            if row >= 0:
                at = cursor[term_of[t]]
                new_rows[at] = row
                new_counts[at] = counts[p]
                cursor[term_of[t]] = at + 1
        begin = posting_ends[t]
