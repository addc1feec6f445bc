"""Which language a text is written in, by py3langid (Lui and Baldwin 2012, "langid.py"): naive Bayes over byte n-grams, 97 languages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


def language_of(text: str, *, letters: int, sure: float) -> str | None:
    """The ISO 639-1 code of the language of ``text``; ``None`` where it has fewer ``letters``, or is less probable than ``sure``."""
    if sum(map(str.isalpha, text)) < letters:
        return None
    language, probability = _identifier().classify(text)
    return str(language) if probability >= sure else None


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
