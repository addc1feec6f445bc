"""The library's front door: a store that can be filled, searched and asked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ragkit.answer import verifiers
from ragkit.answer.asker import Asker
from ragkit.answer.summary import summarise
from ragkit.contracts import Embedder, Generator, Reranker, Verifier
from ragkit.errors import StoreNotFound
from ragkit.index import files
from ragkit.ingest import DocumentPool
from ragkit.intake import Intake
from ragkit.models import load
from ragkit.models.chat import adapted
from ragkit.models.rerank import TokenCache
from ragkit.pii.redaction import Redactor
from ragkit.plugins import runtime
from ragkit.recordkeeping import Recordkeeping
from ragkit.records import (
    Answer,
    Candidate,
    Document,
    DocumentInfo,
    Hit,
    Mode,
    StreamEvent,
    Verdict,
)
from ragkit.search import Expanded, Searcher, Spelled
from ragkit.settings import Settings, load_settings
from ragkit.store.auditlog import Origin
from ragkit.store.catalog import Catalog
from ragkit.store.visibility import Principals
from ragkit.surroundings import widened

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_DEFAULT_STORE = ".ragkit"
_SEGMENTS = "segments"


class Ragkit(Intake, Recordkeeping):
    """A store of documents that can be searched and asked.

    >>> with Ragkit.in_memory() as kit:
    ...     _ = kit.add_text("The lighthouse was built in 1871.", uri="note:1")
    ...     kit.search("When was the lighthouse built?")[0].text
    'The lighthouse was built in 1871.'
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        generator: Generator | BaseChatModel | None = None,
        damaged: bool = False,
    ) -> None:
        self.path = path
        self.settings = settings
        self._given_embedder = embedder
        self._given_generator = adapted(generator)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._segments = path / _SEGMENTS
        if not ((path / "catalog.db").exists() and self._segments.is_dir()):
            files.make_folder(self._segments)
        self._catalog = Catalog(settings.catalog.url or f"sqlite:///{path / 'catalog.db'}", damaged=damaged)

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        settings: Settings | None = None,
        create: bool = True,
        embedder: Embedder | None = None,
        generator: Generator | BaseChatModel | None = None,
        damaged: bool = False,
    ) -> Self:
        """The store in the folder ``store`` (``None``: ``$RAGKIT_STORE``, else ``.ragkit``), made when it is not there.

        ``embedder`` and ``generator`` (any LangChain chat model too) replace the models that the settings name. ``damaged``
        opens also a store that lacks what was written to it, for :meth:`check` and :meth:`repair`.

        Raises:
            StoreNotFound: there is none, and ``create`` is false.
            StoreError: it cannot be opened, or a newer ragkit wrote it.
        """
        path = Path(store or os.environ.get("RAGKIT_STORE") or _DEFAULT_STORE).expanduser().absolute()
        if not create and not any((path / name).exists() for name in (_SEGMENTS, "catalog.db")):
            raise StoreNotFound(f"there is no store in {path}; make one with: ragkit --store {path} ingest SOURCE")
        return cls(path, settings or load_settings(), embedder=embedder, generator=generator, damaged=damaged)

    @classmethod
    def in_memory(
        cls,
        *,
        settings: Settings | None = None,
        embedder: Embedder | None = None,
        generator: Generator | BaseChatModel | None = None,
    ) -> Self:
        """A store for the moment, in a temporary folder that :meth:`close` removes."""
        temporary = tempfile.TemporaryDirectory(prefix="ragkit-")
        kit = cls(Path(temporary.name), settings or load_settings(), embedder=embedder, generator=generator)
        kit._temporary = temporary
        return kit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Release the store's files and helper processes."""
        pool = self.__dict__.pop("_pool", None)
        if pool is not None:
            pool.close()
        self._catalog.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # --- parts, each made when first needed ------------------------------------------------------------------

    @cached_property
    def embedder(self) -> Embedder:
        return self._given_embedder or load.embedder(self.settings.embedding)

    @cached_property
    def generator(self) -> Generator | None:
        return self._given_generator or load.generator(self.settings.generation)

    @cached_property
    def verifier(self) -> Verifier:
        return verifiers.named(self.settings, self._tokens, self._given_generator)

    @cached_property
    def _tokens(self) -> TokenCache:
        return TokenCache(self.embedder)

    @cached_property
    def _reranker(self) -> Reranker | None:
        return load.reranker(self.settings.retrieval.reranker, self._tokens, self.embedder)

    @cached_property
    def _pool(self) -> DocumentPool:
        pool: DocumentPool = runtime("parser_pool")(self.settings.parsing)
        return pool

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self._segments, self._catalog, self.embedder, self._reranker, self.settings.retrieval)

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self._searcher, self._tokens, lambda: self.generator, lambda: self.verifier, self.settings, self._shown)

    @property
    def _shown(self) -> Redactor | None:
        """What masks personal data in all that is shown; ``None``: nothing is masked."""
        return self._redactor if self.settings.pii.at_answer == "redact" else None

    # --- documents -------------------------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        """All documents, by URI."""
        listed = self._catalog.list_documents()
        return listed if self._shown is None else [self._shown.info(one) for one in listed]

    def document(self, uri: str) -> Document:
        """A document with its canonical text, blocks and anchors.

        Raises:
            DocumentNotFound: it is not in the store.
        """
        with self._catalog.snapshot() as connection:
            found = self._catalog.document(connection, uri)
        return found if self._shown is None else self._shown.document(found)

    def text(self, uri: str, start: int | None = None, end: int | None = None) -> str:
        """The canonical text of a document, or the span ``[start, end)`` of it."""
        return self.document(uri).parsed.text[start:end]

    # --- questions -------------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        k: int | None = None,
        *,
        filter: str | None = None,
        principal: Principals = None,
        rerank: bool = True,
        operators: bool = True,
        collapse: bool | None = None,
    ) -> list[Hit]:
        """The ``k`` best passages for ``query``, among those that pass ``filter`` and that ``principal`` may see.

        ``principal`` is a name or several, a person and the person's groups; an empty list sees what everybody may see, and
        ``None`` sees all. ``operators`` reads ``"exact phrase"``, ``+required`` and ``-excluded`` in the query.
        ``collapse`` (``None``: the setting) leaves out passages that repeat a better one from another document.

        Raises:
            FilterError: the filter cannot be read.
        """
        k = k or self.settings.retrieval.k
        with self._searcher.pin() as pinned:
            found = pinned.search(
                query, k, expression=filter, principal=principal, operators=operators, rerank=rerank, collapse=collapse
            )
            how, hits = self.settings.retrieval.expand, found.hits
            if how != "none":
                hits = widened(pinned, hits, how, expression=filter, principal=principal)
            if self._shown is None:
                return hits
            return [self._shown.hit(hit, pinned.parsed(hit.document_id)) for hit in hits]

    def spelled(self, query: str, *, filter: str | None = None, principal: Principals = None, operators: bool = True) -> Spelled:
        """The words of ``query`` that :meth:`search` reads as words of the documents: what was typed, and the word."""
        with self._searcher.pin() as pinned:
            return pinned.spelled(query, expression=filter, principal=principal, operators=operators)

    def expanded(self, query: str, *, filter: str | None = None, principal: Principals = None) -> Expanded:
        """The abbreviations of ``query``, and the words that the documents abbreviate, with what :meth:`search` searches beside them."""
        with self._searcher.pin() as pinned:
            return pinned.expanded(query, expression=filter, principal=principal)

    def explain(self, query: str, *, filter: str | None = None, principal: Principals = None, operators: bool = True) -> list[Candidate]:
        """Every candidate for ``query``, best first: its rank and score at each stage, and why it was dropped."""
        k = self.settings.retrieval.k
        with self._searcher.pin() as pinned:
            return pinned.search(query, k, expression=filter, principal=principal, operators=operators).describe()

    def ask(
        self, question: str, *, mode: Mode | None = None, filter: str | None = None, principal: Principals = None, chat: str | None = None
    ) -> Answer:
        """The answer to ``question``, each sentence with the passages that back it, or an abstention with its reason.

        ``chat`` names the chat session that keeps the question; its first question begins it.

        Raises:
            StoreError: another principal began the chat.
        """
        for event in self.stream(question, mode=mode, filter=filter, principal=principal, chat=chat):
            if event.answer is not None:
                return event.answer
        raise RuntimeError("the stream of an answer ended without the answer")

    def stream(
        self, question: str, *, mode: Mode | None = None, filter: str | None = None, principal: Principals = None, chat: str | None = None
    ) -> Iterator[StreamEvent]:
        """The answer as it is made: unchecked tokens for progress, each sentence once it is checked, the answer last."""
        if chat is not None:
            self.chat(chat, principal=principal)
        origin = Origin(chat=chat)
        how = mode or self.settings.answering.mode
        return self._asker.stream(question, mode=how, expression=filter, principal=principal, origin=origin)

    def summarize(
        self,
        topic: str,
        *,
        documents: int = 10,
        sentences: int = 8,
        mode: Mode | None = None,
        filter: str | None = None,
        principal: Principals = None,
    ) -> Answer:
        """What at most ``documents`` documents say on ``topic``, in at most ``sentences`` sentences, each checked and cited as those of
        :meth:`ask`."""
        limits = {"documents": documents, "sentences": sentences}
        return summarise(self._asker, topic, mode=mode or self.settings.answering.mode, expression=filter, principal=principal, **limits)

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """How far ``evidence`` (sentences or passages) backs ``claim``: the verifier by itself."""
        return self.verifier.judge(claim, evidence)
