"""What a sync would do: each source is listed, and compared with the catalog. Nothing is parsed, nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ragkit.errors import SourceError
from ragkit.ingest import Source, marked, marks, missing, slices
from ragkit.records import Failure, Jsonable, SourceItem, record
from ragkit.store.catalog import Catalog
from ragkit.store.reading import Known


@record
class Difference(Jsonable):
    """What a ``sync`` would do, by URI. ``unchanged`` counts; ``failed`` could not be listed or read; ``emptied`` names the
    sources that list nothing any more, and whose documents ``sync`` keeps."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    failed: tuple[Failure, ...] = ()
    emptied: tuple[str, ...] = ()


def difference(catalog: Catalog, sources: Iterable[Source], personal: str = "") -> Difference:
    """What bringing the store in step with ``sources`` would change; ``personal`` is what is done about personal data."""
    found = _Found(catalog, personal)
    for source in sources:
        found.compare(source)
    return Difference(
        added=tuple(found.added),
        updated=tuple(found.updated),
        removed=tuple(found.removed),
        unchanged=found.unchanged,
        failed=tuple(found.failed),
        emptied=tuple(found.emptied),
    )


class _Found:
    def __init__(self, catalog: Catalog, personal: str) -> None:
        self.catalog = catalog
        self.personal = personal
        self.seen: set[str] = set()
        self.added: list[str] = []
        self.updated: list[str] = []
        self.removed: list[str] = []
        self.emptied: list[str] = []
        self.failed: list[Failure] = []
        self.unchanged = 0

    def compare(self, source: Source) -> None:
        seen_before, failed_before = len(self.seen), len(self.failed)
        for some in slices(source.connector.items()):
            known = self.catalog.known([item.uri for item in some])
            for item in some:
                if item.uri in self.seen:
                    continue
                self.seen.add(item.uri)
                if isinstance(item, Failure):
                    self.failed.append(item)
                else:
                    self._sort(marked(item, source.options, self.personal), known.get(item.uri))
        gone = missing(self.catalog.uris_of(source.key), self.seen, self.failed[failed_before:])
        if gone and len(self.seen) == seen_before:
            self.emptied.append(source.key)
        else:
            self.removed += gone

    def _sort(self, item: SourceItem, old: Known | None) -> None:
        if old is None:
            self.added.append(item.uri)
        elif old.token == item.token:
            self.unchanged += 1
        else:
            try:
                same = marks(old.token) == marks(item.token) and _sha256(item) == old.sha256
            except (OSError, SourceError) as error:
                self.failed.append(Failure(uri=item.uri, reason=" ".join(str(error).split())))
                return
            if same:
                self.unchanged += 1
            else:
                self.updated.append(item.uri)


def _sha256(item: SourceItem) -> str:
    found = hashlib.sha256()
    with item.open() as stream:
        while piece := stream.read(1 << 20):
            found.update(piece)
    return found.hexdigest()
