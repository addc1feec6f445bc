"""A synthetic set from a small store with the real models: checked, repeatable, and readable as a question file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ragkit import Ragkit, load_settings
from ragkit.cli import main
from ragkit.eval.gold import find_quote
from ragkit.eval.measures import contains
from ragkit.eval.questions import read_questions
from ragkit.eval.synth import CHECKING, synthesize

TEXTS = {
    "tower.md": (
        "# The lighthouse\n\nThe lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury. The tower has 212 steps. "
        "Its lamp burned oil for the first forty years.\n\n## Visiting\n\nThe lamp room is shut at 18:30. Nobody may climb in a storm.\n"
    ),
    "bakery.md": (
        "# The bakery\n\nThe bakery in Mill Lane has three ovens. The oldest oven was bought in 1790 from a monastery. "
        "Every loaf costs £3.\n\n## Flour\n\nThe flour comes from two farms in the valley. It is ground at the mill by the river.\n"
    ),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store of the two texts."""
    documents, store = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("store")
    for name, text in TEXTS.items():
        (documents / name).write_text(text, "utf-8")
    with Ragkit.open(store) as kit:
        kit.ingest(documents)
    return store


@pytest.fixture(scope="module")
def kit(store: Path) -> Iterator[Ragkit]:
    """The store, opened to check questions; no language model is loaded."""
    with Ragkit.open(store, settings=load_settings(environ={}, values={"generation.model": "none", **CHECKING})) as kit:
        yield kit


def test_every_question_is_answered_by_its_passage(kit: Ragkit) -> None:
    """Each quote stands in the document and holds an answer; what is unanswerable says so; drafts are accounted for."""
    made = synthesize(kit, share=0.3)
    assert {"When was the lighthouse on Skerry Point built?", "How many steps does the tower have?"} <= {q.text for q in made.questions}
    assert len({question.id for question in made.questions}) == len(made.questions)
    for question in made.questions:
        if question.kind == "near-miss":
            assert (question.answers, question.relevant) == ((), ())
            continue
        (place,) = question.relevant
        assert place.quote is not None
        assert find_quote(kit.text(next(d.uri for d in kit.documents() if d.uri.endswith(place.uri))), place.quote)
        assert contains(place.quote, question.answers)
    answerable = sum(question.answerable for question in made.questions)
    assert answerable + sum(made.dropped.values()) == sum(made.drafts.values())
    assert 0 < made.kinds["near-miss"] <= round(answerable * 0.3 / 0.7)


def test_the_seed_decides(kit: Ragkit) -> None:
    """The same seed gives the same questions in the same order; a few are some of the many; another seed draws others."""
    first, again, other = (synthesize(kit, n=5, seed=seed, share=0).questions for seed in (1, 1, 3))
    assert first == again
    assert len(first) == 5
    assert {question.id for question in first} != {question.id for question in other}


class Writer:
    """A model that replies by a word of the passage; where it knows none of them, it breaks off."""

    id, sha256 = "writer", ""

    def __init__(self, replies: Mapping[str, str]) -> None:
        self._replies = replies

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        yield next((reply for word, reply in self._replies.items() if word in user), "{")


def test_a_model_writes(kit: Ragkit) -> None:
    """A question whose answer stands in the passage is taken; an invented answer, and a reply that is none, are counted."""
    good = json.dumps({"question": "Which engineer built the lighthouse on Skerry Point?", "answer": "Ada Thornbury"})
    invented = json.dumps({"question": "Who bakes the loaves of Mill Lane?", "answer": "Josef Wren"})
    made = synthesize(kit, share=0, generator=Writer({"bakery": invented, "lighthouse": good}))
    assert [question.answers for question in made.questions if question.kind == "written"] == [("Ada Thornbury",)]
    assert made.dropped["the model's answer does not stand in the passage"] == 1
    assert synthesize(kit, share=0, generator=Writer({})).dropped["the model's reply is not what was asked for"] == 2


def test_the_command(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It writes a question file and says what is in it; a model that is not there is an error with the way out."""
    file = tmp_path / "q.jsonl"
    assert main(["--store", str(store), "eval", "synth", "--to", str(file), "-n", "4", "--set", "generation.model=none"]) == 0
    assert "questions in" in capsys.readouterr().err
    assert 0 < len(read_questions(file)) <= 4
    assert main(["--store", str(store), "eval", "synth", "--model", "none"]) == 2
    assert "there is no model; name one" in capsys.readouterr().err
