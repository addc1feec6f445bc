"""A question that asks of two things, as the questions that ask of one, by rules for English that need no model."""

from __future__ import annotations

import re

from ragkit.query.condense import Before, condense

_WH = r"(?:who|whom|what|which|when|where|why|how)\b"
_THING = r"(?:(?:the|a|an|his|her|its|their)\s+)?[^\s,?]+(?:\s+(?:of\s+)?(?-i:[A-Z0-9])[^\s,?]*)*"
_BOTH = re.compile(rf"\bboth\s+(?P<one>{_THING})\s+and\s+(?P<two>{_THING})", re.I)
_BETWEEN = re.compile(
    r"\b(?:differences?|similarit(?:y|ies)|comparison)\s+between\s+(?P<one>.+?)\s+and\s+(?P<two>.+?)\s*(?=[?.!,]|$)", re.I
)
_COMPARE = re.compile(r"\bcompare\s+(?P<one>.+?)\s+(?:and|with|to)\s+(?P<two>.+?)\s*(?=[?.!,]|$)", re.I)
_COMPARED = re.compile(r"(?P<lead>^.*?),?\s+(?:as )?compared (?:with|to)\s+(?P<two>.+?)\s*(?=[?.!,]|$)", re.I)
_EITHER = re.compile(r"^(?P<lead>(?:which|who|what)\b[^,?]*),\s*(?P<one>[^,?]+?),?\s+or\s+(?P<two>[^?]+?)\s*\?*$", re.I)
_TWO = re.compile(rf"^(?P<one>{_WH}[^?]*?\w),?\s+and\s+(?P<two>{_WH}\s+[^?]+?)\s*\?*$", re.I)


def parts(question: str) -> tuple[str, ...]:
    """The questions that together ask what ``question`` does; none where it asks of one thing.

    >>> parts("Did both Tesla and Edison live in New York?")
    ('Did Tesla live in New York?', 'Did Edison live in New York?')
    >>> parts("When was the mill built and who owns it?")
    ('When was the mill built?', 'Who owns the mill?')
    """
    text = " ".join(question.split())
    if match := _BOTH.search(text):
        return tuple(text[: match.start()] + match[name] + text[match.end() :] for name in ("one", "two"))
    if match := _TWO.match(text):
        one = f"{match['one']}?"
        two = match["two"][0].upper() + match["two"][1:] + "?"
        return one, condense(two, Before(question=one))
    if match := _EITHER.match(text):
        return tuple(f"{match['lead']}: {match[name]}?" for name in ("one", "two"))
    for pattern in (_BETWEEN, _COMPARE):
        if match := pattern.search(text):
            return match["one"], match["two"]
    if match := _COMPARED.search(text):
        return f"{match['lead']}?", condense(f"What about {match['two']}?", Before(question=f"{match['lead']}?"))
    return ()
