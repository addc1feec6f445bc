"""Which language a document is written in."""

from __future__ import annotations

from ragkit.text import detection

#: Characters that are looked at, letters that are needed, and the probability that is enough.
_LOOKED_AT = 4000
_LETTERS = 40
_SURE = 0.6


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the language that ``text`` is written in; ``None`` where there is too little of it, or no telling.

    By py3langid (Lui and Baldwin 2012, "langid.py"): naive Bayes over byte n-grams, 97 languages.

    >>> language_of("The lighthouse was built in 1871, and it has been lit every night since then.")
    'en'
    """
    start = max(0, (len(text) - _LOOKED_AT) // 3)  # a beginning is often a title page
    sample = text[start : start + _LOOKED_AT]
    return detection.language_of(sample, letters=_LETTERS, sure=_SURE)
