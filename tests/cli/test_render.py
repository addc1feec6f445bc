"""Answers as a person reads them."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ragkit.cli import render
from ragkit.cli.output import Output, visible
from ragkit.records import Answer, Citation, Hit, Sentence, StreamEvent, Verdict


def citation(start: int, **more: Any) -> Citation:
    """A citation of a made-up document."""
    fields: dict[str, Any] = {"cited_text": "the cited words", "uri": "a.md", "document_title": "A", "document_version": 1}
    return Citation(**fields, document_index=0, start_char_index=start, end_char_index=start + 15, **more)


def answer(*sentences: Sentence, **more: Any) -> Answer:
    """An answer of these sentences."""
    fields: dict[str, Any] = {"record_id": "r1", "question": "q", "abstained": False, "reason": None, "answerable": 0.9, "text": ""}
    return Answer(**{**fields, **more}, sentences=sentences, timings={"retrieve_s": 0.1, "total_s": 1.25})


def shown(events: list[StreamEvent]) -> str:
    """What reaches standard output for these events."""
    stream = io.StringIO()
    render.streamed(Output(stream=stream), iter(events))
    return stream.getvalue()


def test_sentences_come_with_numbers_that_the_list_explains() -> None:
    """The same passage keeps its number; the list gives title, place and quote once each."""
    paged = citation(40, start_page_number=3, end_page_number=3)
    one = Sentence(text="First.", status="verified", support=0.9, citations=(citation(0), paged))
    two = Sentence(text="the cited words", status="quoted", support=1.0, citations=(citation(0),))
    events = [StreamEvent(kind="sentence", sentence=s) for s in (one, two)] + [StreamEvent(kind="answer", answer=answer(one, two))]
    assert shown(events).splitlines() == [
        "First. [1] [2]",
        "“the cited words” [1]",
        "",
        "[1] A, characters 0:15",
        "    a.md",
        "    “the cited words”",
        "[2] A, page 3, characters 40:55",
        "    a.md",
        "    “the cited words”",
        "",
    ]


def test_an_answer_without_streamed_sentences_is_shown_whole() -> None:
    """A stream that brings only the answer shows the same."""
    sentence = Sentence(text="Only.", status="verified", support=0.9, citations=(citation(0),))
    assert shown([StreamEvent(kind="answer", answer=answer(sentence))]).startswith("Only. [1]\n\n[1] A")


def test_unverified_sentences_are_not_shown() -> None:
    """A sentence that failed the check stays in the record."""
    sentence = Sentence(text="Invented.", status="unverified", support=0.1)
    events = [StreamEvent(kind="sentence", sentence=sentence), StreamEvent(kind="answer", answer=answer(sentence))]
    assert "Invented" not in shown(events)


@pytest.mark.parametrize("reason", ["empty_index", "filter_empty", "no_relevant_passage", "not_supported"])
def test_abstention_says_why_in_words(reason: Any) -> None:
    """Every reason has its words."""
    text = shown([StreamEvent(kind="answer", answer=answer(abstained=True, reason=reason))])
    assert text == f"The documents do not answer this: {render.REASONS[reason]}.\n"


def test_unchecked_tokens_are_never_shown() -> None:
    """What the generator writes is shown when it has been checked, not before."""
    assert shown([StreamEvent(kind="token", text="perhaps")]) == ""


def test_pages_and_places_in_words() -> None:
    """A citation over two pages says both; one without pages says its place."""
    assert render.place(citation(0, start_page_number=3, end_page_number=4)) == "pages 3–4, characters 0:15"
    assert render.place(citation(0, place="paragraph 2")) == "paragraph 2, characters 0:15"


def test_a_terminal_cannot_be_steered() -> None:
    """Escape sequences, carriage returns and direction overrides in a document's words do not reach the terminal."""
    assert visible("a\x1b[2Jb\rc\u202ed\x9b\te\u00a0f") == "a\ufffd[2Jb\ufffdc\ufffdd\ufffd\te\u00a0f"
    hit = Hit(rank=1, score=0.5, uri="u\x1b", document_id=1, title="t\x07", start_char_index=0, end_char_index=1, text="x\x1b]0;y")
    assert not {"\x1b", "\x07"} & set("".join(render.hits([hit])))


def test_verdict_in_words() -> None:
    """Support, what backs the claim, and the words that nothing backs."""
    text = render.verdict("Cats fly.", Verdict(support=0.25, contradiction=0.5, supporting=(1,), unsupported_spans=((5, 8),)))
    assert text.splitlines() == ["support 0.25, contradiction 0.50", "supported by: 2", "not backed: 'fly'"]
