"""The part of :class:`ragkit.api.Ragkit` that erases documents, and makes and reads backups: thin methods."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from ragkit import backup as backups
from ragkit.backup import BackupReport, RestoreReport
from ragkit.forget import Eraser, Receipt
from ragkit.settings import Settings, load_settings
from ragkit.store.catalog import Catalog
from ragkit.store.lock import writer_lock

#: Parts of an open store that hold texts or vectors of documents; each is made anew when it is next needed.
_HOLDING = ("_asker", "_searcher", "_reranker", "verifier", "_tokens")


@runtime_checkable
class Clearable(Protocol):
    """A model that remembers what it saw last, and can let go of it."""

    def clear(self) -> None:
        """Forget what was seen."""


class Safekeeping:
    """What a store offers so that nothing is lost, and nothing stays that should not."""

    path: Path
    settings: Settings
    _segments: Path
    _catalog: Catalog

    def forget(self, *uris: str, where: str | None = None, dry_run: bool = False) -> Receipt:
        """Erase documents, named or those that pass the filter ``where``: all versions, text, vectors, index terms, answer records.

        When it returns, no file below the store's folder holds a byte of them, but for what the receipt lists as ``pending``.
        With ``dry_run`` nothing is changed and the receipt says what would be.

        Raises:
            ValueError: neither ``uris`` nor ``where`` was given.
            DocumentNotFound: the store holds no trace of one of ``uris``; then nothing is removed.
            FilterError: ``where`` cannot be read.
            StoreLocked: another writer is at work.
        """
        if not uris and where is None:
            raise ValueError("forget takes URIs of documents, or a filter as where=")
        if dry_run:
            return self._eraser().preview(uris, where)
        with writer_lock(self.path), self._catalog.exclusive():
            return self._eraser().forget(uris, where)

    def backup(self, target: str | Path) -> BackupReport:
        """Write one generation of the store to the folder ``target``, which must not be there. Others may read and write meanwhile.

        Raises:
            StoreError: ``target`` is there already, is inside the store, or its parent is not there.
            StoreCorrupt: the store is damaged; then there is no backup.
        """
        return backups.backup(self.path, self._segments, self._catalog, _absolute(target))

    @staticmethod
    def restore(backup: str | Path, store: str | Path, *, settings: Settings | None = None) -> RestoreReport:
        """Make ``store``, a folder that is not there or empty, the store that a backup holds, after checking every byte of it.

        With ``catalog.url`` in the settings the catalog goes to that database, which must be empty.

        Raises:
            StoreNotFound: there is no backup.
            StoreError: the store or the database is not empty, or a newer ragkit made the backup.
            StoreCorrupt: the backup is damaged; then there is no store.
        """
        url = (settings or load_settings()).catalog.url
        return backups.restore(_absolute(backup), _absolute(store), url or None)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The store's write lock; what an earlier erasure left pending is completed first."""
        with writer_lock(self.path), self._catalog.exclusive():
            self._eraser().complete()
            yield

    def _eraser(self) -> Eraser:
        kind = self.settings.retrieval.dense_kind
        return Eraser(self.path, self._segments, self._catalog, kind=kind, drop_caches=self._drop_caches)

    def _drop_caches(self) -> None:
        self._catalog.drop_kept()
        pool = self.__dict__.pop("_pool", None)
        if pool is not None:
            pool.close()
        for name in _HOLDING:
            self.__dict__.pop(name, None)
        embedder = self.__dict__.get("embedder")
        if isinstance(embedder, Clearable):
            embedder.clear()


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()
