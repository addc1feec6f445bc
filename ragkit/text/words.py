"""Words as the lexical index sees them: folded, without stop words, stemmed; bigrams where a script has no spaces."""

from __future__ import annotations

import functools
import importlib
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

from ragkit.errors import SettingsError
from ragkit.text.languages import BY_NAME, LANGUAGES, Language

#: The language that means: words as they stand, all of them.
NONE = "none"

#: English function words. Kept short on purpose: a word that can carry meaning stays ("will", "can", "may", "no", "not").
STOP_WORDS = frozenset(BY_NAME["english"].stop_words.split())

#: Marks above and below Latin letters, and those of other scripts, which belong to the word that they stand in.
_LATIN_MARKS = "\u0300-\u036f"
_MARKS = "".join(chr(c) for c in range(0x483, 0x1100) if unicodedata.category(chr(c)) in ("Mn", "Mc"))
_WORD = re.compile(rf"\w[\w{_MARKS}]*")
_MARKED_WORD = re.compile(rf"\w[\w{_MARKS}{_LATIN_MARKS}]*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
#: Letters whose marks can be dropped: Latin and Greek ones.
_MARKABLE = re.compile(r"[\u00c0-\u024f\u0300-\u03ff\u1e00-\u1fff]")
_CACHE_SIZE = 200_000


def fold(text: str) -> str:
    """NFKC and case folding: what differs only in width, ligature or case becomes the same."""
    return unicodedata.normalize("NFKC", text).casefold()


class Analyzer:
    """The analysis of one language. Equal texts have equal terms; safe to use from threads.

    ``name`` is the language, or ``none``; ``id`` names the language and the version of the rules, for the store to record.
    """

    def __init__(self, language: Language | None) -> None:
        self.name = NONE if language is None else language.name
        self._spelling = str.maketrans(dict(language.respelled if language else ()))
        self._letters = None if language is None else language.letters
        self._word = _WORD if self._letters is None else _MARKED_WORD
        self._stem = _plain if language is None else _stemmer(language.name)
        listed = [] if language is None else language.stop_words.split()
        self._stop_words = frozenset(form for word in listed for form in (self._fold(word), self._bare(self._fold(word))))
        self._terms_of = functools.lru_cache(_CACHE_SIZE)(self._analysed)

    @property
    def id(self) -> str:
        """``language/version``: another one gives other terms."""
        return f"{self.name}/{_VERSION}" if self.name == NONE else f"{self.name}/{_VERSION}-{_snowball()}"

    def terms(self, text: str) -> list[str]:
        """Index terms of ``text`` in order, with repetitions."""
        return [term for word in self._word.findall(self._fold(text)) for term in self._terms_of(word)]

    def _fold(self, text: str) -> str:
        if not self._spelling:
            return fold(text)
        return unicodedata.normalize("NFKC", text).translate(self._spelling).casefold().translate(self._spelling)

    def _analysed(self, word: str) -> tuple[str, ...]:
        if word in self._stop_words:
            return ()
        if _UNSPACED.search(word):
            return tuple(self._bigrams(word))
        return (self._stemmed(word),)

    def _stemmed(self, word: str) -> str:
        """The stem (Porter's Snowball, 2001) of a folded word; words with digits are left as they are."""
        return self._bare(word if any(c.isdigit() for c in word) else self._stem(word))

    def _bare(self, word: str) -> str:
        """Without the marks that are not part of the language's own letters."""
        letters = self._letters
        if letters is None or not _MARKABLE.search(word):
            return word
        return "".join(c if c in letters else _MARKABLE.sub(_unmarked, c) for c in word)

    def _bigrams(self, word: str) -> Iterator[str]:
        """Overlapping character pairs of the unspaced runs of ``word``, and the stems of what stands between them."""
        at = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > at:
                yield self._stemmed(word[at : run.start()])
            chars = run.group()
            yield from (chars[i : i + 2] for i in range(max(1, len(chars) - 1)))
            at = run.end()
        if at < len(word):
            yield self._stemmed(word[at:])


#: Raised when the rules of this file change what a text's terms are.
_VERSION = 1


@functools.cache
def _snowball() -> str:
    """The version of the stemmers, without its last part, which does not change stems."""
    return ".".join(version("snowballstemmer").split(".")[:2])


def _unmarked(match: re.Match[str]) -> str:
    first = unicodedata.normalize("NFD", match.group())[0]
    return "" if unicodedata.combining(first) else first


def _plain(word: str) -> str:
    return word


def _stemmer(name: str) -> Callable[[str], str]:
    """Snowball's stemmer, loaded when it is first needed, and for one word at a time, for it keeps the word that it works on."""
    lock = threading.Lock()
    load = functools.cache(_load)

    def stem(word: str) -> str:
        with lock:
            found: str = load(name).stemWord(word)
        return found

    return stem


def _load(name: str) -> Any:
    """Always the stemmer written in Python, so that an index does not depend on what else is installed.

    Raises:
        SettingsError: the installed Snowball is too old to know the language.
    """
    try:
        module = importlib.import_module(f"snowballstemmer.{name}_stemmer")
    except ImportError as error:
        raise SettingsError(
            f"the installed snowballstemmer {version('snowballstemmer')} has no stemmer for {name}; "
            "mend it with: pip install --upgrade snowballstemmer"
        ) from error
    return getattr(module, f"{name.title()}Stemmer")()


@functools.cache
def _made(name: str) -> Analyzer:
    return Analyzer(None if name == NONE else BY_NAME[name])


def analyzer(language: str) -> Analyzer:
    """The analyzer of a language by its English name or its ISO 639 code; ``none`` neither stems nor drops words.

    Raises:
        SettingsError: there is no such language.

    >>> analyzer("de").terms("Die Häuser der Stadt")
    ['haus', 'stadt']
    """
    name = language.strip().lower()
    if name != NONE and name not in BY_NAME:
        known = ", ".join(f"{one.name} ({one.codes[0]})" for one in LANGUAGES)
        raise SettingsError(f"setting 'retrieval.language' is {language!r}, which is no language known here: {known}, or {NONE}")
    return _made(NONE if name == NONE else BY_NAME[name].name)


def terms(text: str) -> list[str]:
    """Index terms of English ``text``; see :meth:`Analyzer.terms`.

    >>> terms("The engines were running")
    ['engin', 'run']
    """
    return _made("english").terms(text)
