"""A summary says what the documents say, each sentence with its citation."""

from __future__ import annotations

import pytest

from ragkit import Ragkit
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Answer, Mode
from ragkit.testing import ScriptedGenerator

FERRIES = {
    "heron": "The heron ferry crosses the lake every forty minutes. A single ticket for the heron ferry costs four crowns.",
    "otter": "The otter ferry crosses the fjord twice a day. Bicycles travel free on the otter ferry.",
    "copy": "The otter ferry crosses the fjord twice a day. The crew of the otter ferry lives on board.",
    "cake": "Beat the eggs with the sugar. Bake the cake for forty minutes.",
    "secret": "The seal ferry carries the gold of the bank every Monday.",
}
MODES: tuple[Mode, ...] = ("quote", "auto", "compose")


def _ferries(embedder: SentenceTransformerEmbedder, reply: str) -> Ragkit:
    kit = Ragkit.in_memory(embedder=embedder, generator=ScriptedGenerator(reply))
    for uri, text in FERRIES.items():
        kit.add_text(text, uri=uri, acl=["bank"] if uri == "secret" else None)
    return kit


def _uris(answer: Answer) -> list[str]:
    return [c.uri for s in answer.sentences for c in s.citations]


@pytest.mark.parametrize("mode", MODES)
def test_each_statement_is_cited(embedder: SentenceTransformerEmbedder, mode: Mode) -> None:
    """Several documents speak, none of another subject or of another's secrets; citations are exact; nothing is said twice; what the
    generator invents is left out; and the summary is on record."""
    with _ferries(embedder, "The ferry sank in 1912 with all hands. [1]") as kit:
        answer = kit.summarize("ferry crossings", sentences=5, mode=mode, principal="reader")
        assert {"heron", "otter"} <= set(_uris(answer)) <= {"heron", "otter", "copy"}
        assert len(answer.sentences) <= 5
        assert len({s.text for s in answer.sentences}) == len(answer.sentences)
        assert {s.status for s in answer.sentences} == {"quoted"}
        assert all(kit.text(c.uri, c.start_char_index, c.end_char_index) == c.cited_text for s in answer.sentences for c in s.citations)
        assert kit.answer_record(answer.record_id)["sentences"] == answer.to_dict()["sentences"]


def test_checked_prose_stands_beside_quotes(embedder: SentenceTransformerEmbedder) -> None:
    """What the generator writes of a document is shown where that document says it."""
    with _ferries(embedder, "The otter ferry crosses the fjord twice a day. [1]") as kit:
        answer = kit.summarize("How often does the otter ferry cross the fjord?", mode="auto", principal="reader")
        assert "verified" in {s.status for s in answer.sentences}


def test_the_fairest_share(embedder: SentenceTransformerEmbedder) -> None:
    """Two sentences are those of two documents; one document alone gives its own."""
    with _ferries(embedder, "") as kit:
        assert len(set(_uris(kit.summarize("ferry crossings", sentences=2, mode="quote", principal="reader")))) == 2
        assert len(set(_uris(kit.summarize("ferry crossings", documents=1, mode="quote", principal="reader")))) == 1


def test_nothing_on_the_topic_is_said_so(embedder: SentenceTransformerEmbedder) -> None:
    """With a reason, as for a question."""
    with _ferries(embedder, "") as kit:
        assert kit.summarize("quantum chromodynamics", mode="quote").reason == "no_relevant_passage"
        assert kit.summarize("ferries", mode="quote", filter="year == 1").reason == "filter_empty"
    with Ragkit.in_memory(embedder=embedder) as empty:
        assert empty.summarize("ferries", mode="quote").reason == "empty_index"
