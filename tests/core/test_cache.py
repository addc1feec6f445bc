"""Answers that are given again: only to the same question of the same asker, and only while nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragkit import Ragkit, Settings
from ragkit.answer.cache import AnswerCache, Kept, Key
from ragkit.records import Answer
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder

QUESTION = "When was the mill built?"


class Counting(ScriptedGenerator):
    """Counts how often it is asked."""

    asked = 0

    def stream(self, *arguments: Any, **options: Any) -> Iterator[str]:
        """The script."""
        self.asked += 1
        return super().stream(*arguments, **options)


@pytest.fixture
def generator() -> Counting:
    return Counting("The mill was built in the year 1871 by Ada Thornbury [1].")


def opened(path: Path, generator: Counting, **values: object) -> Ragkit:
    given = {"answering.min_answerable": 0.0, "answering.cache": 4, **{name.replace("__", "."): value for name, value in values.items()}}
    return Ragkit.open(path, settings=Settings().with_values(**given), embedder=SyntheticEmbedder(64), generator=generator)


@pytest.fixture
def kit(tmp_path: Path, generator: Counting) -> Iterator[Ragkit]:
    """A store that keeps four answers."""
    with opened(tmp_path / "store", generator) as made:
        made.add_text("The mill was built in the year 1871 by Ada Thornbury.", uri="mill", acl=["anna", "ben"])
        made.add_text("The miller's purse held 900 crowns.", uri="purse", acl=["anna"])
        yield made


def test_the_same_question_is_answered_from_memory(kit: Ragkit, generator: Counting) -> None:
    """The same sentences, without the generator; on record and in the audit log as an answer of its own, and it verifies."""
    first = kit.ask(QUESTION, principal="anna")
    second = kit.ask("When  was the mill\nbuilt?", principal=["anna"])
    assert generator.asked == 1
    assert (second.sentences, second.evidence, second.text) == (first.sentences, first.evidence, first.text)
    assert second.record_id != first.record_id
    kept = kit.answer_record(second.record_id)
    assert (kept["cached_from"], kept["question"]) == (first.record_id, "When  was the mill\nbuilt?")
    assert [entry.record_id for entry in kit.audit_entries()] == [first.record_id, second.record_id]
    assert kit.verify_answer(second.record_id).sound
    events = list(kit.stream(QUESTION, principal="anna"))
    assert [event.sentence for event in events[:-1]] == list(first.sentences)
    assert generator.asked == 1


@pytest.mark.parametrize(
    "other",
    [
        {"principal": "ben"},
        {"principal": None},
        {"principal": []},
        {"principal": ["anna", "ben"]},
        {"filter": "uri == 'mill'"},
        {"mode": "compose"},
        {"chat": "one"},
        {"question": "When was the Mill built?"},
    ],
    ids=str,
)
def test_whatever_differs_is_asked_anew(kit: Ragkit, other: dict[str, Any]) -> None:
    """Another asker above all: nobody gets what was found for somebody else."""
    options = {"question": QUESTION, "principal": "anna", **other}
    kit.ask(QUESTION, principal="anna")
    record = kit.answer_record(kit.ask(**options).record_id)
    assert "cached_from" not in record
    if options["principal"] not in (None, "anna", ["anna", "ben"]):
        assert "900 crowns" not in str(record)


def test_a_replay_is_asked_anew(kit: Ragkit, generator: Counting) -> None:
    """Or it would show nothing."""
    kit.replay(kit.ask(QUESTION).record_id)
    assert generator.asked == 2


def test_every_change_of_the_store_drops_the_answers(kit: Ragkit, tmp_path: Path, generator: Counting) -> None:
    """One's own, another process's, and an erasure, after which nothing of the document comes back."""
    kit.ask(QUESTION)
    kit.add_text("The mill was sold.", uri="sale")
    kit.ask(QUESTION)
    assert generator.asked == 2
    with opened(tmp_path / "store", generator) as other:
        other.delete("sale")
    kit.ask(QUESTION)
    assert generator.asked == 3
    kit.forget("mill")
    assert "1871" not in str(kit.ask(QUESTION, mode="quote").to_dict())


def test_a_failed_generator_is_asked_again(tmp_path: Path) -> None:
    """An answer with a note is not kept."""
    failing = Counting("", error=RuntimeError("out of order"))
    with opened(tmp_path / "store", failing) as kit:
        kit.add_text("The mill was built in the year 1871 by Ada Thornbury.", uri="mill")
        assert kit.ask(QUESTION).notes
        kit.ask(QUESTION)
    assert failing.asked == 2


def test_by_default_nothing_is_kept(tmp_path: Path, generator: Counting) -> None:
    """Measurements and tests see every question asked."""
    with opened(tmp_path / "store", generator, answering__cache=Settings().answering.cache) as kit:
        kit.add_text("The mill was built in the year 1871 by Ada Thornbury.", uri="mill")
        kit.ask(QUESTION)
        kit.ask(QUESTION)
    assert generator.asked == 2


def _key(question: str, generation: int) -> Key:
    return Key(question, "auto", None, None, generation, "", ())


def test_the_cache_keeps_the_last_of_one_generation() -> None:
    """What was not asked for longest goes first; a reader that is late adds nothing of an older generation."""
    answer = Answer(record_id="", question="", abstained=True, reason=None, answerable=0.0, text="", sentences=())
    kept = Kept(answer, {})
    cache = AnswerCache(2)
    cache.put(_key("a", 1), kept)
    cache.put(_key("b", 1), kept)
    assert cache.get(_key("a", 1))
    cache.put(_key("c", 1), kept)
    assert cache.get(_key("b", 1)) is None
    assert cache.get(_key("a", 1))
    assert cache.get(_key("a", 2)) is None
    assert len(cache) == 0
    cache.put(_key("a", 1), kept)
    assert len(cache) == 0
    AnswerCache(0).put(_key("a", 1), kept)
