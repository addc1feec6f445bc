"""What a store weighs: rows and bytes of its parts, read from the catalog and the files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ragkit.index.segments import Segment
from ragkit.records import SegmentInfo
from ragkit.store.catalog import Catalog
from ragkit.store.lock import reading_lock
from ragkit.store.tables import documents, generations, metadata

#: Where files stand that were taken out of use because they are damaged.
QUARANTINE = "quarantine"
_SQLITE_FILES = ("catalog.db", "catalog.db-wal", "catalog.db-shm")


def measure(store: Path, segments: Path, catalog: Catalog) -> dict[str, Any]:
    """Counts and bytes of the store in the folder ``store``; plain values, ready for JSON.

    Raises:
        StoreCorrupt: a segment's file is missing or is not the recorded one.
    """
    with reading_lock(store), catalog.snapshot() as connection:
        live, chunks = catalog.count(connection)
        infos = catalog.segments(connection)
        parts = {
            "generation": catalog.generation(connection),
            "generations": _rows(connection, generations),
            "documents": live,
            "versions": _rows(connection, documents),
            "chunks": chunks,
            "tombstones": len(catalog.dead_chunks(connection)),
            "vocabulary": _vocabulary(segments, infos),
            "segments": [_segment(info) for info in infos],
        }
        catalog_bytes = _catalog_bytes(store, connection)
    index_bytes = sum(file.bytes for info in infos for file in info.files)
    aside = _sizes((store / QUARANTINE).glob("*"))
    return {
        "store": str(store),
        **parts,
        "index_bytes": index_bytes,
        "catalog_bytes": catalog_bytes,
        "bytes_per_chunk": round((index_bytes + catalog_bytes) / chunks, 1) if chunks else None,
        "quarantine": {"files": len(aside), "bytes": sum(aside)},
    }


def _rows(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _segment(info: SegmentInfo) -> dict[str, Any]:
    sizes = {part: file.bytes for part, file in info.parts.items()}
    return {"name": info.name, "rows": info.rows, "bytes": sum(sizes.values()), **sizes}


def _vocabulary(folder: Path, infos: Iterable[SegmentInfo]) -> int:
    """Different terms in all segments, those of deleted rows among them."""
    terms: set[bytes] = set()
    for info in infos:
        terms.update(Segment.open(folder, info).lexical.vocabulary())
    return len(terms)


def _catalog_bytes(store: Path, connection: sa.Connection) -> int:
    if connection.dialect.name == "sqlite":
        return sum(_sizes(store / name for name in _SQLITE_FILES))
    sizes = (sa.func.pg_total_relation_size(sa.literal(name)) for name in metadata.tables)
    return sum(int(connection.execute(sa.select(size)).scalar_one()) for size in sizes)


def _sizes(paths: Iterable[Path]) -> list[int]:
    return [path.stat().st_size for path in paths if path.is_file()]
