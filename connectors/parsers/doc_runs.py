"""What a Word document (.doc) tells of its characters and paragraphs: lists of property modifiers, in pages of 512 bytes.

Source: Microsoft, "[MS-DOC]: Word (.doc) Binary File Format", sections 2.6 (modifiers) and 2.9 (the pages).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

_PAGE = 512
#: Bytes of an operand, by the three highest bits of its modifier; 0: told by the first byte.
_OPERANDS = (1, 1, 2, 4, 2, 2, 0, 3)


class Runs:
    """Property lists by the place in the file of the characters that have them."""

    def __init__(self, runs: Iterable[tuple[int, int, bytes]]) -> None:
        self._runs = sorted(runs)
        self._starts = [start for start, _, _ in self._runs]

    def at(self, position: int) -> bytes:
        """The properties of the character there; none where none are told."""
        index = bisect_right(self._starts, position) - 1
        return self._runs[index][2] if index >= 0 and position < self._runs[index][1] else b""


def paragraph_runs(main: bytes, plc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """First and last place of each paragraph in the file, and its properties: the number of its style, then modifiers."""
    return _runs(main, plc, _paragraph)


def character_runs(main: bytes, plc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """First and last place of each run of characters in the file, and its modifiers."""
    return _runs(main, plc, _character)


def _runs(main: bytes, plc: bytes, read: Callable[[bytes, int, int], bytes]) -> Iterator[tuple[int, int, bytes]]:
    """What the pages say that the table ``plc`` names ("[MS-DOC]", 2.9.22)."""
    count = max(0, (len(plc) - 4) // 8)
    numbers = struct.unpack_from(f"<{count}I", plc, 4 * (count + 1)) if count else ()
    for number in dict.fromkeys(number & 0x3FFFFF for number in numbers):  # a page once
        page = main[number * _PAGE : (number + 1) * _PAGE]
        if len(page) < _PAGE:
            continue
        runs = page[-1]
        bounds = struct.unpack_from(f"<{runs + 1}I", page)
        for index, (start, end) in enumerate(pairwise(bounds)):
            yield start, end, read(page, 4 * (runs + 1), index)


def _paragraph(page: bytes, base: int, index: int) -> bytes:
    """A PapxInFkp: the number of the style, then modifiers."""
    at = 2 * page[base + 13 * index]
    if not at:
        return b""
    length = 2 * page[at] - 1
    if not page[at]:
        at, length = at + 1, 2 * page[at + 1]
    return page[at + 1 : at + 1 + length]


def _character(page: bytes, base: int, index: int) -> bytes:
    """A Chpx: modifiers."""
    at = 2 * page[base + index]
    return page[at + 1 : at + 1 + page[at]] if at else b""


def modifiers(properties: bytes) -> Iterator[tuple[int, bytes]]:
    """Property modifiers (sprms) with their operands ("[MS-DOC]", 2.6)."""
    at = 0
    while at + 2 < len(properties):
        modifier = struct.unpack_from("<H", properties, at)[0]
        length = _OPERANDS[modifier >> 13]
        at += 2
        if not length:
            wide = modifier == 0xD608
            length = struct.unpack_from("<H", properties, at)[0] + 1 if wide and at + 2 <= len(properties) else 1 + properties[at]
        yield modifier, properties[at : at + length]
        at += length
