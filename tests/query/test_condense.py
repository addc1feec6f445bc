"""Follow-up questions completed from the turn before, and questions that stand alone."""

from __future__ import annotations

import pytest

from ragkit.query.condense import Before, condense

MILL = ("The mill was built in 1740 by Ada Thornbury. It grinds ninety sacks a day.",)
PAIRS = (
    ("Who built the mill?", "When did she die?", "When did Ada Thornbury die?"),
    ("Who built the mill?", "When was it closed?", "When was the mill closed?"),
    ("Who built the mill?", "And when was it closed?", "And when was the mill closed?"),
    ("Who built the mill?", "When?", "When built the mill?"),
    ("Who built the mill?", "Why?", "Why built the mill?"),
    ("Who built the mill?", "What about the library?", "Who built the library?"),
    ("Who built the mill?", "And the library?", "Who built the library?"),
    ("Who built the mill?", "And the height?", "What is the height of the mill?"),
    ("Who built the mill?", "How much did it cost?", "How much did the mill cost?"),
    ("Who built the mill?", "What is its height?", "What is the mill’s height?"),
    ("Who built the mill?", "What was her profession?", "What was Ada Thornbury’s profession?"),
    ("Who built the mill?", "Tell me more.", "What else is known about the mill?"),
    ("When was the lighthouse built?", "Why?", "Why was the lighthouse built?"),
    ("When was the lighthouse built?", "By whom?", "By whom was the lighthouse built?"),
    ("When was the lighthouse built?", "And where?", "Where was the lighthouse built?"),
    ("When was the lighthouse built?", "How about the harbour office?", "When was the harbour office built?"),
    ("When was the lighthouse on Skerry Point built?", "Who lived there?", "Who lived in Skerry Point?"),
    ("How many people lived in Dunmore in 1901?", "And in 1912?", "How many people lived in Dunmore in 1912?"),
    ("How many people lived in Dunmore in 1901?", "In 1912?", "How many people lived in Dunmore in 1912?"),
    ("How many people lived in Dunmore?", "And in 1912?", "How many people lived in Dunmore in 1912?"),
    ("How many people lived in Dunmore?", "What about in Hallan?", "How many people lived in Hallan?"),
    ("What does the bakery charge on Mondays?", "And for members?", "What does the bakery charge on Mondays for members?"),
    ("When was Nikola Tesla born?", "Where did he study?", "Where did Nikola Tesla study?"),
    ("When was Nikola Tesla born?", "And Thomas Edison?", "When was Thomas Edison born?"),
    ("When was Nikola Tesla born?", "What did they call him?", "What did they call Nikola Tesla?"),
    ("Who owns the Hallan glacier?", "Why is that?", "Why is the Hallan glacier?"),
    ("What is the capital of Kenya?", "How many people live there?", "How many people live in Kenya?"),
    ("Why do the keepers leave the island?", "Where do they go?", "Where do the keepers go?"),
    ("Which loaves does the bakery sell?", "What do they cost?", "What do loaves cost?"),
    ("What is the deepest core?", "Where was that building opened?", "Where was that building (the deepest core) opened?"),
)
ALONE = (
    "When did Tesla move to New York and what did he do there?",
    "Who built the library?",
    "How long does it take to bake rye bread?",
    "Is it possible to order ten loaves?",
    "Why do plants need light when they grow?",
    "After he left the island, what did Tom Reid do?",
    "What is the name of the book that Darwin wrote?",
    "And when was the wheel replaced?",
    "Are there any exceptions to the rule?",
    "Was kostet das Brot?",
    "",
)


@pytest.mark.parametrize(("before", "asked", "meant"), PAIRS, ids=lambda text: text[:30])
def test_a_follow_up_is_completed(before: str, asked: str, meant: str) -> None:
    """Pronouns stand for what the turn before spoke of; what was left out is taken from its question."""
    assert condense(asked, Before(question=before, cited=MILL if "mill" in before else ())) == meant


@pytest.mark.parametrize("asked", ALONE)
def test_a_question_that_stands_alone_is_left(asked: str) -> None:
    """Whatever was asked before."""
    assert condense(asked, Before(question="Who built the mill?", cited=MILL)) == asked


def test_without_anything_to_stand_for_a_pronoun_is_left() -> None:
    """The rules do not guess where the turn before names nothing."""
    assert condense("When was it closed?", Before(question="Why?")) == "When was it closed?"
