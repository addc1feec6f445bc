"""Which words are written in small letters inside a sentence, and which names are a person's, as far as the documents show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ragkit.records import Document

from .statements import NOT_FIRST

_FULL = r"(?:[A-Z][\w'\u2019-]+ ){1,2}[A-Z][\w'\u2019-]+"
_TRADE = r"[a-z]+(?:er|or|ist|ian|ant|man|woman|chair)|uncle|aunt|father|mother|brother|sister|friend"
_PERSON = re.compile(
    rf"(?:(?:{_TRADE}),? ({_FULL}))|(?:({_FULL})(?:,? who\b| \([a-z]+\)|[^.]*\. (?:He|She)\b|[^.]{{0,80}}\b(?:his|her)\b))"
)
_THING = re.compile(rf"\bthe ({_FULL})")


def common_words(documents: Iterable[Document]) -> frozenset[str]:
    """Words that stand in small letters somewhere: at the head of a sentence their capital means nothing."""
    return frozenset(word for document in documents for word in re.findall(r"\b[a-z][\w'\u2019-]*", document.parsed.text))


def persons_of(documents: Sequence[Document]) -> frozenset[str]:
    """Names that the text itself tells as a person's: behind a trade or a relative, or before "who", "he" or "her"."""
    found: set[str] = set()
    things: set[str] = set()
    for document in documents:
        text = " ".join(document.parsed.text.split())
        found.update(match[1] or match[2] for match in _PERSON.finditer(text))
        things.update(_THING.findall(text))
    no_name = NOT_FIRST | {"the", "a", "an", "dr"}
    return frozenset(one for one in found - things if one.split()[0].lower() not in no_name and not any(map(str.isupper, one.split())))
