"""ragkit in LangChain: its own standard tests for retrievers, and a chat model as ragkit's generator."""

from __future__ import annotations

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_tests.integration_tests import RetrieversIntegrationTests

from ragkit import Ragkit
from ragkit.langchain import LangChainGenerator, RagkitRetriever, RagkitRunnable
from ragkit.models.embedder import SentenceTransformerEmbedder


class TestStandard(RetrieversIntegrationTests):
    """``langchain-tests``' suite on a real store."""

    @pytest.fixture(autouse=True)
    def _store(self, filled: Ragkit) -> None:
        self._kit = filled

    @property
    def retriever_constructor(self) -> type[RagkitRetriever]:
        return RagkitRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return {"kit": self._kit}

    @property
    def retriever_query_example(self) -> str:
        return "When was the lighthouse built?"


def test_documents_carry_the_hit(filled: Ragkit) -> None:
    """Text, identity, offsets and scores are those of ``search``; filter and principal reach it."""
    (document,) = RagkitRetriever(kit=filled, k=1).invoke("When was the lighthouse built?")
    assert document.page_content == filled.text("lighthouse", document.metadata["start_char_index"], document.metadata["end_char_index"])
    assert set(document.metadata["scores"]) == {"lexical", "dense", "fused", "rerank"}
    assert RagkitRetriever(kit=filled, principal="stranger", filter="kind == 'shop'").invoke("bread") == []


def test_the_runnable_answers_and_composes(filled: Ragkit) -> None:
    """It is a Runnable: it can be piped, batched, and gives the same answer as ``ask``."""
    chain = RagkitRunnable(filled, mode="quote") | (lambda answer: answer.text)
    question = "When was the lighthouse built?"
    assert chain.invoke(question) == filled.ask(question, mode="quote").text
    assert chain.batch([question, question]) == [chain.invoke(question)] * 2
    assert next(iter(RagkitRunnable(filled, mode="quote").sentences(question))) in chain.invoke(question)


def test_a_chat_model_writes_and_is_checked(embedder: SentenceTransformerEmbedder) -> None:
    """True prose of a LangChain model is shown, invented prose is not."""
    replies = ["The mill was built in 1790 [1].", "The mill was built by giants [1]."]
    with Ragkit.in_memory(embedder=embedder, generator=LangChainGenerator(FakeListChatModel(responses=replies))) as kit:
        kit.add_text("The old mill was built in 1790 by the river.", uri="mill")
        first, second = (kit.ask("When was the mill built?", mode="compose") for _ in replies)
    assert [s.status for s in first.sentences] == ["verified"]
    assert [s.status for s in second.sentences] == ["quoted"]
