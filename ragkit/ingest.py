"""From sources to a new generation of the index: list, skip what is unchanged, parse, chunk, embed, commit."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ragkit import passages
from ragkit.contracts import Connector, Embedder
from ragkit.errors import ParseError
from ragkit.pii.redaction import Intake as Personal
from ragkit.records import Chunk, Document, Failure, IngestOptions, IngestReport, Progress, SourceItem, record
from ragkit.search import indexed_text
from ragkit.settings import Settings
from ragkit.store import compaction
from ragkit.store.catalog import Catalog
from ragkit.store.changes import Change, NewDocument
from ragkit.store.reading import Known
from ragkit.text.chunking import chunk
from ragkit.text.words import analyzer

#: Chunks of one commit: what an interruption can cost, and what is held in memory.
COMMIT_CHUNKS = 2048

#: Items that the catalog is asked about at once; a crawl's carry their content.
_LISTED_AT_ONCE = 64

Listing = Iterable[SourceItem | Failure]


class DocumentPool(Protocol):
    """Turns items into documents, whatever is in them, several at once."""

    def documents(self, items: Iterable[SourceItem]) -> Iterator[tuple[SourceItem, Document | ParseError]]: ...


class Listed:
    """A source that is a list of items."""

    def __init__(self, items: Sequence[SourceItem | Failure]) -> None:
        self._items = items

    def items(self) -> Iterator[SourceItem | Failure]:
        yield from self._items


@record
class Source:
    """A source that is being read: what it is remembered by, what lists it, and the options it is read with."""

    key: str
    connector: Connector | Listed
    options: IngestOptions

    def remembered(self) -> dict[str, Any]:
        """What is kept of it: its options, and the state of a connector that has one."""
        state = getattr(self.connector, "state", None)
        return self.options.to_dict() | ({"state": state} if state else {})


@record
class Prepared:
    """A document that is ready to be embedded."""

    document: Document
    chunks: tuple[Chunk, ...]
    pii: Mapping[str, int] = field(default_factory=dict)


class Ingestor:
    """Writes to one store. The caller holds the store's lock while it does."""

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        embedder: Embedder,
        pool: DocumentPool,
        settings: Settings,
        progress: Callable[[Progress], None] | None = None,
        personal: Personal | None = None,
    ) -> None:
        self._personal = personal
        self._pii: Counter[str] = Counter()
        self._folder = folder
        self._catalog = catalog
        self._embedder = embedder
        self._pool = pool
        self._settings = settings
        self._progress = progress or (lambda step: None)
        self._pending: list[Prepared] = []
        self._pending_chunks = 0
        self._counts = dict.fromkeys(("added", "updated", "unchanged", "removed", "chunks"), 0)
        self._failed: list[Failure] = []
        self._emptied: list[str] = []
        self._flagged: list[Failure] = []
        self._source: Source | None = None

    def run(self, sources: Iterable[Source], *, remove_missing: bool = False, allow_empty: bool = False) -> IngestReport:
        """Bring the store in step with what each of ``sources`` holds now.

        With ``remove_missing``, documents of a source that its listing no longer has are removed; those below a folder that
        could not be listed are kept, and so are all of a source that lists nothing, unless ``allow_empty``: an unmounted
        disk looks like an empty folder. A source is remembered from the beginning: what was interrupted, the next ``sync``
        goes on with, and what was committed is not read again.
        """
        started = time.perf_counter()
        compaction.sweep(self._folder, self._catalog)
        seen: set[str] = set()
        for source in sources:
            self._source = source
            failed_before, seen_before = len(self._failed), len(seen)
            before = self._catalog.uris_of(source.key) if remove_missing else {}
            if not isinstance(source.connector, Listed):  # which could not be read again
                self._catalog.begin_source(source.key, source.remembered())
            for some in slices(source.connector.items()):
                self._take(source, some, seen)
            self.flush()
            failed = self._failed[failed_before:]
            gone = missing(before, seen, failed)
            if gone and len(seen) == seen_before and not allow_empty:
                self._emptied.append(source.key)
            else:
                self._remove([before[uri] for uri in gone])
            self._catalog.remember_source(source.key, source.remembered(), failed)
        self._source = None
        self._tidy()
        return IngestReport(
            failed=tuple(self._failed),
            emptied=tuple(self._emptied),
            flagged=tuple(self._flagged),
            pii=dict(sorted(self._pii.items())),
            seconds=time.perf_counter() - started,
            **self._counts,
        )

    def _take(self, source: Source, listed: Sequence[SourceItem | Failure], seen: set[str]) -> None:
        """One slice of a listing: what is unchanged is not even opened."""
        known = self._catalog.known([item.uri for item in listed])
        touched: dict[int, str] = {}
        for item, found in self._pool.documents(self._changed(source, listed, seen, known)):
            prepared = self._prepared(item, found, source)
            if prepared is None:
                continue
            old = known.get(item.uri)
            if old is not None and old.sha256 == prepared.document.sha256 and marks(old.token) == marks(item.token):
                touched[old.document_id] = item.token
                self._counts["unchanged"] += 1
                continue
            self._counts["updated" if old is not None else "added"] += 1
            self._flagged += (Failure(uri=item.uri, reason=flag) for flag in _flags(prepared.document.metadata))
            self._pii.update(prepared.pii)
            self.put(prepared)
        if touched:
            self._catalog.touch(touched)

    def _changed(
        self, source: Source, listed: Sequence[SourceItem | Failure], seen: set[str], known: Mapping[str, Known]
    ) -> Iterator[SourceItem]:
        """What of a slice has to be read."""
        for item in listed:
            if item.uri in seen:
                continue
            seen.add(item.uri)
            if isinstance(item, Failure):
                self._failed.append(item)
                continue
            item = marked(item, source.options, self._personal.mark if self._personal else "")
            old = known.get(item.uri)
            if old is not None and old.token == item.token:
                self._counts["unchanged"] += 1
                continue
            self._progress(Progress(stage="reading", done=len(seen), uri=item.uri))
            yield item

    def _prepared(self, item: SourceItem, found: Document | ParseError, source: Source) -> Prepared | None:
        if isinstance(found, ParseError):
            reason = " ".join(str(found).split())
            if self._personal is not None and self._personal.masked:
                reason = self._personal.redactor.text(reason)
            self._failed.append(Failure(uri=item.uri, reason=reason))
            return None
        document, pii = replace(found, source=source.key), Counter[str]()
        if self._personal is not None:
            document, pii = self._personal(document)
        chunks = chunk(document.parsed, self._embedder.count_tokens, self._settings.chunking)
        if not chunks and document.parsed.text:
            self._failed.append(Failure(uri=item.uri, reason="it holds no text"))
            return None
        return Prepared(document=document, chunks=tuple(chunks), pii=pii)

    def put(self, prepared: Prepared) -> None:
        """Take a document in; every :data:`COMMIT_CHUNKS` chunks those taken in are committed, the rest by :meth:`flush`."""
        self._pending.append(prepared)
        self._pending_chunks += len(prepared.chunks)
        if self._pending_chunks >= COMMIT_CHUNKS:
            self.flush()

    def flush(self) -> None:
        """Embed what is pending, write its segment, and make it the next generation."""
        pending, self._pending, self._pending_chunks = self._pending, [], 0
        if not pending:
            return
        self._catalog.adopt_model(self._embedder)
        analysis = analyzer(self._settings.retrieval.language)
        self._catalog.adopt_analysis(analysis)
        texts = [indexed_text(c.headings, p.document.parsed.text[c.start : c.end]) for p in pending for c in p.chunks]
        first = self._catalog.reserve_chunk_ids(len(texts))
        codes = self._settings.embedding.token_codes
        embedded = passages.embed(self._embedder, texts, partial(self._embedding, len(texts)), codes=codes)
        self._progress(Progress(stage="writing", done=self._counts["chunks"], total=self._counts["chunks"] + len(texts)))
        new_segments = []
        if texts:
            segment = passages.segment_of(range(first, first + len(texts)), texts, embedded, analysis)
            new_segments = [(segment.save(self._folder, compaction.segment_name(first)), first)]
        ids = itertools.count(first)
        added = [
            NewDocument(
                document=p.document,
                chunks=p.chunks,
                chunk_ids=[next(ids) for _ in p.chunks],
                pages=passages.pages_of(p.document.parsed, p.chunks),
            )
            for p in pending
        ]
        self._catalog.commit(Change(reason="ingest", added=added, new_segments=new_segments))
        if self._source is not None and hasattr(self._source.connector, "state"):
            self._catalog.begin_source(self._source.key, self._source.remembered())
        self._counts["chunks"] += len(texts)
        self._tidy()

    def _tidy(self) -> None:
        compaction.tidy(self._folder, self._catalog, kind=self._settings.retrieval.dense_kind)

    def _embedding(self, total: int, done: int) -> None:
        before = self._counts["chunks"]
        self._progress(Progress(stage="embedding", done=before + done, total=before + total))

    def remove(self, document_ids: Sequence[int]) -> None:
        """Remove live documents in one commit."""
        self._remove(document_ids)
        self._tidy()

    def _remove(self, document_ids: Sequence[int]) -> None:
        if document_ids:
            self._catalog.commit(Change(reason="remove", removed=document_ids))
            self._counts["removed"] += len(document_ids)


def missing(before: Iterable[str], seen: Container[str], failed: Iterable[Failure]) -> list[str]:
    """Which URIs of ``before`` a source no longer has: not ``seen``, and not below a folder that could not be listed."""
    unseen = tuple(f"{failure.uri.rstrip('/')}/" for failure in failed)
    return [uri for uri in before if uri not in seen and not uri.startswith(unseen)]


def marked(item: SourceItem, options: IngestOptions, personal: str = "") -> SourceItem:
    """The item with the caller's access list and metadata; both are part of its version, so that a change of them counts, and
    so is ``personal``, what is done about personal data."""
    acl = options.acl if options.acl is not None else item.acl
    metadata = {**item.metadata, **options.metadata}
    if acl is None and not metadata and not personal:
        return item
    marks = json.dumps([acl, metadata, *([personal] if personal else [])], sort_keys=True, default=str)
    return replace(item, acl=acl, metadata=metadata, token=f"{item.token}|{hashlib.sha256(marks.encode()).hexdigest()[:16]}")


def marks(token: str) -> str:
    """The part of a token that the caller's access list and metadata make."""
    return token.rpartition("|")[2] if "|" in token else ""


def slices(listing: Listing) -> Iterator[list[SourceItem | Failure]]:
    """A listing in parts that the catalog is asked about at once."""
    iterator = iter(listing)
    while some := list(itertools.islice(iterator, _LISTED_AT_ONCE)):
        yield some


def _flags(metadata: Mapping[str, Any]) -> Iterator[str]:
    """What a person should look at in a document."""
    for name, said in (("hidden", ""), ("instructions", "speaks to a language model: ")):
        found = metadata.get(name)
        if isinstance(found, list):
            yield said + ", ".join(map(str, found))
