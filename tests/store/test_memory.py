"""Chat sessions and feedback: kept with their answers, held by who began them, gone with what is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragkit import Ragkit
from ragkit.errors import StoreError
from ragkit.records import Answer
from ragkit.store.tables import chats, feedback, turns

MakeKit = Callable[..., Ragkit]


@pytest.fixture
def kit(make_kit: MakeKit) -> Ragkit:
    """A store that answers whatever it is asked with quotes."""
    kit = make_kit(answering__min_answerable=0.0)
    kit.add_text("The mill was built in 1740 by Ada Thornbury. It grinds ninety sacks of grain a day.", uri="mill")
    kit.add_text("Rye bread is baked on Fridays. A loaf costs four crowns.", uri="bread")
    return kit


def ask(kit: Ragkit, question: str, **options: object) -> Answer:
    return kit.ask(question, mode="quote", **options)  # type: ignore[arg-type]


def test_a_chat_keeps_its_questions_in_order(kit: Ragkit, make_kit: MakeKit) -> None:
    """Each with the record of its answer; another opening of the store goes on with them; other chats keep their own."""
    first = ask(kit, "Who built the mill?", chat="one")
    ask(kit, "What does a loaf cost?", chat="two")
    second = ask(make_kit(answering__min_answerable=0.0), "And what does it grind?", chat="one")
    ask(kit, "What is baked?")
    found = kit.chat("one")
    assert [(turn.number, turn.question, turn.record_id) for turn in found.turns] == [
        (1, "Who built the mill?", first.record_id),
        (2, "And what does it grind?", second.record_id),
    ]
    assert [chat.id for chat in kit.chats()] == ["one", "two"]
    assert kit.chat("three").turns == ()
    assert kit.check() == []


def test_a_chat_goes_on_only_for_who_began_it(kit: Ragkit) -> None:
    """Nobody else reads or continues it, and the error does not say whose it is; names are a set, in whatever order."""
    ask(kit, "Who built the mill?", chat="anna's", principal=["staff", "anna"])
    ask(kit, "Who?", chat="anna's", principal=["anna", "staff"])
    for other in (None, "anna", "ben", []):
        with pytest.raises(StoreError, match="somebody else's") as raised:
            ask(kit, "What was asked?", chat="anna's", principal=other)
        assert "staff" not in str(raised.value)
        with pytest.raises(StoreError, match="somebody else's"):
            kit.chat("anna's", principal=other)
    assert len(kit.chat("anna's", principal=["anna", "staff"]).turns) == 2
    assert len(kit.answers()) == 2


def test_a_deleted_chat_leaves_its_answers(kit: Ragkit) -> None:
    """The turns go, the records stay; a name may be used again."""
    answer = ask(kit, "Who built the mill?", chat="one", principal="anna")
    assert kit.drop_chat("one")
    assert not kit.drop_chat("one")
    assert kit.chats() == []
    assert kit.answer_record(answer.record_id)["question"] == "Who built the mill?"
    ask(kit, "Who built the mill?", chat="one", principal="ben")
    assert kit.chat("one", principal="ben").turns[0].number == 1
    assert kit.check() == []


def test_what_is_forgotten_leaves_chats_and_feedback(kit: Ragkit) -> None:
    """Turns and feedback go with the records of the answers, and so does a comment that names the document."""
    kept = ask(kit, "What does a loaf cost?", chat="one", filter="uri == 'bread'")
    about = ask(kit, "Who built the mill?", chat="one", filter="uri == 'mill'")
    kit.feedback(about.record_id, "up", comment="Yes.")
    kit.feedback(kept.record_id, "down", comment="It stands in mill as well.")
    kit.forget("mill")
    assert [turn.record_id for turn in kit.chat("one").turns] == [kept.record_id]
    assert kit.feedback_given() == []
    assert ask(kit, "What is baked?", chat="one").record_id == kit.chat("one").turns[-1].record_id
    assert [turn.number for turn in kit.chat("one").turns] == [1, 2]
    assert kit.check() == []


def test_the_last_word_on_an_answer_counts(kit: Ragkit) -> None:
    """Feedback replaces what was said before; on an answer that is not there it is refused."""
    answer = ask(kit, "Who built the mill?")
    kit.feedback(answer.record_id, "up")
    given = kit.feedback(answer.record_id, "down", comment="Not her.", answer="Ben Thornbury")
    assert kit.feedback_given() == [given]
    with pytest.raises(StoreError, match="ragkit answers"):
        kit.feedback("x", "up")
    with pytest.raises(ValueError, match="'up' or 'down'"):
        kit.feedback(answer.record_id, "left")  # type: ignore[arg-type]
    assert kit.check() == []


def test_answers_are_listed(kit: Ragkit) -> None:
    """With their questions, and whether they are one."""
    asked = {ask(kit, f"Who built mill {i}?").record_id for i in range(3)}
    found = kit.answers()
    assert {info.record_id for info in found} == asked
    assert all(not info.abstained and info.question.startswith("Who built") for info in found)


def test_a_record_is_named_by_the_beginning_of_its_id(kit: Ragkit) -> None:
    """Of six characters or more, if it is that of one record alone; feedback is kept under the whole id."""
    record_id = ask(kit, "Who built the mill?").record_id
    for sign in "xy":
        kit._catalog.save_answer(f"twins-{sign}", 3, "What?", {})
    assert kit.answer_record(record_id[:6])["id"] == record_id
    assert kit.feedback(record_id[:8], "up").record_id == record_id
    for unclear in (record_id[:5], "twins-", ""):
        with pytest.raises(StoreError, match="no answer record"):
            kit.answer_record(unclear)


@pytest.mark.parametrize("table", [chats, turns, feedback], ids=lambda table: table.name)
def test_damage_is_found_and_mended(kit: Ragkit, make_kit: MakeKit, table: object) -> None:
    """A changed row is noticed by readers and by ``check``; repair takes it out."""
    answer = ask(kit, "Who built the mill?", chat="one")
    kit.feedback(answer.record_id, "up")
    with kit._catalog.mending() as connection:
        connection.execute(table.update().values(created_at="2020-01-01T00:00:00+00:00"))  # type: ignore[attr-defined]
    with pytest.raises(StoreError):
        _ = kit.chat("one"), kit.feedback_given()
    kit.close()
    again = make_kit(damaged=True)
    assert again.check()
    assert again.repair().left == ()
    fresh = make_kit()
    assert fresh.check() == []
    assert fresh.answer_record(answer.record_id)
