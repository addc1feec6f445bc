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
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ragkit.errors import SourceError

from .git_packs import MAX_OBJECT, header, limit, made_by
from .naming import one_line

if TYPE_CHECKING:
    from dulwich.pack import Pack

_MAX_CHAIN = 4096
_MAX_REFS = 64 << 20
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_HEX = re.compile(rb"[0-9a-f]{40}")
#: What dulwich raises for packs whose parts do not fit together.
BROKEN = (LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError, OSError, EOFError, zlib.error)


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
        limit(int(size), sha)
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
            limit(entry.size, sha)
            if entry.base is None:
                return
            limit(made_by(view, entry), sha)
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
