"""What a compound file (OLE 2) holds at its top, by its directory alone: enough to tell what it is, in bounded steps.

Source: Microsoft, "[MS-CFB]: Compound File Binary File Format", sections 2.2 (the header), 2.3 and 2.5 (FAT and DIFAT), 2.6 (the
directory).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

_ENTRY, _MAX_SECTORS = 128, 0xFFFFFFF9
_HEADER_TABLES = 109


def top_names(data: bytes) -> set[str]:
    """The names of the streams and storages that hang from the root; none where the directory cannot be read.

    A document may be embedded in another, so a name that stands anywhere in the file tells nothing.
    """
    try:
        return set(_top(data))
    except (struct.error, IndexError, ValueError):
        return set()


def _top(data: bytes) -> Iterator[str]:
    entries = b"".join(_directory(data))
    seen: set[int] = set()
    at = [struct.unpack_from("<I", entries, 76)[0]]  # the root's child; the tree's branches follow from there
    while at:
        number = at.pop()
        if number in seen or (number + 1) * _ENTRY > len(entries):
            continue
        seen.add(number)
        entry = entries[number * _ENTRY : (number + 1) * _ENTRY]
        length, _, left, right = struct.unpack_from("<HHII", entry, 64)
        yield entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        at += [left, right]


def _directory(data: bytes) -> Iterator[bytes]:
    """The directory's sectors in order; a chain that loops ends where it comes back."""
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        raise ValueError("sectors of an odd size")
    size = 1 << shift
    tables = _tables(data, size)
    sector, seen = struct.unpack_from("<I", data, 48)[0], set[int]()
    while sector < _MAX_SECTORS and sector not in seen:
        seen.add(sector)
        yield data[(sector + 1) * size : (sector + 2) * size]
        table = tables[sector // (size // 4)]
        sector = struct.unpack_from("<I", data, (table + 1) * size + 4 * (sector % (size // 4)))[0]


def _tables(data: bytes, size: int) -> array[int]:
    """Where the sectors of the FAT lie: the first 109 stand in the header, the others in sectors of their own."""
    found = array("I", struct.unpack_from(f"<{_HEADER_TABLES}I", data, 76))
    sector, seen = struct.unpack_from("<I", data, 68)[0], set[int]()
    while sector < _MAX_SECTORS and sector not in seen:
        seen.add(sector)
        *more, sector = struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
        found.extend(more)
    return found
