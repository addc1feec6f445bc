"""Seals: a checksum in every row that a reader relies on, so that no flipped bit of the catalog becomes an answer.

A seal is blake2b over the canonical JSON of the row's fields. Rows with a text have two halves, one of the fields and one of
the text, so that the fields can be checked without reading the text. What a row's seal cannot show, that a row is
missing, the totals show (:mod:`ragkit.store.state`): counts and sums over all keys of a table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.errors import StoreCorrupt

#: The sealed fields of each table, in the order of the seal. ``documents`` and ``chunks`` have a second half for their text.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "documents": (
        "id",
        "uri",
        "version",
        "source",
        "token",
        "sha256",
        "media_type",
        "title",
        "characters",
        "chunks",
        "first_chunk",
        "metadata",
        "acl",
        "added_at",
        "added_generation",
        "removed_generation",
    ),
    "chunks": ("id", "document_id", "start", "end", "tokens", "page", "headings"),
    "segments": ("name", "rows", "first_chunk", "files", "added_generation", "removed_generation"),
    "answers": ("id", "created_at", "generation", "question", "record"),
    "sources": ("source", "options", "synced_at"),
    "failures": ("uri", "source", "reason", "at"),
    "chats": ("id", "created_at", "principal"),
    "turns": ("record_id", "chat", "number", "created_at", "question"),
    "feedback": ("record_id", "created_at", "verdict", "comment", "answer"),
}

_HALF = 16
_CHUNK_HALF = 8
_U64 = (1 << 64) - 1


def _strange(value: Any) -> Any:
    """What JSON does not know can only come out of a damaged row; it must not equal anything that was sealed."""
    return {"damaged": repr(value)}


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_strange, check_circular=False).encode


def plain(value: Any) -> Any:
    """``value`` as it will come back out of a JSON column: string keys, lists for tuples."""
    return json.loads(json.dumps(value))


def of(table: str, values: Sequence[Any], *, size: int = _HALF) -> bytes:
    """The seal of a row: ``size`` bytes over the table's name and the fields, in the order of :data:`FIELDS`."""
    return blake2b(_canonical([table, *values]).encode("ascii"), digest_size=size).digest()


def of_row(table: str, row: Mapping[str, Any]) -> bytes:
    """The seal of a row given by its fields' names; missing ones count as ``None``. For tables without a text."""
    return of(table, [row.get(name) for name in FIELDS[table]])


def document(row: Mapping[str, Any], text: str | None, structure: bytes | None) -> bytes:
    """32 bytes: 16 over the fields, 16 over text and structure."""
    return of_row("documents", row) + _body(text, structure)


def chunk(row: Mapping[str, Any], place: tuple[str, str, int], text: str) -> bytes:
    """16 bytes: 8 over the fields and the document's ``(uri, title, version)``, 8 over the passage's text."""
    return _chunk_fields([*[row.get(name) for name in FIELDS["chunks"]], *place]) + _chunk_text(text)


def identity(row: Mapping[str, Any]) -> bytes:
    """The seal of the identity row: all of its columns that hold something, whichever the format has."""
    return of("identity", [[name, row[name]] for name in sorted(row) if name != "seal" and row[name] is not None])


def generation(previous: bytes, number: int, created_at: str, reason: str) -> bytes:
    """The seal of a generation's row; it covers the seal of the row before, ``b""`` at the first."""
    return of("generations", [previous.hex(), number, created_at, reason])


def require_row(table: str, row: Sequence[Any]) -> None:
    """Check a row selected as the table's :data:`FIELDS` and then its ``seal``.

    Raises:
        StoreCorrupt: the row is not what was written.
    """
    if row[-1] != of(table, row[:-1]):
        raise damaged(f"the row of {table} {row[0]!r} is not what was written")


def require_document(row: Sequence[Any]) -> None:
    """Check a document's fields: a row selected as ``FIELDS["documents"]`` and then ``seal``; about 5 µs.

    Raises:
        StoreCorrupt: the row is not what was written.
    """
    if not intact_document(row):
        raise damaged(f"the row of document {row[1]!r} is not what was written")


def intact_document(row: Sequence[Any]) -> bool:
    """Whether a document's fields are what was written; the row is as in :func:`require_document`."""
    found = row[-1]
    return isinstance(found, bytes) and len(found) == 2 * _HALF and found[:_HALF] == of("documents", row[:-1])


def intact_body(found: Any, text: str | None, structure: bytes | None) -> bool:
    """Whether a document's text and structure are those that its seal ``found`` was made over."""
    return isinstance(found, bytes) and found[_HALF:] == _body(text, structure)


def require_body(document_id: int, found: Any, text: str | None, structure: bytes | None) -> None:
    """Check a document's text and structure against its seal.

    Raises:
        StoreCorrupt: one of them is not what was written.
    """
    if not intact_body(found, text, structure):
        raise damaged(f"the text of document number {document_id} is not what was written")


def intact_chunk(row: Sequence[Any], place: tuple[Any, Any, Any], found: Any, text: str | None) -> bool:
    """Whether a chunk is what was written: ``row`` as ``FIELDS["chunks"]``; ``text`` of ``None`` is not checked."""
    if not isinstance(found, bytes) or len(found) != 2 * _CHUNK_HALF or found[:_CHUNK_HALF] != _chunk_fields([*row, *place]):
        return False
    return text is None or (isinstance(text, str) and found[_CHUNK_HALF:] == _chunk_text(text))


def require_chunk(row: Sequence[Any], place: tuple[Any, Any, Any], found: Any, text: str | None) -> None:
    """Check a chunk; arguments as in :func:`intact_chunk`.

    Raises:
        StoreCorrupt: it is not what was written.
    """
    if not intact_chunk(row, place, found, text):
        raise damaged(f"passage {row[0]} of {place[0]!r} is not what was written")


def damaged(what: str) -> StoreCorrupt:
    """The error for damage in the catalog, with the commands that help."""
    return StoreCorrupt(
        f"the catalog is damaged: {what}. `ragkit check` lists all faults, `ragkit repair` mends what can be mended, "
        "`ragkit restore` brings back a backup"
    )


def total_of(keys: Iterable[int | str] | NDArray[np.int64]) -> tuple[int, int]:
    """``(count, sum)`` of keys: the sum modulo 2**64 of a mix of each, so that it needs no order and changes with each key."""
    if not isinstance(keys, np.ndarray):
        some = list(keys)
        if not all(isinstance(key, int) for key in some):
            return len(some), sum(int.from_bytes(of("key", [key], size=8), "little") for key in some) & _U64
        keys = np.array(some, np.int64)
    return len(keys), int(_mix(keys).sum(dtype=np.uint64))


def _mix(keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Steele, Lea and Flood's splitmix64, a permutation of 64-bit numbers."""
    mixed = keys.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _body(text: str | None, structure: bytes | None) -> bytes:
    body = blake2b(b"-" if structure is None else b"+" + bytes(structure), digest_size=_HALF)
    body.update(b"-" if text is None else b"+" + text.encode("utf-8", "surrogatepass"))
    return body.digest()


def _chunk_fields(values: Sequence[Any]) -> bytes:
    return blake2b(_canonical(values).encode("ascii"), digest_size=_CHUNK_HALF).digest()


def _chunk_text(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_CHUNK_HALF).digest()
