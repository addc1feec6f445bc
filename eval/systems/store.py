"""A ragkit store as a system."""

from __future__ import annotations

import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import ragkit
from ragkit.records import Answer, Citation, Hit, Mode

from ..questions import Question
from ..response import Cited, Passage, Response, Statement

if TYPE_CHECKING:
    from ragkit.api import Ragkit

#: Texts of documents kept while citations are checked.
_TEXTS = 256


class StoreSystem:
    """``kit`` as a :class:`~ragkit.eval.systems.System`. ``mode`` is that of :meth:`ragkit.Ragkit.ask`; ``retrieval_only`` asks nothing."""

    def __init__(self, kit: Ragkit, *, mode: Mode | None = None, retrieval_only: bool = False) -> None:
        self._kit = kit
        self.mode: Mode | None = None if retrieval_only else mode or kit.settings.answering.mode
        self._text = lru_cache(_TEXTS)(lambda uri: kit.text(uri))

    @property
    def name(self) -> str:
        return f"ragkit {self._kit.path.name}"

    @property
    def kit(self) -> Ragkit:
        """The store itself."""
        return self._kit

    def about(self) -> dict[str, Any]:
        kit = self._kit
        models: dict[str, Any] = {"embedder": {"id": kit.embedder.id, "sha256": kit.embedder.sha256}}
        if self.mode is not None and self.mode != "quote" and kit.generator is not None:
            models["generator"] = {"id": kit.generator.id, "sha256": kit.generator.sha256}
        return {
            "ragkit": ragkit.__version__,
            "store": str(kit.path),
            "generation": kit.status()["generation"],
            "mode": self.mode,
            "settings": kit.settings.shown(),
            "models": models,
        }

    def uris(self) -> list[str]:
        return [document.uri for document in self._kit.documents()]

    def text(self, uri: str) -> str:
        return self._text(uri)

    def respond(self, question: Question, k: int) -> Response:
        began = time.perf_counter()
        hits = self._kit.search(question.text, k, operators=False)
        searched = time.perf_counter() - began
        passages = tuple(_passage(hit) for hit in hits)
        if self.mode is None:
            return Response(passages=passages, asked=False, timings={"total_s": searched})
        return self._answered(self._kit.ask(question.text, mode=self.mode), passages)

    def _answered(self, answer: Answer, passages: tuple[Passage, ...]) -> Response:
        statements = tuple(Statement(text=s.text, citations=tuple(map(self._cited, s.citations))) for s in answer.sentences)
        context = tuple(
            Passage(uri=e.uri, text=e.text, start=e.start_char_index, end=e.end_char_index, score=e.score) for e in answer.evidence
        )
        return Response(
            passages=passages,
            statements=statements,
            text=answer.text,
            abstained=answer.abstained,
            answerable=answer.answerable,
            context=context,
            timings={key: value for key, value in answer.timings.items() if isinstance(value, float | int)},
            peak_bytes=peak_bytes(),
            record_id=answer.record_id,
        )

    def _cited(self, citation: Citation) -> Cited:
        return Cited(
            uri=citation.uri,
            text=citation.cited_text,
            start=citation.start_char_index,
            end=citation.end_char_index,
            verbatim=is_verbatim(citation, self.text),
        )


def peak_bytes() -> int | None:
    """The largest memory that this process has had; ``None`` where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def is_verbatim(citation: Citation, text: Any) -> bool:
    """Whether the source's text at the citation's span is its cited text. An empty citation is not."""
    span = text(citation.uri)[citation.start_char_index : citation.end_char_index]
    return bool(span) and span == citation.cited_text


def _passage(hit: Hit) -> Passage:
    return Passage(uri=hit.uri, text=hit.text, start=hit.start_char_index, end=hit.end_char_index, score=hit.score)
