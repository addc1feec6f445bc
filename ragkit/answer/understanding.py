"""What a question is taken to mean, and how it is searched: completed from its chat, spelled as the documents do, as several queries.

What was asked stays what is shown and recorded as the question; the record says beside it what was searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ragkit.answer import rewriting
from ragkit.contracts import Generator
from ragkit.errors import ModelError
from ragkit.index.fusion import reciprocal
from ragkit.query.abbreviations import Expansion, replaced
from ragkit.query.condense import Before, condense
from ragkit.query.parts import parts
from ragkit.query.spelling import corrected
from ragkit.records import Candidate
from ragkit.search import Found
from ragkit.settings import Settings
from ragkit.store import memory
from ragkit.store.auditlog import Origin
from ragkit.store.catalog import Catalog
from ragkit.text.detection import by_function_words, language_of

T = TypeVar("T")

#: Letters that a question needs for its language to be told, and the probability that is enough.
_LETTERS, _SURE = 16, 0.8


class Understanding:
    """One question on its way: ``searched`` is what it is taken to mean by now, ``wordings`` that and the same with abbreviations written
    out or long forms abbreviated, ``parts`` the questions that it consists of where it was searched by them, ``notes`` say what was
    changed, ``failed`` what could not be done."""

    def __init__(self, question: str, settings: Settings, generator: Callable[[], Generator | None]) -> None:
        self.searched = question
        self.parts: Sequence[str] = ()
        self.notes: list[str] = []
        self.failed: list[str] = []
        self._settings = settings
        self._generator = generator
        self._reworded: list[str] = []
        self._found: dict[str, Any] = {"language": by_function_words(question) or language_of(question, letters=_LETTERS, sure=_SURE)}

    def follow(self, catalog: Catalog, origin: Origin) -> None:
        """Complete the question from the turn before, or, when it is asked again, as it was completed then."""
        if origin.replay_of is not None:
            then = catalog.load_answer(origin.replay_of)
            if then.get("follows") is not None:
                self.searched = then["searched"]
                self._found["follows"] = then["follows"]
            return
        if origin.chat is None or self._settings.answering.followups == "off":
            return
        chat = memory.read_chat(catalog, origin.chat)
        if chat is None or not chat.turns:
            return
        last = catalog.load_answer(chat.turns[-1].record_id)
        meant = self._completed(_before(last))
        if meant != self.searched:
            self.searched = meant
            self.notes.append(f"taken as: {meant}")
            self._found["follows"] = {"record_id": last["id"], "documents": list(_documents(last))}

    def search(self, search: Callable[[str, int], Found], k: int) -> Found:
        """The best ``k`` passages, of one query or of several; ``search`` takes a query and how many passages of it."""
        queries = list(self._queries())
        if not queries:
            found = search(self.searched, k)
        else:
            # What comes first for one part need not be found for another: first places count more than agreement.
            constant = 0 if self.parts else self._settings.retrieval.rrf_k
            found = _fused([search(query, 2 * k) for query in (self.searched, *queries)], k, constant)
            self._found["queries"] = queries
        if found.corrections:
            self.searched = corrected(self.searched, found.corrections)
            self._found["corrections"] = [one.to_dict() for one in found.corrections]
            self.notes += [f"searched for {one.word!r} instead of {one.typed!r}" for one in found.corrections]
        if found.expansions:
            self._reworded = [replaced(self.searched, found.expansions)]
            self._found["abbreviations"] = [_expansion(one) for one in found.expansions]
            self.notes += [f"searched for {one.meant!r} as well as {one.typed!r}" for one in found.expansions]
        return found

    @property
    def wordings(self) -> list[str]:
        """What evidence may be chosen for."""
        return [self.searched, *self._reworded]

    def values(self, masked: Callable[[str], str]) -> dict[str, Any]:
        """What the record keeps, ``masked`` where that is wanted."""
        return {"searched": masked(self.searched), **_masked(self._found, masked)}

    def _completed(self, before: Before) -> str:
        if self._settings.answering.followups == "model":
            meant = self._asked_of_model(lambda model: rewriting.completed(model, self.searched, before, self._settings.generation))
            if meant is not None:
                return meant
        return condense(self.searched, before)

    def _queries(self) -> Sequence[str]:
        """What is searched beside the question."""
        way, limits = self._settings.answering.queries, self._settings.generation
        if way == "parts":
            self.parts = parts(self.searched)
            return self.parts
        if way == "model":
            return self._asked_of_model(lambda model: rewriting.others(model, self.searched, limits)) or ()
        if way == "hyde":
            invented = self._asked_of_model(lambda model: rewriting.passage(model, self.searched, limits))
            return [invented] if invented else ()
        return ()

    def _asked_of_model(self, ask: Callable[[Generator], T]) -> T | None:
        """What the model says; nothing, and the reason among ``failed``, where it fails or there is none."""
        try:
            generator = self._generator()
            return None if generator is None else ask(generator)
        except ModelError as error:
            self.failed.append(f"the generator failed ({error}); the question is searched as it stands")
            return None


def _expansion(one: Expansion) -> dict[str, Any]:
    return {"typed": one.typed, "meant": one.meant, "documents": [{"document_id": number} for number in one.document_ids]}


def _before(last: Mapping[str, Any]) -> Before:
    cited = [citation for sentence in last["sentences"] for citation in sentence["citations"]]
    return Before(
        question=last.get("searched") or last["question"],
        cited=tuple(dict.fromkeys(citation["cited_text"] for citation in cited)),
        titles=tuple(dict.fromkeys(citation["document_title"] for citation in cited)),
    )


def _documents(last: Mapping[str, Any]) -> Iterator[dict[str, int]]:
    """The documents whose names may have come into a question that follows: what erases them, erases its record."""
    ids = [e["document_id"] for e in last["evidence"]]
    ids += [one["document_id"] for one in (last.get("follows") or {}).get("documents", ())]
    yield from ({"document_id": one} for one in dict.fromkeys(ids))


def _fused(founds: Sequence[Found], k: int, constant: int) -> Found:
    """The hits of several queries by reciprocal rank fusion (Cormack et al. 2009); scores are those of the first query that has a hit."""
    hits = {hit.chunk_id: hit for found in reversed(founds) for hit in found.hits}
    scores = reciprocal([[hit.chunk_id for hit in found.hits] for found in founds], constant)
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:k]
    ranked = [replace(hits[one], rank=rank, scores={**hits[one].scores, "queries": scores[one]}) for rank, one in enumerate(best, 1)]
    weights = {term: weight for found in reversed(founds) for term, weight in found.idf.items()}
    return replace(founds[0], hits=ranked, idf=weights, describe=lambda: _described(founds, scores, best))


def _described(founds: Sequence[Found], scores: Mapping[int, float], best: Sequence[int]) -> list[Candidate]:
    """Every candidate of every query, the fused ones first; its ranks and scores are those of the first query that has it."""
    seen = {one.chunk_id: one for found in reversed(founds) for one in found.describe()}
    order = sorted(seen, key=lambda chunk_id: (-scores.get(chunk_id, 0.0), seen[chunk_id].ranks.get("final", 0), chunk_id))
    described = []
    for rank, one in enumerate(order, 1):
        dropped = None if one in best else seen[one].dropped or f"ranked {rank} of all queries, below the first {len(best)}"
        fused = {"queries": scores[one]} if one in scores else {}
        described.append(
            replace(seen[one], ranks={**seen[one].ranks, "queries": rank}, scores={**seen[one].scores, **fused}, dropped=dropped)
        )
    return described


def _masked(value: Any, masked: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: one if key in ("record_id", "language", "document_id") else _masked(one, masked) for key, one in value.items()}
    return [_masked(one, masked) for one in value] if isinstance(value, list) else value
