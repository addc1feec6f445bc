"""Which drafts may stand beside each other: no question twice or nearly, none that another passage answers differently."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ragkit.text.words import fold, terms

from ..measures.contains import contains
from .base import Draft, Sentence

#: Two questions are nearly the same when this share of all their words is common to both (Jaccard).
ALIKE = 0.8
_ASKING = frozenset(terms("when where which who whom what how many much time year number completes stands under within until since"))


def content(question: str) -> frozenset[str]:
    """The index terms of a question, those that only ask left out."""
    return frozenset(terms(question)) - _ASKING


class Passages:
    """The sentences of all documents by their words, to see which of them might answer a question too."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._sentences = list(sentences)
        self._with: dict[str, set[int]] = defaultdict(set)
        for number, sentence in enumerate(self._sentences):
            for term in terms(sentence.text):
                self._with[term].add(number)

    def holding(self, words: Iterable[str], near: int = 0) -> list[Sentence]:
        """The sentences that hold all of ``words`` together with ``near`` sentences on either side of them, in the same document."""
        found: set[int] | None = None
        for word in words:
            here = {m for n in self._with.get(word, ()) for m in range(n - near, n + near + 1) if self._same(n, m)}
            found = here if found is None else found & here
            if not found:
                return []
        return [self._sentences[number] for number in sorted(found or ())]

    def stands(self, word: str, uri: str) -> bool:
        """Whether a word stands anywhere in a document."""
        return any(self._sentences[number].uri == uri for number in self._with.get(word, ()))

    def _same(self, one: int, other: int) -> bool:
        return 0 <= other < len(self._sentences) and self._sentences[one].uri == self._sentences[other].uri


def sifted(drafts: Sequence[Draft], passages: Passages) -> tuple[list[Draft], Counter[str]]:
    """The drafts that may stand, in order, and how many were dropped for which reason."""
    dropped: Counter[str] = Counter()
    clear = []
    for draft in drafts:
        if _ambiguous(draft, passages):
            dropped["ambiguous: another passage has all of its words and another answer"] += 1
        else:
            clear.append(draft)
    kept: list[Draft] = []
    for group in _alike(clear):
        first = group[0]
        if all(one is first or set(one.answers) & set(first.answers) for one in group):
            kept.append(first)
            dropped["asked already, in the same or nearly the same words"] += len(group) - 1
        else:
            dropped["ambiguous: nearly the same question has another answer"] += len(group)
    return kept, dropped


def _ambiguous(draft: Draft, passages: Passages) -> bool:
    """A definition or heading names its place; of the others no sentence elsewhere may hold every word and not the answer."""
    if draft.kind in ("heading", "table"):
        return False
    for other in passages.holding(content(draft.question)):
        own = other.uri == draft.uri and other.start < draft.end and draft.start < other.end
        if not own and not any(contains(other.text, [answer]) for answer in draft.answers):
            return True
    return False


def _words(draft: Draft) -> frozenset[str]:
    """The words by which questions are compared, those that ask among them. Those of tables and headings differ in names alone; such are
    the same only when they are."""
    return frozenset([draft.question]) if draft.kind in ("heading", "table") else frozenset(re.findall(r"\w+", fold(draft.question)))


def _alike(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Drafts in groups of nearly the same question, by the first of each; compared only where they share one of their rarest words, which
    no two that are alike can fail to (prefix filtering, Chaudhuri et al. 2006)."""
    words = [_words(draft) for draft in drafts]
    common = Counter(term for one in words for term in one)
    groups: list[list[Draft]] = []
    heads: list[frozenset[str]] = []
    by_word: dict[str, list[int]] = defaultdict(list)
    for draft, own in zip(drafts, words, strict=True):
        rare = sorted(own, key=lambda term: (common[term], term))[: len(own) - math.ceil(ALIKE * len(own)) + 1]
        near = sorted({number for term in rare for number in by_word[term]})
        home = next((number for number in near if len(own & heads[number]) >= ALIKE * len(own | heads[number])), None)
        if home is None:
            home = len(groups)
            groups.append([])
            heads.append(own)
            for term in rare:
                by_word[term].append(home)
        groups[home].append(draft)
    return groups
