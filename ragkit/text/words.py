"""Words as the lexical index sees them: folded, without stop words, stemmed; bigrams where a script has no spaces."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator

#: English function words. Kept short on purpose: a word that can carry meaning stays ("will", "can", "may", "no", "not").
STOP_WORDS = frozenset(
    "a an and are as at be been but by did do does for from had has have he her him his how i if in into is it its me my of "
    "on or our she so such than that the their them then there these they this those to us was we were what when where which "
    "who whom whose why with you your".split()
)

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")
_CACHE_SIZE = 200_000


@functools.cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer

    stem: Callable[[str], str] = snowballstemmer.stemmer("english").stemWord
    return stem


@functools.lru_cache(_CACHE_SIZE)
def stem(word: str) -> str:
    """The Snowball English stem (Porter, 2001) of a folded word; words with digits are left as they are."""
    return word if any(c.isdigit() for c in word) else _stemmer()(word)


def fold(text: str) -> str:
    """NFKC and case folding: what differs only in width, ligature or case becomes the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms(text: str) -> list[str]:
    """Index terms of ``text`` in order, with repetitions.

    >>> terms("The engines were running")
    ['engin', 'run']
    """
    return [term for word in _WORD.findall(fold(text)) for term in _terms_of(word)]


@functools.lru_cache(_CACHE_SIZE)
def _terms_of(word: str) -> tuple[str, ...]:
    if word in STOP_WORDS:
        return ()
    if _UNSPACED.search(word):
        return tuple(_bigrams(word))
    return (stem(word),)


def _bigrams(word: str) -> Iterator[str]:
    """Overlapping character pairs of the unspaced runs of ``word``, and the stems of what stands between them."""
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield stem(word[at : run.start()])
        chars = run.group()
        yield from (chars[i : i + 2] for i in range(max(1, len(chars) - 1)))
        at = run.end()
    if at < len(word):
        yield stem(word[at:])
