"""Words that no document has, read as the documents' own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.query.distance import distances

MakeKit = Callable[..., Ragkit]
WORDS = st.text("abcd", max_size=7)


def spelled(kit: Ragkit, query: str, **options: object) -> list[tuple[str, str]]:
    """What was searched in place of what."""
    with kit._searcher.pin() as pinned:
        return [(one.typed, one.word) for one in pinned.search(query, 5, **options).corrections]  # type: ignore[arg-type]


def slow(a: str, b: str) -> int:
    """Damerau's distance as the paper has it, one pair and one cell at a time."""
    table = {(i, -1): i + 1 for i in range(-1, len(a))} | {(-1, j): j + 1 for j in range(-1, len(b))}
    for i in range(len(a)):
        for j in range(len(b)):
            steps = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i] != b[j])]
            if i and j and a[i] == b[j - 1] and a[i - 1] == b[j]:
                steps.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(steps)
    return table[len(a) - 1, len(b) - 1]


@given(WORDS, st.lists(WORDS, max_size=5))
def test_distances_are_those_of_the_definition(word: str, others: list[str]) -> None:
    """All at once as one by one."""
    assert distances(word, others).tolist() == [slow(word, other) for other in others]
    assert distances(word, others).dtype == np.int64


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Which harbuor office watches it?", [("harbuor", "harbour")]),
        ("When was the lighthosue built?", [("lighthosue", "lighthouse")]),
        ("When did Thornbery build it?", [("Thornbery", "Thornbury")]),
        ("Is the light autmatic?", [("autmatic", "automatic")]),
        ("Who is the last keeper of the library?", []),
        ("What is the procession of the engineer?", []),
        ("Why zorblax?", []),
        ("", []),
    ],
)
def test_a_word_is_read_as_the_one_that_it_nearly_is(make_kit: MakeKit, query: str, found: list[tuple[str, str]]) -> None:
    """Where there is exactly one; a word that is right, or like nothing, stays."""
    assert spelled(make_kit(), query) == found


def test_words_that_may_not_be_seen_help_nobody(make_kit: MakeKit) -> None:
    """A correction tells of no document that the asker does not see."""
    kit = make_kit()
    assert spelled(kit, "How long is the glaicer of Hallann?", principal="anna") == []
    assert spelled(kit, "How long is the glaicer of Hallann?", principal="staff") == [("glaicer", "glacier"), ("Hallann", "Hallan")]


def test_words_of_operators_are_meant_as_they_stand(make_kit: MakeKit) -> None:
    """A required word is not changed, and the setting turns all of it off."""
    assert spelled(make_kit(), "light +harbuor") == []
    assert spelled(make_kit(retrieval__spelling=False), "Which harbuor office?") == []
