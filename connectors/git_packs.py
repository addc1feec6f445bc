"""Packs of git objects: what the header of each object says, before anything is unpacked."""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from ragkit.errors import SourceError

MAX_OBJECT = 128 << 20
OFS_DELTA, REF_DELTA = 6, 7
#: Packed bytes that are enough for the first unpacked ones: the tables of a deflated block alone can take some 300.
_HEAD = 4096


class Entry(NamedTuple):
    """The beginning of an object in a pack: its type, its declared size, the offset or sha of its base, where its data begins."""

    kind: int
    size: int
    base: int | bytes | None
    at: int


def header(view: mmap.mmap, offset: int) -> Entry:
    """The beginning of the object at ``offset`` of a pack."""
    byte = view[offset]
    kind, size, shift, at = (byte >> 4) & 7, byte & 15, 4, offset + 1
    while byte & 0x80:
        byte = view[at]
        size |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if shift > 63:
            raise ValueError("a size without an end")
    if kind == REF_DELTA:
        return Entry(kind, size, view[at : at + 20], at + 20)
    if kind != OFS_DELTA:
        return Entry(kind, size, None, at)
    byte = view[at]
    distance, at = byte & 0x7F, at + 1
    while byte & 0x80:
        byte = view[at]
        distance, at = ((distance + 1) << 7) | (byte & 0x7F), at + 1
        if distance > 1 << 62:
            raise ValueError("a distance without an end")
    return Entry(kind, size, distance or 1 << 62, at)


def made_by(view: mmap.mmap, entry: Entry) -> int:
    """The size of what a delta makes."""
    return delta_size(zlib.decompressobj().decompress(view[entry.at : entry.at + _HEAD], 24))


def delta_size(head: bytes) -> int:
    """The size of what a delta makes, from its first bytes (after the size of what it is applied to)."""
    sizes, at = [], 0
    for _ in range(2):
        size = shift = 0
        while True:
            size |= (head[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not head[at - 1] & 0x80:
                break
        sizes.append(size)
    return sizes[1]


def limit(size: int, sha: bytes) -> None:
    """Refuses an object of more than :data:`MAX_OBJECT` bytes.

    Raises:
        SourceError: it is.
    """
    if size > MAX_OBJECT:
        raise SourceError(f"the git object {sha.decode()} takes {size:,} bytes to read; the limit is {MAX_OBJECT:,}")


def scan(path: str, *, max_objects: int, max_bytes: int) -> None:
    """Looks through a pack that came from elsewhere before anything else reads it; nothing of it is kept.

    Raises:
        SourceError: an object is larger than :data:`MAX_OBJECT`, they are too many, or all of them unpack to more than ``max_bytes``.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if view[:4] != b"PACK" or view[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
            raise ValueError("no pack")
        count, offset, total = int.from_bytes(view[8:12], "big"), 12, 0
        if count > max_objects:
            raise SourceError(f"the repository has {count:,} objects; the limit is {max_objects:,}")
        for _ in range(count):
            entry = header(view, offset)
            limit(entry.size, b"in the pack")
            head, offset = _skip(view, entry)
            made = delta_size(head) if entry.base is not None else 0
            limit(made, b"in the pack")
            total += entry.size + made
            if total > max_bytes:
                raise SourceError(f"the repository unpacks to more than {max_bytes:,} bytes")


def _skip(view: mmap.mmap, entry: Entry) -> tuple[bytes, int]:
    """The first bytes of an object's data, and where the next object begins."""
    unpacking, head, at, size = zlib.decompressobj(), b"", entry.at, 0
    for piece in _pieces(view, at):
        at += len(piece)
        while piece and not unpacking.eof:
            out = unpacking.decompress(piece, 1 << 16)
            piece, size = unpacking.unconsumed_tail, size + len(out)
            head = head or out[:24]
            if size > entry.size:
                raise ValueError("an object is longer than it says")
        if unpacking.eof:
            return head, at - len(unpacking.unused_data)
    raise ValueError("the pack ends early")


def _pieces(view: mmap.mmap, at: int) -> Iterator[bytes]:
    while piece := view[at : at + (1 << 14)]:
        yield piece
        at += len(piece)
