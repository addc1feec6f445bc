"""Questions from statements, tables and headings by rule; what is in doubt makes none; near-misses are in no document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.eval.synth import blocks
from ragkit.eval.synth.base import Draft, Sentence
from ragkit.eval.synth.misses import misses
from ragkit.eval.synth.names import common_words, persons_of
from ragkit.eval.synth.sieve import Passages, sifted
from ragkit.eval.synth.statements import drafts
from ragkit.eval.synth.verbs import asked_with
from ragkit.records import Block, Document, Parsed
from ragkit.testing.fakes import SyntheticEmbedder

COMMON = frozenset("the a every members volunteers tickets".split())
PERSONS = frozenset(["Ada Thornbury", "Josef Corvane"])


def sentence(text: str, uri: str = "a.txt", start: int = 0) -> Sentence:
    return Sentence(uri=uri, title="A", text=text, start=start, end=start + len(text))


def asked(text: str) -> dict[str, tuple[str, ...]]:
    return {draft.question: draft.answers for draft in drafts(sentence(text), common=COMMON, persons=PERSONS)}


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("The lens was ground in 1894 by Josef Corvane.", "When was the lens ground?", "1894"),
        ("The lens was ground in 1894 by Josef Corvane.", "By whom was the lens ground in 1894?", "Josef Corvane"),
        ("Every volunteer begins with six shadow shifts.", "With how many shadow shifts does every volunteer begin?", "6 shadow shifts"),
        ("The library has about 2,300 books and 41 journals.", "How many books does the library have?", "2,300 books"),
        ("A school visit needs three people, and one of them a guide.", "How many people does a school visit need?", "three people"),
        ("Volunteers gave 5,120 hours.", "How many hours did volunteers give?", "5,120 hours"),
        ("The land cost £310.", "How much did the land cost?", "£310"),
        ("Ada Thornbury gave a talk about Saturn, and it rained.", "Who gave a talk about Saturn?", "Ada Thornbury"),
        ("Sixty tickets are sold for each public night.", "How many tickets are sold for each public night?", "Sixty tickets"),
        ("The shutter motor stopped at 21:25 with the shutter half open.", "At what time did the shutter motor stop?", "21:25"),
        ("For three years the lens lay in a drawer.", "For how many years did the lens lie in a drawer?", "three years"),
        ("A lost set must be reported within two hours.", "Within how many hours must a lost set be reported?", "two hours"),
        ("The mirror is 610 millimetres across.", "How many millimetres across is the mirror?", "610 millimetres"),
        ("The landing place is the lower car park.", "What is the landing place?", "the lower car park"),
    ],
)
def test_statements(text: str, question: str, answer: str) -> None:
    """The words move, the verb takes its plain form beside "do", the number is asked for with its thing."""
    assert answer in asked(text)[question]


@pytest.mark.parametrize(
    "text",
    [
        "It was ground in 1894.",
        "The lens was not ground in 1894.",
        "This lens was ground in 1894.",
        "The comet found by Ada Thornbury on 3 November could not be confirmed.",
        "Was the lens ground in 1894?",
        "He said that the lens was ground in 1894.",
        "The lens, which her uncle ground in 1894, was sold.",
        "Many visitors came in 1931.",
        "The library opens early.",
        "The members may book two days earlier.",
        "Ground in 1894",
    ],
)
def test_what_is_in_doubt_makes_no_question(text: str) -> None:
    """Pronouns, negations, participles that look like verbs, questions, and sentences without a value."""
    assert asked(text) == {}


def test_plain_forms() -> None:
    """Regular and irregular verbs, and words that are none."""
    assert [asked_with(word) for word in ("carries", "stopped", "replied", "cost", "goes", "tower")] == [
        ("does", "carry"), ("did", "stop"), ("did", "reply"), ("did", "cost"), ("does", "go"), None,
    ]  # fmt: skip


def document(text: str, *spans: tuple[str, str]) -> Document:
    """A document whose blocks are the given parts of its text."""
    made = tuple(
        Block(kind=kind, start=text.index(part), end=text.index(part) + len(part), level=1)  # type: ignore[arg-type]
        for kind, part in spans
    )
    return Document(uri="a.md", sha256="", token="", media_type="", title="Rules", parsed=Parsed(text=text, blocks=made))


def test_tables_and_headings() -> None:
    """A cell by its row and column; a section by its heading, or by the question that the heading is."""
    table = "Condition | Old | New\nWind | 55 km/h | 45 km/h\nSnow | Close | Close"
    text = f"{table}\n\nHow much wind?\n\nThe domes are closed at once. Nobody walks down the hill."
    parts = document(text, ("table", table), ("heading", "How much wind?"), ("paragraph", text[text.index("The domes") :]))
    cells = {draft.question: draft.answers for draft in blocks.of_tables(parts)}
    assert cells == {
        "In “Rules”, what stands under “Old” for “Wind”?": ("55 km/h",),
        "In “Rules”, what stands under “New” for “Wind”?": ("45 km/h",),
    }
    (heading,) = blocks.of_headings(parts)
    assert (heading.question, heading.answers) == ("How much wind?", ("The domes are closed at once.", "Nobody walks down the hill."))


def test_blanks() -> None:
    """One number in a sentence of some length; with two, or without enough words around it, none."""
    (draft,) = blocks.cloze(sentence("If the alarm sounds by mistake you have ninety seconds to cancel it."))
    assert draft.question == "Which number completes “If the alarm sounds by mistake you have … seconds to cancel it”?"
    assert draft.answers == ("ninety",)
    assert list(blocks.cloze(sentence("Between 12 and 14 pupils may climb the old stair at one time."))) == []
    assert list(blocks.cloze(sentence("It was then 12."))) == []


def test_names() -> None:
    """A person is known by a trade or a pronoun; what has an article is a thing; small letters show common words."""
    text = (
        "The archivist, Ada Thornbury, came. Josef Corvane, who lived here, used the Little Hand. Little Hand, who knows. So the archivist."
    )
    found = [document(text, ("paragraph", text))]
    assert persons_of(found) == {"Ada Thornbury", "Josef Corvane"}
    assert {"archivist", "came"} <= common_words(found)
    assert "josef" not in common_words(found)


def draft(question: str, answer: str, start: int = 0, **more: str) -> Draft:
    return Draft(question=question, answers=(answer,), kind="date", uri="a.txt", start=start, end=start + 5, statement="", **more)  # type: ignore[arg-type]


def test_the_sieve() -> None:
    """The same question twice is kept once, with two answers not at all; one that another sentence might answer is dropped."""
    other = Passages([sentence("The dome was opened again in 1950.", "b.txt")])
    kept, dropped = sifted([draft("When was the lens ground?", "1894"), draft("When was the lens ground?", "1894", 9)], Passages([]))
    assert ([one.start for one in kept], sum(dropped.values())) == ([0], 1)
    assert sifted([draft("When was the lens ground?", "1894"), draft("When was the lens ground?", "1895", 9)], Passages([]))[0] == []
    assert sifted([draft("When was the dome opened?", "1931")], other)[0] == []
    assert len(sifted([draft("When was the dome opened?", "1950", 9)], other)[0]) == 1


WORDS = st.lists(st.sampled_from("dome lens ferry bread tower mirror clock star gate".split()), min_size=3, max_size=7, unique=True)


@given(st.lists(WORDS, max_size=12))
def test_no_two_kept_questions_are_nearly_the_same(questions: list[list[str]]) -> None:
    """Whatever is drawn: of any two that are kept fewer than four fifths of the words are common."""
    kept, _ = sifted([draft(" ".join(words), "1894", n) for n, words in enumerate(questions)], Passages([]))
    sets = [set(one.question.split()) for one in kept]
    assert all(len(a & b) < 0.8 * len(a | b) for n, a in enumerate(sets) for b in sets[:n])
    assert bool(kept) == bool(questions)


def test_near_misses_stand_nowhere() -> None:
    """Another year, or a like subject of the right number; never one that a sentence, or its neighbours, might answer."""
    texts = [
        "The dome was built in 1931.",
        "The lens was ground in 1894.",
        "The tower was painted in 1901.",
        "The tower was built in 1871.",
    ]
    sentences = [sentence(text, f"{n}.txt") for n, text in enumerate(texts)]
    made = [one for text in sentences for one in drafts(text, common=COMMON, persons=PERSONS)]
    found = list(misses(made, Passages(sentences), _Alike(), PERSONS))
    assert found
    assert all(not one.answers for one in found)
    questions = {one.question for one in found}
    assert not questions & {one.question for one in made}
    assert "When was the tower built?" not in questions


class _Alike(SyntheticEmbedder):
    """Every text is like every other."""

    def embed(self, texts: object) -> object:  # type: ignore[override]
        import numpy as np

        return np.ones((len(list(texts)), 1), dtype=np.float32)  # type: ignore[call-overload]


@pytest.fixture
def empty() -> Iterator[Ragkit]:
    with Ragkit.in_memory(embedder=SyntheticEmbedder()) as kit:
        yield kit


def test_an_empty_store_gives_an_empty_set(empty: Ragkit) -> None:
    """No document, no question, no fault."""
    from ragkit.eval.synth import synthesize

    assert synthesize(empty).questions == ()
