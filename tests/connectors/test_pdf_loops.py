"""The compiled loops over a PDF's page, beside what they stand for, written plainly."""

from __future__ import annotations

from statistics import median

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ragkit.connectors.parsers import pdf_native as native

COORDINATES = st.integers(0, 60).map(float)
BOXES = st.lists(st.tuples(COORDINATES, COORDINATES, COORDINATES, COORDINATES), min_size=1, max_size=30).map(np.array)


def upright(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """With the lesser corner first."""
    return np.hstack([np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])])


@given(BOXES, st.sets(st.integers(1, 29)))
def test_lines_are_measured(boxes: NDArray[np.float64], cuts: set[int]) -> None:
    """Median height, bounds and widest gap of each line are those of its words."""
    starts = np.array([0, *sorted(cut for cut in cuts if cut < len(boxes))])
    for found, words in zip(native.measured(boxes, starts), np.split(boxes, starts[1:]), strict=True):
        size = median((words[:, 3] - words[:, 1]).tolist())
        gap = max(np.abs(words[1:, 0] - words[:-1, 2]), default=0.0)
        assert found.tolist() == [size, *words[:, :2].min(axis=0), *words[:, 2:].max(axis=0), gap]


@given(BOXES, st.integers(0, 4).map(float))
def test_rules_that_touch_are_a_group(boxes: NDArray[np.float64], near: float) -> None:
    """Rules are in one group exactly where a chain of touching ones leads from the one to the other."""
    rules = upright(boxes)
    low, high = rules[:, :2] - near, rules[:, 2:] + near
    reach = ((low[:, None] <= high[None]) & (low[None] <= high[:, None])).all(axis=2)
    for _ in rules:
        reach = reach @ reach
    assert native.groups(rules, np.argsort(rules[:, 1]), near).tolist() == reach.argmax(axis=1).tolist()


@given(BOXES, BOXES, st.data())
def test_covers(boxes: NDArray[np.float64], places: NDArray[np.float64], data: st.DataObject) -> None:
    """A box is covered where something that is painted later holds its middle."""
    orders = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(boxes), max_size=len(boxes))))
    later = np.array(sorted(data.draw(st.lists(st.integers(0, 9), min_size=len(places), max_size=len(places)))), np.float64)
    covers = np.column_stack([later, upright(places)])
    x, y = (boxes[:, [0]] + boxes[:, [2]]) / 2, (boxes[:, [1]] + boxes[:, [3]]) / 2
    order, left, bottom, right, top = covers.T
    expected = ((order > orders[:, None]) & (left <= x) & (x <= right) & (bottom <= y) & (y <= top)).any(axis=1)
    assert native.covered(orders, boxes, covers).tolist() == expected.tolist()


@given(st.text("ab \n\x02", max_size=40))
def test_words_and_lines(text: str) -> None:
    """Words are what blanks and ends of lines part; a line that ends otherwise than in a newline has a soft hyphen."""
    kinds = np.ones(1 << 16, np.uint8)
    kinds[[ord("a"), ord("b")]], kinds[[ord("\n"), 2]] = 0, 2
    starts, lasts, firsts, soft = native.words(np.array(list(map(ord, text)), np.uint16), kinds)
    lines = [(line.rstrip("\n").rstrip("\x02").split(), "\x02" in line) for line in text.replace("\x02", "\x02\n").split("\n")]
    assert [text[low : high + 1] for low, high in zip(starts, lasts, strict=True)] == [word for words, _ in lines for word in words]
    assert np.diff(firsts, append=len(starts)).tolist() == [len(words) for words, _ in lines if words]
    assert soft.tolist() == [hyphen for words, hyphen in lines if words]
