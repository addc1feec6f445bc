"""Finding: exact spans, none over another; masks keep every offset; time grows with the text, whatever is in it."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.errors import SettingsError
from ragkit.pii.finding import RULES, Found, find, mask
from ragkit.pii.kinds import KINDS, PATTERNED
from ragkit.pii.patterns import MASK

#: Numbers that each are one find, wherever they stand.
SAMPLES = {
    "ada@example.org": "email",
    "4111 1111 1111 1111": "card",
    "378282246310005": "card",
    "DE89 3704 0044 0532 0130 00": "iban",
    "192.0.2.17": "ip",
    "2001:db8::8a2e:370:7334": "ip",
    "219-09-9998": "us_ssn",
    "12345678Z": "es_dni",
    "RSSMRA85T10A562S": "it_codice_fiscale",
    "+49 30 901820": "phone",
    "(212) 555-2368": "phone",
    "756.9217.0769.85": "ch_ahv",
}
_WORDS = st.sampled_from(
    ["", "the", "call", "SSN", "naïve", "数字", "a\nb", "x.", "No. 7", "2026-11-23", "€ 12.50", "v1.2.3.4", MASK, "@", "+", "0", "12 34"]
)
_PIECES = st.one_of(st.sampled_from(list(SAMPLES)), _WORDS, st.text("0123456789 .-/()+@:abAB█\n", max_size=24))
_TEXTS = st.builds(
    lambda pieces, gaps: "".join(a + b for a, b in zip(pieces, gaps, strict=False)),
    st.lists(_PIECES, max_size=9),
    st.lists(st.sampled_from([" ", ", ", "\n", "; ", "", "-", "."]), min_size=9, max_size=9),
)


@given(_TEXTS)
@settings(max_examples=400, deadline=None)
def test_spans_lie_in_the_text_and_apart(text: str) -> None:
    """Every span is within the text, not empty, of a known kind, and behind the one before it."""
    found = find(text)
    assert all(0 <= f.start < f.end <= len(text) and f.kind in KINDS for f in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(_TEXTS)
@settings(max_examples=400, deadline=None)
def test_a_mask_keeps_every_offset_and_hides_every_find(text: str) -> None:
    """The masked text has the same length and lines, differs only in what was found, and nothing more is found in it."""
    found = find(text)
    masked = mask(text, found)
    inside = {i for f in found for i in range(f.start, f.end)}
    assert len(masked) == len(text)
    assert all(masked[i] == (MASK if i in inside and c != "\n" else c) for i, c in enumerate(text))
    assert find(masked) == []


@given(st.lists(st.sampled_from(list(SAMPLES)), min_size=1, max_size=8), st.sampled_from(["; ", "\n\n", " and ", ", or "]))
def test_samples_between_words_are_all_found_exactly(samples: list[str], gap: str) -> None:
    """Whatever stands beside it, a number is found from its first character to its last."""
    text, wanted = "", []
    for sample in samples:
        text += "value "
        wanted.append(Found(kind=SAMPLES[sample], start=len(text), end=len(text) + len(sample)))
        text += sample + gap
    assert find(text) == wanted


HOSTILE = {
    "digits": "1234567890" * 20,
    "grouped digits": "1111 2222-3333.4444 5555 " * 8,
    "no mailbox": "a.b-c+d." * 25,
    "mailboxes without domain": "a@b@c.d@" * 25,
    "domains": "@a.b.c.d.e" * 20,
    "colons": "a:b::c:1:" * 22,
    "points": "1.2.3.4.5." * 20,
    "codes": "(0(12)(34) +1 " * 14,
    "a column of numbers": "phone 020 7946 0958\n" * 10,
    "letters and digits": "GB82WEST12AB" * 17,
    "base 58": "1A1zP1eP5QGe" * 17,
    "signs": "+-+-.()/ " * 22,
    "words that announce": "call SSN NHS BSN SIN ABA " * 8,
    "spaces": " " * 200,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_with_the_text(kind: str) -> None:
    """Eight times the text takes about eight times the time at most, on text that is made to stall a pattern."""

    def seconds(text: str) -> float:
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            find(text)
            best = min(best, time.process_time() - started)
        return best

    small = HOSTILE[kind] * 10
    assert seconds(small * 8) < 8 * 2.5 * max(seconds(small), 0.002)


def test_lone_numbers_need_a_word_that_says_what_they_are() -> None:
    """Nine digits that pass a check are a BSN, an NHS number or a bank's only near its name."""
    assert find("Order 111222333 was shipped with 111000025 and 9434765919.") == []
    assert [f.kind for f in find("BSN: 111222333")] == ["nl_bsn"]
    assert [f.kind for f in find("wire it to ABA 111000025")] == ["us_routing"]


def test_a_column_counts_below_its_head() -> None:
    """A word in the head of a column is enough for every number in it, however long the column is."""
    rows = "\n".join(f"Person {i} | 44051401359" for i in range(100))
    assert len(find(f"Name | PESEL\n{rows}", ["pl_pesel"])) == 100


@pytest.mark.parametrize(
    "text",
    [
        "Released as version 10.2.14.3 in May",
        "2.1.3.4 Scope of the standard",
        "It cost 1 299 900 euros from 2010-2012, call it a bargain",
        "ISBN 978-3-16-148410-0 and DOI 10.1000/182",
        "the picture logo@2x.png",
        "std::vector and a[1::2] at 12:30:45",
        "listens on 127.0.0.1 and 0.0.0.0",
        "sha256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "call on 23.11.2026 or 11/23/2026",
        "card 4111 1111 1111 1112",
        "IBAN GB82 WEST 1234 5698 7654 33",
        "SSN 666-12-1234 and 900-12-1234",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    """Versions, sections, sums, years, book numbers, file names, code, dates and failed checks are no personal data."""
    assert find(text) == []


def test_kinds_choose_and_unknown_ones_are_refused() -> None:
    """Only the kinds that are asked for are found; a kind that does not exist is an error that lists those that do."""
    text = "ada@example.org 192.0.2.17"
    assert [f.kind for f in find(text, ["ip"])] == ["ip"]
    with pytest.raises(SettingsError, match="no kind of personal data 'ssn'; known: email"):
        find(text, ["ssn"])


def test_every_kind_has_a_rule() -> None:
    """The table of kinds and the table of patterns name the same kinds."""
    assert {rule.kind for rule in RULES} == set(PATTERNED)


def test_names_come_from_a_model_and_yield_to_patterns() -> None:
    """Spans that a model gives are names, unless a pattern has found them already."""
    text = "Ada Lovelace wrote to ada@example.org"
    found = find(text, names=lambda text: [(0, 12), (22, 25)])
    assert [(f.kind, text[f.start : f.end]) for f in found] == [("name", "Ada Lovelace"), ("email", "ada@example.org")]


def test_the_guide_lists_every_kind() -> None:
    """The page on personal data has a row for each kind, with the words of the table."""
    page = (Path(__file__).parents[2] / "docs" / "personal-data.md").read_text("utf-8")
    assert [kind for kind, words in KINDS.items() if f"| `{kind}` | {words} |" not in page] == []
