"""Backups: one generation of a store as a folder of its own, with the size and hash of every file.

A backup is made beside its place and takes it by one rename, when everything is on the disk; so does a store that is restored.
Rows are copied one by one, so that a backup holds no remains of deleted ones, and is of the same form whichever database the
catalog is in.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ragkit.check import faults
from ragkit.errors import StoreCorrupt, StoreError, StoreNotFound
from ragkit.index import files
from ragkit.records import FileInfo, Jsonable, record
from ragkit.store import audit, copying
from ragkit.store import engine as engines
from ragkit.store.catalog import Catalog
from ragkit.store.changes import now
from ragkit.store.lock import reading_lock

#: The newest form of backups that this version reads, and the one that it writes.
FORMAT = 1

_MANIFEST = "backup.json"
_CATALOG = "catalog.db"
_SEGMENTS, _UPLOADS = "segments", "uploads"
#: Files that a backup may name; anything else does not come out of it.
_NAMES = re.compile(rf"{re.escape(_CATALOG)}|(?:{_SEGMENTS}|{_UPLOADS})/(?!\.{{1,2}}$)[^/\0]+")
_BLOCK = 1 << 20


@record
class BackupReport(Jsonable):
    """What a backup holds: its folder, the generation, live documents and chunks, files and their bytes; ``seconds`` of wall time."""

    backup: str
    generation: int
    documents: int
    chunks: int
    files: int
    bytes: int
    created_at: str
    seconds: float = 0.0


@record
class RestoreReport(Jsonable):
    """What was restored, from a backup of ``created_at`` that ragkit ``ragkit`` made; ``seconds`` of wall time."""

    store: str
    generation: int
    documents: int
    chunks: int
    files: int
    bytes: int
    created_at: str
    ragkit: str
    seconds: float = 0.0


@record
class Manifest(Jsonable):
    """``backup.json``: what the backup holds. ``catalog_format`` is that of the catalog file."""

    format: int
    catalog_format: str
    ragkit: str
    created_at: str
    generation: int
    documents: int
    chunks: int
    files: tuple[FileInfo, ...]

    def to_bytes(self) -> bytes:
        """The file's content, sealed by a hash of the rest."""
        content = self.to_dict()
        return _dump({**content, "seal": hashlib.sha256(_dump(content)).hexdigest()})


def backup(store: Path, segments: Path, catalog: Catalog, target: Path) -> BackupReport:
    """Write one generation of a store to the folder ``target``, which must not be there, while others read and write the store.

    Raises:
        StoreError: ``target`` is there already, is inside the store, or its parent is not there.
        StoreCorrupt: the store is damaged. Nothing is left at ``target`` then, as after any other error.
    """
    started = time.perf_counter()
    if os.path.lexists(target):
        raise StoreError(f"{target} is there already; a backup goes to a new folder")
    if store.resolve() in (target.resolve(), *target.resolve().parents):
        raise StoreError(f"{target} is inside the store {store}; a backup stands apart from it")
    with _taking_place_of(target, mode=0o700) as part:
        with catalog.snapshot() as connection:
            with reading_lock(store):  # until they are copied, no writer removes a file of the generation
                found = [_copied(segments, part / _SEGMENTS, file) for info in catalog.segments(connection) for file in info.files]
                generation = catalog.generation(connection)
                documents, chunks = catalog.count(connection)
            found += _copy_uploads(store / _UPLOADS, part / _UPLOADS)
            copying.write_catalog(connection, part / _CATALOG)
        _require_sound(part / _CATALOG)
        found.insert(0, _measured(part, _CATALOG))
        manifest = Manifest(
            format=FORMAT,
            catalog_format=engines.FORMAT,
            ragkit=version("ragkit"),
            created_at=now(),
            generation=generation,
            documents=documents,
            chunks=chunks,
            files=tuple(found),
        )
        (part / _MANIFEST).write_bytes(manifest.to_bytes())  # synced with all the rest before the folder has its name
    return BackupReport(
        backup=str(target),
        generation=generation,
        documents=documents,
        chunks=chunks,
        files=len(found),
        bytes=sum(file.bytes for file in found),
        created_at=manifest.created_at,
        seconds=time.perf_counter() - started,
    )


def restore(source: Path, store: Path, url: str | None) -> RestoreReport:
    """Make the folder ``store`` the store that a backup holds; its catalog goes to the database ``url``, if there is one.

    Raises:
        StoreNotFound: there is no backup in ``source``.
        StoreError: ``store`` is there and not empty, the database is not empty, or a newer ragkit made the backup.
        StoreCorrupt: the backup is damaged. Nothing is left at ``store`` then, as after any other error.
    """
    started = time.perf_counter()
    if os.path.lexists(store) and not (store.is_dir() and not any(store.iterdir())):
        raise StoreError(f"{store} is there already and not empty; restore to a new folder")
    manifest = read_manifest(source)
    with _taking_place_of(store) as part:
        for file in manifest.files:
            _copied(source, part, file, what=f"the backup in {source}")
        (part / _SEGMENTS).mkdir(exist_ok=True)
        _require_whole(part, source)
        if url is not None:
            _load(part, url, store)
    return RestoreReport(
        store=str(store),
        generation=manifest.generation,
        documents=manifest.documents,
        chunks=manifest.chunks,
        files=len(manifest.files),
        bytes=sum(file.bytes for file in manifest.files),
        created_at=manifest.created_at,
        ragkit=manifest.ragkit,
        seconds=time.perf_counter() - started,
    )


def read_manifest(source: Path) -> Manifest:
    """What the backup in the folder ``source`` says of itself.

    Raises:
        StoreNotFound: there is no backup.
        StoreError: a newer ragkit made it.
        StoreCorrupt: the file is damaged.
    """
    try:
        content = (source / _MANIFEST).read_bytes()
        found: Any = json.loads(content)
        if isinstance(found, dict) and (_later(found.get("format"), FORMAT) or _later(found.get("catalog_format"), engines.FORMAT)):
            raise StoreError(f"a newer ragkit made the backup in {source}; read it after: pip install --upgrade ragkit")
        del found["seal"]
        manifest = Manifest(**{**found, "files": tuple(FileInfo(**file) for file in found["files"])})
        if manifest.to_bytes() != content or not all(_NAMES.fullmatch(file.name) for file in manifest.files):
            raise ValueError("its content is not what was written")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreNotFound(f"there is no backup in {source}: it has no {_MANIFEST}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreCorrupt(f"the backup in {source} is damaged: {_MANIFEST}: {error}") from error
    return manifest


def _later(found: Any, known: Any) -> bool:
    return isinstance(found, type(known)) and found > known


@contextmanager
def _taking_place_of(target: Path, mode: int = 0o777) -> Iterator[Path]:
    """A new folder beside ``target``, which becomes ``target`` when the block ends well, and is removed when it does not."""
    if not target.parent.is_dir():
        raise StoreError(f"there is no folder {target.parent}")
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    part.mkdir(mode=mode)
    try:
        yield part
        if part.is_dir():
            _move(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _move(part: Path, target: Path) -> None:
    """Give ``part`` its name, when all that is in it is on the disk."""
    for at, _, names in os.walk(part):
        for name in names:
            with open(os.path.join(at, name), "rb") as handle:
                os.fsync(handle.fileno())
        files.sync_folder(Path(at))
    os.rename(part, target)  # an empty folder is replaced, anything else is not
    files.sync_folder(target.parent)


def _copied(folder: Path, to: Path, info: FileInfo, *, what: str | None = None) -> FileInfo:
    """Copy a recorded file from ``folder``; its :class:`FileInfo` by its name in a backup.

    Raises:
        StoreCorrupt: it is missing or is not the recorded one.
    """
    target = to / info.name
    target.parent.mkdir(exist_ok=True)
    try:
        found = _copy(folder / info.name, target)
    except FileNotFoundError as error:
        raise StoreCorrupt(f"{what or f'the store in {folder.parent}'} is damaged: {info.name} is missing") from error
    if found != (info.bytes, info.sha256):
        raise StoreCorrupt(f"{what or f'the store in {folder.parent}'} is damaged: {info.name} is not the recorded file")
    return FileInfo(name=info.name if what else f"{to.name}/{info.name}", bytes=info.bytes, sha256=info.sha256)


def _copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file; how many bytes, and their hex sha256."""
    size, digest = 0, hashlib.sha256()
    with open(source, "rb") as reading, open(target, "xb") as writing:
        while block := reading.read(_BLOCK):
            writing.write(block)
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def _copy_uploads(folder: Path, to: Path) -> list[FileInfo]:
    """Copy the uploaded files, which documents were read from; one that is removed meanwhile is left out."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):
            to.mkdir(exist_ok=True)
            try:
                size, digest = _copy(path, to / path.name)
            except FileNotFoundError:
                (to / path.name).unlink(missing_ok=True)
                continue
            found.append(FileInfo(name=f"{to.name}/{path.name}", bytes=size, sha256=digest))
    return found


def _measured(folder: Path, name: str) -> FileInfo:
    with open(folder / name, "rb") as handle:
        return FileInfo(name=name, bytes=(folder / name).stat().st_size, sha256=hashlib.file_digest(handle, "sha256").hexdigest())


def _require_sound(file: Path) -> None:
    """Refuse a copied catalog that has rows which are not what was once written: it would not be worth restoring."""
    engine = engines.connect(f"sqlite:///{file}")
    try:
        with engine.connect() as connection:
            found = audit.faults(connection)
        copying.one_file(engine)
    finally:
        engine.dispose()
    if found:
        raise StoreCorrupt(f"the store is damaged, and no backup was made: {found[0]}; mend it with: ragkit repair")


def _require_whole(part: Path, source: Path) -> None:
    """Open the copied store, which brings an older one to the newest format, and check it throughout."""
    catalog = Catalog(f"sqlite:///{part / _CATALOG}")
    try:
        found = faults(part / _SEGMENTS, catalog)
    finally:
        catalog.close()
    if found:
        raise StoreCorrupt(f"the backup in {source} is damaged: {found[0]}")


def _load(part: Path, url: str, store: Path) -> None:
    """Move the restored catalog into another database, in one transaction that ends when the files are in their place."""
    catalog = Catalog(url)
    moved = False
    try:
        with engines.writing(catalog._engine).begin() as target:
            if copying.holds_rows(target):
                raise StoreError("the database of catalog.url holds a store already; restore into an empty one")
            engine = engines.connect(f"sqlite:///{part / _CATALOG}")
            try:
                with engine.connect() as connection:
                    copying.copy_rows(connection, target)
            finally:
                engine.dispose()
            copying.fix_sequences(target)
            for file in part.glob("*.*"):  # the catalog, what SQLite has beside it, and head.json
                file.unlink()
            _move(part, store)
            moved = True
    except BaseException:
        if moved:  # the transaction did not end well
            shutil.rmtree(store, ignore_errors=True)
        raise
    finally:
        catalog.close()


def _dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=True, sort_keys=True, indent=1).encode("ascii") + b"\n"
