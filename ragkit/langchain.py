"""ragkit in LangChain: a retriever, a runnable that answers, and any LangChain chat model as ragkit's generator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict

from ragkit.api import Ragkit
from ragkit.models.chat import LangChainGenerator
from ragkit.records import Answer, Hit

__all__ = ["LangChainGenerator", "RagkitRetriever", "RagkitRunnable"]


class RagkitRetriever(BaseRetriever):
    """Passages of a store as LangChain documents; ``metadata`` carries each hit's JSON but its text.

    The fields are the options of :meth:`ragkit.Ragkit.search`; each may also be given to ``invoke``. Operators are off, for a
    chain's questions are plain language.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kit: Ragkit
    k: int | None = None
    filter: str | None = None
    principal: str | Sequence[str] | None = None
    operators: bool = False
    rerank: bool = True

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **given: Any) -> list[Document]:
        own = {name: getattr(self, name) for name in ("k", "filter", "principal", "operators", "rerank")}
        return [_document(hit) for hit in self.kit.search(query, **own | given)]


class RagkitRunnable(Runnable[str, Answer]):
    """A question in, an :class:`ragkit.Answer` out. ``sentences`` gives their text as each is checked."""

    def __init__(self, kit: Ragkit, **options: Any) -> None:
        self._kit = kit
        self._options = options

    def invoke(self, input: str, config: RunnableConfig | None = None, **given: Any) -> Answer:
        return self._call_with_config(lambda question: self._kit.ask(question, **{**self._options, **given}), input, config)

    def sentences(self, question: str) -> Iterator[str]:
        """The text of each sentence, once it is checked."""
        for event in self._kit.stream(question, **self._options):
            if event.kind == "sentence":
                yield event.text


def _document(hit: Hit) -> Document:
    fields = hit.to_dict()
    return Document(page_content=fields.pop("text"), metadata=fields, id=f"{hit.uri}#{hit.start_char_index}-{hit.end_char_index}")
