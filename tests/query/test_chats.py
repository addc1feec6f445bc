"""Questions of a chat, and of one's own, from what was typed to what was searched and what is on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragkit import Ragkit
from ragkit.testing import ScriptedGenerator

MakeKit = Callable[..., Ragkit]


def test_a_follow_up_is_searched_completed_and_shown_as_asked(make_kit: MakeKit) -> None:
    """The answer is to what was meant; question, turn and audit log have what was typed, the record and a note both."""
    kit = make_kit()
    kit.ask("Who built the lighthouse on Skerry Point?", mode="quote", chat="one")
    answer = kit.ask("How tall is it?", mode="quote", chat="one")
    record = kit.answer_record(answer.record_id)
    assert "34 metres" in answer.text
    assert answer.question == record["question"] == "How tall is it?"
    assert record["searched"] == "How tall is the lighthouse?"
    assert answer.notes == ("taken as: How tall is the lighthouse?",)
    assert [turn.question for turn in kit.chat("one").turns] == ["Who built the lighthouse on Skerry Point?", "How tall is it?"]
    assert [entry.record_id for entry in kit.audit_entries(question="How tall is it?")] == [answer.record_id]
    assert kit.check() == []


def test_follow_ups_follow_one_another(make_kit: MakeKit) -> None:
    """The third question finds what the second one meant, by way of the first."""
    kit = make_kit()
    for question in ("Who was the last keeper of the lighthouse?", "When did he leave?", "Why?"):
        record = kit.answer_record(kit.ask(question, mode="quote", chat="one").record_id)
    assert record["searched"] == "Why did Tom Reid leave?"


def test_without_a_chat_or_by_setting_nothing_is_completed(make_kit: MakeKit) -> None:
    """A question of its own, another chat's first, and one of a store that leaves chats alone are searched as they stand."""
    kit = make_kit(answering__followups="off")
    kit.ask("Who built the lighthouse?", mode="quote", chat="one")
    for chat in (None, "one", "two"):
        record = kit.answer_record(kit.ask("How tall is it?", mode="quote", chat=chat).record_id)
        assert record["searched"] == "How tall is it?"
        assert "follows" not in record


def test_a_replay_asks_what_was_meant(make_kit: MakeKit) -> None:
    """Without the chat, which may have gone on or away, the same is searched again."""
    kit = make_kit()
    kit.ask("Who built the lighthouse?", mode="quote", chat="one")
    answer = kit.ask("How tall is it?", mode="quote", chat="one")
    kit.drop_chat("one")
    replayed = kit.replay(answer.record_id)
    assert replayed.same
    assert kit.answer_record(replayed.answer.record_id)["searched"] == "How tall is the lighthouse?"


def test_what_is_forgotten_is_not_named_by_what_followed(make_kit: MakeKit) -> None:
    """A question completed with a document's words goes with the document, whatever answered it."""
    kit = make_kit()
    kit.add_text("Ada Thornbury kept a diary of her travels on foot in the Alps.", uri="diary")
    kit.ask("Who built the lighthouse on Skerry Point?", mode="quote", chat="one", filter="uri == 'lighthouse'")
    kit.ask("What did she keep?", mode="quote", chat="one", filter="uri == 'diary'")
    kit.ask("What else?", mode="quote", chat="one", filter="uri == 'glacier'")
    kit.forget("lighthouse")
    assert kit.answers() == []
    assert kit.check() == []


def test_the_model_may_complete_a_question_and_may_not_invent(make_kit: MakeKit) -> None:
    """By setting; what it adds that nobody said is not searched, and a model that fails leaves it to the rules."""
    for reply, error, meant in (
        ("How tall is the lighthouse on Skerry Point?", None, "How tall is the lighthouse on Skerry Point?"),
        ("How tall is the Eiffel Tower?", None, "How tall is the lighthouse?"),
        ("", RuntimeError("out of memory"), "How tall is the lighthouse?"),
    ):
        kit = make_kit(ScriptedGenerator(reply, error=error), answering__followups="model")
        kit.ask("Who built the lighthouse on Skerry Point?", mode="quote", chat="one")
        answer = kit.ask("How tall is it?", mode="quote", chat="one")
        assert kit.answer_record(answer.record_id)["searched"] == meant
        assert any("out of memory" in note for note in answer.notes) == (error is not None)


def test_a_correction_is_noted_and_on_record(make_kit: MakeKit) -> None:
    """The question stays as it was typed."""
    kit = make_kit()
    answer = kit.ask("Which harbuor office watches the light?", mode="quote")
    record = kit.answer_record(answer.record_id)
    assert answer.notes == ("searched for 'harbour' instead of 'harbuor'",)
    assert (record["question"], record["searched"]) == (
        "Which harbuor office watches the light?",
        "Which harbour office watches the light?",
    )
    assert record["corrections"] == [{"typed": "harbuor", "word": "harbour"}]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("When was the lighthouse built, and by whom?", "en"),
        ("Wann wurde der Leuchtturm gebaut, und von wem?", "de"),
        ("Qui a construit le phare ?", "fr"),
        ("灯塔是什么时候建造的？是谁建造了这座灯塔？", "zh"),
        ("Zorblax?", None),
    ],
)
def test_the_language_of_a_question_is_on_record(make_kit: MakeKit, question: str, language: str | None) -> None:
    """Where there is enough of it to tell."""
    kit = make_kit()
    assert kit.answer_record(kit.ask(question, mode="quote").record_id)["language"] == language


def test_a_question_of_two_things_is_searched_by_its_parts(make_kit: MakeKit) -> None:
    """By setting; each part's passages are among the candidates' best, and the record names the parts."""
    kit = make_kit(answering__queries="parts", answering__passages=2)
    question = "When was the lighthouse built and who may walk on the ice?"
    answer = kit.ask(question, mode="quote", principal="staff")
    assert kit.answer_record(answer.record_id)["queries"] == ["When was the lighthouse built?", "Who may walk on the ice?"]
    assert {evidence.uri for evidence in answer.evidence} == {"lighthouse", "glacier"}


@pytest.mark.parametrize(
    ("way", "reply", "queries"),
    [
        ("model", "Who built it?\n2. When did the keeper leave?", ["Who built it?", "When did the keeper leave?"]),
        ("hyde", "The keeper left in 1990.", ["The keeper left in 1990."]),
    ],
)
def test_what_the_model_makes_of_a_question_is_searched_as_well(make_kit: MakeKit, way: str, reply: str, queries: list[str]) -> None:
    """By setting, and never shown: the answer is the documents'."""
    kit = make_kit(ScriptedGenerator(reply), answering__queries=way, answering__min_answerable=0.0)
    answer = kit.ask("When did the last keeper leave?", mode="quote")
    assert kit.answer_record(answer.record_id)["queries"] == queries
    assert "4 May 1988" in answer.text
    assert "left in 1990" not in answer.text


def test_a_model_that_fails_leaves_the_question_as_it_stands(make_kit: MakeKit) -> None:
    """And a note says so."""
    kit = make_kit(ScriptedGenerator("", error=RuntimeError("out of memory")), answering__queries="hyde", answering__min_answerable=0.0)
    answer = kit.ask("When did the last keeper leave?", mode="quote")
    assert "4 May 1988" in answer.text
    assert len(answer.notes) == 1
    assert "out of memory" in answer.notes[0]
    assert "searched as it stands" in answer.notes[0]
