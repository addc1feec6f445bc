"""ragkit in LangChain: its own standard tests for retrievers, and a chat model as ragkit's generator."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_tests.integration_tests import RetrieversIntegrationTests
from pydantic import ConfigDict

from ragkit import Ragkit
from ragkit.langchain import LangChainGenerator, RagkitRetriever, RagkitRunnable
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.generator import LlamaCppGenerator


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
    """True prose of a LangChain model is shown, invented prose is not. It is given as it is, or in its wrapper."""
    replies = ["The mill was built in 1790 [1].", "The mill was built by giants [1]."]
    for wrapped in (True, False):
        chat = FakeListChatModel(responses=replies)
        with Ragkit.in_memory(embedder=embedder, generator=LangChainGenerator(chat) if wrapped else chat) as kit:
            kit.add_text("The mill was built in 1790 by Ada Thornbury.", uri="mill")
            first, second = (kit.ask("When was the mill built?", mode="compose") for _ in replies)
        assert [s.status for s in first.sentences] == ["verified"]
        assert [s.status for s in second.sentences] == ["quoted"]
        assert first.models["generator"]["id"].startswith("langchain:fake-list-chat-model")


class LlamaChat(BaseChatModel):
    """A chat model over the real weights, as an integration package would write one."""

    inner: LlamaCppGenerator
    closed: list[str]
    model_config = ConfigDict(arbitrary_types_allowed=True)

    @property
    def _llm_type(self) -> str:
        return "llama-here"

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **given: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **given: Any
    ) -> Iterator[ChatGenerationChunk]:
        system, user = (str(message.content) for message in messages)
        try:
            for piece in self.inner.stream(system, user):
                yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        finally:
            self.closed.append("closed")

    def get_token_ids(self, text: str) -> list[int]:
        return list(range(self.inner.count_tokens(text)))


def test_a_real_chat_model_streams_and_is_stopped(generator: LlamaCppGenerator) -> None:
    """Pieces come one by one with the model's words; a reply that is closed stops the model, and frees it."""
    model = LangChainGenerator(LlamaChat(inner=generator, closed=[]))
    assert list(model.stream("You are helpful.", "Name a colour.")) == [
        piece for piece in generator.stream("You are helpful.", "Name a colour.") if piece
    ]
    replies = model.stream("Tell stories.", "Tell a long story.")
    next(replies)
    replies.close()
    gc.collect()
    assert model._model.closed == ["closed"] * 2  # type: ignore[attr-defined]
    assert not generator._turns.locked()
    assert model.count_tokens("one two three") == generator.count_tokens("one two three")


def test_tokens_are_estimated_without_fetching_a_tokenizer() -> None:
    """LangChain would fetch GPT-2's; the estimate is not below what a tokenizer finds in prose."""
    assert LangChainGenerator(FakeListChatModel(responses=[""])).count_tokens("The mill was built in 1790.") == 9


class Odd(Exception):
    """Of no kind that ragkit knows."""


class Failing(FakeListChatModel):
    """Breaks after its first piece, as a client of a service may."""

    def _stream(self, *given: Any, **more: Any) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="The mill"))
        raise Odd("quota exceeded")


def test_whatever_a_chat_model_raises_the_evidence_is_given(embedder: SentenceTransformerEmbedder) -> None:
    """An exception of a foreign class is a ``ModelError``, so that the answer quotes and a note gives the reason."""
    with Ragkit.in_memory(embedder=embedder, generator=Failing(responses=[""])) as kit:
        kit.add_text("The old mill was built in 1790 by the river.", uri="mill")
        answer = kit.ask("When was the mill built?")
    assert [s.status for s in answer.sentences] == ["quoted"]
    assert "Odd: quota exceeded" in answer.notes[0]


def test_a_reply_without_end_is_ended() -> None:
    """What is far longer than was asked for is cut off."""
    model = LangChainGenerator(FakeListChatModel(responses=["word " * 10_000]))
    assert len("".join(model.stream("", "Go on.", max_tokens=10))) <= 200
