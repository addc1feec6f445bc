"""Which candidates become hits: none that repeats a better one, not too many of one document, not one thing in many wordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ragkit.duplicates import resemblance, shingles
from ragkit.index.fusion import minmax
from ragkit.store.reading import Passage

#: Share of common shingles, of all of two passages, from which one repeats the other.
REPEATED = 0.8
#: Passages read at once.
_AT_ONCE = 256


def left_out(
    ids: Sequence[int],
    k: int,
    read: Callable[[Sequence[int]], Mapping[int, Passage]],
    *,
    collapse: bool = False,
    per_document: int = 0,
) -> dict[int, str]:
    """Which of the chunks ``ids``, best first, are none of the ``k`` hits, though no ``k`` better ones are, and why.

    ``collapse`` leaves out what repeats a hit from another document, ``per_document`` (0: no limit) what is beyond so many hits from
    its own. Only as many chunks are read as it takes to have ``k`` hits.
    """
    if not collapse and not per_document:
        return {}
    kept: list[tuple[int, set[str]]] = []
    of_document = Counter[int]()
    reasons: dict[int, str] = {}
    passages: dict[int, Passage] = {}
    for at, chunk_id in enumerate(ids):
        if len(kept) == k:
            break
        if chunk_id not in passages:
            passages |= read(ids[at : at + min(_AT_ONCE, 2 * k)])
        document = passages[chunk_id].document_id
        found = shingles(passages[chunk_id].text) if collapse else set()
        same = [n for n, (of, other) in enumerate(kept, 1) if of != document and resemblance(found, other) >= REPEATED] if collapse else []
        if same:
            reasons[chunk_id] = f"repeats hit {same[0]}"
        elif per_document and of_document[document] >= per_document:
            reasons[chunk_id] = f"its document has {per_document} better hits"
        else:
            kept.append((document, found))
            of_document[document] += 1
    return reasons


def diverse(scores: NDArray[np.float64], vectors: NDArray[np.float32], weight: float) -> NDArray[np.int64]:
    """An order of the ``(n,)`` ``scores`` by maximal marginal relevance (Carbonell & Goldstein 1998, section 2).

    Next comes each time the row with the most ``weight`` * relevance - (1 - ``weight``) * its largest cosine with the rows before it;
    relevance is the score, moved to [0, 1] over all rows. ``vectors`` is ``(n, d)``, L2-normalised; ``weight``, the paper's lambda, is in
    [0, 1]. Ties go to the first row.
    """
    relevance = minmax(scores)
    nearest = np.full(len(scores), 0.0)
    order: list[int] = []
    left = np.ones(len(scores), np.bool_)
    while left.any():
        marginal = np.where(left, weight * relevance - (1 - weight) * nearest, -np.inf)
        best = int(marginal.argmax())
        order.append(best)
        left[best] = False
        cosines = vectors @ vectors[best]
        nearest = cosines if len(order) == 1 else np.maximum(nearest, cosines)
    return np.array(order, np.int64)
