"""Documents that contradict each other: both sides are shown, and ragkit takes none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.answer.conflicts import contrary
from ragkit.models.embedder import SentenceTransformerEmbedder

CLOSED = "When did the mill of Dunmore close?"
#: Question, two sentences that contradict each other.
CONTRARY = [
    (CLOSED, "The mill of Dunmore closed in 1912.", "The mill of Dunmore closed in 1921."),
    (CLOSED, "The mill of Dunmore closed in 1912 after a fire.", "The mill of Dunmore closed in 1921."),
    (CLOSED, "The mill of Dunmore closed on 4 May 1912.", "The mill of Dunmore closed on 9 May 1912."),
    ("Who built the mill of Dunmore?", "The mill of Dunmore was built by Ada Thornbury.", "The mill of Dunmore was built by Tom Reid."),
    ("How tall is the lighthouse of Skerry?", "The lighthouse of Skerry is 34 metres tall.", "The lighthouse of Skerry is 43 metres tall."),
    ("Did the mill of Dunmore close?", "The mill of Dunmore did not close in 1912.", "The mill of Dunmore closed in 1912."),
]
#: ... and two that may both be true.
AGREEING = [
    (CLOSED, "The mill of Dunmore closed on 4 May 1912.", "The mill of Dunmore closed in 1912."),
    (CLOSED, "The north mill of Dunmore closed in 1912.", "The south mill of Dunmore closed in 1921."),
    (CLOSED, "The mill of Dunmore closed in 1912.", "The mill of Carrick closed in 1921."),
    ("Who lives in the mill of Dunmore?", "In the mill of Dunmore lives Ada Thornbury.", "In the mill of Dunmore lives Tom Reid."),
    ("How tall is the lighthouse?", "The lighthouse of Skerry is about 34 metres tall.", "The lighthouse of Skerry is 9 metres tall."),
    ("How many people had Dunmore?", "In 1901 the town of Dunmore had 500 people.", "In 1911 the town of Dunmore had 700 people."),
    ("What was built in 1912 in Dunmore?", "The mill of Dunmore was built in 1912.", "The mill of Dunmore was built in 1921."),
    (CLOSED, "It closed in 1912.", "It closed in 1921."),
]


@pytest.mark.parametrize(("question", "one", "other"), CONTRARY)
def test_contraries(question: str, one: str, other: str) -> None:
    """Another number, date or name in the same place, or a negation, either way round."""
    assert contrary(question, one, other)
    assert contrary(question, other, one)


@pytest.mark.parametrize(("question", "one", "other"), AGREEING)
def test_what_may_both_be_true(question: str, one: str, other: str) -> None:
    """Other things, other times, a less exact date, a guess, several people, what the question itself says, too little in common."""
    assert not contrary(question, one, other)
    assert not contrary(question, other, one)


WORDS = st.lists(st.sampled_from("the The mill not of Dunmore Ada closed in 1912 1921 4 May tall metres never and".split()), max_size=9)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(WORDS, WORDS)
def test_symmetry(one: list[str], other: list[str]) -> None:
    """A sentence contradicts another one as that does it, and none contradicts itself."""
    first, second = " ".join(one), " ".join(other)
    for question in (CLOSED, "Who closed it?", "Did it close?"):
        assert contrary(question, first, second) == contrary(question, second, first)
        assert not contrary(question, first, first)


@pytest.fixture
def kit(embedder: SentenceTransformerEmbedder) -> Ragkit:
    """Two guides that disagree, and one that is of something else."""
    kit = Ragkit.in_memory(embedder=embedder)
    kit.add_text("The guide. The mill of Dunmore closed in 1912. Its wheel is lost.", uri="guide", title="Guide")
    kit.add_text("Old mills. The mill of Dunmore closed in 1921 after a fire. Nobody was hurt.", uri="mills", title="Mills")
    kit.add_text("The glacier lost eleven metres of length a year.", uri="ice", title="Ice")
    return kit


@pytest.mark.parametrize("mode", ["quote", "auto"])
def test_both_sides_are_shown(kit: Ragkit, mode: str, tmp_path: Path) -> None:
    """No answer, but the two passages with their citations; the record verifies, as does its export, and a replay finds the same."""
    with kit:
        answer = kit.ask(CLOSED, mode=mode)  # type: ignore[arg-type]
        assert (answer.abstained, answer.reason, answer.text) == (True, "contradictory_sources", "")
        assert {s.text for s in answer.sentences} == {
            "The mill of Dunmore closed in 1912.", "The mill of Dunmore closed in 1921 after a fire."
        }  # fmt: skip
        for sentence in answer.sentences:
            [citation] = sentence.citations
            assert kit.text(citation.uri, citation.start_char_index, citation.end_char_index) == citation.cited_text == sentence.text
        assert kit.verify_answer(answer.record_id).sound
        assert kit.replay(answer.record_id).same
        for form in ("json", "markdown", "html"):
            file = tmp_path / f"answer.{form}"
            file.write_text(kit.export_answer(answer.record_id, form), "utf-8")  # type: ignore[arg-type]
            assert kit.verify_export(file).sound
        assert "contradict each other" in kit.export_answer(answer.record_id, "markdown")


def test_a_filter_settles_it(kit: Ragkit) -> None:
    """Who reads one side only gets its answer."""
    with kit:
        answer = kit.ask(CLOSED, mode="quote", filter="title == 'Guide'")
        assert not answer.abstained
        assert answer.text.startswith("The mill of Dunmore closed in 1912.")
