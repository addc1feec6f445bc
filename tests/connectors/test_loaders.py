"""Loaders of LangChain and readers of LlamaIndex as sources."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from ragkit import Ragkit, Settings
from ragkit.connectors.loaders import LoaderConnector, from_langchain, from_llamaindex
from ragkit.errors import SourceError
from ragkit.testing import ConnectorConformance, SyntheticEmbedder


class Pages(BaseLoader):
    """A loader of what it is given."""

    def __init__(self, *documents: Document) -> None:
        self.documents = documents

    def lazy_load(self) -> Iterator[Document]:
        yield from self.documents


_DOCUMENTS = (
    Document("Apples are red.", metadata={"source": "a.pdf", "page": 1, "boxes": [1]}),
    Document("Bees make honey.", metadata={"source": "a.pdf", "page": 2}),
    Document("Cats sleep.", id="c"),
    Document("Dogs bark."),
    Document("Dogs bark."),
)


class TestConformance(ConnectorConformance):
    """The suite for connectors."""

    def connector(self) -> type[Any]:
        """The connector with its loader."""

        class Given(LoaderConnector):
            def __init__(self, source: str) -> None:
                super().__init__(source, lambda: Pages(*_DOCUMENTS).lazy_load())

        return Given

    def source(self) -> str:
        return "loader:test"


def test_sync_follows_a_loader() -> None:
    """Documents that come, change and go are added, updated and removed; without the object the report says what to do."""
    with Ragkit.in_memory(settings=Settings().with_values(**{"generation.model": "none"}), embedder=SyntheticEmbedder()) as kit:
        assert kit.ingest(from_langchain(Pages(*_DOCUMENTS), name="wiki")).added == 5
        assert {info.uri.rpartition("#")[2].partition("sha256")[0] for info in kit.documents()} == {"a.pdf/page-1", "a.pdf/page-2", "c", ""}
        first = next(info for info in kit.documents() if info.uri == "loader:wiki#a.pdf/page-1")
        assert (first.metadata["source"], first.metadata["page"], "boxes" in first.metadata) == ("a.pdf", 1, False)
        changed = Document("Apples are green.", metadata={"source": "a.pdf", "page": 1})
        report = kit.sync(from_langchain(Pages(changed, _DOCUMENTS[1], Document("New.", id="n")), name="wiki"))
        assert (report.added, report.updated, report.removed, report.unchanged) == (1, 1, 3, 1)
        (failure,) = kit.sync().failed
        assert "must be given again" in failure.reason
        assert len(kit.documents()) == 3


def test_a_reader_of_llamaindex() -> None:
    """Both of its methods, its texts and ids; an id that was made up does not tell documents apart, their metadata do."""

    def one(text: str, **metadata: object) -> SimpleNamespace:
        return SimpleNamespace(text=text, id_=str(uuid.uuid4()), metadata=metadata)

    class Reader:
        def lazy_load_data(self, **_: object) -> list[SimpleNamespace]:
            raise NotImplementedError

        def load_data(self, path: str) -> list[SimpleNamespace]:
            named = SimpleNamespace(get_content=lambda: "Cats.", id_="c", extra_info={"n": 1})
            return [one("Apples.", file_path=path), one("Bees."), named]

    first, second = ([(item.uri, item.token) for item in from_llamaindex(Reader(), name="x", path="a.md").items()] for _ in range(2))
    assert first == second
    assert [uri.partition("#")[2].partition("-")[0] for uri, _ in first] == ["a.md", "sha256", "c"]


def test_what_is_no_loader() -> None:
    """An object without a loader's methods is refused by name."""
    with pytest.raises(SourceError, match="object is no loader"):
        from_langchain(object(), name="x")
