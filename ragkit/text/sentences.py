"""Sentence boundaries by rule, with exact offsets, for text in any script."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

from ragkit.records import Parsed

Span = tuple[int, int]

#: A full stop after one of these does not end a sentence.
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st rev hon gen col maj capt lt sgt gov sen rep pres messrs mt ft vs etc inc ltd co corp llc v "
    "plc dept univ assn bros est approx appt apt ave blvd rd no nos vol vols fig figs eq eqs ch chap sec art pp pg p op cit "
    "ed eds trans al cf viz eg ie e.g i.e a.k.a ca c jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu "
    "thur thurs fri sat sun bzw z.b d.h u.a usw ggf evtl inkl nr abb str bd hrsg vgl".split()
)
#: ... unless what follows can only start a sentence; these are often the sentence's last word.
MAY_END = frozenset("etc inc ltd co corp llc plc jr sr usw al".split())
ALWAYS_MAY_END = frozenset("etc usw al".split())
#: These are words of their own as well; they are abbreviations only before a number.
BEFORE_NUMBERS = frozenset("no nos art sec ch fig p mar sun sat est ed apt c str".split())

_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”’）]*")
_LAST_WORD = re.compile(r"(\w+(?:\.\w+)*)\.$")
_OPENER = re.compile(r"\s+[\"'“‘«(\[]*(\S)")
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_CONTINUES = frozenset(
    "a an and are as at but by for from had has have if in into is it its nor of on or so that the their then this to was were "
    "which who with".split()
)


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Spans of the sentences of ``text[start:end]``, in order, white space at their ends left out.

    Every character that is not white space lies in exactly one span. Line ends inside a paragraph do not end a
    sentence; an empty line does.
    """
    end = len(text) if end is None else end
    spans: list[Span] = []
    at = start
    for cut in _cuts(text, start, end):
        _add(spans, text, at, cut)
        at = cut
    _add(spans, text, at, end)
    return spans


def line_spans(text: str, start: int, end: int) -> list[Span]:
    """Spans of the lines of ``text[start:end]`` that hold more than white space, trimmed."""
    spans: list[Span] = []
    for match in _LINE.finditer(text, start, end):
        _add(spans, text, match.start(), match.end())
    return spans


def units(parsed: Parsed, start: int = 0, end: int | None = None) -> list[tuple[int, int, int]]:
    """The smallest spans that are cited or moved as one, of the blocks that touch ``[start, end)``.

    ``(start, end, index of its block)`` each: a sentence of running text, a line of a table or of code, a whole heading.
    """
    end = len(parsed.text) if end is None else end
    first = bisect.bisect_right(parsed.blocks, start, key=lambda block: block.end)
    found: list[tuple[int, int, int]] = []
    for number in range(first, len(parsed.blocks)):
        block = parsed.blocks[number]
        if block.start >= end:
            break
        if block.kind in ("table", "code"):
            spans = line_spans(parsed.text, block.start, block.end)
        elif block.kind == "heading":
            spans = []
            _add(spans, parsed.text, block.start, block.end)
        else:
            spans = sentence_spans(parsed.text, block.start, block.end)
        found.extend((a, b, number) for a, b in spans)
    return found


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


_GAP = re.compile(r"\n[ \t]*\n")


def _cuts(text: str, start: int, end: int) -> Iterator[int]:
    gaps = [m.start() for m in _GAP.finditer(text, start, end)]
    ends = [m.end() for m in _END.finditer(text, start, end) if _ends(text, m, start, end)]
    yield from sorted({*gaps, *ends})


def _ends(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Whether the punctuation of ``match`` really ends a sentence."""
    if match.group()[0] in "。！？｡":
        return True
    opener = _OPENER.match(text, match.end(), end)
    if opener is None:
        return True
    following = opener.group(1)
    if following.islower():
        return False
    if not match.group().startswith("."):
        return True
    word = _LAST_WORD.search(text, max(start, match.start() - 40), match.start() + 1)
    if word is None:
        return True
    return not _abbreviation(word.group(1), following, text, opener.start(1))


def _abbreviation(word: str, following: str, text: str, at: int) -> bool:
    """Whether ``word`` before a full stop is short for something, and the sentence goes on at ``at``."""
    plain = word.lower()
    if len(word) == 1 and word.isupper():
        return word != "I" and not _starts_sentence(text, at)
    if plain in MAY_END:
        return following.isdigit() or (plain not in ALWAYS_MAY_END and not _starts_sentence(text, at))
    if plain in BEFORE_NUMBERS:
        return following.isdigit()
    if plain in ABBREVIATIONS:
        return True
    initials = "." in word and all(len(part) == 1 for part in word.split("."))
    return initials and not following.isdigit() and not _starts_sentence(text, at)


def _starts_sentence(text: str, at: int) -> bool:
    """``U.S. Army`` goes on, ``in the U.S. The army`` does not: a capitalised function word starts a sentence."""
    following = re.match(r"\w+", text[at : at + 20])
    return following is not None and following.group().lower() in _CONTINUES
