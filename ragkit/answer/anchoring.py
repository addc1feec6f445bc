"""Where a cited passage stands now: the exact text found again in a newer version of its document.

Words that stand there once are found by themselves; of several places the one is taken whose surroundings are most like those
that were recorded, if it is clearly one. A passage that was reworded in any way is not found: a citation is exact or it is none.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Characters before and after a citation that are recorded with it.
CONTEXT = 64
#: Places of the same words that are compared; of words that stand in more, none is taken.
MOST_PLACES = 10_000


def surroundings(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands right before and right after ``text[start:end]``."""
    return text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]


def find(text: str, cited: str, before: str = "", after: str = "") -> tuple[int, int] | None:
    """The span of ``text`` where the words ``cited`` stand; ``None``: nowhere, or at several places that cannot be told apart.

    >>> find("One. Two. One.", "Two.")
    (5, 9)
    >>> find("a: One. b: One.", "One.", before="b: ")
    (11, 15)
    >>> find("One. One.", "One.") is None
    True
    """
    starts = _places(text, cited)
    if len(starts) > 1:
        starts = _most_alike(text, starts, len(cited), before, after)
    return (starts[0], starts[0] + len(cited)) if len(starts) == 1 else None


def _places(text: str, cited: str) -> list[int]:
    found: list[int] = []
    at = text.find(cited) if cited else -1
    while at >= 0:
        found.append(at)
        if len(found) > MOST_PLACES:
            return []
        at = text.find(cited, at + 1)
    return found


def _most_alike(text: str, starts: Sequence[int], length: int, before: str, after: str) -> list[int]:
    """The places whose surroundings share the most characters with those recorded, counted outwards from the passage."""
    likeness = {
        start: _common(text[max(0, start - len(before)) : start][::-1], before[::-1])
        + _common(text[start + length : start + length + len(after)], after)
        for start in starts
    }
    best = max(likeness.values())
    return [start for start, alike in likeness.items() if alike == best]


def _common(a: str, b: str) -> int:
    """Length of the common beginning."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
