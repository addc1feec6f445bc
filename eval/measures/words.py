"""SQuAD's normalisation of answers."""

from __future__ import annotations

import functools
import re
import string

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)

#: Texts whose normal form is kept: several measures read the same answers.
_TEXTS = 4096


@functools.lru_cache(_TEXTS)
def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, words parted by one space (Rajpurkar et al. 2016).

    >>> normalised("The  Dray's mirror: 84 kg.")
    'drays mirror 84 kg'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())
