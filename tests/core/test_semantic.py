"""The same question in other words: answered from memory where it is the same, and never where anything tells the two apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest

from ragkit import Ragkit, Settings
from ragkit.answer.semantic import cosine, meaning
from ragkit.models.embedder import SentenceTransformerEmbedder

QUESTION = "Who built the mill in 1871?"
SAME = [
    ("Who built the mill?", "who built the mill"),
    ("Who built the mill?", "Can you tell me who built the mill?"),
    ("Who built the mill?", "Who constructed the mill?"),
    ("When was the mill built?", "In which year was the mill built?"),
    ("When was the mill built?", "In what year was the mill constructed?"),
    ("Who built the mill in 1871?", "In 1871, who built the mill?"),
    ("What is the height of the tower?", "Please tell me what the height of the tower is."),
    ("When did the war start?", "When did the war begin?"),
    ("Who purchased the house?", "Who bought the house?"),
    ("Which doctor treated the king?", "Which physician treated the king?"),
]
DIFFERENT = [
    ("Who built the mill in 1871?", "Who built the mill in 1872?"),
    ("Who built the mill?", "When was the mill built?"),
    ("Who built the mill?", "Who did not build the mill?"),
    ("Who built the mill?", "Who built the lighthouse?"),
    ("Who builds the mill?", "Who built the mill?"),
    ("Who owns the mill?", "Who owned the mill?"),
    ("Who is the king?", "Who was the king?"),
    ("Who bought the house?", "Who sold the house?"),
    ("When did the war start?", "When did the war end?"),
    ("Who was the first keeper?", "Who was the last keeper?"),
    ("Who is the director?", "Who is the deputy director?"),
    ("Which men came on Monday?", "Which men came on Tuesday?"),
    ("Who wrote the letter to Tom?", "Who wrote the letter from Tom?"),
    ("How far is it from Rome to Pisa?", "How far is it from Pisa to Rome?"),
    ("Who hired Tom?", "Who did Tom hire?"),
    ("Is the mill older than the bakery?", "Is the bakery older than the mill?"),
    ("Is the mill open with a guide?", "Is the mill open without a guide?"),
    ("How much does it cost?", "How many does it cost?"),
    ("Which month was the mill built in?", "Which year was the mill built in?"),
    ("Where did Anna Reid live?", "Where did Tom Reid live?"),
    ("What is the minimum fee?", "What is the maximum fee?"),
    ("What is his name?", "What is her name?"),
]


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


def alike(embedder: SentenceTransformerEmbedder, *questions: str) -> float:
    """The cosine of two questions; -1 where they are not the same."""
    one, two = (meaning(q, lambda text: embedder.embed([text])[0], lambda text: embedder.embed_tokens([text])[0]) for q in questions)
    return -1.0 if one is None or two is None else cosine(one, two)


@pytest.mark.parametrize(("one", "two"), SAME)
def test_rewordings_are_the_same_question(embedder: SentenceTransformerEmbedder, one: str, two: str) -> None:
    """Either way round, at the threshold that the documentation recommends."""
    assert alike(embedder, one, two) == pytest.approx(alike(embedder, two, one), abs=1e-5)
    assert alike(embedder, one, two) >= 0.9


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_what_tells_two_questions_apart_counts(embedder: SentenceTransformerEmbedder, one: str, two: str) -> None:
    """However near their vectors are."""
    assert alike(embedder, one, two) == alike(embedder, two, one) == -1


def test_other_languages_and_long_texts_are_never_the_same(embedder: SentenceTransformerEmbedder) -> None:
    """The rules do not know their words."""
    assert alike(embedder, "Wer hat die alte Mühle gebaut?", "Wer hat die alte Mühle gebaut") == -1
    assert alike(embedder, "工厂是谁建的?", "工厂是谁建的") == -1
    assert alike(embedder, "", "") == -1
    assert alike(embedder, "Who built the mill? " * 30, "Who built the mill? " * 30) == -1


@pytest.fixture
def kit(embedder: SentenceTransformerEmbedder) -> Iterator[Ragkit]:
    """A store that keeps answers for other wordings."""
    settings = Settings().with_values(**{"answering.cache": 8, "answering.semantic_cache": 0.9})
    with Ragkit.in_memory(embedder=embedder, settings=settings) as made:
        text = "The mill was built in 1871 by Ada Thornbury. It was built anew in 1872 by Tom Reid."
        made.add_text(text, uri="mill", acl=["anna", "ben"])
        yield made


def test_a_rewording_is_answered_from_memory(kit: Ragkit) -> None:
    """With a note, and a record of its own that names the earlier question and its record; it verifies."""
    first = kit.ask(QUESTION, mode="quote", principal="anna")
    second = kit.ask("In 1871, who constructed the mill?", mode="quote", principal="anna")
    assert second.sentences == first.sentences
    assert second.question == "In 1871, who constructed the mill?"
    assert second.notes[-1] == f"this was answered before, as: {QUESTION}"
    record = kit.answer_record(second.record_id)
    assert (record["cached_from"], record["cached_question"]) == (first.record_id, QUESTION)
    assert 0.9 <= record["cosine"] <= 1
    assert kit.verify_answer(second.record_id).sound


def test_what_differs_is_asked_anew(kit: Ragkit) -> None:
    """Another year, another asker, another mode or filter, a chat, a changed store."""
    kit.ask(QUESTION, mode="quote", principal="anna")
    other, reworded = "Who built the mill in 1872?", "In 1871, who built the mill?"
    asked = [
        kit.ask(other, mode="quote", principal="anna"),
        kit.ask(reworded, mode="quote", principal="ben"),
        kit.ask(reworded, mode="quote"),
        kit.ask(reworded, mode="quote", principal="anna", filter="uri == 'mill'"),
        kit.ask(reworded, mode="quote", principal="anna", chat="one"),
    ]
    kit.add_text("The mill was sold.", uri="sale")
    asked.append(kit.ask(reworded, mode="quote", principal="anna"))
    assert not [answer for answer in asked if "cached_from" in kit.answer_record(answer.record_id)]


def test_by_default_only_the_same_words_count(embedder: SentenceTransformerEmbedder) -> None:
    """A cache alone keeps the very question."""
    with Ragkit.in_memory(embedder=embedder, settings=Settings().with_values(**{"answering.cache": 8})) as kit:
        kit.add_text("The mill was built in 1871 by Ada Thornbury.", uri="mill")
        kit.ask(QUESTION, mode="quote")
        assert "cached_from" not in kit.answer_record(kit.ask("In 1871, who built the mill?", mode="quote").record_id)


def test_no_two_of_many_questions_are_the_same(embedder: SentenceTransformerEmbedder) -> None:
    """Of all different questions of this file, but for one pair that is a rewording."""
    questions = list(dict.fromkeys(question for pair in DIFFERENT for question in pair))
    made = [meaning(q, lambda text: embedder.embed([text])[0], lambda text: embedder.embed_tokens([text])[0]) for q in questions]
    pairs = [(one, two) for one, two in combinations(made, 2) if one is not None and two is not None]
    assert [(one.question, two.question) for one, two in pairs if cosine(one, two) >= 0.9] == [
        ("When was the mill built?", "Which year was the mill built in?")
    ]
