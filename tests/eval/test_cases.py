"""Feedback becomes a question file that ``ragkit eval`` reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragkit import Ragkit, Settings
from ragkit.cli import main
from ragkit.eval.questions import Relevant, parse_questions, read_questions
from ragkit.testing import SyntheticEmbedder


def opened(path: Path, **values: object) -> Ragkit:
    given = {"generation.model": "none", "answering.sentences": 1, **values}
    return Ragkit.open(path, settings=Settings().with_values(**given), embedder=SyntheticEmbedder(64))


def test_feedback_becomes_cases(tmp_path: Path) -> None:
    """A right answer is its own case, a corrected one the correction's; a wrong one without correction makes none."""
    with opened(tmp_path / "store", **{"answering.min_answerable": 0.0}) as kit:
        kit.add_text("The mill was built in 1740. It grinds ninety sacks a day.", uri="mill")
        right = kit.ask("When was the mill built?").record_id
        corrected = kit.ask("How many sacks does the mill grind a day?").record_id
        nothing = kit.ask("Who sold the mill?").record_id
        wrong = kit.ask("Where is the mill?").record_id
        kit.feedback(right, "up")
        kit.feedback(corrected, "down", answer=" ninety \n sacks ")
        kit.feedback(nothing, "down", answer="")
        kit.feedback(wrong, "down", comment="It does not say.")
        made, wanting = kit.cases()
    assert wanting == [wrong]
    lines = [json.dumps(case.to_line()) for case in made]
    found = {question.id: question for question in parse_questions(lines)}
    assert set(found) == {right, corrected, nothing}
    assert found[right].answers == ("The mill was built in 1740.",)
    assert found[right].relevant == (Relevant(uri="mill", quote="The mill was built in 1740."),)
    assert found[corrected].answers == ("ninety sacks",)
    assert found[corrected].relevant == (Relevant(uri="mill", quote="It grinds ninety sacks a day."),)
    assert not found[nothing].answerable


def test_an_abstention_that_was_right_is_a_case_of_its_own(tmp_path: Path) -> None:
    """The documents do not answer the question: evaluation wants an abstention."""
    with opened(tmp_path / "store", **{"answering.min_answerable": 1.0}) as kit:
        kit.add_text("The mill was built in 1740.", uri="mill")
        kit.feedback(kit.ask("Who sold the mill?").record_id, "up")
        [made], wanting = kit.cases()
    assert (made.answers, made.relevant, wanting) == ((), (), [])
    assert not parse_questions([json.dumps(made.to_line())])[0].answerable


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_the_command_writes_the_file(tmp_path: Path, extra: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """``ragkit feedback`` and ``ragkit cases`` make a file that evaluation reads."""
    with opened(tmp_path / "store", **{"answering.min_answerable": 0.0}) as kit:
        kit.add_text("The mill was built in 1740.", uri="mill")
        asked = kit.ask("When was the mill built?").record_id
    store = ["--store", str(tmp_path / "store")]
    assert main(["feedback", asked, "--down", "--answer", "1740", "--comment", "Too long.", *store, *extra]) == 0
    assert main(["cases", "-o", str(tmp_path / "cases.jsonl"), *store, *extra]) == 0
    capfd.readouterr()
    [question] = read_questions(tmp_path / "cases.jsonl")
    assert (question.id, question.text, question.answers) == (asked, "When was the mill built?", ("1740",))
    assert main(["feedback", asked, *store]) == 2
