"""The state of a store: one sealed row that every write changes, with the active generation and the totals of each table.

A row's seal shows that the row is whole; the totals show that no row is missing and none came back. They are counts and
sums over the keys of the live rows, kept up in proportion to a change, never to the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit.records import record
from ragkit.store import seal
from ragkit.store.tables import generations, identity

#: What has totals: live documents, live chunks, active segments, and all rows of the others.
COUNTED = ("documents", "chunks", "segments", "tombstones", "answers", "sources", "failures", "chats", "turns", "feedback")

Keys = Iterable[int | str] | NDArray[np.int64]


@record
class State:
    """The state that a reader saw: ``generation`` is the active one, ``writes`` counts all writes ever."""

    generation: int
    writes: int
    row: Mapping[str, Any]

    def count(self, table: str) -> int:
        """Live rows of ``table``."""
        return int(self.row["totals"].get(table, [0])[0])

    def require(self, table: str, keys: Keys) -> None:
        """Check that ``keys`` are the keys of all live rows of ``table``.

        Raises:
            StoreCorrupt: a row is missing, or one is there that should not be.
        """
        fault = self.fault(table, keys)
        if fault is not None:
            raise seal.damaged(fault)

    def fault(self, table: str, keys: Keys) -> str | None:
        """What :meth:`require` would complain of."""
        count, total = seal.total_of(keys)
        recorded = self.row["totals"].get(table, [0, "0"])
        if count != recorded[0]:
            return f"{count} rows of {table} are there, recorded are {recorded[0]}"
        return None if f"{total:x}" == recorded[1] else f"the rows of {table} are not those that were recorded"


def read(connection: sa.Connection) -> State:
    """The state as ``connection`` sees it.

    Raises:
        StoreCorrupt: the row is missing or is not what was written.
    """
    rows = connection.execute(sa.select(identity)).all()
    if len(rows) != 1:
        raise seal.damaged(f"{len(rows)} rows hold the store's state instead of one")
    row = dict(rows[0]._mapping)
    if row["seal"] != seal.identity(row):
        raise seal.damaged("the row that holds the store's state is not what was written")
    return State(generation=row["generation"], writes=row["writes"], row=row)


class Ledger:
    """The state inside a transaction that writes: take up every change of rows here, then :meth:`save`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.values = dict(read(connection).row)
        recorded = self.values["totals"]
        self._totals = {name: [recorded.get(name, [0, "0"])[0], int(recorded.get(name, [0, "0"])[1], 16)] for name in COUNTED}

    def added(self, table: str, keys: Keys) -> None:
        """Rows with these keys were inserted, or became live."""
        count, total = seal.total_of(keys)
        self._totals[table] = [self._totals[table][0] + count, (self._totals[table][1] + total) % (1 << 64)]

    def removed(self, table: str, keys: Keys) -> None:
        """Rows with these keys were deleted, or are live no more."""
        count, total = seal.total_of(keys)
        self._totals[table] = [self._totals[table][0] - count, (self._totals[table][1] - total) % (1 << 64)]

    def begin_generation(self, created_at: str, reason: str) -> int:
        """Insert the row of the next generation; its number."""
        number: int = self.values["generation"] + 1
        sealed = seal.generation(self.values["chain"], number, created_at, reason)
        self._connection.execute(generations.insert().values(number=number, created_at=created_at, reason=reason, seal=sealed))
        self.values.update(generation=number, chain=sealed)
        return number

    def save(self) -> None:
        """Write the state, as one more write."""
        self.values["writes"] += 1
        self.values["totals"] = {name: [count, f"{total:x}"] for name, (count, total) in self._totals.items()}
        self.values["seal"] = seal.identity(self.values)
        self._connection.execute(identity.update().values(self.values))
