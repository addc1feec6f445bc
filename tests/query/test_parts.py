"""Questions that ask of two things, taken apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragkit import Ragkit
from ragkit.query.parts import parts

MakeKit = Callable[..., Ragkit]


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Did both Tesla and Edison live in New York?", ("Did Tesla live in New York?", "Did Edison live in New York?")),
        ("When was the mill built and who owns it?", ("When was the mill built?", "Who owns the mill?")),
        ("What is the difference between rye bread and wheat bread?", ("rye bread", "wheat bread")),
        ("Compare the mill with the lighthouse.", ("the mill", "the lighthouse")),
        ("Which is older, the mill or the lighthouse?", ("Which is older: the mill?", "Which is older: the lighthouse?")),
        (
            "How much does the bakery charge compared with the mill?",
            ("How much does the bakery charge?", "How much does the mill charge?"),
        ),
        ("Who built the mill?", ()),
        ("What do bread and butter cost?", ()),
        ("Which loaves are baked on Tuesdays and Fridays?", ()),
        ("", ()),
    ],
)
def test_a_question_is_taken_apart_where_it_asks_of_two_things(question: str, asked: tuple[str, ...]) -> None:
    """And only there; the second part has what its pronouns stand for."""
    assert parts(question) == asked


def test_each_part_has_evidence(make_kit: MakeKit) -> None:
    """What one part asks is quoted beside what the other does; the question as a whole has the better part's evidence alone."""
    question = "Who was the last keeper of the lighthouse and how many metres did the Hallan glacier lose?"
    for way, found in (("parts", {"lighthouse", "glacier"}), ("one", None)):
        answer = make_kit(answering__queries=way).ask(question, mode="quote")
        uris = [one.uri for one in answer.evidence]
        assert [one.id for one in answer.evidence] == list(range(1, len(uris) + 1))
        assert len({(one.uri, one.start_char_index) for one in answer.evidence}) == len(uris)
        if found is not None:
            assert {sentence.citations[0].uri for sentence in answer.sentences[:2]} == found
            assert "Tom Reid" in answer.text
            assert "eleven metres" in answer.text
