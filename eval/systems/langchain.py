"""Pipelines of LangChain as systems: a retriever, or any runnable that takes a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable

from ..questions import Question
from ..response import Passage, Response
from .called import timed
from .shapes import response

_IDS = ("uri", "source", "id", "url", "title")


class LangChainSystem:
    """A retriever gives passages alone; another runnable is given the question, or ``{input: question}`` where ``input`` is set.

    It returns a text, a message, or the dict of a retrieval chain (``answer``, ``context``). A document's URI is its metadata's ``uri``,
    ``source``, ``id``, ``url`` or ``title``, else its ``id``.
    """

    def __init__(self, runnable: Runnable[Any, Any], *, input: str = "", name: str = "") -> None:
        self._runnable = runnable
        self._input = input
        self._name = name or f"LangChain {runnable.get_name()}"

    @property
    def name(self) -> str:
        return self._name

    def about(self) -> dict[str, Any]:
        from importlib.metadata import version

        return {"runnable": type(self._runnable).__name__, "langchain-core": version("langchain-core")}

    def respond(self, question: Question, k: int) -> Response:
        return timed(lambda: self._asked(question.text), k)

    def _asked(self, question: str) -> Response:
        given = self._runnable.invoke({self._input: question} if self._input else question)
        if isinstance(self._runnable, BaseRetriever):
            return Response(passages=tuple(map(_passage, given)), asked=False)
        if isinstance(given, BaseMessage):
            return response(str(given.text))
        if isinstance(given, Mapping):
            listed = given.get("context") or given.get("source_documents") or ()
            found = [_passage(one) for one in listed if isinstance(one, Document)]
            told = given.get("answer") or given.get("result") or given.get("output") or ""
            return response(told.text if isinstance(told, BaseMessage) else told, found)
        return response(given)


def _passage(document: Document) -> Passage:
    named = next((str(document.metadata[key]) for key in _IDS if document.metadata.get(key)), document.id or "")
    start = document.metadata.get("start_index")
    end = start + len(document.page_content) if isinstance(start, int) else None
    return Passage(uri=named, text=document.page_content, start=start if end is not None else None, end=end)
