"""The path of a question: retrieve, select evidence, decide, compose, verify, record."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from ragkit.answer import compose, conflicts, lists, prompts, provenance, risk
from ragkit.answer.cache import AnswerCache, Kept, Key, normalised
from ragkit.answer.checking import check
from ragkit.answer.citations import cite, quoted
from ragkit.answer.evidence import Selection, select
from ragkit.answer.selecting import selected
from ragkit.answer.semantic import Meaning, meaning
from ragkit.answer.understanding import Understanding
from ragkit.contracts import Generator, Verifier
from ragkit.errors import ModelError
from ragkit.models.rerank import TokenCache
from ragkit.pii.redaction import Redactor
from ragkit.records import Answer, Citation, Evidence, Mode, Reason, Sentence, StreamEvent
from ragkit.search import Found, Pinned, Searcher
from ragkit.settings import Settings
from ragkit.store.auditlog import Origin
from ragkit.store.visibility import Principals, principals_of
from ragkit.surroundings import surrounded
from ragkit.text import tables
from ragkit.text.words import terms

#: Evidence that the prompt shows.
PROMPT_EVIDENCE = 3
#: Items of a list that the prompt shows.
PROMPT_ITEMS = 8
#: A quote is left out when this share of its words stands in a sentence that was already said.
SAID_ALREADY = 0.95
#: Below this cosine of the best passage nothing in the documents is about the question.
RELATED = 0.35


class Asker:
    """Answers questions from one store. Models are asked for when they are first needed."""

    def __init__(
        self,
        searcher: Searcher,
        tokens: TokenCache,
        generator: Callable[[], Generator | None],
        verifier: Callable[[], Verifier],
        settings: Settings,
        redactor: Redactor | None = None,
    ) -> None:
        self.redactor = redactor
        self._searcher = searcher
        self._tokens = tokens
        self._generator = generator
        self._verifier = verifier
        self._settings = settings
        self._cache = AnswerCache(settings.answering.cache)
        prompts.chosen(settings.answering)  # a language that nobody knows is told at once

    def stream(
        self, question: str, *, mode: Mode, expression: str | None, principal: Principals, origin: Origin | None = None
    ) -> Iterator[StreamEvent]:
        """Tokens and checked sentences as they come, then the answer, which by then is on record."""
        origin = origin or Origin()
        started = time.perf_counter()
        self.threshold  # noqa: B018 - a promise that cannot be kept is an error before anything is asked
        with self._searcher.pin() as pinned:
            # What a chat's question means may depend on the chat, and a replay is asked to see what would be said now.
            key = self._key(question, mode, expression, principal, pinned.generation) if origin == Origin() else None
            kept = None if key is None else self._cache.get(key)
            if kept is not None:
                yield from self._again(kept, question, started)
                return
            asks, near = self._meaning(question) if key is not None else None, None
            if key is not None and asks is not None:
                near = self._cache.near(key, asks, self._settings.answering.semantic_cache)
            if near is not None:
                yield from self._again(near[0], question, started, cosine=near[1])
                return
            run = _Run(
                self, pinned, question, mode, origin,
                lambda kept: None if key is None else self._cache.put(key, kept._replace(meaning=asks)),
            )  # fmt: skip
            yield from run.events(expression, principal)

    def _key(self, question: str, mode: Mode, expression: str | None, principal: Principals, generation: int) -> Key | None:
        """What the answer depends on; ``None``: no answers are kept."""
        if not self._settings.answering.cache:
            return None
        reranker = self._searcher.reranker
        models = (self._searcher.embedder.sha256, "" if reranker is None else reranker.id, self.verifier().id, prompts.VERSION)
        names = principals_of(principal)
        return Key(normalised(question), mode, expression, names, generation, self._settings.sha256(), models)

    def _meaning(self, question: str) -> Meaning | None:
        """What other wordings of ``question`` must ask; ``None`` where none may stand for it."""
        if not self._settings.answering.semantic_cache:
            return None
        embedder = self._searcher.embedder
        return meaning(question, lambda text: embedder.embed([text])[0], lambda text: self._tokens.get([text])[0])

    def _again(self, kept: Kept, question: str, started: float, *, cosine: float | None = None) -> Iterator[StreamEvent]:
        """An answer that was given before, on record as one of its own. ``cosine`` is that of an earlier question in other words."""
        timings = {"total_s": time.perf_counter() - started}
        answer = replace(kept.answer, record_id=uuid.uuid4().hex, question=self.masked(question), timings=timings)
        content: dict[str, Any] = {"cached_from": kept.answer.record_id}
        if cosine is not None:
            answer = replace(answer, notes=(*answer.notes, f"this was answered before, as: {kept.answer.question}"))
            content |= {"cached_question": kept.answer.question, "cosine": cosine}
        content = {**kept.content, **answer.to_dict(), **content}
        self._searcher.catalog.save_answer(answer.record_id, answer.generation, answer.question, content)
        for sentence in answer.sentences:
            yield StreamEvent(kind="sentence", text=sentence.text, sentence=sentence)
        yield StreamEvent(kind="answer", answer=answer)

    @property
    def settings(self) -> Settings:
        return self._settings

    @cached_property
    def threshold(self) -> risk.Threshold:
        """From which ``answerable`` on questions are answered.

        Raises:
            SettingsError: ``answering.max_wrong`` cannot be promised.
        """
        return risk.threshold(self._settings, self._searcher.embedder.sha256)

    @property
    def searcher(self) -> Searcher:
        return self._searcher

    @property
    def tokens(self) -> TokenCache:
        return self._tokens

    def masked(self, text: str) -> str:
        """``text`` without the personal data that the settings want masked."""
        return text if self.redactor is None else self.redactor.text(text)

    def generator(self, mode: Mode) -> Generator | None:
        return None if mode == "quote" else self._generator()

    def verifier(self) -> Verifier:
        return self._verifier()


class _Run:
    """One question."""

    def __init__(self, asker: Asker, pinned: Pinned, question: str, mode: Mode, origin: Origin, keep: Callable[[Kept], None]) -> None:
        self._keep = keep
        self._asker = asker
        self._pinned = pinned
        self._redactor = asker.redactor
        self._question = self._asker.masked(question)
        self._mode = mode
        self._meant = Understanding(question, asker.settings, asker._generator)
        self._origin = origin
        self._settings = asker.settings.answering
        self._started = time.perf_counter()
        self._timings: dict[str, float] = {}
        self._notes: list[str] = []
        self._sentences: list[Sentence] = []
        self._rejected: list[dict[str, Any]] = []
        self._checks: dict[str, dict[str, Any]] = {}
        self._request: dict[str, Any] = {}
        self._documents: list[int] = []
        self._draft = compose.Draft()
        self._size = prompts.LENGTHS[self._settings.length]
        self._most = self._settings.sentences * self._size.times
        self._items = False
        self._left_out: list[int] = []

    def events(self, expression: str | None, principal: Principals) -> Iterator[StreamEvent]:
        self._request = provenance.asked(self._mode, expression, principal)
        self._meant.follow(self._asker.searcher.catalog, self._origin)
        top = self._settings.passages
        found = self._meant.search(
            lambda query, k: self._pinned.search(query, k, expression=expression, principal=principal, operators=False, rerank_top=top),
            top,
        )
        how = self._asker.settings.retrieval.expand
        if how != "none":
            found = replace(found, hits=surrounded(self._pinned, found.hits, how, expression=expression, principal=principal))
        self._timings["search_s"] = self._elapsed()
        selection = self._whole_list(self._selection(found, max(PROMPT_EVIDENCE * self._size.times, self._most)))
        self._timings["retrieve_s"] = self._elapsed()
        reason = self._abstain(found, selection)
        sides = conflicts.between(self._meant.searched, selection.evidence) if reason is None else None
        if sides is not None:
            reason = "contradictory_sources"
            self._sentences = [self._quote(one) for one in sides]
            yield from (StreamEvent(kind="sentence", text=one.text, sentence=one) for one in self._sentences)
        if reason is None:
            for sentence in self._answer(selection.evidence):
                if isinstance(sentence, str):
                    yield StreamEvent(kind="token", text=sentence)
                else:
                    self._sentences.append(sentence)
                    yield StreamEvent(kind="sentence", text=sentence.text, sentence=sentence)
            if not self._sentences:
                reason = "not_supported"
        yield StreamEvent(kind="answer", answer=self._finish(found, selection, reason))

    def _selection(self, found: Found, count: int) -> Selection:
        """What is masked here, nothing after it sees: prompt, quotes, citations, record."""
        meant = self._meant
        selection = selected(lambda text: select(text, found, self._pinned, self._asker.tokens, count), meant.wordings, meant.parts, count)
        return self._masked(selection)

    def _masked(self, selection: Selection) -> Selection:
        if self._redactor is None:
            return selection
        evidence = (self._redactor.evidence(e, self._pinned.parsed(e.document_id)) for e in selection.evidence)
        return replace(selection, evidence=tuple(evidence))

    def _whole_list(self, selection: Selection) -> Selection:
        """The items of the list that is asked for, each of which is a sentence of the answer."""
        found = lists.listed(selection, self._pinned.parsed) if lists.asks(self._meant.searched) else None
        if found is None:
            return selection
        self._items, self._most = True, max(self._most, len(found.evidence))
        return self._masked(found)

    def _abstain(self, found: Found, selection: Selection) -> Reason | None:
        if not found.searchable:
            return "empty_index"
        if not found.visible:
            return "filter_empty"
        if selection.evidence and selection.answerable >= self._asker.threshold.min_answerable:
            return None
        return "not_supported" if selection.signals.get("dense", 0.0) >= RELATED else "no_relevant_passage"

    def _answer(self, evidence: Sequence[Evidence]) -> Iterator[str | Sentence]:
        """Pieces of the draft and checked sentences: composed ones first, then the evidence that they do not already say."""
        said: list[str] = []
        cited: list[Evidence] = []
        for step in self._composed(evidence[: PROMPT_ITEMS if self._items else PROMPT_EVIDENCE * self._size.times]):
            if isinstance(step, str):
                yield step
                continue
            drafted, sentence = step
            cited.extend(e for e in evidence if e.id in drafted.ids)
            if sentence is not None and not _says(said, sentence.text) and len(said) < self._most:
                said.append(sentence.text)
                yield sentence
        quotes = evidence if self._mode != "compose" or not (said or cited) else [e for e in dict.fromkeys(cited) if not self._backed(e)]
        for one in quotes:
            if len(said) >= self._most:
                break
            if not _says(said, one.text):
                said.append(one.text)
                yield self._quote(one)

    def _backed(self, evidence: Evidence) -> bool:
        """Whether a composed sentence that passed the check already cites this evidence."""
        key = evidence.uri, evidence.start_char_index
        return any((c.uri, c.start_char_index) == key for s in self._sentences for c in s.citations)

    def _composed(self, evidence: Sequence[Evidence]) -> Iterator[str | tuple[compose.Drafted, Sentence | None]]:
        """The generator's pieces, and each of its sentences with the sentence to show (``None``: it failed the check)."""
        try:
            generator = self._asker.generator(self._mode)
            if generator is None:
                return
            question = self._asker.masked(self._meant.searched)
            asked = compose.pieces(
                generator, question, evidence, items=self._items, settings=self._asker.settings, left_out=self._left_out
            )
            for piece in asked:
                self._timings.setdefault("first_token_s", self._elapsed())
                self._draft.add(piece)
                yield piece
                for drafted in self._draft.ready():
                    yield drafted, self._checked(drafted, evidence)
            for drafted in self._draft.ready(whole=True):
                yield drafted, self._checked(drafted, evidence)
        except (ModelError, RuntimeError, ValueError, OSError, MemoryError) as error:
            self._notes.append(f"the generator failed ({_cause(error)}); the evidence is quoted instead")

    def _checked(self, drafted: compose.Drafted, evidence: Sequence[Evidence]) -> Sentence | None:
        cited = [e for e in evidence if e.id in drafted.ids]
        text = self._asker.masked(drafted.text)
        found = check(self._asker.verifier(), text, [e.text for e in cited])
        if found.support < self._settings.min_support:
            self._rejected.append({"text": text, "cites": list(drafted.ids), "fault": found.fault, **found.verdict.to_dict()})
            return None
        self._checks[text] = {"evidence": [e.id for e in cited], **found.to_dict()}
        backing = cited if found.verbatim else [cited[i] for i in found.verdict.supporting] or cited
        citations = tuple(self._cite(e) for e in backing)
        return Sentence(text=text, status="verified", support=found.support, citations=citations)

    def _quote(self, evidence: Evidence) -> Sentence:
        """The evidence as it stands; a table's row with the names of its columns, which are cited as well."""
        citations = [self._cite(evidence)]
        header = self._header(evidence)
        if header is not None:
            citations.append(self._cite(header))
        return Sentence(text=quoted([c.cited_text for c in citations]), status="quoted", support=1.0, citations=tuple(citations))

    def _header(self, evidence: Evidence) -> Evidence | None:
        parsed = self._pinned.parsed(evidence.document_id)
        span = tables.header_above(parsed, evidence.start_char_index)
        if span is None:
            return None
        header = replace(evidence, text=parsed.text[slice(*span)], start_char_index=span[0], end_char_index=span[1])
        return header if self._redactor is None else self._redactor.evidence(header, parsed)

    def _cite(self, evidence: Evidence) -> Citation:
        if evidence.document_id not in self._documents:
            self._documents.append(evidence.document_id)
        citation = cite(evidence, self._pinned.parsed(evidence.document_id), self._documents.index(evidence.document_id))
        return citation if self._redactor is None else self._redactor.citation(citation, evidence)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._started

    def _finish(self, found: Found, selection: Selection, reason: Reason | None) -> Answer:
        self._timings["total_s"] = self._elapsed()
        answer = Answer(
            record_id=uuid.uuid4().hex,
            question=self._question,
            abstained=reason is not None,
            reason=reason,
            answerable=selection.answerable,
            text="" if reason else " ".join(s.text for s in self._sentences),
            sentences=tuple(self._sentences),
            evidence=selection.evidence,
            mode=self._mode,
            generation=found.generation,
            timings=dict(self._timings),
            models=self._models(),
            notes=(*map(self._asker.masked, self._meant.notes), *self._meant.failed, *self._notes),
        )
        self._record(answer, found, selection)
        return answer

    def _models(self) -> dict[str, Any]:
        searcher = self._asker.searcher
        models: dict[str, Any] = {"embedder": {"id": searcher.embedder.id, "sha256": searcher.embedder.sha256}}
        if searcher.reranker is not None:
            models["reranker"] = {"id": searcher.reranker.id}
        if self._draft.reply:
            generator = self._asker.generator(self._mode)
            if generator is not None:
                models["generator"] = {"id": generator.id, "sha256": generator.sha256}
        return models

    def _record(self, answer: Answer, found: Found, selection: Selection) -> None:
        catalog = self._asker.searcher.catalog
        content = answer.to_dict() | {
            **self._request,
            **self._meant.values(self._asker.masked),
            **provenance.values(self._asker.settings),
            **provenance.cited(catalog, self._pinned, self._documents, answer.sentences, self._asker.masked),
            "masked": self._redactor is not None,
            "checks": [self._checks.get(s.text) if s.status == "verified" else None for s in answer.sentences],
            "verifier": {"id": self._asker.verifier().id} if self._checks else None,
            "prompt_version": prompts.VERSION,
            "prompt_sha256": prompts.sha256(self._settings, items=self._items) if self._draft.reply else None,
            "prompt_left_out": self._left_out,
            "candidates": [candidate.to_dict() for candidate in found.describe()],
            "signals": selection.signals,
            "threshold": self._asker.threshold.to_dict(),
            "draft": self._asker.masked(self._draft.reply),
            "rejected": self._rejected,
        }
        catalog.save_answer(answer.record_id, answer.generation, answer.question, content, self._origin)
        if not (self._notes or self._meant.failed):  # a generator that failed once may do better
            self._keep(Kept(answer, content))


def _cause(error: BaseException) -> str:
    return str(error) if isinstance(error, ModelError) else f"{type(error).__name__}: {error}"


def _says(said: Sequence[str], text: str) -> bool:
    """Whether one of ``said`` already holds (nearly) all words of ``text``."""
    wanted = terms(text)
    return any(sum(t in words for t in wanted) >= SAID_ALREADY * len(wanted) for words in (set(terms(s)) for s in said))
