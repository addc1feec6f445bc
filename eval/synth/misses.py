"""Unanswerable near-misses: a good question asked of something else, of another year or of another document, that nothing answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from ragkit.contracts import Embedder
from ragkit.text.words import terms

from .base import Draft
from .sieve import Passages, content

_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
#: Neighbouring sentences in which the swapped question's words must not stand together.
_NEAR = 2
#: By how much a year is changed, the first that will do.
_STEPS = (3, -4, 7, -9, 11)
#: Least cosine of two subjects of which one takes the other's place: what is nothing like it makes no sense in the question.
_LIKE = 0.4
_HEADING = re.compile(r"What does “(?P<title>[^”]+)” say about “(?P<name>[^”]+)”\?")

#: A question, and the words in it that were put in place of others.
Swapped = tuple[str, str]


def misses(drafts: Sequence[Draft], passages: Passages, embedder: Embedder, persons: Collection[str]) -> Iterator[Draft]:
    """At most one for each draft: the year or the subject is another, or what a document is asked about is another document's heading.

    Nowhere in the store do all of the question's words stand within a few sentences, nor the new one with half of the others in one
    sentence; of a heading no word stands in the document that is asked.
    """
    likes = _Likes([draft for draft in drafts if draft.kind != "table"], embedder, persons)
    headings = [(match["name"], draft.uri) for draft in drafts if (match := _HEADING.fullmatch(draft.question))]
    for number, draft in enumerate(drafts):
        if draft.kind == "heading":
            made = _other_heading(draft, headings[number % len(headings) :] + headings, passages) if headings else None
        else:
            made = next((one for one in (*_years(draft), *likes.swapped(draft)) if not _held(one, passages)), None)
        if made is not None:
            question = made[0]
            yield Draft(question=question, answers=(), kind=draft.kind, uri=draft.uri, start=draft.start, end=draft.end, statement="")


def _other_heading(draft: Draft, headings: Sequence[tuple[str, str]], passages: Passages) -> Swapped | None:
    match = _HEADING.fullmatch(draft.question)
    if match is None:
        return None
    for name, uri in headings:
        if uri != draft.uri and terms(name) and not any(passages.stands(term, draft.uri) for term in terms(name)):
            return f"What does “{match['title']}” say about “{name}”?", name
    return None


def _years(draft: Draft) -> Iterator[Swapped]:
    year = _YEAR.search(draft.question)
    if year is not None and draft.kind in ("name", "date", "number"):
        for step in _STEPS:
            other = str(int(year.group()) + step)
            yield draft.question[: year.start()] + other + draft.question[year.end() :], other


class _Likes:
    """Subjects that may take each other's place: both persons or neither, definite, of the verb's number, the most alike first."""

    def __init__(self, drafts: Sequence[Draft], embedder: Embedder, persons: Collection[str]) -> None:
        own = {d.subject: d.plural for d in drafts if d.subject.startswith("the ") or d.subject in persons}
        self._subjects, self._plural, self._persons = list(own), own, persons
        every = list(dict.fromkeys([*own, *(d.subject for d in drafts if d.subject)]))
        self._vectors = dict(zip(every, embedder.embed(every), strict=True)) if every else {}

    def swapped(self, draft: Draft) -> Iterator[Swapped]:
        """The question with other subjects."""
        own = draft.subject
        if own not in self._vectors or draft.question.count(own) != 1:
            return
        likes = sorted(
            ((float(self._vectors[own] @ self._vectors[one]), one) for one in self._subjects), key=lambda pair: (-pair[0], pair[1])
        )
        for like, other in likes:
            fits = draft.plural is None or self._plural[other] == draft.plural
            apart = not set(terms(own)) & set(terms(other))
            if fits and apart and like >= _LIKE and (own in self._persons) == (other in self._persons):
                yield draft.question.replace(own, other), other


def _held(made: Swapped, passages: Passages) -> bool:
    """Whether a document might answer after all."""
    words, new = content(made[0]), frozenset(terms(made[1]))
    if not new or passages.holding(words, near=_NEAR):
        return True
    rest = words - new
    return any(2 * len(rest & set(terms(one.text))) >= len(rest) for one in passages.holding(new))
