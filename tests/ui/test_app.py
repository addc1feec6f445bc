"""The pages as Streamlit runs them, on a real store with the real models."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ragkit import Ragkit
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.ui import parts, uploads
from ragkit.ui.escaping import escape

PATIENCE = 120


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    """The real embedder, loaded once for the module."""
    return SentenceTransformerEmbedder()


@pytest.fixture
def app(store: Path, embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The interface on the store, its first page drawn."""
    monkeypatch.setenv("RAGKIT_STORE", str(store))
    st.cache_resource.clear()
    monkeypatch.setattr("ragkit.models.load.embedder", lambda settings: embedder)
    yield AppTest.from_file(str(files("ragkit.ui") / "app.py"), default_timeout=PATIENCE).run()
    st.cache_resource.clear()


def page(app: AppTest, name: str) -> AppTest:
    """Another page of the interface."""
    return app.switch_page(f"page_{name}.py").run()


def shown(app: AppTest) -> str:
    """All HTML of the page but the style sheet."""
    assert list(app.exception) == []
    return "\n".join(body for body in (element.value for element in app.html) if not body.startswith("<style"))


def ask(app: AppTest, question: str, mode: str = "quote") -> AppTest:
    """The page after the answer."""
    app.radio(key="mode").set_value(mode)
    return app.chat_input(key="question").set_value(question).run()


def cites(app: AppTest) -> list[Any]:
    """The buttons of the citations."""
    return [button for button in app.button if str(button.key).startswith("cite-")]


def work(app: AppTest) -> AppTest:
    """Waits for the job that runs and draws the page anew."""
    job = parts.shared().job
    assert job is not None
    assert job.done.wait(PATIENCE)
    return app.run()


def test_an_answer_leads_to_its_passage(app: AppTest) -> None:
    """Sentences stand with their label and numbered buttons; a button shows the passage marked in its document."""
    ask(app, "Who built the lighthouse on Gull Point?")
    page_ = shown(app)
    assert "built in 1874 by Anna Lindqvist" in page_
    assert ">quoted</span>" in page_
    assert "<mark>" not in page_
    cites(app)[0].click().run()
    page_ = shown(app)
    assert "<mark>The lighthouse on Gull Point was built in 1874 by Anna Lindqvist&#46;</mark> Its lamp burned whale oil" in page_
    assert "characters 0–65" in page_.replace("&#45;", "-")


def test_a_pdf_shows_its_page(app: AppTest, papers: Path) -> None:
    """The panel of a citation in a PDF has the page's picture; once the file has changed it says so instead."""
    ask(app, "What does a single ticket for the heron ferry cost?")
    cites(app)[0].click().run()
    assert [image.proto.imgs[0].caption for image in app.image] == ["Page 2"]
    before = (papers / "ferry.pdf").read_bytes()
    try:
        (papers / "ferry.pdf").write_bytes(before + b"\n")
        app.run()
        assert "has changed since it was ingested" in shown(app)
        assert list(app.image) == []
    finally:
        (papers / "ferry.pdf").write_bytes(before)


def test_documents_cannot_bring_in_elements(app: AppTest) -> None:
    """A title and a sentence full of Markdown and HTML are shown letter by letter; Streamlit's Markdown never sees them."""
    ask(app, "What is the harbour toll for a fishing boat?")
    cites(app)[0].click().run()
    page_ = shown(app)
    assert "&#33;&#91;pixel&#93;&#40;http&#58;" in page_
    assert "&#60;b&#62;Toll" in page_
    assert "<img" not in page_
    assert "<a " not in page_
    assert [markdown.value for markdown in app.markdown if "leak" in markdown.value] == []


def test_an_abstention_says_why(app: AppTest) -> None:
    """What the documents do not answer is said to be so, with the reason in words and no citation."""
    ask(app, "Which quantum field theory explains the mass of the neutrino?")
    page_ = shown(app)
    assert "The documents do not answer this" in page_
    assert "No passage in the documents is close enough" in page_ or "none of them supports an answer" in page_
    assert cites(app) == []


def test_the_conversation_stays_until_it_is_cleared(app: AppTest) -> None:
    """Earlier questions of the session are kept, on other pages too; a button clears them."""
    ask(app, "When does the bakery open?")
    ask(app, "How many steps has the lighthouse?")
    page(app, "documents")
    page_ = shown(page(app, "ask"))
    assert "When does the bakery open" in page_
    assert "How many steps has the lighthouse" in page_
    app.button(key="clear").click().run()
    assert "When does the bakery open" not in shown(app)


def test_a_passage_outlives_its_document(app: AppTest, store: Path, papers: Path) -> None:
    """When the cited document was removed since, the cited words are shown with that notice."""
    ask(app, "When does the bakery open?")
    with Ragkit.open(store) as other:
        other.delete(str(papers / "bakery.md"))
    cites(app)[0].click().run()
    page_ = shown(app)
    assert "removed from the store since" in page_
    assert "<mark>The bakery opens at six in the morning" in page_


@pytest.mark.slow
def test_the_model_composes(app: AppTest) -> None:
    """In the mode `compose` the real generator writes, and what stands on the page is verified, or quoted where it was not."""
    ask(app, "When was the lighthouse on Gull Point built?", mode="compose")
    page_ = shown(app)
    assert "1874" in page_
    assert "first words after" in page_
    assert "verified</span>" in page_ or "quoted</span>" in page_


def test_upload_list_delete(app: AppTest, store: Path) -> None:
    """A file that is uploaded is kept under a plain name, listed and answered from; deleting it takes confirmation, and its file goes."""
    page(app, "documents")
    app.file_uploader[0].set_value([("../../otter.txt", b"The otter pool is fed at noon by Maja Berg.", "application/pdf")]).run()
    app.button(key="add").click().run()
    work(app)
    uri = str(store / uploads.FOLDER / "otter.txt")
    assert "1 added" in shown(app)
    assert uri in list(app.dataframe[0].value["URI"])
    app.multiselect[0].select(uri).run()
    app.button(key="delete-no").click().run()
    assert Path(uri).is_file()
    app.multiselect[0].select(uri).run()
    app.button(key="delete-yes").click().run()
    assert not Path(uri).exists()
    assert uri not in list(app.dataframe[0].value["URI"])
    assert list(app.exception) == []


def test_failures_have_reasons(app: AppTest) -> None:
    """What could not be read stands on the page with its reason, and is counted in the sidebar."""
    page_ = shown(page(app, "documents"))
    assert "broken&#46;pdf" in page_
    assert "the PDF is broken" in page_
    assert "Not readable" in page_


def test_sync_follows_the_sources(app: AppTest, store: Path, tmp_path: Path) -> None:
    """The button reads the sources again; a document that is gone from its source is removed; the last one only when that is
    confirmed."""
    source = tmp_path / "notes"
    source.mkdir()
    (source / "moth.txt").write_text("The moth trap is emptied at dawn.", encoding="utf-8")
    (source / "owl.txt").write_text("The owl is counted at dusk.", encoding="utf-8")
    with parts.shared().turn() as kit:
        kit.ingest(source)
    (source / "moth.txt").unlink()
    page(app, "documents")
    assert len(app.dataframe[0].value) == 6
    app.button(key="sync").click().run()
    work(app)
    assert "1 removed" in shown(app)
    assert len(app.dataframe[0].value) == 5
    (source / "owl.txt").unlink()
    app.button(key="sync").click().run()
    work(app)
    assert "Nothing is listed any more by" in shown(app)
    assert len(app.dataframe[0].value) == 5
    app.button(key="remove-emptied").click().run()
    work(app)
    assert "1 removed" in shown(app)
    assert len(app.dataframe[0].value) == 4


def test_a_failed_job_is_told(app: AppTest, store: Path) -> None:
    """While another process writes, adding says who holds the store, and the page stays usable."""
    from ragkit.store.lock import writer_lock

    page(app, "documents")
    with writer_lock(store):
        app.button(key="sync").click().run()
        work(app)
    assert "another writer holds the store" in shown(app)


def test_the_inspector_shows_every_stage(app: AppTest) -> None:
    """Each candidate has its ranks and scores; the chosen one is shown in its text."""
    page(app, "inspect")
    app.text_input(key="inspect-query").set_value("rye bread")
    app.button[0].click().run()
    table = app.dataframe[0].value
    assert {"lexical rank", "dense score", "fused rank", "rerank score", "final score"} <= set(table.columns)
    assert (table["Outcome"][0], table["Document"][0]) == ("kept", "bakery.md")
    assert "<mark>" in shown(app)
    app.number_input(key="inspect-number").set_value(2).run()
    assert escape(table["Document"][1]) in shown(app)


def test_a_filter_narrows_or_is_explained(app: AppTest) -> None:
    """A filter leaves the documents that pass it; one that cannot be read is explained, not a fault."""
    page(app, "inspect")
    app.text_input(key="inspect-query").set_value("bread")
    app.text_input(key="inspect-filter").set_value("media_type == 'application/pdf'")
    app.button[0].click().run()
    assert set(app.dataframe[0].value["Document"]) == {"ferry.pdf"}
    app.text_input(key="inspect-filter").set_value("year >=")
    app.button[0].click().run()
    assert "The filter cannot be read" in shown(app)
    assert list(app.dataframe) == []


def test_a_store_that_cannot_be_opened_is_explained(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong settings end in a message on the page, not in a trace."""
    st.cache_resource.clear()
    monkeypatch.setenv("RAGKIT_RETRIEVAL__K", "none")
    assert "retrieval&#46;k" in shown(app.run())
