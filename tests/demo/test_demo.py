"""The sample documents, their questions and the tour belong together."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ragkit import Ragkit, load_settings
from ragkit.eval.gold import locate
from ragkit.eval.questions import Question, read_questions

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "ragkit" / "demo"
DOCUMENTS = DEMO / "documents"


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return read_questions(DEMO / "questions.jsonl")


@pytest.fixture(scope="module")
def tour() -> list[str]:
    return [step["question"] for step in json.loads((DEMO / "tour.json").read_text("utf-8"))]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ragkit]:
    """A store of the sample documents that answers in their own words."""
    settings = load_settings(environ={}, values={"generation.model": "none", "answering.mode": "quote"})
    with Ragkit.open(tmp_path_factory.mktemp("store"), settings=settings) as made:
        report = made.ingest(DOCUMENTS)
        assert report.failed == ()
        yield made


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = ROOT / "tools" / "make_demo_documents.py"
    spec = importlib.util.spec_from_file_location("make_demo_documents", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_samples_are_small_and_of_five_formats() -> None:
    """Eight to twelve documents in five formats, below 300 kB in all."""
    files = sorted(DOCUMENTS.iterdir())
    assert 8 <= len(files) <= 12
    assert {file.suffix for file in files} == {".pdf", ".docx", ".html", ".md", ".txt"}
    assert sum(file.stat().st_size for file in files) < 300_000


def test_generated_documents_say_what_their_sources_say(generator: ModuleType, kit: Ragkit) -> None:
    """Every paragraph, heading and list item of a source stands in the document that was built from it."""
    for source, name, _ in generator.DOCUMENTS:
        text = squeezed(kit.text(str(DOCUMENTS / name)))
        parts = generator.parts((ROOT / "tools" / "demo_sources" / source).read_text("utf-8"))
        lines = [line for part in parts if part.kind != "table" for line in part.lines]
        assert [line for line in lines if squeezed(line) not in text] == []


def test_building_twice_gives_the_same_bytes(generator: ModuleType, tmp_path: Path) -> None:
    """The build does not depend on the clock, so a rebuilt document is a changed document."""
    pytest.importorskip("reportlab", reason="reportlab builds the sample PDFs")
    first, second = generator.build(tmp_path / "a"), generator.build(tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_pdfs_have_pages(kit: Ragkit) -> None:
    """Each sample PDF has two pages or more, so that a citation's page says something."""
    for path in DOCUMENTS.glob("*.pdf"):
        assert max(anchor.page or 0 for anchor in kit.document(str(path)).parsed.anchors) >= 2


def test_forty_questions_ten_of_them_open(questions: list[Question]) -> None:
    """Answerable questions say where their answer stands; open ones say nothing; no question is asked twice."""
    open_ones = [q for q in questions if not q.answerable]
    assert len(questions) >= 40
    assert len(open_ones) == 10
    assert all(q.relevant for q in questions if q.answerable)
    assert not any(q.relevant for q in open_ones)
    assert len({q.text for q in questions}) == len(questions)


def test_every_quote_stands_in_its_document(questions: list[Question], kit: Ragkit) -> None:
    """The gold passages are in the text that the parsers make, and every document has a question."""
    uris = [document.uri for document in kit.documents()]
    golds = {q.id: locate(q.relevant, uris, kit.text) for q in questions}
    assert [name for name, places in golds.items() for place in places if not place.uris] == []
    assert {uri for places in golds.values() for place in places for uri in place.uris} == set(uris)


def test_the_tour_answers_two_and_leaves_one_open(tour: list[str], kit: Ragkit) -> None:
    """The first question is answered from a PDF's later page, the second from another format, the third not at all."""
    first, second, third = (kit.ask(question) for question in tour)
    cited = first.sentences[0].citations[0]
    assert (Path(cited.uri).suffix, cited.start_page_number) == (".pdf", 2)
    assert "brass key" in first.text
    assert Path(second.sentences[0].citations[0].uri).suffix == ".docx"
    assert "thirty minutes" in second.text
    assert third.abstained


def squeezed(text: str) -> str:
    return " ".join(text.split())
