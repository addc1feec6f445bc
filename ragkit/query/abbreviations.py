"""Abbreviations read by the documents' own definitions: what "World Health Organization (WHO)" says of "WHO", and the other way round.

Definitions are found by the algorithm of Schwartz and Hearst (2003, A Simple Algorithm for Identifying Abbreviation Definitions in
Biomedical Text), in the passages that may be seen alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ragkit.index.lexical import LexicalIndex, Mask, Rows
from ragkit.records import Jsonable, record
from ragkit.text.words import Analyzer, fold

#: Letters of an abbreviation, in a question and at most in a definition; words of a long form that are looked for in a question.
SHORT, LONGEST_SHORT, LONG_WORDS = (2, 8), 10, 7
#: Passages that are read for one abbreviation, and places of a question that are looked at.
_PASSAGES, _PLACES = 128, 16
_CAPITALS = re.compile(rf"(?<![\w.-])([A-Z][A-Z0-9]{{{SHORT[0] - 1},{SHORT[1] - 1}}})(?:s|['’]s)?(?![\w-])")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_BRACKETS = re.compile(r"\(([^()\n]{2,120})\)")
#: What is not part of a definition any more, before the brackets.
_BORDER = re.compile(r"[.;:!?()]\s|\n\s*\n")
_REACH = 300
#: What no long form holds: addresses, sums and the like.
_NO_WORDS = re.compile(r"[/\\:;=<>()\[\]{}@%]|\.\w")
_LINKS = frozenset("of and for the in on to de la des der du et".split())


@record
class Expansion(Jsonable):
    """Words of a question, what the documents have in their place, and the documents that say so."""

    typed: str
    meant: str
    document_ids: tuple[int, ...] = ()


@record
class Told:
    """A passage that was read for definitions."""

    text: str
    document_id: int


Read = Callable[[Rows], Iterable[Told]]


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """The abbreviations that ``text`` defines, each with its long form.

    >>> list(definitions("It was funded by the World Health Organization (WHO)."))
    [('WHO', 'World Health Organization')]
    >>> list(definitions("In NMR (nuclear magnetic resonance) the nuclei turn."))
    [('NMR', 'nuclear magnetic resonance')]
    """
    for match in _BRACKETS.finditer(text):
        inside = " ".join(re.split(r"[,;]", match[1])[0].split())
        first = max(0, match.start() - _REACH)
        start = max((m.end() for m in _BORDER.finditer(text, first, match.start())), default=first)
        before = text[start : match.start()].split()
        short, words = (inside, before) if _is_short(inside) else ("".join(before[-1:]), inside.split())
        if _is_short(short) and (long := _long(short, words[-min(len(short) + 5, 2 * len(short)) :])) is not None:
            yield short, long


def _is_short(text: str) -> bool:
    return 2 <= len(text) <= LONGEST_SHORT and len(text.split()) <= 2 and text[0].isalnum() and sum(c.isupper() for c in text) >= 2


def _long(short: str, words: Sequence[str]) -> str | None:
    """The best long form at the end of ``words``: the letters of ``short`` from right to left, its first one at the beginning of a word."""
    text = " ".join(words)
    at = len(text)
    for number, letter in reversed(list(enumerate(short.lower()))):
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (text[at].lower() != letter or (number == 0 and at > 0 and text[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    found = text[text.rfind(" ", 0, at + 1) + 1 :].strip("\"'“”‘’,")
    return found if len(found) > len(short) and short not in found.split() and not _NO_WORDS.search(found) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Where abbreviations are looked up. ``visible`` are the rows that may be seen, ``read`` gives their passages, ``near`` the rows that a
    search for the question finds: they are read for abbreviations that the index leaves out as function words, such as "WHO"."""

    analyzer: Analyzer
    index: LexicalIndex
    visible: Mask
    read: Read
    near: Callable[[], Rows]

    def expansions(self, question: str) -> tuple[Expansion, ...]:
        """The abbreviations of ``question`` with their long forms, and its long forms with their abbreviations; where the documents
        give several meanings, the one that most passages give, or none."""
        own = {short for short, _ in definitions(question)}
        found = [*self._long_forms(question), *self._short_forms(question)]
        return tuple({one.typed: one for one in found if not own & {one.typed, one.meant}}.values())

    def _long_forms(self, question: str) -> Iterator[Expansion]:
        """For words in capitals; none where the whole question is."""
        shorts = list(dict.fromkeys(match[1] for match in _CAPITALS.finditer(question)))
        words = [word for word in _WORD.findall(question) if len(word) > 1]
        if not shorts or 2 * len(shorts) > len(words) + 1:
            return
        for short in shorts[:_PLACES]:
            told = self._told(self._holding(short), short.__eq__)
            meant = self._best((" ".join(self.analyzer.terms(long)), long, document_id) for _, long, document_id in told)
            if meant is not None and not _within(self.analyzer.terms(meant[0]), self.analyzer.terms(question)):
                yield Expansion(typed=short, meant=meant[0], document_ids=meant[1])

    def _short_forms(self, question: str) -> Iterator[Expansion]:
        """For runs of words whose initials are an abbreviation of some passage."""
        runs = list(_runs(question))
        known = self._known({one for _, _, initials in runs for one in initials})
        taken: list[tuple[int, int]] = []
        for start, end, all_initials in runs:
            initials = [one for one in all_initials if one in known]
            if not initials or any(start < b and end > a for a, b in taken):
                continue
            phrase = question[start:end]
            meant = self._short_form(self.analyzer.terms(phrase), initials)
            if meant is not None and meant[0] not in question:
                taken.append((start, end))
                yield Expansion(typed=phrase, meant=meant[0], document_ids=meant[1])

    def _known(self, initials: set[str]) -> set[str]:
        """Which of ``initials`` a visible row has, or are function words, of which nobody can say."""
        own = {one: self.analyzer.terms(one) for one in sorted(initials)}
        weighed = self.index.weigh(sorted({term for terms in own.values() for term in terms}), allowed=self.visible)
        there = {term for term, rows in zip(weighed.terms, weighed.frequencies.tolist(), strict=True) if rows}
        return {one for one, terms in own.items() if there.issuperset(terms)}

    def _short_form(self, wanted: Sequence[str], initials: Sequence[str]) -> tuple[str, tuple[int, ...]] | None:
        told = self._told(self._with_initials(wanted, initials), lambda short: fold(short) in initials)
        return self._best((short, short, document_id) for short, long, document_id in told if self.analyzer.terms(long) == wanted)

    def _holding(self, short: str) -> Rows:
        terms = self.analyzer.terms(short)
        if terms:
            return self._rows(terms)
        return self.near()[:_PASSAGES]

    def _with_initials(self, terms: Sequence[str], initials: Sequence[str]) -> Rows:
        """Rows that hold all of ``terms`` and one of the abbreviations, unless that is a function word."""
        none = np.zeros(0, np.int64)
        if len(terms) < 2:
            return none
        found = [self._rows([*terms, *own]) for one in initials for own in [self.analyzer.terms(one)]]
        return np.unique(np.concatenate([none, *found]))[:_PASSAGES]

    def _rows(self, terms: Sequence[str]) -> Rows:
        holding = self.visible
        for term in dict.fromkeys(terms):
            holding = holding & self.index.holding(term)
            if not holding.any():
                break
        rows: Rows = np.flatnonzero(holding)[:_PASSAGES]
        return rows

    def _told(self, rows: Rows, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str, int]]:
        for told in self.read(rows):
            for short, long in definitions(told.text) if "(" in told.text else ():
                plain = short[:-1] if short.endswith("s") and short[:-1].isupper() else short
                if wanted(plain):
                    yield plain, long, told.document_id

    def _best(self, told: Iterable[tuple[str, str, int]]) -> tuple[str, tuple[int, ...]] | None:
        """The form that is given most often, as it is written first, and the documents that give it; none where two are given equally
        often."""
        forms: dict[str, list[tuple[str, int]]] = {}
        for key, form, document_id in told:
            forms.setdefault(key, []).append((form, document_id))
        ranked = sorted(forms.values(), key=len, reverse=True)
        if not ranked or (len(ranked) > 1 and len(ranked[0]) == len(ranked[1])):
            return None
        return ranked[0][0][0], tuple(dict.fromkeys(document_id for _, document_id in ranked[0]))


def both(text: str, found: Sequence[Expansion]) -> str:
    """``text`` with both forms of each, the second in brackets."""
    return _put(text, found, "{typed} ({meant})")


def replaced(text: str, found: Sequence[Expansion]) -> str:
    """``text`` with the other form in place of each."""
    return _put(text, found, "{meant}")


def _put(text: str, found: Sequence[Expansion], form: str) -> str:
    for one in found:
        put = form.format(typed=one.typed, meant=one.meant).replace("\\", "")
        text = re.sub(rf"(?<!\w){re.escape(one.typed)}s?(?!\w)", put, text)
    return text


def _runs(question: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Places of runs of two words or more, longest first, and their initials: of all words, and without the small ones."""
    words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(question)]
    for size in range(min(LONG_WORDS, len(words)), 1, -1):
        for at in range(len(words) - size + 1):
            run = words[at : at + size]
            if fold(run[0][0]) in _LINKS or fold(run[-1][0]) in _LINKS or "?" in question[run[0][1] : run[-1][2]]:
                continue
            parts = [part for word, _, _ in run for part in re.split(r"['’-]", fold(word)) if part]
            initials = dict.fromkeys("".join(part[0] for part in some) for some in (parts, [p for p in parts if p not in _LINKS]))
            yield run[0][1], run[-1][2], tuple(one for one in initials if SHORT[0] <= len(one) <= SHORT[1])


def _within(run: Sequence[str], terms: Sequence[str]) -> bool:
    return any(list(terms[at : at + len(run)]) == list(run) for at in range(len(terms) - len(run) + 1))
