"""Finding personal data: exact spans, none over another, in time proportional to the text."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from ragkit.errors import SettingsError
from ragkit.pii import patterns, phones
from ragkit.pii.kinds import KINDS, PATTERNED
from ragkit.pii.patterns import MASK, Rule
from ragkit.records import Jsonable, record

#: How far before a number a word may stand that says what it is, how far behind, and how far a column's last number.
NEAR, BEHIND, NEXT = 60, 24, 120
RULES: tuple[Rule, ...] = (*patterns.RULES, *phones.RULES)
#: What a mask leaves as it is: a text keeps its lines.
_COVERED = re.compile(r"[^\n]")

#: A model that finds names: the spans of a text that are a person's name.
Names = Callable[[str], Sequence[tuple[int, int]]]


@record
class Found(Jsonable):
    """Personal data of one kind: the characters ``[start, end)`` of the text."""

    kind: str
    start: int
    end: int


def find(text: str, kinds: Collection[str] | None = None, *, names: Names | None = None) -> list[Found]:
    """What in ``text`` is personal data of ``kinds`` (``None``: all), in order; spans do not overlap. Names take a model.

    >>> [(f.kind, f.start, f.end) for f in find("Mail ada@example.org, card 4111 1111 1111 1111.")]
    [('email', 5, 20), ('card', 27, 46)]

    Raises:
        SettingsError: there is no such kind.
    """
    wanted = checked(PATTERNED if kinds is None else kinds)
    found: list[Found] = []
    for rule in RULES:
        if rule.kind not in wanted:
            continue
        new = [Found(kind=rule.kind, start=start, end=end) for start, end in _spans(rule, text, found)]
        if new:
            text = mask(text, new)
            found = sorted([*found, *new], key=lambda f: f.start)
    if names is not None and (kinds is None or "name" in wanted):
        found += [Found(kind="name", start=start, end=end) for start, end in names(text) if MASK not in text[start:end]]
    return sorted(found, key=lambda f: f.start)


def mask(text: str, found: Sequence[Found]) -> str:
    """``text`` with every found character replaced by one ``█``, line breaks kept: its length and its lines stay the same."""
    pieces, at = [], 0
    for one in found:
        pieces += [text[at : one.start], _COVERED.sub(MASK, text[one.start : one.end])]
        at = one.end
    return "".join([*pieces, text[at:]])


def checked(kinds: Collection[str]) -> Collection[str]:
    """``kinds``, each of them known.

    Raises:
        SettingsError: one is not.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise SettingsError(f"there is no kind of personal data {kind!r}; known: {', '.join(KINDS)}")
    return kinds


def _spans(rule: Rule, text: str, found: Sequence[Found]) -> Iterator[tuple[int, int]]:
    """Matches that pass the rule; after one that does not, the scan goes on with the next character."""
    ends = [f.end for f in found if f.kind == rule.kind]
    at = 0
    while match := rule.pattern.search(text, at):
        start, at = match.start(), match.start() + 1
        length = rule.check(match[0])
        end = start + length
        if not length or (rule.refuse is not None and rule.refuse(text, start, end)):
            continue
        if not _near(rule, text, start, end, ends):
            continue
        yield start, end
        at = end
        bisect.insort(ends, end)


def _near(rule: Rule, text: str, start: int, end: int, ends: Sequence[int]) -> bool:
    """Whether no cue is asked for, or a word of it stands shortly before, or one right behind, or a number of the same
    kind before, as in a column or a list."""
    if rule.cue is None or rule.cue.search(text[max(0, start - NEAR) : start]):
        return True
    if rule.behind is not None and rule.behind.match(text, end, end + BEHIND):
        return True
    before = bisect.bisect_right(ends, start)
    between = text[ends[before - 1] : start] if before and start - ends[before - 1] <= NEXT else None
    return between is not None and (len(between) <= BEHIND or any(c in between for c in "\n\t|"))
