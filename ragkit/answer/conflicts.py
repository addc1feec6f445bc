"""Do two documents say contrary things? Two sentences of one frame that differ in a number, a date, a name, or by a negation (English).

Rules that are made to stay silent where they are in doubt: what differs in two places may speak of two things, an extra name or
number may say of what or when, and many things may be true of several people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from ragkit.answer import asked
from ragkit.records import Evidence
from ragkit.text.words import terms

#: Content words that two sentences must have in common, and their least share of either's.
LEAST_COMMON, LEAST_SHARE = 2, 0.6
#: Content words that one sentence may have after all that both say.
MOST_AFTER = 6

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_TOKEN = re.compile(
    rf"(?P<date>\d{{1,2}} (?:{_MONTHS})(?:,? \d{{4}})?|(?:{_MONTHS}) \d{{1,2}}(?:,? \d{{4}})?|(?:{_MONTHS}) \d{{4}})"
    r"|(?P<number>\d+(?:[.,:]\d+)*)|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)"
)
_NEGATIONS = frozenset("no not never none nobody nothing neither nor without cannot".split())
_SHORT_NOT = re.compile(r"n['’]t\Z")
#: A number that is a bound or a guess.
_VAGUE = re.compile(
    r"\b(?:about|around|almost|nearly|roughly|approximately|over|under|than|least|most|up to|some|between)(?: \w+)? [$€£]?\d", re.I
)
#: Stems of what is done, or is the case, once and by one.
_ONCE = frozenset(
    "built build found invent discov discover design creat die born kill murder capit director compos wrote written author win won "
    "paint defeat succeed chief presid mayor owner open".split()
)
_YES_OR_NO = re.compile(r"\s*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|must|should)\b", re.I)


class _Word(NamedTuple):
    key: str
    kind: str  # number, name, word


def between(question: str, evidence: Sequence[Evidence]) -> tuple[Evidence, Evidence] | None:
    """The best evidence, and the next of another document that says the contrary of what is asked for; ``None``: there is none."""
    for other in evidence[1:]:
        if other.document_id != evidence[0].document_id and contrary(question, evidence[0].text, other.text):
            return evidence[0], other
    return None


def contrary(question: str, one: str, other: str) -> bool:
    """Whether two sentences answer ``question`` by contraries. Symmetric; a sentence is not contrary to itself."""
    first, second = sorted((one, other))
    return _contrary(question, _words(first), _words(second), bool(_VAGUE.search(first) or _VAGUE.search(second)), _negated(first, second))


def _contrary(question: str, one: list[_Word], other: list[_Word], vague: bool, negated: bool) -> bool:
    keys = [word.key for word in one], [word.key for word in other]
    steps = [step for step in SequenceMatcher(None, *keys, autojunk=False).get_opcodes() if step[0] != "equal"]
    common = len(keys[0]) - sum(step[2] - step[1] for step in steps)
    if common < LEAST_COMMON or common < LEAST_SHARE * min(len(keys[0]), len(keys[1])):
        return False
    replaced = [_trimmed(one[a:b], other[c:d], last=b == len(one)) for tag, a, b, c, d in steps if tag == "replace"]
    if not all(_harmless(step, one, other) for step in steps if step[0] != "replace"):
        return False
    known = set(terms(question))
    if negated:
        return not replaced and bool(_YES_OR_NO.match(question))
    if len(replaced) != 1 or any(word.key in known for side in replaced[0] for word in side):
        return False
    return _differ(*replaced[0], kind=asked.kind(question), vague=vague, frame=set(keys[0]) & set(keys[1]))


def _differ(one: list[_Word], other: list[_Word], *, kind: str, vague: bool, frame: set[str]) -> bool:
    """Whether what stands in the same place of both is two values of what is asked for."""
    kinds = {word.kind for word in (*one, *other)} if one and other else set()
    if kinds == {"number"}:
        parts = [{part for word in side for part in word.key.split()} for side in (one, other)]
        return kind in ("number", "date", "other") and not vague and not (parts[0] <= parts[1] or parts[1] <= parts[0])
    return kinds == {"name"} and kind == "name" and bool(frame & _ONCE) and not {w.key for w in one} & {w.key for w in other}


def _trimmed(one: list[_Word], other: list[_Word], *, last: bool) -> tuple[list[_Word], list[_Word]]:
    """What differs, without the words that only one sentence has after it, at its end."""
    if last and len(one) != len(other):
        longer, shorter = (one, other) if len(one) > len(other) else (other, one)
        tail = longer[len(shorter) :]
        if len(tail) <= MOST_AFTER and all(word.kind == "word" for word in tail):
            return (longer[: len(shorter)], shorter) if longer is one else (shorter, longer[: len(shorter)])
    return one, other


def _harmless(step: tuple[str, int, int, int, int], one: list[_Word], other: list[_Word]) -> bool:
    """Whether what only one sentence has is said after all that both say, and is neither a name nor a number."""
    _, a, b, c, d = step
    extra = one[a:b] or other[c:d]
    at_the_end = (b == len(one) and a == b and d == len(other)) or (d == len(other) and c == d and b == len(one))
    return at_the_end and len(extra) <= MOST_AFTER and all(word.kind == "word" for word in extra)


def _words(text: str) -> list[_Word]:
    """The content words of a sentence; of a name each word is one."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        if match.lastgroup == "date":
            found.append(_Word(" ".join(sorted(word.lower().replace(",", "").split())), "number"))
        elif match.lastgroup == "number":
            found.append(_Word(word.replace(",", ""), "number"))
        elif word.lower() not in _NEGATIONS:
            kind = "name" if word[0].isupper() and match.start() > 0 else "word"
            found += [_Word(term, kind) for term in terms(_SHORT_NOT.sub("", word))]
    return found


def _negated(one: str, other: str) -> bool:
    """Whether exactly one of the two denies."""
    return _denies(one) != _denies(other)


def _denies(text: str) -> bool:
    words = [match.group().lower() for match in _TOKEN.finditer(text)]
    return any(word in _NEGATIONS or _SHORT_NOT.search(word) for word in words)
