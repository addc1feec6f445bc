"""Abbreviations, read by what the documents say that they mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.errors import StoreError
from ragkit.query.abbreviations import Expansion, both, definitions, replaced

MakeKit = Callable[..., Ragkit]
TEXTS = {
    "who": "Clean water is a duty of states. The World Health Organization (WHO) was founded in 1948.",
    "vaccines": "WHO recommends the measles vaccine for all children from nine months.",
    "norms": "The World Health Organization recommends fifty litres of drinking water a day for each person.",
    "pcr": "The polymerase chain reaction (PCR) copies a piece of DNA. PCR needs a primer at each end.",
    "reaction": "The polymerase chain reaction was invented by Kary Mullis in 1983.",
    "staff": "The harbour survey board (HSB) meets on Mondays.",
    "two": "The art centre of Dunmore (ACD) opened in 1990. The anti-corrosion device (ACD) was sold.",
}


@pytest.fixture
def kit(make_kit: MakeKit) -> Ragkit:
    """A store with definitions, one of which only the staff may see."""
    made = make_kit(retrieval__abbreviations=True)
    for uri, text in TEXTS.items():
        made.add_text(text, uri=uri, acl=["staff"] if uri == "staff" else None)
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the heat shock transcription factor (HSF) binds", [("HSF", "heat shock transcription factor")]),
        ("adenomatous polyposis coli (APC; see below)", [("APC", "adenomatous polyposis coli")]),
        ("deoxyribonucleic acid (DNA)", [("DNA", "deoxyribonucleic acid")]),
        ("in NMR (nuclear magnetic resonance) it", [("NMR", "nuclear magnetic resonance")]),
        ("the Ministry of Defence (MoD), which", [("MoD", "Ministry of Defence")]),
        ("in 1871 (see Fig 2). He (Smith) died (AD 4).", []),
        ("(WHO)", []),
        ("the WHO (WHO)", []),
        ("It rained. Health (WHO)", []),
        ("", []),
    ],
)
def test_definitions_are_found(text: str, found: list[tuple[str, str]]) -> None:
    """In brackets behind the long form, or the other way; what is in brackets otherwise defines nothing."""
    assert list(definitions(text)) == found


@given(st.text("abAB .;()\n", max_size=60))
def test_a_definition_is_part_of_its_text(text: str) -> None:
    """Whatever the text: both forms stand in it, the long one is longer and begins like the short one."""
    plain = " ".join(text.split())
    for short, long in definitions(text):
        assert short in plain
        assert long in " ".join(plain.replace(")", ") ").split()) or long in plain
        assert len(long) > len(short)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does WHO recommend for children?", [("WHO", "World Health Organization")]),
        ("Who invented PCR?", [("PCR", "polymerase chain reaction")]),
        ("Which vaccine does the World Health Organization recommend?", [("World Health Organization", "WHO")]),
        ("What does a polymerase chain reaction need?", [("polymerase chain reaction", "PCR")]),
        ("What is the World Health Organization (WHO)?", []),
        ("What is the ACD?", []),
        ("WHO BUILT IT?", []),
        ("Who built the lighthouse?", []),
        ("What is XYZ?", []),
        ("", []),
    ],
)
def test_forms_are_searched_beside_one_another(kit: Ragkit, question: str, found: list[tuple[str, str]]) -> None:
    """The long form of an abbreviation and the abbreviation of a long form; nothing where two meanings are given, or none."""
    assert [(one.typed, one.meant) for one in kit.expanded(question)] == found


@pytest.mark.parametrize(
    ("question", "uri", "said"),
    [
        ("How much drinking water a day does WHO recommend?", "norms", "fifty litres"),
        ("Which vaccine does the World Health Organization recommend for children?", "vaccines", "measles"),
        ("In which year was PCR invented?", "reaction", "1983"),
    ],
)
def test_an_answer_comes_from_either_form(kit: Ragkit, question: str, uri: str, said: str) -> None:
    """With a note, and on record with the documents that define it."""
    answer = kit.ask(question, mode="quote")
    assert said in answer.text
    assert answer.sentences[0].citations[0].uri == uri
    assert any("as well as" in note for note in answer.notes)
    record = kit.answer_record(answer.record_id)
    assert record["searched"] == question
    assert record["abbreviations"][0]["documents"][0]["document_id"]
    assert kit.search(question, 1)[0].uri == uri


def test_definitions_that_may_not_be_seen_help_nobody(kit: Ragkit) -> None:
    """What a word means is told to those alone who may read it."""
    assert kit.expanded("When does the HSB meet?", principal="anna") == ()
    assert kit.expanded("When does the HSB meet?", principal="staff")[0].meant == "harbour survey board"


def test_an_erasure_takes_the_record_along(kit: Ragkit) -> None:
    """A record tells what a document abbreviates, so it goes with the document."""
    answer = kit.ask("Which board is the HSB, and who built the lighthouse on Skerry Point?", mode="quote")
    assert kit.answer_record(answer.record_id)["abbreviations"][0]["meant"] == "harbour survey board"
    kit.forget("staff")
    with pytest.raises(StoreError):
        kit.answer_record(answer.record_id)


def test_it_is_off_as_ragkit_comes(make_kit: MakeKit) -> None:
    """Nothing is looked up then."""
    kit = make_kit()
    kit.add_text(TEXTS["pcr"], uri="pcr")
    assert kit.expanded("Who invented PCR?") == ()


def test_words_are_put_whole() -> None:
    """Every occurrence, with its plural, and no part of another word."""
    found = [Expansion(typed="NGO", meant="non-governmental organization")]
    assert replaced("Which NGOs and what NGO, not XNGO?", found) == (
        "Which non-governmental organization and what non-governmental organization, not XNGO?"
    )
    assert both("Which NGO?", found) == "Which NGO (non-governmental organization)?"
