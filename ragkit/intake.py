"""The part of :class:`ragkit.api.Ragkit` that takes documents in and removes them: thin methods."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ragkit.contracts import Connector
from ragkit.diff import Difference, difference
from ragkit.errors import DocumentNotFound, SourceError, StoreLocked
from ragkit.index import files
from ragkit.ingest import DocumentPool, Ingestor, Listed, Source
from ragkit.maintenance import Maintenance, OnProgress
from ragkit.plugins import runtime
from ragkit.records import Failure, IngestOptions, IngestReport, SourceItem
from ragkit.watch import Watcher

#: What the source of a document that was given as text begins with.
_TEXT = "text:"


class Intake(Maintenance):
    """What a store offers for its documents to come and go."""

    if TYPE_CHECKING:

        @cached_property
        def _pool(self) -> DocumentPool:
            """What parses."""

    def ingest(
        self,
        *sources: str | Path | Connector,
        recursive: bool = True,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        acl: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        progress: OnProgress | None = None,
    ) -> IngestReport:
        """Add and update the documents of ``sources`` (files, folders, addresses, …). What is unchanged is not even opened.

        ``include`` and ``exclude`` are globs in the form of a ``.gitignore`` (``*.md``, ``drafts/``). ``acl`` lists the
        principals that may see the documents (``None``: everybody); ``metadata`` is added to each. ``options`` are those of
        the kind of source (``{"depth": 2}``); they are remembered in plain text, so none may be a secret. A connector is taken
        as it is, and remembered by its attribute ``source``.

        Raises:
            SourceError: a source cannot be read at all. A document that cannot be read is in the report instead.
            StoreLocked: another writer is at work.
        """
        given = IngestOptions(
            recursive=recursive,
            include=tuple(include),
            exclude=tuple(exclude),
            acl=None if acl is None else tuple(acl),
            metadata=dict(metadata or {}),
            options=dict(options or {}),
        )
        remembered = self._catalog.list_sources()
        read = [self._source(source, given, remembered) for source in sources]
        with self._writing():
            return self._ingestor(progress).run(read)

    def sync(self, *sources: str | Path | Connector, allow_empty: bool = False, progress: OnProgress | None = None) -> IngestReport:
        """As :meth:`ingest`, and remove the documents that are gone from their source. No sources: all that were ingested.

        Each source is read with the options that it was last ingested with. All documents of a source that lists nothing any
        more are kept, and the report says so, unless ``allow_empty``.

        Raises:
            SourceError: one of ``sources`` cannot be read at all. Without them it is in the report, and the others are read.
            StoreLocked: another writer is at work.
        """
        total = IngestReport()
        for source, options, remembered in self._remembered(sources):
            try:
                read = self._source(source, options, remembered)
                with self._writing():
                    done = self._ingestor(progress).run([read], remove_missing=True, allow_empty=allow_empty)
            except SourceError as error:
                if sources:
                    raise
                done = IngestReport(failed=(Failure(uri=str(source), reason=str(error)),))
            total = _sum(total, done)
        return total

    def watch(
        self, *sources: str | Path, settle_s: float = 1.0, every_s: float = 300.0, stop: threading.Event | None = None
    ) -> Iterator[IngestReport]:
        """:meth:`sync` now, and again whenever files of ``sources`` (none: all that were ingested) change; a report for each.

        A file is read once it has been left alone for ``settle_s`` seconds. Every ``every_s`` seconds all sources are synced, as
        some are no files and some disks tell of no change. Ends when ``stop`` is set, at the latest a second after.

        Raises:
            SourceError: one of ``sources`` cannot be read at all.
        """
        stop = stop or threading.Event()
        keys = [str(_key(source)) for source, _, _ in self._remembered(sources)]
        paths = [key for key in keys if os.path.exists(key)]
        with Watcher(paths, settle_s=settle_s, ignored=self.path) as watcher:
            yield self.sync(*sources)
            due = time.monotonic() + every_s
            while not stop.is_set():
                changed = watcher.wait(min(1.0, max(0.0, due - time.monotonic())))
                if time.monotonic() >= due:
                    changed, due = keys, time.monotonic() + every_s
                if changed:
                    yield self._again(changed)

    def _again(self, keys: Sequence[str]) -> IngestReport:
        """Sync what is being watched; what stands in the way now is in the report, and is tried again."""
        try:
            return self.sync(*keys)
        except (SourceError, StoreLocked) as error:
            return IngestReport(failed=tuple(Failure(uri=key, reason=str(error)) for key in keys))

    def diff(self, *sources: str | Path | Connector) -> Difference:
        """What :meth:`sync` would do; nothing is changed. Items that may have changed are read, to compare their bytes.

        Raises:
            SourceError: a source cannot be read at all.
        """
        return difference(self._catalog, (self._source(*known) for known in self._remembered(sources)))

    def add_text(
        self,
        text: str,
        *,
        uri: str,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        acl: Sequence[str] | None = None,
    ) -> IngestReport:
        """Add or replace one document given as text."""
        data = text.encode("utf-8")
        item = SourceItem(
            uri=uri, token=files.sha256(data), open=partial(io.BytesIO, data), size=len(data), media_type="text/plain", title=title or uri
        )
        options = IngestOptions(acl=None if acl is None else tuple(acl), metadata=dict(metadata or {}))
        with self._writing():
            return self._ingestor().run([Source(key=f"{_TEXT}{uri}", connector=Listed([item]), options=options)])

    def delete(self, *uris: str) -> int:
        """Remove documents; how many.

        Raises:
            DocumentNotFound: one of them is not in the store; then none is removed.
        """
        known = self._catalog.known(uris)
        missing = [uri for uri in uris if uri not in known]
        if missing:
            raise DocumentNotFound(f"no document {missing[0]!r} in the store; `ragkit ls` lists those that are there")
        with self._writing():
            self._ingestor().remove([k.document_id for k in known.values()])
        return len(known)

    def _ingestor(self, progress: OnProgress | None = None) -> Ingestor:
        return Ingestor(self._segments, self._catalog, self.embedder, self._pool, self.settings, progress)

    def _remembered(
        self, sources: Sequence[str | Path | Connector]
    ) -> Iterator[tuple[str | Path | Connector, IngestOptions, Mapping[str, Mapping[str, Any]]]]:
        """Sources with the options that they were last ingested with, and all that is remembered; of none given, all."""
        remembered = self._catalog.list_sources()
        for source in sources or [s for s in remembered if not s.startswith(_TEXT)]:
            yield source, IngestOptions.from_dict(remembered.get(_key(source), {})), remembered

    def _source(self, source: str | Path | Connector, options: IngestOptions, remembered: Mapping[str, Mapping[str, Any]]) -> Source:
        """A source that is ready to be listed.

        Raises:
            SourceError: nothing reads it, or it has no such option.
        """
        key = _key(source)
        connector = source
        if isinstance(connector, str | Path):
            connector = runtime("find_connector")(key, defaults=self.settings.sources.model_dump(), **options.given())
        if hasattr(connector, "state"):
            connector.state = dict(remembered.get(key, {}).get("state") or {})
        return Source(key=key, connector=connector, options=options)


def _key(source: str | Path | Connector) -> str:
    """What a source is remembered by: an absolute path where it is one, also as a URL, else as given; of a connector, its name."""
    if not isinstance(source, str | Path):
        return str(getattr(source, "source", type(source).__qualname__))
    text = str(source)
    if text.lower().startswith("file://"):
        text = url2pathname(urlsplit(text).path)
    return os.path.realpath(os.path.expanduser(text)) if os.path.lexists(os.path.expanduser(text)) else text


def _sum(a: IngestReport, b: IngestReport) -> IngestReport:
    return IngestReport(
        added=a.added + b.added,
        updated=a.updated + b.updated,
        unchanged=a.unchanged + b.unchanged,
        removed=a.removed + b.removed,
        failed=a.failed + b.failed,
        emptied=a.emptied + b.emptied,
        flagged=a.flagged + b.flagged,
        chunks=a.chunks + b.chunks,
        seconds=a.seconds + b.seconds,
    )
