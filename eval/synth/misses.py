"""Unanswerable near-misses: a good question asked of something else, or of another year, on which no document says it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from ragkit.text.words import terms

from .base import Draft
from .sieve import Passages, content
from .values import is_plural

_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
#: Neighbouring sentences in which the swapped question's words must not stand together.
_NEAR = 2
_LATER = (3, 7, 11, 13, -4, -9)


def misses(drafts: Sequence[Draft], passages: Passages, seed: int) -> Iterator[Draft]:
    """At most one for each draft that has a subject or a year: the same question with another subject of the store's questions, or
    another year. Nowhere do all of its words stand within a few sentences, nor most of them in one.
    """
    drawing = random.Random(seed)
    subjects = sorted({draft.subject for draft in drafts if draft.subject and draft.kind != "table"})
    for draft in drafts:
        if draft.kind not in ("heading", "definition", "cloze", "table", "written"):
            made = next((one for one in _swapped(draft, subjects, drawing) if not _held(one[0], one[1], passages)), None)
            if made is not None:
                yield Draft(question=made[0], answers=(), kind=draft.kind, uri=draft.uri, start=draft.start, end=draft.end, statement="")


def _swapped(draft: Draft, subjects: Sequence[str], drawing: random.Random) -> Iterator[tuple[str, str]]:
    """The question with something else in it, and what that is."""
    year = _YEAR.search(draft.question)
    if year is not None:
        for step in drawing.sample(_LATER, len(_LATER)):
            other = str(int(year.group()) + step)
            yield draft.question[: year.start()] + other + draft.question[year.end() :], other
    own = draft.subject
    if not own or draft.question.count(own) != 1:
        return
    for other in drawing.sample(subjects, len(subjects)):
        shared = set(terms(other)) & set(terms(own))
        if not shared and _number(other) == _number(own) and other[:1].isupper() == own[:1].isupper():
            yield draft.question.replace(own, other), other


def _number(subject: str) -> bool:
    """Whether a subject is a plural: by its head, the word before the first "of"."""
    return is_plural(subject.split(" of ")[0])


def _held(question: str, swapped: str, passages: Passages) -> bool:
    """Whether a document might answer after all."""
    words, new = content(question), frozenset(terms(swapped))
    if not new or passages.holding(words, near=_NEAR):
        return True
    rest = words - new
    return any(2 * len(rest & set(terms(one.text))) >= len(rest) for one in passages.holding(new))
