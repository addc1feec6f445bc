"""What kind of thing a question asks for, by its words (English), and whether a text has such a thing."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["number", "date", "name", "reason", "manner", "other"]
KINDS: tuple[Kind, ...] = ("number", "date", "name", "reason", "manner", "other")

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_COUNTS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
    "|thousand|million|billion|half|third|quarter|dozen"
)
_PLACES = "city|country|state|place|location|region|continent|county|town|river|island"
_ASKED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("number", re.compile(r"\bhow (?:many|much|old|long|far|tall|big|large|high|deep|fast|often|wide)\b|\bpercent|\bnumber of\b", re.I)),
    ("date", re.compile(r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|century|decade|month|day)s?\b", re.I)),
    ("name", re.compile(rf"\bwho(?:se|m)?\b|\bwhere\b|\b(?:what|which) (?:{_PLACES})\b|\bname of\b|\bcalled\b", re.I)),
    ("reason", re.compile(r"\bwhy\b|\bwhat (?:caused|causes|reason)", re.I)),
    ("manner", re.compile(r"\bhow\b", re.I)),
)
_NUMBER = re.compile(rf"\d|\b(?:{_COUNTS})\b", re.I)
_DATE = re.compile(rf"\b(?:1\d|20)\d\d\b|\b(?:{_MONTHS})\b|\bcentury\b|\b\d{{1,3}}(?:st|nd|rd|th)\b|\b(?:BC|AD|BCE|CE)\b")
#: A capitalised word within a sentence.
_NAME = re.compile(r"(?<=[\w,;:)\"'’“(] )[\"'“(]?([A-Z][\w’'-]*)|(?<=\()([A-Z]\w*)")
_WORD = re.compile(r"\w+")


def kind(question: str) -> Kind:
    """What the question asks for; ``other`` where its words do not say."""
    return next((kind for kind, pattern in _ASKED if pattern.search(question)), "other")


def has(kind: Kind, text: str, question: str) -> bool | None:
    """Whether ``text`` has a thing of this kind that the question itself does not have; ``None`` where nobody can tell by words."""
    if kind not in ("number", "date", "name"):
        return None
    known = {word.lower() for word in _WORD.findall(question)}
    if kind == "name":
        return any((m.group(1) or m.group(2)).lower() not in known for m in _NAME.finditer(text))
    rest = " ".join(word for word in text.split() if not {part.lower() for part in _WORD.findall(word)} <= known)
    return bool((_NUMBER if kind == "number" else _DATE).search(rest))
