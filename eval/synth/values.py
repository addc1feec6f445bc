"""Dates, times, numbers and sums in a sentence, each with the words that ask for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .base import Kind

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_YEAR = r"(?:1[5-9]|20)\d\d"
WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty "
    "thirty forty fifty sixty seventy eighty ninety hundred"
).split()
_DIGITS = dict(zip(WORDS[:19], map(str, range(2, 21)), strict=True))
#: A number that is counted with; neither part of another nor of a date.
NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|(?:{'|'.join(WORDS)})(?:-[a-z]+)?)(?![\w:%])"
HEDGE = r"(?:about |nearly |almost |only |at least |at most |up to |more than |fewer than |less than |over |around )?"
_MONEY = r"[£$€]\d[\d,]*(?:\.\d\d)?(?: million| billion)?"
#: Words that are no part of the thing that is counted, and behind which it ends.
_OTHERS = (
    "across long wide high deep tall thick old away and or of in on at to for with from by a an the is are was were have can may must will "
    "as per until when that which who after before"
).split()
_OTHER = rf"(?:{'|'.join(_OTHERS)})\b"
#: One to three plain words; the last is the thing that is counted.
_THING = rf"(?:(?!{_OTHER})[a-z][a-z-]+ ?){{1,3}}"
_STOP = rf"(?=[ ]*(?:[,;:.]|$|{_OTHER}))"
_SIZE = re.compile(r" ?(?:across|long|wide|high|deep|tall|thick|old|away)\b")
_PLURALS = frozenset("people men women children sheep mice feet teeth staff".split())


@dataclass(frozen=True, kw_only=True)
class Value:
    """A phrase ``[start, end)`` of a text that a question leaves out, the words that ask for it, and the answer."""

    ask: str
    answer: str
    start: int
    end: int
    kind: Kind


#: Pattern with a group ``a``, the answer; what asks for it; and its kind.
_PHRASES: tuple[tuple[re.Pattern[str], str, Kind], ...] = (
    (re.compile(rf"\bon (?P<a>(?:(?:{_DAY}) )?\d{{1,2}} (?:{_MONTH})(?: {_YEAR})?)\b"), "When", "date"),
    (re.compile(rf"\bin (?P<a>(?:{_MONTH}) {_YEAR}|the (?:spring|summer|autumn|winter) of {_YEAR}|{_YEAR})\b"), "When", "date"),
    (re.compile(rf"\bsince (?P<a>(?:(?:{_MONTH}) )?{_YEAR})\b"), "Since when", "date"),
    (re.compile(rf"\buntil (?P<a>(?:\d{{1,2}} )?(?:(?:{_MONTH}) )?{_YEAR})\b"), "Until when", "date"),
    (re.compile(r"\bat (?P<a>\d{1,2}:\d\d)\b"), "At what time", "time"),
    (re.compile(r"\bby (?P<a>\d{1,2}:\d\d)\b"), "By what time", "time"),
    (re.compile(r"\buntil (?P<a>\d{1,2}:\d\d)\b"), "Until what time", "time"),
)
_PREPOSITION = re.compile(rf"\b(?P<p>within|for|after|with) (?P<h>{HEDGE})(?P<n>{NUMBER}) (?P<t>{_THING}){_STOP}")
_COUNT = re.compile(rf"(?P<h>{HEDGE})(?P<n>{NUMBER}) (?P<t>{_THING}){_STOP}")
_SUM = re.compile(rf"(?P<h>{HEDGE})(?P<a>{_MONEY})")


def phrases(text: str) -> list[Value]:
    """Prepositional phrases that name a date, a time or a number of things, in order."""
    found = [
        Value(ask=ask, answer=match["a"], start=match.start(), end=match.end(), kind=kind)
        for pattern, ask, kind in _PHRASES
        for match in pattern.finditer(text)
    ]
    for match in _PREPOSITION.finditer(text):
        if not is_plural(match["t"].strip()):
            continue
        ask = f"{match['p'].capitalize()} how many {match['t'].strip()}"
        found.append(Value(ask=ask, answer=f"{match['n']} {match['t'].strip()}", start=match.start(), end=match.end(), kind="number"))
    return sorted(found, key=lambda value: value.start)


def count(text: str) -> Value | None:
    """A number of things at the very beginning of ``text``.

    >>> count("about 2,300 books and journals").ask
    'How many books'
    """
    match = _COUNT.match(text)
    if match is None or re.fullmatch(_YEAR, match["n"]):
        return None
    thing = match["t"].strip()
    if not is_plural(thing):
        return None
    sized = _SIZE.match(text, match.end())
    end, size = (sized.end(), f" {sized.group().strip()}") if sized else (match.end(), "")
    return Value(ask=f"How many {thing}{size}", answer=f"{match['n']} {thing}", start=0, end=end, kind="number")


def is_plural(thing: str) -> bool:
    """Whether the last word is one that can be counted; the rest of the rules take its word for it."""
    last = thing.split(" ")[-1]
    return last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


def money(text: str) -> Value | None:
    """A sum at the very beginning of ``text``."""
    match = _SUM.match(text)
    return None if match is None else Value(ask="How much", answer=match["a"], start=0, end=match.end(), kind="money")


def spellings(answer: str) -> tuple[str, ...]:
    """The answer as it stands, and with its number in digits.

    >>> spellings("six shifts")
    ('six shifts', '6 shifts')
    """
    first, _, rest = answer.partition(" ")
    digits = _DIGITS.get(first.lower())
    return (answer,) if digits is None else (answer, f"{digits} {rest}".strip())
