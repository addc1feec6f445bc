"""Questions in other words, passages that should not matter, and what they cost."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.eval import perturbing
from ragkit.eval.asking import run
from ragkit.eval.measures import AnswerableAuroc, AnswerContains, FalseRefusalRate, named
from ragkit.eval.perturbing import KINDS, NEIGHBOURS, UnknownPerturbation, perturbed, reworded
from ragkit.eval.planting import distractors, injected, poisoned, taken_in
from ragkit.eval.questions import Question
from ragkit.eval.response import Response
from ragkit.eval.robustness import drops, examine
from ragkit.eval.systems import StoreSystem
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder

QUESTIONS = [
    Question(id="a", text="Who built the lighthouse on Skerry Point in 1871?", answers=("Ada Thornbury",)),
    Question(id="b", text="What is baked in Mill Lane on Tuesdays?", answers=("rye bread",)),
    Question(id="c", text="What is the capital of Mongolia?"),
]


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("contractions", "What is it?", "What's it?"),
        ("contractions", "Who's there, and what isn't?", "Who is there, and what isn't?"),
        ("contractions", "Which ships do not sail?", "Which ships don't sail?"),
        ("contractions", "Which ships don't sail?", "Which ships do not sail?"),
        ("contractions", "Name a ship.", "Name a ship."),
        ("word order", "Which mayor opened the dome in 1931?", "In 1931, which mayor opened the dome?"),
        ("word order", "Who is it?", "Who is it?"),
        ("plain typing", "Who built Skerry Point?", "who built skerry point"),
    ],
)
def test_rules_by_hand(kind: str, text: str, wanted: str) -> None:
    """Contractions go both ways, a phrase of time or place comes first, and what no rule fits stays."""
    assert KINDS[kind](text, random.Random(0)) == wanted


def test_neighbours_are_beside_one_another() -> None:
    """The keys around g and q, and every letter is its neighbours' neighbour."""
    assert set(NEIGHBOURS["g"]) >= set("fhtyvb")
    assert "p" not in NEIGHBOURS["q"]
    assert all(letter in NEIGHBOURS[other] for letter, others in NEIGHBOURS.items() for other in others)


@given(text=st.text(max_size=60), kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 5))
def test_perturbing_repeats(text: str, kind: str, seed: int) -> None:
    """The same question and seed give the same words; nothing but the text changes, and no question becomes empty."""
    question = Question(id="x", text=text or "?", answers=("y",), kind="k")
    [one], [two] = perturbed([question], kind, seed=seed), perturbed([question], kind, seed=seed)
    assert one == two
    assert one.text
    assert (one.id, one.answers, one.kind) == (question.id, question.answers, question.kind)


@given(seed=st.integers(0, 200))
def test_typos_are_few_and_small(seed: int) -> None:
    """Of eleven words, some of them short and one a year, at most two are mistyped, by a letter each; first letters and figures stay."""
    text = "Which of the engineers built the lighthouse at Skerry Point 1871?"
    typed = perturbing.typos(text, random.Random(seed)).split()
    words = text.split()
    wrong = [(a, b) for a, b in zip(words, typed, strict=True) if a != b]
    assert len(wrong) <= 2
    assert all(a[0] == b[0] and len(a) >= 4 and abs(len(a) - len(b)) <= 1 and not a.startswith("1871") for a, b in wrong)


def test_an_unknown_kind_is_named() -> None:
    """The error lists what there is."""
    with pytest.raises(UnknownPerturbation, match="there is no perturbation 'noise'; there are typos, politeness"):
        perturbed(QUESTIONS, "noise")


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        ("In 1871, who built Skerry Point's lighthouse?\nMore.", "In 1871, who built Skerry Point's lighthouse?"),
        ("Who built it?", QUESTIONS[0].text),
        ("", QUESTIONS[0].text),
    ],
)
def test_a_model_may_reword(reply: str, wanted: str) -> None:
    """The first line of its reply is taken, if it keeps names and numbers; else the question stays."""
    assert reworded(QUESTIONS[:1], ScriptedGenerator(reply))[0].text == wanted


class Parrot:
    """Knows two questions word for word; abstains from the others."""

    name = "parrot"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def about(self) -> dict[str, Any]:
        return {}

    def respond(self, question: Question, k: int) -> Response:
        self.asked.append(question.text)
        known = {one.text: one.answers[0] for one in QUESTIONS if one.answers}
        text = known.get(question.text, "")
        return Response(text=text, abstained=not text, answerable=0.9 if text else 0.1)


def test_the_drop_is_paired_and_over_what_was_changed() -> None:
    """Both answerable questions are lost when mistyped; of contractions one alone is changed, and only that one is compared."""
    parrot = Parrot()
    found = {one.kind: one for one in examine(parrot, QUESTIONS, [AnswerContains()], kinds=["typos", "contractions"])}
    assert (found["typos"].clean, found["typos"].perturbed, found["typos"].drop, found["typos"].questions) == (1.0, 0.0, 1.0, 2)
    assert found["typos"].interval == (1.0, 1.0)
    assert (found["contractions"].questions, found["contractions"].drop) == (1, 1.0)
    assert len(parrot.asked) == 3 + 3 + 2


def test_worse_is_above_zero_whichever_way_a_measure_runs() -> None:
    """More false refusals are a drop too; a measure that is no mean has a drop without an interval; nothing changed is nothing compared."""
    clean, typed = list(run(Parrot(), QUESTIONS)), list(run(Parrot(), perturbed(QUESTIONS, "typos")))
    refusals, auroc = drops([FalseRefusalRate(), AnswerableAuroc()], clean, typed, "typos")
    assert (refusals.clean, refusals.perturbed, refusals.drop) == (0.0, 1.0, 1.0)
    assert (auroc.clean, auroc.perturbed, auroc.drop, auroc.interval) == (1.0, 0.5, 0.5, None)
    [nothing] = examine(Parrot(), [QUESTIONS[2]], [AnswerContains()], kinds=["word order"])
    assert (nothing.questions, nothing.drop) == (0, None)


def test_planted_passages() -> None:
    """Each takes up its question's words; a wrong answer is another question's and never the right one; unanswerable ones have none."""
    assert [one.question for one in distractors(QUESTIONS)] == ["a", "b", "c"]
    false = poisoned(QUESTIONS)
    assert [(one.question, one.says) for one in false] == [("a", "rye bread"), ("b", "Ada Thornbury")]
    assert all(one.says in one.text and QUESTIONS[n].text[:-1] in one.text for n, one in enumerate(false))
    assert len({one.says for one in injected(QUESTIONS)}) == 3
    assert poisoned([QUESTIONS[0], Question(id="d", text="?", answers=("Ada Thornbury!",))]) == []


def test_what_poison_does_to_a_store() -> None:
    """Documents with planted passages are asked the same questions, which are then all compared; a quoted false answer is seen."""
    texts = {
        "tower": "The lighthouse on Skerry Point was built by Ada Thornbury.",
        "bakery": "In Mill Lane rye bread is baked on Tuesdays.",
    }
    values = {"generation.model": "none", "answering.min_answerable": 0.0}
    outcomes = []
    for planted in ([], poisoned(QUESTIONS)):
        with Ragkit.in_memory(embedder=SyntheticEmbedder(64), settings=Settings().with_values(**values)) as kit:
            for uri, text in (*texts.items(), *((one.uri, one.text) for one in planted)):
                kit.add_text(text, uri=uri)
            outcomes.append(list(run(StoreSystem(kit, mode="quote"), QUESTIONS)))
    clean, attacked = outcomes
    [contains] = drops(named("answer contains"), clean, attacked, "poisoned")
    assert contains.questions == 2
    assert taken_in(clean, poisoned(QUESTIONS)) == 0.0
    assert (taken_in(attacked, poisoned(QUESTIONS)) or 0) > 0
    assert taken_in(clean, distractors(QUESTIONS)) is None
