"""Help with spelling from the index's own words: a word that no passage has is read as the one word that it nearly is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ragkit.index.lexical import LexicalIndex, Mask, Rows
from ragkit.query.distance import distances
from ragkit.records import Jsonable, record
from ragkit.text.words import Analyzer, fold

#: Letters from which a word may have one error, and two.
ONE_ERROR, TWO_ERRORS = 5, 8
#: Passages that are read for how a word is written.
_PASSAGES = 16
#: Words of a question that are looked at.
_WORDS = 32
_WORD = re.compile(r"[^\W\d_]+")


@record
class Correction(Jsonable):
    """A word as it was typed, and the word of the documents that was searched in its place."""

    typed: str
    word: str


def corrections(
    text: str,
    analyzer: Analyzer,
    index: LexicalIndex,
    visible: Mask,
    texts: Callable[[Rows], Iterable[str]],
    is_word: Callable[[str], bool],
) -> tuple[Correction, ...]:
    """The words of ``text`` that stand in none of the ``visible`` rows, each with the one that it nearly is.

    Only a word of these rows counts, begins with the same letter, and is nearer than any other of them. ``is_word`` tells which words
    are right although no passage has them; ``texts`` gives the passages of rows.
    """
    typed = dict.fromkeys(word for word in _WORD.findall(text)[:_WORDS] if len(word) >= ONE_ERROR)
    own = {word: terms[0] for word in typed if len(terms := analyzer.terms(word)) == 1}
    known = _known(list(own.values()), index, visible)
    found: list[Correction] = []
    for word, term in own.items():
        if term in known or is_word(word) or is_word(term):
            continue
        best = _nearest(word, term, analyzer, index, visible, texts)
        if best is not None:
            found.append(Correction(typed=word, word=_cased(best, word)))
    return tuple(found)


def corrected(text: str, found: Sequence[Correction]) -> str:
    """``text`` with every correction made."""
    words = {correction.typed: correction.word for correction in found}
    return _WORD.sub(lambda match: words.get(match.group(), match.group()), text)


def _known(terms: Sequence[str], index: LexicalIndex, visible: Mask) -> set[str]:
    """Which of ``terms`` a visible row has."""
    weighed = index.weigh(terms, allowed=visible)
    return {term for term, rows in zip(weighed.terms, weighed.frequencies.tolist(), strict=True) if rows}


def _nearest(
    word: str, term: str, analyzer: Analyzer, index: LexicalIndex, visible: Mask, texts: Callable[[Rows], Iterable[str]]
) -> str | None:
    limit = 2 if len(word) >= TWO_ERRORS else 1
    size = len(term.encode())
    near = sorted(found.decode() for found in index.beginning(term.encode()[:1], size - limit, size + limit))
    apart = distances(term, near)
    chosen = [(int(apart[i]), near[i]) for i in np.flatnonzero(apart <= limit).tolist() if near[i].isalpha()]
    seen = _known([other for _, other in chosen], index, visible)
    forms = [form for _, other in chosen if other in seen if (form := _written(word, other, analyzer, index, visible, texts)) is not None]
    ranked = sorted(zip(distances(fold(word), forms).tolist(), forms, strict=True))
    if not ranked or ranked[0][0] > limit or (len(ranked) > 1 and ranked[1][0] == ranked[0][0]):
        return None
    return ranked[0][1]


def _written(
    word: str, term: str, analyzer: Analyzer, index: LexicalIndex, visible: Mask, texts: Callable[[Rows], Iterable[str]]
) -> str | None:
    """The form of ``term`` that the visible passages write most like ``word``."""
    rows: Rows = np.flatnonzero(index.holding(term) & visible)[:_PASSAGES]
    forms = Counter(w for text in texts(rows) for w in map(fold, _WORD.findall(text)) if analyzer.terms(w) == [term])
    if not forms:
        return None
    listed = sorted(forms)
    return min(zip(distances(fold(word), listed).tolist(), (-forms[form] for form in listed), listed, strict=True))[2]


def _cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word[0].upper() + word[1:] if like[0].isupper() else word
