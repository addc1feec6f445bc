"""Which words stay capitalised inside a sentence, and which names are a person's, as far as the documents themselves show it."""

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


def names_of(documents: Iterable[Document]) -> frozenset[str]:
    """Words that are written with a capital inside sentences, and never without one."""
    upper: set[str] = set()
    lower: set[str] = set()
    for document in documents:
        text = document.parsed.text.replace("\n", " ")
        upper.update(re.findall(r"(?<=[a-z,] )[A-Z][\w'\u2019-]*", text))
        lower.update(re.findall(r"\b[a-z][\w'\u2019-]*", text))
    return frozenset(word for word in upper if word.lower() not in lower)


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
