"""Which language a text is written in: a short one by its function words, a longer one by its letters."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ragkit.text.languages import LANGUAGES
from ragkit.text.words import fold

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


_WORD = re.compile(r"\w+")
#: Function words that a short text needs.
_FUNCTION_WORDS = 2


def by_function_words(text: str) -> str | None:
    """The ISO 639-1 code of the language that has more of the words of ``text`` among its function words than any other; ``None``
    where there is no such one. Costs no model, and tells questions, which are short and full of them.

    >>> by_function_words("Qui a construit le phare ?")
    'fr'
    """
    words = set(_WORD.findall(fold(text)))
    counts = sorted(((len(words & listed), code) for code, listed in _function_words().items()), reverse=True)
    (most, code), (next_most, _) = counts[:2]
    return code if most >= _FUNCTION_WORDS and most > next_most else None


def language_of(text: str, *, letters: int, sure: float) -> str | None:
    """The ISO 639-1 code of the language of ``text``; ``None`` where it has fewer ``letters``, or is less probable than ``sure``.

    By py3langid (Lui and Baldwin 2012, "langid.py"): naive Bayes over byte n-grams, 97 languages.
    """
    if sum(map(str.isalpha, text)) < letters:
        return None
    language, probability = _identifier().classify(text)
    return str(language) if probability >= sure else None


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {language.codes[0]: frozenset(map(fold, language.stop_words.split())) for language in LANGUAGES}


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
