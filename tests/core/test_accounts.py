"""Answers that were given: checked again, found again in newer versions, asked again, passed on as files."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.answer import export
from ragkit.answer.anchoring import CONTEXT, find, surroundings
from ragkit.errors import StoreError
from ragkit.records import Mode
from ragkit.store import seal
from ragkit.store.tables import answers
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder

FACT = "The mill was built in the year 1871 by Ada Thornbury."
TEXT = f"{FACT} In 1871 the mill was built 34 metres high. Its wheel turned until 1903, and nobody has moved it since."
REPLY = "The mill was built in the year 1871 by Ada Thornbury [1]."
QUESTION = "When was the mill built?"
CASES = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def opened(path: Path, **values: object) -> Ragkit:
    """A store without a model, whose generator says :data:`REPLY`."""
    given = {"answering.min_answerable": 0.0, **{name.replace("__", "."): value for name, value in values.items()}}
    return Ragkit.open(path, settings=Settings().with_values(**given), embedder=SyntheticEmbedder(64), generator=ScriptedGenerator(REPLY))


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Ragkit]:
    """A store of two texts."""
    with opened(tmp_path / "store") as made:
        made.add_text(TEXT, uri="note:mill", title="The mill")
        made.add_text("Rye bread is baked on Fridays. A loaf costs four crowns.", uri="note:bread")
        yield made


@pytest.fixture
def asked(kit: Ragkit) -> str:
    """The record of an answer with a composed and a quoted sentence."""
    answer = kit.ask(QUESTION, filter="title == 'The mill'", principal="anna")
    assert {sentence.status for sentence in answer.sentences} == {"verified", "quoted"}
    return answer.record_id


def standings(kit: Ragkit, record_id: str) -> set[str]:
    return {citation.standing for citation in kit.citations_now(record_id)}


# --- verify ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "quote", "compose"])
def test_an_answer_as_it_was_given_is_sound(kit: Ragkit, mode: Mode) -> None:
    """Every citation is valid at its place, every verdict the recorded one, and no fault is found."""
    found = kit.verify_answer(kit.ask(QUESTION, mode=mode).record_id)
    assert (found.sound, found.faults, found.notes) == (True, (), ())
    assert {citation.standing for citation in found.citations} == {"valid"}
    for citation in found.citations:
        assert kit.text(citation.uri, citation.start_char_index, citation.end_char_index) == citation.cited_text
    assert [s.support for s in found.sentences] == pytest.approx([s.recorded for s in found.sentences], abs=1e-5)


def test_an_abstention_is_sound(tmp_path: Path) -> None:
    """It has nothing that could be wrong."""
    with opened(tmp_path / "store") as kit:
        found = kit.verify_answer(kit.ask("Anything?").record_id)
        assert (found.sound, found.citations, found.sentences) == (True, (), ())


def test_the_generator_is_not_asked(tmp_path: Path, kit: Ragkit, asked: str) -> None:
    """A store whose generator cannot even be found verifies."""
    with Ragkit.open(kit.path, settings=Settings().with_values(**{"generation.model": "nowhere.gguf"}), embedder=kit.embedder) as other:
        assert other.verify_answer(asked).sound


def test_an_unknown_record_is_said_so(kit: Ragkit) -> None:
    """The message says how to find one."""
    for call in (kit.verify_answer, kit.replay, kit.export_answer, kit.citations_now):
        with pytest.raises(StoreError, match="no answer record 'x'"):
            call("x")


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value that holds no object or list."""
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(one, (*path, key))
    else:
        yield path


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value} altered" if isinstance(value, str) else "something"


def altered(kept: dict[str, Any], place: int) -> dict[str, Any]:
    """The record with one value changed."""
    changed = copy.deepcopy(kept)
    *way, last = sorted(_paths(changed), key=str)[place]
    at: Any = changed
    for key in way:
        at = at[key]
    at[last] = _other(at[last])
    return changed


def test_a_record_that_was_altered_is_found(kit: Ragkit, asked: str) -> None:
    """Any value of it, in the store behind a seal made anew: the audit log knows the record that was written."""
    kept = kit.answer_record(asked)
    places = [i for i, path in enumerate(sorted(_paths(kept), key=str)) if path[0] not in ("id", "created_at", "generation", "question")]

    @CASES
    @given(place=st.sampled_from(places))
    def alter(place: int) -> None:
        changed = altered(kept, place)
        row = {name: changed.pop(name) for name in ("id", "created_at", "generation")} | {
            "question": changed["question"],
            "record": changed,
        }
        with kit._catalog.mending() as connection:
            values = {"record": row["record"], "seal": seal.of_row("answers", row)}
            connection.execute(answers.update().where(answers.c.id == asked).values(values))
        try:
            found = kit.verify_answer(asked)
        except StoreError:
            return
        assert not found.sound
        assert any("audit log" in fault for fault in found.faults)

    alter()


#: What a forger changes, and what must then be said.
FORGED = {
    "the cited text": (("sentences", 0, "citations", 0, "cited_text"), "The mill was built in the year 1872 by Ada Thornbury."),
    "the span": (("sentences", 0, "citations", 0, "start_char_index"), 3),
    "the version": (("sentences", 0, "citations", 0, "document_version"), 7),
    "the document": (("sentences", 0, "citations", 0, "uri"), "note:bread"),
    "the source's hash": (("documents", 0, "sha256"), "0" * 64),
    "the text's hash": (("documents", 0, "text_sha256"), "0" * 64),
    "a composed sentence": (("sentences", 0, "text"), "The mill was built in the year 1999 by Eve."),
    "a quoted sentence": (("sentences", 1, "text"), "The mill was sold."),
    "the support": (("sentences", 0, "support"), 0.1),
    "a verdict": (("checks", 0, "verdict", "contradiction"), 0.9),
    "the evidence": (("evidence", 0, "text"), "The mill was built in the year 1871 by Ada."),
    "the whole text": (("text",), "Something else."),
    "the status": (("sentences", 0, "status"), "quoted"),
    "no citation": (("sentences", 0, "citations"), []),
    "the decision": (("abstained",), True),
}


@pytest.mark.parametrize("own", [True, False], ids=["its store", "another store"])
@pytest.mark.parametrize("what", sorted(FORGED))
def test_a_forged_file_is_found_by_what_it_says(kit: Ragkit, asked: str, tmp_path: Path, what: str, own: bool) -> None:
    """Even where the file's hash was made anew, and the store never gave the answer, so that its audit log cannot tell."""
    forged = copy.deepcopy(kit.answer_record(asked))
    (*way, last), value = FORGED[what]
    at: Any = forged
    for key in way:
        at = at[key]
    at[last] = value
    if not own:
        forged["id"] = "f" * 32
    file = tmp_path / "forged.json"
    file.write_text(export.render(forged, "json"))
    found = kit.verify_export(file)
    # Elsewhere another hash is another version, in which the words are found again; numbers of versions mean nothing there.
    if own or what not in ("the version", "the evidence", "the source's hash", "the text's hash"):
        assert not found.sound
    assert own == any("audit log" in fault for fault in found.faults)


# --- citations that survive -------------------------------------------------------------------------------------


def test_a_passage_that_moved_is_found_again(kit: Ragkit, asked: str) -> None:
    """In a newer version the same words stand elsewhere: the new span is theirs, and the answer is still sound."""
    kit.add_text(f"A preface was added, in two sentences. Here is the other.\n\n{TEXT}", uri="note:mill")
    [first, *_] = kit.citations_now(asked)
    assert (first.standing, first.document_version) == ("moved", 2)
    assert kit.text("note:mill", first.start_char_index, first.end_char_index) == first.cited_text == FACT
    assert kit.verify_answer(asked).sound


def test_of_several_places_the_surroundings_tell(kit: Ragkit, asked: str) -> None:
    """The passage stands twice now; what follows it is what followed it then."""
    kit.add_text(f"{FACT} So they say in the village.\n\nThe chronicle says: {TEXT}", uri="note:mill")
    [first, *_] = kit.citations_now(asked)
    assert first.standing == "moved"
    assert kit.text("note:mill")[first.start_char_index or 0 :].startswith(TEXT)


def test_a_passage_that_changed_is_said_so(kit: Ragkit, asked: str) -> None:
    """A reworded passage, and one that stands at two places that cannot be told apart, are no citations any more."""
    for text in (TEXT.replace("1871", "1872"), f"{TEXT}\n\n{TEXT}"):
        kit.add_text(text, uri="note:mill")
        assert standings(kit, asked) == {"source changed"}
        assert not kit.verify_answer(asked).sound


def test_a_source_that_was_removed_is_said_so(kit: Ragkit, asked: str) -> None:
    """Deleted, and then ingested again unchanged: the same words in the same text are valid, though the version is another."""
    kit.delete("note:mill")
    assert standings(kit, asked) == {"source removed"}
    assert not kit.verify_answer(asked).sound
    kit.add_text(TEXT, uri="note:mill", title="The mill")
    assert standings(kit, asked) == {"valid"}
    assert kit.verify_answer(asked).sound


def test_a_forgotten_source_takes_the_record_along(kit: Ragkit, asked: str, tmp_path: Path) -> None:
    """The exported file remains, and says that the source was removed; a document of the same name is not mistaken for it."""
    file = tmp_path / "answer.html"
    file.write_text(kit.export_answer(asked, "html"), encoding="utf-8", newline="")
    kit.forget("note:mill")
    with pytest.raises(StoreError):
        kit.verify_answer(asked)
    assert {c.standing for c in kit.verify_export(file).citations} == {"source removed"}
    kit.add_text("A mill is for sale.", uri="note:mill")
    assert {c.standing for c in kit.verify_export(file).citations} == {"source changed"}


WORDS = st.text(st.sampled_from("abc .\n"), max_size=60)


@given(before=WORDS, cited=st.text(st.sampled_from("xyz .\n"), min_size=1, max_size=30), after=WORDS, first=WORDS, last=WORDS)
def test_words_that_stand_once_are_found_wherever_they_went(before: str, cited: str, after: str, first: str, last: str) -> None:
    """Whatever is put around them or taken away there."""
    text = f"{first}{cited}{last}"
    assume(text.find(cited) == text.rfind(cited) == len(first))
    assert find(text, cited, before, after) == (len(first), len(first) + len(cited))


@given(text=st.text(st.sampled_from("ab."), min_size=1, max_size=80), data=st.data(), prefix=WORDS)
def test_what_is_found_is_always_the_cited_text(text: str, data: st.DataObject, prefix: str) -> None:
    """However often it stands there; and words whose whole surroundings are the recorded ones are found at their own place."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = find(prefix + text, text[start:end], *surroundings(text, start, end))
    if span is not None:
        assert (prefix + text)[slice(*span)] == text[start:end]
    if len(text) <= CONTEXT and not prefix and span is not None:
        assert span == (start, end)


# --- replay -----------------------------------------------------------------------------------------------------


def test_nothing_differs_when_nothing_changed(kit: Ragkit, asked: str) -> None:
    """The same mode, filter and principal give the same answer; it has its own record, and an entry that says what it is."""
    found = kit.replay(asked)
    assert (found.same, found.differences) == (True, ())
    again = kit.answer_record(found.answer.record_id)
    assert (again["mode"], again["filter"], again["principal"]) == ("auto", "title == 'The mill'", ["anna"])
    entry = kit.audit_entries()[-1]
    assert (entry.kind, entry.replay_of, entry.record_id) == ("replay", asked, found.answer.record_id)


def test_a_replay_names_what_differs(kit: Ragkit, asked: str, tmp_path: Path) -> None:
    """Settings by name, models, the generation, candidates and sentences that came or went."""
    kit.add_text("The mill was built long ago, by whom nobody says.", uri="note:other", title="The mill")
    settings = kit.settings.with_values(**{"answering.sentences": 1, "retrieval.bm25_k1": 0.9, "generation.model": "none"})
    with Ragkit.open(kit.path, settings=settings, embedder=kit.embedder) as other:
        found = other.replay(asked)
    differ = {(difference.part, difference.what) for difference in found.differences}
    assert {("settings", "answering.sentences"), ("settings", "retrieval.bm25_k1"), ("generation", "generation")} <= differ
    assert ("settings_sha256", "settings_sha256") in differ
    assert any(part == "models" and what.startswith("generator") for part, what in differ)
    assert any(part == "candidates" and what.startswith("note:other") for part, what in differ)
    assert ("sentences", "sentence 1") in differ
    assert json.loads(json.dumps(found.to_dict()))["same"] is False
