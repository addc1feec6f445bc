"""Hits with what stands around them: read by the answer path as passages of their own, shown by a search as one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ragkit.records import Hit
from ragkit.search import Pinned
from ragkit.store.reading import Passage
from ragkit.store.surroundings import beside
from ragkit.store.visibility import Principals

How = Literal["neighbours", "section"]


def surrounded(pinned: Pinned, hits: Sequence[Hit], how: How, *, expression: str | None = None, principal: Principals = None) -> list[Hit]:
    """``hits`` and the chunks around each, in the order of the best hit that brings them in, each once.

    Only chunks that pass the filter and that ``principal`` may see. A chunk that was no hit has the rank and the score of the hit that
    brings it in, and no ``scores``.
    """
    own = {hit.chunk_id for hit in hits}
    out: list[Hit] = []
    taken: set[int] = set()
    for hit, passages in _around(pinned, hits, how, expression, principal):
        for passage in passages:
            if passage.chunk_id not in own | taken:
                out.append(_beside(hit, passage))
                taken.add(passage.chunk_id)
        out.append(hit)
    return sorted(out, key=lambda one: (one.rank, one.chunk_id not in own))


def widened(pinned: Pinned, hits: Sequence[Hit], how: How, *, expression: str | None = None, principal: Principals = None) -> list[Hit]:
    """``hits`` with the text around them, from the first chunk's beginning to the last one's end; a hit that stands in a better one's
    text is left out."""
    out: list[Hit] = []
    for hit, passages in _around(pinned, hits, how, expression, principal):
        if any(o.document_id == hit.document_id and o.start_char_index <= hit.start_char_index < o.end_char_index for o in out):
            continue
        start, end = min(p.start for p in passages), max(p.end for p in passages)
        text = pinned.parsed(hit.document_id).text[start:end]
        out.append(replace(hit, rank=len(out) + 1, text=text, start_char_index=start, end_char_index=end, page=passages[0].page))
    return out


def _around(
    pinned: Pinned, hits: Sequence[Hit], how: How, expression: str | None, principal: Principals
) -> list[tuple[Hit, list[Passage]]]:
    """Each hit with the run of visible chunks around it, its own among them."""
    catalog = pinned.catalog
    groups = beside(pinned.connection, [(hit.document_id, hit.chunk_id) for hit in hits], how)
    ids = np.unique(np.array([one for group in groups.values() for one in group], np.int64))
    rows = np.flatnonzero(pinned.index.mask_of(ids))
    visible = pinned.visible(expression, principal)
    seen = set(pinned.index.chunk_ids[rows if visible is None else rows[visible[rows]]].tolist())
    passages = catalog.passages(pinned.connection, sorted(seen))
    return [(hit, [passages[one] for one in _run(groups[hit.chunk_id], hit.chunk_id, seen)]) for hit in hits]


def _run(ids: Sequence[int], own: int, seen: set[int]) -> list[int]:
    """The members of ``ids`` that are seen and that nothing unseen parts from ``own``."""
    at = ids.index(own)
    low, high = at, at + 1
    while low > 0 and ids[low - 1] in seen:
        low -= 1
    while high < len(ids) and ids[high] in seen:
        high += 1
    return list(ids[low:high])


def _beside(hit: Hit, passage: Passage) -> Hit:
    return replace(
        hit,
        start_char_index=passage.start,
        end_char_index=passage.end,
        text=passage.text,
        page=passage.page,
        scores={},
        headings=passage.headings,
        chunk_id=passage.chunk_id,
    )
