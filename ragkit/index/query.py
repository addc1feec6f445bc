"""Queries with operators: ``"exact phrase"``, ``+required``, ``-excluded``.

An operator stands at the beginning or after white space; ``+`` and ``-`` stand directly before a letter or a quotation
mark. Everything else is text: ``well-known``, ``a - b``, ``-5``, ``12" pipe``, a quotation mark that is not closed. Operators
choose among the rows that may be seen; scores and their statistics do not depend on them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ragkit.index.lexical import LexicalIndex, Mask, Rows
from ragkit.records import record
from ragkit.text.words import Analyzer

#: Passages whose text is read to see whether words stand next to one another: the best by BM25. The others are not returned.
CHECKED_ROWS = 2000

_OPERATOR = re.compile(r'(?<!\S)(?:(?P<sign>[+-]?)"(?P<phrase>[^"]*)"(?!\w)|(?P<word_sign>[+-])(?P<word>[^\W\d_][^\s"]*))')

#: The passages of rows, in the same order, as they were indexed.
Texts = Callable[[Rows], Iterable[str]]


@record
class Query:
    """A query that was read: ``text`` without operators and without what is excluded; ``required`` and ``excluded`` words and
    phrases, as they were written."""

    text: str
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def parse(query: str) -> Query:
    """The operators of ``query``; a query that has none is its own text, unchanged.

    >>> parse('lamp +oil -"whale oil" well-known')
    Query(text='lamp oil well-known', required=('oil',), excluded=('whale oil',))
    """
    parts: list[str] = []
    chosen: dict[bool, list[str]] = {True: [], False: []}
    at = 0
    for match in _OPERATOR.finditer(query):
        words = match["word"] if match["phrase"] is None else match["phrase"]
        wanted = (match["word_sign"] or match["sign"]) != "-"
        chosen[wanted].append(words)
        parts += [query[at : match.start()], words if wanted else ""]
        at = match.end()
    if not parts:
        return Query(text=query)
    text = " ".join("".join((*parts, query[at:])).split())
    return Query(text=text, required=tuple(chosen[True]), excluded=tuple(chosen[False]))


def unsigned(query: str) -> str:
    """``query`` with the signs of its operators left out and all of its words kept: for a question in plain language."""
    return _OPERATOR.sub(lambda match: match[0] if match["phrase"] is not None else match["word"], query)


def choose(query: Query, analyzer: Analyzer, index: LexicalIndex, visible: Mask, texts: Texts) -> Mask | None:
    """The ``visible`` rows that have all that is required and nothing that is excluded; ``None``: the query has no operators.

    What analyses to one term is looked up in the index; what analyses to several must stand together, in order and with
    nothing but stop words between, which the ``texts`` show. What analyses to nothing is ignored.
    """
    required, excluded = ([t for words in some if (t := analyzer.terms(words))] for some in (query.required, query.excluded))
    if not required and not excluded:
        return None
    chosen = visible.copy()
    for terms in required:
        for term in terms:
            chosen &= index.holding(term)
    doubtful = np.zeros_like(chosen)
    for terms in excluded:
        holding = np.logical_and.reduce([index.holding(term) for term in dict.fromkeys(terms)])
        if len(terms) == 1:
            chosen &= ~holding
        else:
            doubtful |= holding
    together = [terms for terms in required if len(terms) > 1]
    apart = [terms for terms in excluded if len(terms) > 1]
    check = chosen if together else chosen & doubtful
    rows = _best(check, analyzer.terms(query.text), index, visible)
    chosen &= ~check
    for row, text in zip(rows.tolist(), texts(rows), strict=True):
        found = analyzer.terms(text)
        chosen[row] = all(_stands(p, found) for p in together) and not any(_stands(p, found) for p in apart)
    return chosen


def _best(check: Mask, terms: Sequence[str], index: LexicalIndex, visible: Mask) -> Rows:
    """The rows to check: all, or the best by BM25 when there are more than can be read."""
    rows: Rows = np.flatnonzero(check)
    if len(rows) <= CHECKED_ROWS:
        return rows
    best, _ = index.search(terms, CHECKED_ROWS, allowed=visible, wanted=check)
    others = np.setdiff1d(rows, best)[: CHECKED_ROWS - len(best)]  # rows whose words are too common to score
    return np.sort(np.concatenate([best, others]))


def _stands(phrase: Sequence[str], terms: Sequence[str]) -> bool:
    """Whether ``phrase`` is a run of ``terms``."""
    first, size = phrase[0], len(phrase)
    return any(term == first and terms[at : at + size] == phrase for at, term in enumerate(terms))
