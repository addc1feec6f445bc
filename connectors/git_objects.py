"""Objects of a git repository's folder, read within limits.

Packs are dulwich's; what it would unpack is bounded before: every object, and every delta that it is made of, by the size that
its header declares, which dulwich then holds it to. Nothing but objects and refs is read: no configuration, no hooks, no attributes,
no alternates, no replacements, no grafts; and nothing through a link that leads out of the folder.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from ragkit.errors import SourceError

from .naming import one_line

if TYPE_CHECKING:
    from dulwich.pack import Pack

MAX_OBJECT = 128 << 20
_MAX_CHAIN = 4096
_MAX_REFS = 64 << 20
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_OFS_DELTA, _REF_DELTA = 6, 7
_HEX = re.compile(rb"[0-9a-f]{40}")
#: What dulwich raises for packs whose parts do not fit together.
BROKEN = (LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError, OSError, EOFError, zlib.error)


class Entry(NamedTuple):
    """The beginning of an object in a pack: its type, its declared size, the offset or sha of its base, where its data begins."""

    kind: int
    size: int
    base: int | bytes | None
    at: int


class Objects:
    """The objects of the bare repository at ``folder``."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self._packs: list[tuple[Pack, str]] | None = None

    def get(self, sha: bytes, kind: bytes) -> bytes:
        """The content of the object ``sha`` (40 hex digits), which is of a ``kind``.

        Raises:
            SourceError: it is not there, broken, too large, or of another kind.
        """
        reason = found = None
        try:
            found = self._loose(sha) or self._packed(sha)
        except SourceError:
            raise
        except BROKEN as error:
            reason = one_line(error) or type(error).__name__
        if reason:  # not in the handler: its traceback would keep views of the pack, which then could not be closed
            raise SourceError(f"the git object {sha.decode()} is broken: {reason}")
        if found is None:
            raise SourceError(f"the git object {sha.decode()} is not in the repository; is it a partial clone, or one with alternates?")
        if found[0] != kind:
            raise SourceError(f"the git object {sha.decode()} is a {found[0].decode()}, not a {kind.decode()}")
        if hashlib.sha1(b"%s %d\0" % (kind, len(found[1])) + found[1], usedforsecurity=False).hexdigest() != sha.decode():
            raise SourceError(f"the git object {sha.decode()} is damaged: its content has another hash")
        return found[1]

    def inside(self, *parts: str) -> str | None:
        """The path of a regular file in the folder, unless it is not there or a link out of it."""
        path = os.path.join(self.folder, *parts)
        return path if os.path.isfile(path) and os.path.realpath(path).startswith(self.folder + os.sep) else None

    def _loose(self, sha: bytes) -> tuple[bytes, bytes] | None:
        name = sha.decode("ascii")
        path = self.inside("objects", name[:2], name[2:])
        if path is None:
            return None
        with open(path, "rb") as file:
            unpacking = zlib.decompressobj()
            data = unpacking.decompress(file.read(MAX_OBJECT + (1 << 20)), MAX_OBJECT + 64)
        head, _, content = data.partition(b"\0")
        kind, _, size = head.partition(b" ")
        _limit(int(size), sha)
        if len(content) != int(size):
            raise ValueError("it is not as long as it says")
        return kind, content

    def _packed(self, sha: bytes) -> tuple[bytes, bytes] | None:
        from dulwich.objects import ObjectID

        for pack, path in self._all_packs():
            try:
                offset = pack.index.object_offset(ObjectID(sha))
            except KeyError:
                continue
            with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                self._bound(view, pack, offset, sha)
            kind, content = pack.get_raw(ObjectID(sha))
            return _KINDS[kind], content
        return None

    def _bound(self, view: mmap.mmap, pack: Pack, offset: int, sha: bytes) -> None:
        """Follows the deltas that an object is made of, by their headers alone."""
        from dulwich.objects import RawObjectID

        for _ in range(_MAX_CHAIN):
            entry = header(view, offset)
            _limit(entry.size, sha)
            if entry.base is None:
                return
            _limit(_delta_size(view, entry), sha)
            offset = offset - entry.base if isinstance(entry.base, int) else pack.index.object_offset(RawObjectID(entry.base))
        raise SourceError(f"the git object {sha.decode()} is made of more than {_MAX_CHAIN:,} deltas")

    def _all_packs(self) -> list[tuple[Pack, str]]:
        from dulwich.object_format import SHA1
        from dulwich.pack import Pack

        if self._packs is None:
            folder = os.path.join(self.folder, "objects", "pack")
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            found = [(name[:-4], self.inside("objects", "pack", name[:-4] + ".pack")) for name in names if name.endswith(".idx")]
            inside = [(name, path) for name, path in found if path and self.inside("objects", "pack", name + ".idx")]
            self._packs = [(Pack(os.path.join(folder, name), object_format=SHA1), path) for name, path in inside]
        return self._packs

    def close(self) -> None:
        """Closes the packs; they are opened again when they are needed."""
        packs, self._packs = self._packs or [], None
        with ExitStack() as stack:
            for pack, _ in packs:
                stack.callback(pack.close)

    def refs(self) -> dict[str, bytes]:
        """Branches and tags by their full names, loose ones before packed ones."""
        found: dict[str, bytes] = {}
        packed = self.inside("packed-refs")
        if packed is not None:
            with open(packed, "rb") as lines:
                for line in lines.read(_MAX_REFS).splitlines():
                    sha, _, name = line.partition(b" ")
                    if _HEX.fullmatch(sha):
                        found[os.fsdecode(name)] = sha
        for parent, _, files in os.walk(os.path.join(self.folder, "refs")):
            for file in files:
                full = os.path.relpath(os.path.join(parent, file), self.folder)
                value = self.ref(full)
                if _HEX.fullmatch(value):
                    found[full] = value
        return found

    def ref(self, name: str) -> bytes:
        """What stands in the file of a ref, "" where there is none."""
        path = self.inside(*name.split("/"))
        if path is None:
            return b""
        with open(path, "rb") as file:
            return file.read(4096).strip()


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
    if kind == _REF_DELTA:
        return Entry(kind, size, view[at : at + 20], at + 20)
    if kind != _OFS_DELTA:
        return Entry(kind, size, None, at)
    byte = view[at]
    distance, at = byte & 0x7F, at + 1
    while byte & 0x80:
        byte = view[at]
        distance, at = ((distance + 1) << 7) | (byte & 0x7F), at + 1
        if distance > 1 << 62:
            raise ValueError("a distance without an end")
    return Entry(kind, size, distance or 1 << 62, at)


def _delta_size(view: mmap.mmap, entry: Entry) -> int:
    return delta_size(zlib.decompressobj().decompress(view[entry.at : entry.at + 64], 24))


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


def _limit(size: int, sha: bytes) -> None:
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
            _limit(entry.size, b"in the pack")
            head, offset = _skip(view, entry)
            made = delta_size(head) if entry.base is not None else 0
            _limit(made, b"in the pack")
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
