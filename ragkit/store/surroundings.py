"""What stands beside a chunk in its document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import sqlalchemy as sa

from ragkit.store.changes import batches
from ragkit.store.tables import chunks

Surroundings = Literal["neighbours", "section"]
#: Most chunks of its section on either side of a chunk.
REACH = 8


def beside(connection: sa.Connection, places: Iterable[tuple[int, int]], how: Surroundings) -> dict[int, list[int]]:
    """For each chunk of ``places``, ``(document_id, chunk_id)``, the ids of the chunks around it, in order, its own among them: one on
    either side (``neighbours``), or those of its section, at most :data:`REACH` on either side (``section``).

    A section is the run of chunks under the same headings, with the chunk before it in which the last of these headings stands. That
    chunk's own headings are those above it; its section goes on below it.
    """
    wanted = list(places)
    rows: dict[int, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    columns = (chunks.c.document_id, chunks.c.id, chunks.c.headings)
    for some in batches(sorted({document_id for document_id, _ in wanted})):
        query = sa.select(*columns).where(chunks.c.document_id.in_(some)).order_by(chunks.c.document_id, chunks.c.start, chunks.c.id)
        for document_id, chunk_id, headings in connection.execute(query):
            rows[document_id].append((chunk_id, tuple(headings or ())))
    return {chunk_id: _around(rows[document_id], chunk_id, how) for document_id, chunk_id in wanted}


def _around(rows: Sequence[tuple[int, tuple[str, ...]]], chunk_id: int, how: Surroundings) -> list[int]:
    at = next(i for i, (other, _) in enumerate(rows) if other == chunk_id)
    if how == "neighbours":
        return [other for other, _ in rows[max(at - 1, 0) : at + 2]]
    own = rows[at][1]
    low, high = at, at + 1
    while low > max(at - REACH, 0) and rows[low - 1][1] == own:
        low -= 1
    if low > 0 and own and rows[low - 1][1] == own[:-1]:
        low -= 1
    last = min(at + REACH, len(rows) - 1)
    while high <= last and rows[high][1] == own:
        high += 1
    below = rows[high][1][: len(own) + 1] if high <= last else ()
    while high <= last and len(below) > len(own) and rows[high][1][: len(below)] == below:
        high += 1
    return [other for other, _ in rows[low:high]]
