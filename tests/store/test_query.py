"""Query operators: what they are, what they choose, and that they move no score."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from conftest import MakeKit
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.index import query as queries
from ragkit.index.lexical import LexicalIndex, LexicalSegment, Rows
from ragkit.index.query import Query, choose, parse, unsigned
from ragkit.text.words import analyzer

ENGLISH = analyzer("en")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("whale oil lamp", Query(text="whale oil lamp")),
        ('lamp "whale oil"', Query(text="lamp whale oil", required=("whale oil",))),
        ("lamp +oil -paraffin", Query(text="lamp oil", required=("oil",), excluded=("paraffin",))),
        ('-"whale oil" +"tall lamp"', Query(text="tall lamp", required=("tall lamp",), excluded=("whale oil",))),
        ("+well-known -old-fashioned", Query(text="well-known", required=("well-known",), excluded=("old-fashioned",))),
        ("-only", Query(text="", excluded=("only",))),
    ],
)
def test_operators_are_read(typed: str, expected: Query) -> None:
    """Quotation marks, plus and minus before a word or a phrase."""
    assert parse(typed) == expected


@pytest.mark.parametrize(
    "plain",
    [
        "What is a well-known lamp?",
        "a - b  + c",
        "warm at -5 degrees, +3 tomorrow",
        'a 12" pipe and a 14" pipe',
        'he said "stop',
        "C++ and x-y or --verbose",
        "rock'n'roll “curly quotes”",
        " spaces  stay ",
        "",
    ],
)
def test_plain_text_stays_as_it_is(plain: str) -> None:
    """A hyphen in a word, a sign by itself, before a number or before another sign, and a single quotation mark are text."""
    assert parse(plain) == Query(text=plain)
    assert unsigned(plain) == plain


def test_a_question_keeps_its_words() -> None:
    """For ``ask`` the signs go and the words stay, quoted ones in their quotation marks."""
    assert unsigned('Who said "stop here" +loudly -why?') == 'Who said "stop here" loudly why?'


@given(st.text(alphabet=st.sampled_from(list('ab+-" ')), max_size=30))
def test_any_query_is_read(typed: str) -> None:
    """No string is an error, and what is left has no operators of its own but by chance of its neighbours."""
    found = parse(typed)
    assert found.text == typed or found.required or found.excluded


words = st.sampled_from(["lamp", "oil", "of", "mill", "sea", "lamps"])
texts = st.lists(words, max_size=6).map(" ".join)
operands = st.lists(words, min_size=1, max_size=3).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(texts, min_size=1, max_size=8),
    texts,
    st.lists(operands, max_size=2),
    st.lists(operands, max_size=2),
    st.data(),
)
def test_the_choice_is_that_of_reading_every_text(
    rows: list[str], text: str, required: list[str], excluded: list[str], data: st.DataObject
) -> None:
    """The rows chosen are those whose analysed words have each required run and no excluded one; hidden ones are not read."""
    visible = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    index = LexicalIndex([LexicalSegment.build([ENGLISH.terms(row) for row in rows])], np.ones(len(rows), bool))

    def read(wanted: Rows) -> Iterable[str]:
        assert visible[wanted].all()
        return [rows[i] for i in wanted]

    found = choose(Query(text=text, required=tuple(required), excluded=tuple(excluded)), ENGLISH, index, visible, read)
    with_terms = [[f" {' '.join(t)} " for words in some if (t := ENGLISH.terms(words))] for some in (required, excluded)]
    if not any(with_terms):
        assert found is None
        return
    said = [f" {' '.join(ENGLISH.terms(row))} " for row in rows]
    expected = [all(r in s for r in with_terms[0]) and not any(e in s for e in with_terms[1]) for s in said]
    assert found is not None
    assert found.tolist() == (np.array(expected, bool) & visible).tolist()


def test_more_rows_than_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit only the best by BM25 are read, and what was not read is not returned."""
    monkeypatch.setattr(queries, "CHECKED_ROWS", 3)
    rows = ["whale oil lamp"] * 2 + ["whale oil and many other words that make this long"] * 8
    index = LexicalIndex([LexicalSegment.build([ENGLISH.terms(row) for row in rows])], np.ones(10, bool))
    for query in (parse('"whale oil" lamp'), parse('lamp whale -"oil whale"')):
        found = choose(query, ENGLISH, index, np.ones(10, bool), lambda wanted: [rows[i] for i in wanted])
        assert found is not None
        assert found.tolist() == [True] * 3 + [False] * 7


@pytest.fixture
def lamps(kit: Ragkit) -> Ragkit:
    """Five notes about lamps, one of them hidden from guests."""
    kit.add_text("The lamp burned whale oil.", uri="whale")
    kit.add_text("The oil of a whale lit the lamp.", uri="turned")
    kit.add_text("The lamp burned paraffin.", uri="paraffin")
    kit.add_text("A lamp for the well-known harbour.", uri="harbour")
    kit.add_text("A secret lamp burned whale oil.", uri="secret", acl=["staff"])
    return kit


def _uris(kit: Ragkit, query: str, **options: object) -> set[str]:
    return {hit.uri for hit in kit.search(query, **options)}  # type: ignore[arg-type]


def test_operators_choose_passages(lamps: Ragkit) -> None:
    """Of all that is visible only what the operators allow is returned, stems and stop words aside."""
    assert _uris(lamps, 'lamp "whale oil"') == {"whale", "secret"}
    assert _uris(lamps, 'lamp "whale oil"', principal="guest") == {"whale"}
    assert _uris(lamps, '"oil of the whales"') == {"turned"}
    assert _uris(lamps, "+lamps +whale") == {"whale", "turned", "secret"}
    assert _uris(lamps, "lamp -whale") == {"paraffin", "harbour"}
    assert _uris(lamps, 'lamp -"whale oil"') == {"turned", "paraffin", "harbour"}
    assert _uris(lamps, "lamp +well-known") == {"harbour"}
    assert _uris(lamps, "lamp +the") == {"whale", "turned", "paraffin", "harbour", "secret"}
    assert _uris(lamps, "lamp +absent") == set()
    assert _uris(lamps, "-whale") == set()
    assert _uris(lamps, "lamp -whale", operators=False) == _uris(lamps, "lamp whale")


def test_operators_move_no_score(lamps: Ragkit) -> None:
    """What is returned has the lexical and dense scores that it has without the operators."""
    free = {hit.uri: hit.scores for hit in lamps.search("lamp whale oil", rerank=False)}
    for hit in lamps.search('lamp +whale "oil"', rerank=False):
        assert (hit.scores["lexical"], hit.scores["dense"]) == (free[hit.uri]["lexical"], free[hit.uri]["dense"])


def test_phrases_in_headings_and_languages(make_kit: MakeKit) -> None:
    """A phrase is looked for in what was indexed, headings included, with the store's analysis."""
    kit = make_kit(retrieval__language="de")
    kit.add_text("Die Häuser der alten Stadt sind hoch.", uri="alt")
    kit.add_text("Alte Häuser, neue Städte.", uri="neu")
    assert _uris(kit, '"Haus der alten Städte"') == {"alt"}
    assert _uris(kit, "Stadt -alt") == set()
