"""Pipelines of Haystack as systems. Nothing of Haystack is imported: its objects are used as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..questions import Question
from ..response import Passage, Response
from .called import timed
from .shapes import response

_IDS = ("uri", "source", "file_path", "url", "title")


class HaystackSystem:
    """``pipeline.run`` is given ``inputs(question)``. ``documents`` names the component whose ``documents`` are the passages.

    ``answers`` names the one whose ``answers`` (of an ``AnswerBuilder``) or ``replies`` (of a generator) are the answer; without it only
    retrieval is measured. A document's URI is its meta's ``uri``, ``source``, ``file_path``, ``url`` or ``title``, else its id.
    """

    def __init__(
        self, pipeline: Any, inputs: Callable[[str], Mapping[str, Any]], *, documents: str, answers: str | None = None, name: str = ""
    ) -> None:
        self._pipeline, self._inputs = pipeline, inputs
        self._documents, self._answers = documents, answers
        self._name = name or "Haystack pipeline"

    @property
    def name(self) -> str:
        return self._name

    def about(self) -> dict[str, Any]:
        return {"pipeline": type(self._pipeline).__name__, "documents": self._documents, "answers": self._answers}

    def respond(self, question: Question, k: int) -> Response:
        return timed(lambda: self._asked(question.text), k)

    def _asked(self, question: str) -> Response:
        wanted = {name for name in (self._documents, self._answers) if name}
        given = self._pipeline.run(dict(self._inputs(question)), include_outputs_from=wanted)
        passages = [_passage(one) for one in given[self._documents].get("documents", ())]
        if self._answers is None:
            return Response(passages=tuple(passages), asked=False)
        return response(_told(given[self._answers]), passages)


def _told(output: Mapping[str, Sequence[Any]]) -> str:
    first = next(iter(output.get("answers") or output.get("replies") or ()), "")
    said = getattr(first, "data", None) or getattr(first, "text", None) or first
    return str(said)


def _passage(document: Any) -> Passage:
    named = next((str(document.meta[key]) for key in _IDS if document.meta.get(key)), document.id)
    start = document.meta.get("split_idx_start")
    offsets = {"start": start, "end": start + len(document.content or "")} if isinstance(start, int) else {}
    return Passage(uri=named, text=document.content or "", score=document.score, **offsets)
