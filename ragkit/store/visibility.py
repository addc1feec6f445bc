"""Who sees what: filters and access lists, evaluated over all live documents and kept as masks of the index's rows.

A document never changes while it lives (a new version is a new row), so what was read of it stays true: a later generation
only costs the documents that it added. Kept are numbers and bits alone, about 30 bytes a document.

A principal sees a document that has no access list, or one whose list names the principal. Who asks may be several
principals at once, a person and the person's groups. Lists that are not lists of names are seen by nobody.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit.store import seal, state
from ragkit.store.filters import Filter, parse_filter
from ragkit.store.tables import documents

Mask = NDArray[np.bool_]
#: Who asks: one principal, several at once (none: only what everybody may see), or ``None``: no access control.
Principals = str | Sequence[str] | None

#: Row masks that are kept, for one filter and asker each, and the filters whose documents are.
KEPT_MASKS = 64
KEPT_FILTERS = 16

_FIELDS = seal.FIELDS["documents"]
_AT = {name: _FIELDS.index(name) for name in _FIELDS}
_COLUMNS = [*(documents.c[name] for name in _FIELDS), documents.c.seal]
_FETCHED_AT_ONCE = 2000


def principals_of(principal: Principals) -> frozenset[str] | None:
    """The set of names that asks; ``None`` stays ``None``.

    Raises:
        TypeError: one of them is not a text.
    """
    if principal is None:
        return None
    names = frozenset((principal,) if isinstance(principal, str) else principal)
    strange = [name for name in names if not isinstance(name, str)]
    if strange:
        raise TypeError(f"a principal is a text, not {strange[0]!r}")
    return names


def names_of(row: Sequence[Any]) -> Mapping[str, Any]:
    """What a filter sees of a document: its metadata, ``uri``, ``title`` and ``media_type``."""
    return {**row[_AT["metadata"]], **{name: row[_AT[name]] for name in ("uri", "title", "media_type")}}


def live_documents(connection: sa.Connection, after: int = 0) -> Iterator[Sequence[Any]]:
    """The rows of the live documents with ids above ``after``, rising: the sealed fields and the seal, which is checked.

    Raises:
        StoreCorrupt: a row is not what was written.
    """
    query = sa.select(*_COLUMNS).where(documents.c.removed_generation.is_(None), documents.c.id > after).order_by(documents.c.id)
    for row in connection.execute(query, execution_options={"yield_per": _FETCHED_AT_ONCE}):
        seal.require_document(row)
        yield row


def matching(connection: sa.Connection, expression: str) -> dict[str, int]:
    """URIs and ids of the live documents that pass a filter.

    Raises:
        FilterError: the filter cannot be read.
    """
    passes = parse_filter(expression)
    return {row[_AT["uri"]]: row[0] for row in live_documents(connection) if passes(names_of(row))}


class _Known:
    """What was read of documents, as columns in the order of their ids."""

    def __init__(self) -> None:
        self.ids = np.zeros(0, np.int64)
        self.first = np.zeros(0, np.int64)
        self.counts = np.zeros(0, np.int32)
        self.acl = np.zeros(0, np.int32)
        self.acls: dict[frozenset[str] | None, int] = {}
        self.passing: OrderedDict[str, Mask] = OrderedDict()

    def extend(self, connection: sa.Connection, filters: Mapping[str, Filter]) -> None:
        """Read the documents that were added since, and evaluate the kept filters for them."""
        columns = [array("q") for _ in range(4)]
        passed = {text: bytearray() for text in filters}
        for row in live_documents(connection, int(self.ids[-1]) if len(self.ids) else 0):
            acl = self.acls.setdefault(_members(row[_AT["acl"]]), len(self.acls))
            for column, value in zip(columns, (row[0], row[_AT["first_chunk"]] or 0, row[_AT["chunks"]], acl), strict=True):
                column.append(value)
            names = names_of(row) if filters else {}
            for text, predicate in filters.items():
                passed[text].append(predicate(names))
        ids, first, counts, acls = (np.frombuffer(column, np.int64) for column in columns)
        self.ids, self.first = np.concatenate([self.ids, ids]), np.concatenate([self.first, first])
        self.counts = np.concatenate([self.counts, counts.astype(np.int32)])
        self.acl = np.concatenate([self.acl, acls.astype(np.int32)])
        for text, bits in passed.items():
            self.passing[text] = np.concatenate([self.passing.get(text, np.zeros(0, np.bool_)), np.frombuffer(bits, np.bool_)])

    def evaluate(self, connection: sa.Connection, text: str, predicate: Filter) -> None:
        """Evaluate one more filter for the documents that are known and live."""
        passing = np.zeros(len(self.ids), np.bool_)
        ids = np.fromiter((row[0] for row in live_documents(connection) if predicate(names_of(row))), np.int64)
        places = np.searchsorted(self.ids, ids)
        known = places < len(self.ids)
        known[known] = self.ids[places[known]] == ids[known]
        passing[places[known]] = True
        self.passing[text] = passing

    def seen_by(self, principals: frozenset[str] | None) -> Mask:
        """Which documents somebody sees."""
        sees = [principals is None or members is None or not members.isdisjoint(principals) for members in self.acls]
        seen: Mask = np.array([*sees, False], np.bool_)[self.acl]
        return seen

    def owners(self, chunk_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each chunk the place of its document, -1 when it is not known."""
        order = np.argsort(self.first, kind="stable")
        order = order[self.counts[order] > 0]
        if not len(order):
            return np.full(len(chunk_ids), -1, np.int64)
        places = order[np.maximum(np.searchsorted(self.first[order], chunk_ids, side="right") - 1, 0)]
        first = self.first[places]
        return np.where((chunk_ids >= first) & (chunk_ids < first + self.counts[places]), places, -1)


def _members(acl: Any) -> frozenset[str] | None:
    """The names on an access list; ``None``: there is no list. What is not a list names nobody."""
    if acl is None:
        return None
    return frozenset(name for name in acl if isinstance(name, str)) if isinstance(acl, list) else frozenset()


class Visibility:
    """Masks of what each asker may see, one store's. Safe to use from threads.

    A mask's key holds the generation, the filter and all of the asker's principals, so nobody is given another's.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known = _Known()
        self._owners: tuple[int, NDArray[np.int64]] = -1, np.zeros(0, np.int64)
        self._masks: OrderedDict[tuple[int, str | None, frozenset[str] | None], NDArray[np.uint8]] = OrderedDict()

    def mask(
        self,
        connection: sa.Connection,
        generation: int,
        chunk_ids: NDArray[np.int64],
        live: Mask,
        expression: str | None,
        principal: Principals,
    ) -> Mask | None:
        """Which of the index's rows (``chunk_ids``, of which ``live`` live) pass the filter and may be seen; ``None``: nothing restricts.

        All is read on ``connection``, whose snapshot is ``generation``.

        Raises:
            FilterError: the expression cannot be read.
            StoreCorrupt: a document's row is not what was written.
        """
        principals = principals_of(principal)
        if expression is None and principals is None:
            return None
        predicate = None if expression is None else parse_filter(expression)
        text = None if predicate is None else str(predicate)
        with self._lock:
            packed = self._masks.pop((generation, text, principals), None)
            if packed is None:
                rows = self._rows(connection, generation, chunk_ids, live, text, predicate, principals)
                packed = np.packbits(rows)
            self._masks[generation, text, principals] = packed
            while len(self._masks) > KEPT_MASKS:
                self._masks.popitem(last=False)
        mask: Mask = np.unpackbits(packed, count=len(chunk_ids)).view(np.bool_)
        return mask

    def _rows(
        self,
        connection: sa.Connection,
        generation: int,
        chunk_ids: NDArray[np.int64],
        live: Mask,
        text: str | None,
        predicate: Filter | None,
        principals: frozenset[str] | None,
    ) -> Mask:
        asked = {} if text is None or predicate is None else {text: predicate}
        known, owners = self._documents(connection, generation, chunk_ids, live, asked)
        seen = known.seen_by(principals)
        if text is not None and predicate is not None:
            if text not in known.passing:
                known.evaluate(connection, text, predicate)
            known.passing.move_to_end(text)
            while len(known.passing) > KEPT_FILTERS:
                known.passing.popitem(last=False)
            seen &= known.passing[text]
        # Place -1, a chunk of no known document, is the added False.
        rows: Mask = np.append(seen, False)[owners] & live
        return rows

    def _documents(
        self, connection: sa.Connection, generation: int, chunk_ids: NDArray[np.int64], live: Mask, asked: Mapping[str, Filter]
    ) -> tuple[_Known, NDArray[np.int64]]:
        """What is known of the documents of this generation, and which of them each row belongs to.

        Where all documents have to be read, the filter that is ``asked`` for is evaluated on the way.
        """
        newest, owners = self._owners
        if newest == generation:
            return self._known, owners
        recorded = state.read(connection)
        if 0 <= newest < generation and len(self._known.ids) <= 2 * recorded.count("documents") + 1000:
            self._known.extend(connection, {text: parse_filter(text) for text in self._known.passing})
            owners = self._known.owners(chunk_ids)
            if (owners[live] >= 0).all():
                self._owners = generation, owners
                return self._known, owners
        # The first question, one of an older snapshot, or documents that were indexed anew: read all of this snapshot.
        fresh = _Known()
        fresh.extend(connection, asked)
        recorded.require("documents", fresh.ids)
        owners = fresh.owners(chunk_ids)
        if newest < generation:
            self._known, self._owners = fresh, (generation, owners)
        return fresh, owners
