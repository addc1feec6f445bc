"""Pipelines of LlamaIndex as systems: a retriever, or a query engine. Nothing of LlamaIndex is imported."""

from __future__ import annotations

from typing import Any

from ..questions import Question
from ..response import Passage, Response
from .called import timed
from .shapes import response

_IDS = ("uri", "file_path", "file_name", "source", "url")


class LlamaIndexSystem:
    """``engine`` has ``retrieve(question)``, which gives nodes with scores, or ``query(question)``, whose response has ``source_nodes``.

    ``[1]`` in its text is the first of these, as ``CitationQueryEngine`` writes it. A node's URI is its metadata's ``uri``, ``file_path``,
    ``file_name``, ``source`` or ``url``, else its document's id, else its own.
    """

    def __init__(self, engine: Any, *, name: str = "") -> None:
        self._engine = engine
        self._asks = hasattr(engine, "query")
        if not self._asks and not hasattr(engine, "retrieve"):
            raise TypeError(f"a {type(engine).__name__} has neither retrieve() nor query(); give a retriever or a query engine")
        self._name = name or f"LlamaIndex {type(engine).__name__}"

    @property
    def name(self) -> str:
        return self._name

    def about(self) -> dict[str, Any]:
        return {"engine": type(self._engine).__name__}

    def respond(self, question: Question, k: int) -> Response:
        return timed(lambda: self._asked(question.text), k)

    def _asked(self, question: str) -> Response:
        if not self._asks:
            return Response(passages=tuple(map(_passage, self._engine.retrieve(question))), asked=False)
        given = self._engine.query(question)
        return response(str(given.response or ""), [_passage(one) for one in given.source_nodes])


def _passage(found: Any) -> Passage:
    node = found.node
    named = next((str(node.metadata[key]) for key in _IDS if node.metadata.get(key)), node.ref_doc_id or node.node_id)
    start, end = getattr(node, "start_char_idx", None), getattr(node, "end_char_idx", None)
    offsets = {} if start is None or end is None else {"start": start, "end": end}
    return Passage(uri=named, text=node.get_content(), score=found.score, **offsets)
