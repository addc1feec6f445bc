"""Questions that ask of two things, taken apart."""

from __future__ import annotations

import pytest

from ragkit.query.parts import parts


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
