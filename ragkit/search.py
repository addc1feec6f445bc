"""Search over one pinned generation: candidates among the allowed chunks, fusion, rerank, hits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit.contracts import CodeReranker, Embedder, Reranker
from ragkit.index import query as queries
from ragkit.index.hybrid import Candidates, HybridIndex
from ragkit.index.lexical import Mask, Rows
from ragkit.index.segments import Segment
from ragkit.query.abbreviations import Expansion, Help, Told, both, replaced
from ragkit.query.spelling import Correction, corrected, corrections
from ragkit.records import Candidate, Hit, Parsed
from ragkit.selection import diverse, left_out
from ragkit.settings import RetrievalSettings
from ragkit.store import analysis
from ragkit.store.catalog import Catalog
from ragkit.store.lock import reading_lock
from ragkit.store.reading import Passage
from ragkit.store.visibility import Principals, Visibility
from ragkit.text.words import Analyzer, analyzer

ENGLISH = analyzer("english")
Spelled = tuple[Correction, ...]
Expanded = tuple[Expansion, ...]
#: Passages read at once to look for phrases.
_TEXTS_AT_ONCE = 256
#: Passages near a question that are read for definitions of abbreviations that the index does not have.
_NEAR = 64


@dataclass(frozen=True, slots=True)
class Found:
    """What one search saw: the hits, whether there was anything to search, and the weight of each of the query's index
    terms among what may be seen. ``describe()`` tells the fate of every candidate, while the generation is still pinned.
    ``corrections`` are words that were searched in place of others, ``expansions`` abbreviations and long forms that were searched
    beside what they stand for."""

    hits: list[Hit]
    generation: int
    searchable: int
    visible: int
    idf: dict[str, float]
    describe: Callable[[], list[Candidate]]
    corrections: Spelled = ()
    expansions: Expanded = ()


class Searcher:
    """Searches a store. Segments are opened once, for they never change; each search pins the generation it finds."""

    def __init__(self, folder: Path, catalog: Catalog, embedder: Embedder, reranker: Reranker | None, settings: RetrievalSettings) -> None:
        self._folder = folder
        self._catalog = catalog
        self._embedder = embedder
        self._reranker = reranker
        self._settings = settings
        self.visibility = Visibility()
        self._said = False
        self._lock = Lock()
        self._open: dict[str, Segment] = {}
        self._index: tuple[int, HybridIndex] | None = None

    @contextmanager
    def pin(self) -> Iterator[Pinned]:
        """A reader of one generation: what it sees does not change while it is open.

        Raises:
            StoreCorrupt: a file of the generation is missing, or is not the recorded one.
        """
        with ExitStack() as stack:
            # Between the snapshot and the opening of its files no writer may remove them; once mapped they stay.
            with reading_lock(self._folder.parent):
                connection = stack.enter_context(self._catalog.snapshot())
                state = self._catalog.state(connection)
                generation = state.generation
                index = self.index(connection, generation)
            yield Pinned(self, connection, generation, index, self._analyzer(state.row))

    def index(self, connection: sa.Connection, generation: int) -> HybridIndex:
        """The index of the generation that ``connection`` sees. The caller holds the reading lock.

        The newest one is kept for the next question; a thread that is pinned to an older one has that for itself.
        """
        with self._lock:
            kept = self._index
            if kept is not None and kept[0] == generation:
                return kept[1]
            infos = self._catalog.segments(connection)
            segments = {i.name: self._open.get(i.name) or Segment.open(self._folder, i) for i in infos}
            index = HybridIndex(list(segments.values()), self._catalog.dead_chunks(connection), self._settings)
            if kept is None or kept[0] < generation:
                self._open, self._index = segments, (generation, index)
            return index

    def _analyzer(self, state: Mapping[str, Any]) -> Analyzer:
        """The analyzer that the store's terms come from; a difference from the settings is said once."""
        difference = analysis.difference(state, analyzer(self._settings.language))
        if difference is not None and not self._said:
            self._said = True
            logging.getLogger("ragkit").warning("%s; queries are read as the store was", difference)
        return analysis.recorded(state)

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    @property
    def settings(self) -> RetrievalSettings:
        return self._settings

    @property
    def embedder(self) -> Embedder:
        return self._embedder

    @property
    def reranker(self) -> Reranker | None:
        return self._reranker


class Pinned:
    """One generation of the store, for one question."""

    def __init__(self, searcher: Searcher, connection: sa.Connection, generation: int, index: HybridIndex, analyzer: Analyzer) -> None:
        self._searcher = searcher
        self.connection = connection
        self.generation = generation
        self.index = index
        self.analyzer = analyzer
        self.catalog = searcher.catalog

    def search(
        self,
        query: str,
        k: int,
        *,
        expression: str | None = None,
        principal: Principals = None,
        operators: bool = True,
        rerank: bool = True,
        rerank_top: int | None = None,
        collapse: bool | None = None,
    ) -> Found:
        """The best ``k`` chunks for ``query`` among those that pass the filter and that ``principal`` may see.

        With ``operators``, quotation marks and the signs ``+`` and ``-`` in the query choose among them; without, signs are
        left out. ``rerank_top`` passages, by default the setting's number, are reranked where a model must run over them; where codes
        of their tokens are kept, the setting's number always. ``collapse``, by default the setting, leaves out what repeats a
        better hit from another document.
        """
        searcher, index = self._searcher, self.index
        visible = self.visible(expression, principal)
        rows = int((index.live if visible is None else visible).sum())
        # Who asks as a principal is not told whether there is something that others see.
        searchable = int(index.live.sum()) if principal is None else max(rows, 1)
        asked = queries.parse(query) if operators else queries.Query(text=queries.unsigned(query))
        if not rows or not asked.text.strip():
            return Found([], self.generation, searchable, rows, {}, list)
        searcher.catalog.require_model(searcher.embedder, self.connection)
        wanted = queries.choose(asked, self.analyzer, index.lexical, index.live if visible is None else visible, self._texts)
        spelled = self._corrections(asked, index.live if visible is None else visible)
        asked = replace(asked, text=corrected(asked.text, spelled))
        expanded = self._expansions(asked.text, visible)
        terms = self.analyzer.terms(" ".join([asked.text, *(one.meant for one in expanded)]))
        vector = searcher.embedder.embed([both(asked.text, expanded)])[0]
        candidates = index.candidates(terms, vector, allowed=visible, wanted=wanted, depth=k)
        top = self._to_rerank(rerank_top) if rerank and searcher.reranker is not None else 0
        passages = searcher.catalog.passages(self.connection, candidates.chunk_ids[: max(k, top)].tolist())
        idf = self._weights(both(asked.text, expanded), candidates.idf)
        wordings = tuple(dict.fromkeys((asked.text, replaced(asked.text, expanded))))
        order, final, reranked = self._rerank(wordings, candidates, passages, min(top, len(candidates.chunk_ids)), idf)
        order = self._diverse(order, final, candidates, max(k, top))
        collapse = searcher.settings.collapse if collapse is None else collapse
        ids = candidates.chunk_ids[order].tolist()
        out = left_out(ids, k, self._read(passages), collapse=collapse, per_document=searcher.settings.per_document)
        order = np.asarray(sorted(order, key=lambda i: int(candidates.chunk_ids[i]) in out), dtype=np.int64)
        shown = [int(i) for i in order[:k] if int(candidates.chunk_ids[i]) not in out]
        hits = [_hit(rank, passages[int(candidates.chunk_ids[i])], candidates, i, final, reranked) for rank, i in enumerate(shown, 1)]

        def describe() -> list[Candidate]:
            places = searcher.catalog.passages(self.connection, candidates.chunk_ids.tolist(), with_text=False)
            return _describe(candidates, places, order, final, reranked, k, out)

        return Found(hits, self.generation, searchable, rows, idf, describe, spelled, expanded)

    def spelled(self, query: str, *, expression: str | None = None, principal: Principals = None, operators: bool = True) -> Spelled:
        """What a search with the same arguments reads in place of words of ``query``."""
        visible = self.visible(expression, principal)
        asked = queries.parse(query) if operators else queries.Query(text=queries.unsigned(query))
        return self._corrections(asked, self.index.live if visible is None else visible)

    def _corrections(self, asked: queries.Query, visible: Mask) -> Spelled:
        """What to search in place of misspelled words; words of operators are meant as they stand."""
        if not self._searcher.settings.spelling:
            return ()
        meant = {word for words in asked.required for word in words.split()}
        count = self._searcher.embedder.count_tokens
        # What a model's vocabulary has whole is a word, although no passage may have it.
        return corrections(
            asked.text, self.analyzer, self.index.lexical, visible, self._texts, lambda word: word in meant or count([word.lower()]) == [1]
        )

    def expanded(self, query: str, *, expression: str | None = None, principal: Principals = None) -> Expanded:
        """What a search with the same arguments searches beside words of ``query``."""
        return self._expansions(query, self.visible(expression, principal))

    def _expansions(self, text: str, visible: Mask | None) -> Expanded:
        """Abbreviations and long forms of ``text``, by the definitions of passages that may be seen."""
        if not self._searcher.settings.abbreviations:
            return ()

        def near() -> Rows:
            vector = self._searcher.embedder.embed([text])[0]
            found = self.index.candidates(self.analyzer.terms(text), vector, allowed=visible, wanted=None, depth=_NEAR)
            rows: Rows = np.flatnonzero(self.index.mask_of(np.sort(found.chunk_ids[:_NEAR])))
            return rows

        seen = self.index.live if visible is None else visible
        return Help(analyzer=self.analyzer, index=self.index.lexical, visible=seen, read=self._told, near=near).expansions(text)

    def _told(self, rows: Rows) -> Iterator[Told]:
        """The passages of ``rows``, with the documents that they are of."""
        ids = self.index.chunk_ids[rows].tolist()
        found = self._searcher.catalog.passages(self.connection, ids)
        yield from (Told(text=found[i].text, document_id=found[i].document_id) for i in ids)

    def _read(self, passages: dict[int, Passage]) -> Callable[[Sequence[int]], dict[int, Passage]]:
        """Reads passages; those that were not read before are put into ``passages``."""

        def read(ids: Sequence[int]) -> dict[int, Passage]:
            missing = [one for one in ids if one not in passages]
            passages.update(self._searcher.catalog.passages(self.connection, missing) if missing else {})
            return {one: passages[one] for one in ids}

        return read

    def _diverse(self, order: NDArray[np.int64], final: NDArray[np.float64], candidates: Candidates, pool: int) -> NDArray[np.int64]:
        """The first ``pool`` of ``order`` by maximal marginal relevance, the rest after them."""
        weight = self._searcher.settings.mmr_lambda
        if weight >= 1 or len(order) < 2:
            return order
        head = order[:pool]
        rows = np.flatnonzero(self.index.mask_of(np.sort(candidates.chunk_ids[head])))
        by_id = dict(zip(self.index.chunk_ids[rows].tolist(), rows.tolist(), strict=True))
        vectors = self.index.dense.vectors(np.array([by_id[int(i)] for i in candidates.chunk_ids[head]], np.int64))
        return np.concatenate([head[diverse(final[head], vectors, weight)], order[pool:]])

    def visible(self, expression: str | None, principal: Principals) -> Mask | None:
        """Which rows of the index pass the filter and may be seen; ``None``: nothing restricts.

        Raises:
            FilterError: the filter cannot be read.
        """
        index = self.index
        return self._searcher.visibility.mask(self.connection, self.generation, index.chunk_ids, index.live, expression, principal)

    def _texts(self, rows: Rows) -> Iterator[str]:
        """The passages of ``rows`` as they were indexed, a batch at a time."""
        for at in range(0, len(rows), _TEXTS_AT_ONCE):
            ids = self.index.chunk_ids[rows[at : at + _TEXTS_AT_ONCE]].tolist()
            found = self._searcher.catalog.passages(self.connection, ids)
            yield from (indexed_text(found[i].headings, found[i].text) for i in ids)

    def _weights(self, text: str, idf: dict[str, float]) -> dict[str, float]:
        """The weights of the query's terms, by the terms of the English analysis as well: rerankers and evidence know no other."""
        if self.analyzer is ENGLISH:
            return idf
        weights = dict(idf)
        for word in text.split():
            own = [idf[term] for term in self.analyzer.terms(word) if term in idf]
            for term in ENGLISH.terms(word) if own else ():
                weights.setdefault(term, sum(own) / len(own))
        return weights

    def parsed(self, document_id: int) -> Parsed:
        """Text and structure of a document of this generation."""
        return self._searcher.catalog.parsed(self.connection, document_id)

    def _rerank(
        self, wordings: Sequence[str], candidates: Candidates, passages: dict[int, Passage], top: int, idf: dict[str, float]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[int, float]]:
        """Order of the candidates, their final scores, and the reranker's score of those it saw: the best of all ``wordings``."""
        final = candidates.fused.copy()
        reranker = self._searcher.reranker
        if not top or reranker is None:
            return np.arange(len(final)), final, {}
        ids = [int(i) for i in candidates.chunk_ids[:top]]
        scores = np.max([self._scored(reranker, query, ids, passages, idf) for query in wordings], axis=0)
        final[:top] += self._searcher.settings.rerank_weight * scores
        order = np.concatenate([np.lexsort((candidates.chunk_ids[:top], -final[:top])), np.arange(top, len(final))])
        return order, final, {i: float(s) for i, s in enumerate(scores)}


    def _to_rerank(self, most: int | None) -> int:
        usual = self._searcher.settings.rerank_top
        return usual if most is None or (self.index.has_codes and isinstance(self._searcher.reranker, CodeReranker)) else most

    def _scored(
        self, reranker: Reranker, query: str, ids: list[int], passages: dict[int, Passage], idf: dict[str, float]
    ) -> NDArray[np.float64]:
        """By the codes of a passage's tokens where these are kept, else by its text; a passage's score is the same in any company."""
        codes = self.index.codes_of(ids) if isinstance(reranker, CodeReranker) else None
        scores = np.zeros(len(ids))
        wanting = np.arange(len(ids))
        if codes is not None and isinstance(reranker, CodeReranker):
            scores[:] = reranker.score_codes(query, codes, idf=idf)
            wanting = np.flatnonzero(~codes.there)
        if len(wanting):
            found = [passages[ids[i]] for i in wanting]
            texts = [indexed_text(passage.headings, passage.text) for passage in found]
            scores[wanting] = reranker.score(query, texts, keys=[passage.chunk_id for passage in found], idf=idf)
        return scores


def indexed_text(headings: Sequence[str], text: str) -> str:
    """A passage as the index sees it: under the headings that stand above it."""
    return "\n".join((*headings, text))


def _hit(rank: int, passage: Passage, candidates: Candidates, i: int, final: NDArray[np.float64], reranked: dict[int, float]) -> Hit:
    return Hit(
        rank=rank,
        score=float(final[i]),
        uri=passage.uri,
        document_id=passage.document_id,
        title=passage.title,
        start_char_index=passage.start,
        end_char_index=passage.end,
        text=passage.text,
        page=passage.page,
        scores=_scores(candidates, i, reranked),
        headings=passage.headings,
        chunk_id=passage.chunk_id,
        document_version=passage.version,
    )


def _scores(candidates: Candidates, i: int, reranked: dict[int, float]) -> dict[str, float]:
    scores = {"lexical": float(candidates.lexical[i]), "dense": float(candidates.dense[i]), "fused": float(candidates.fused[i])}
    return {**scores, "rerank": reranked[i]} if i in reranked else scores


def _describe(
    candidates: Candidates,
    passages: dict[int, Passage],
    order: NDArray[np.int64],
    final: NDArray[np.float64],
    reranked: dict[int, float],
    k: int,
    left: Mapping[int, str],
) -> list[Candidate]:
    by_rerank = {i: rank for rank, i in enumerate(sorted(reranked, key=lambda i: (-reranked[i], i)), 1)}
    described = []
    for rank, i in enumerate(order.tolist(), 1):
        passage = passages[int(candidates.chunk_ids[i])]
        ranks = {"lexical": int(candidates.lexical_ranks[i]), "dense": int(candidates.dense_ranks[i]), "fused": i + 1, "final": rank}
        if i in by_rerank:
            ranks["rerank"] = by_rerank[i]
        below = "not among the reranker's candidates" if reranked and i not in reranked else f"ranked {rank}, below the first {k}"
        described.append(
            Candidate(
                chunk_id=passage.chunk_id,
                uri=passage.uri,
                start_char_index=passage.start,
                end_char_index=passage.end,
                ranks={name: value for name, value in ranks.items() if value},
                scores={**_scores(candidates, i, reranked), "final": float(final[i])},
                dropped=left.get(passage.chunk_id) or (None if rank <= k else below),
            )
        )
    return described
