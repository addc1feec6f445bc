"""Addresses in a hundred encodings, in documents and in what a generator writes: none comes out as anything but text."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ragkit import Ragkit
from ragkit.cli import render
from ragkit.cli.output import Output
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Answer, Mode, StreamEvent
from ragkit.settings import Settings
from ragkit.testing import ScriptedGenerator
from ragkit.ui.escaping import escape

STRINGS: list[str] = json.loads((Path(__file__).parents[1] / "ui" / "exfiltration.json").read_text("utf-8"))
QUESTION = "What is the harbour toll for a fishing boat?"
FACT = "The harbour toll for a fishing boat is nine crowns"
#: Attributes by which an element fetches or leads somewhere.
REACHING = frozenset("href src srcset action data poster background ping style formaction xlink:href cite".split())


class _Page(HTMLParser):
    """Collects what of a page reaches elsewhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.reaching: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.reaching += [f"{tag} {name}={value}" for name, value in attrs if self._reaches(name, value or "")]

    @staticmethod
    def _reaches(name: str, value: str) -> bool:
        return (name in REACHING or name.startswith("on")) and not value.startswith("#citation-")


def _reaching(page: str) -> list[str]:
    found = _Page()
    found.feed(page)
    found.close()
    return found.reaching


def _seen(kit: Ragkit, answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Where the answer is shown, and what of it reaches elsewhere."""
    terminal = io.StringIO()
    events = [StreamEvent(kind="sentence", sentence=s) for s in answer.sentences]
    render.streamed(Output(stream=terminal), iter([*events, StreamEvent(kind="answer", answer=answer)]))
    steering = [repr(c) for c in terminal.getvalue() if ord(c) < 32 and c not in "\n\t"]
    yield "terminal", steering
    drawn = "".join(f"<p>{escape(s.text)}</p>" for s in answer.sentences)
    yield "interface", _reaching(drawn) + _reaching(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(drawn))
    export: Any = _export()
    if export is not None:
        record = kit.answer_record(answer.record_id)
        markdown = MarkdownIt("gfm-like", {"linkify": False, "html": True})
        yield "exported Markdown", _reaching(markdown.render(export.render(record, "markdown")))
        yield "exported HTML", _reaching(export.render(record, "html"))


def _export() -> Any:
    try:
        return importlib.import_module("ragkit.answer.export")
    except ModuleNotFoundError:
        return None


@pytest.fixture(scope="module")
def store(embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ragkit]:
    """One document an attempt, each found by its number."""
    settings = Settings().with_values(**{"answering.min_answerable": 0.0})
    with Ragkit.open(tmp_path_factory.mktemp("store"), embedder=embedder, settings=settings) as kit:
        for number, text in enumerate(STRINGS):
            kit.add_text(f"{FACT} {text}.", uri=f"toll:{number}", metadata={"number": number})
        yield kit


def _asked(kit: Ragkit, number: int, reply: str, mode: Mode) -> Answer:
    kit.__dict__.pop("_asker", None)
    kit.__dict__["generator"] = ScriptedGenerator(reply)
    return kit.ask(QUESTION, mode=mode, filter=f"number == {number}")


def test_there_are_many() -> None:
    """At least eighty different attempts."""
    assert len(set(STRINGS)) >= 80


def test_documents_lead_nowhere(store: Ragkit) -> None:
    """In the terminal, the interface and exported pages a quoted attempt is text."""
    reached = {}
    for number, text in enumerate(STRINGS):
        answer = _asked(store, number, "", "quote")
        assert answer.sentences
        reached |= {(text, where): found for where, found in _seen(store, answer) if found}
    assert reached == {}


@pytest.mark.parametrize("reply", ["{fact} {text}. [1] {text} [1]", "{fact}. [1] {text}\n\n[1]: http://127.0.0.1:9/leak"])
def test_generators_lead_nowhere(store: Ragkit, reply: str) -> None:
    """An attempt that a generator writes is in no sentence of its own, even where the document has the very same words."""
    reached, own = {}, []
    for number, text in enumerate(STRINGS):
        answer = _asked(store, number, reply.format(fact=FACT, text=text), "compose")
        reached |= {(text, where): found for where, found in _seen(store, answer) if found}
        own += [s.text for s in answer.sentences if s.status == "verified" and s.text.rstrip(".") != FACT]
    assert reached == {}
    assert own == []
