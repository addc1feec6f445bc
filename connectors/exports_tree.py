"""The files of an export: a folder, or a zip archive that is checked before it is read, with the archives inside it."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import threading
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ragkit.errors import SourceError
from ragkit.records import Failure

from .folder import FolderConnector
from .naming import one_line, uri_of

_MAX_ENTRIES = 200_000
_MAX_TOTAL = 20 << 30
_MAX_FILE = 256 << 20
_MAX_RATIO = 200
_RATIO_FROM = 4 << 20
_MAX_NESTED = 512 << 20
_DEPTH = 2
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)


class File(NamedTuple):
    """A file of an export: its path in it, a token, how to read it."""

    path: str
    token: str
    open: Callable[[], BinaryIO]

    def read(self, limit: int = _MAX_FILE) -> bytes:
        """Its bytes.

        Raises:
            SourceError: it has more than ``limit``.
        """
        with self.open() as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise SourceError(f"the file has more than {limit:,} bytes")
        return data


def files_of(path: str) -> Iterator[File | Failure]:
    """The files in a stable order; of a failure, ``uri`` is the path in the export.

    Raises:
        SourceError: there is no such export, or the archive is none, or it is a bomb.
    """
    if os.path.isdir(path):
        yield from _folder(path)
    elif os.path.isfile(path):
        yield from _archive(partial(io.FileIO, path), os.path.getsize(path), "", 0)
    else:
        raise SourceError(f"there is no export {uri_of(path)!r}")


def _folder(path: str) -> Iterator[File | Failure]:
    base = uri_of(os.path.realpath(path)) + "/"
    for item in FolderConnector(path).items():
        relative = item.uri.removeprefix(base)
        yield Failure(uri=relative, reason=item.reason) if isinstance(item, Failure) else File(relative, item.token, item.open)


def _archive(opening: Callable[[], BinaryIO], size: int, prefix: str, depth: int) -> Iterator[File | Failure]:
    try:
        with opening() as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
        _check(members, size)
    except SourceError:
        raise
    except _BROKEN as error:
        raise SourceError(f"the archive {prefix or 'itself'} cannot be read: {one_line(error) or type(error).__name__}") from error
    for member in sorted(members, key=lambda each: each.filename):
        if member.is_dir():
            continue
        name, wrong = prefix + member.filename, _wrong(member)
        if wrong:
            yield Failure(uri=uri_of(name), reason=wrong)
            continue
        reading = partial(_member, opening, member.filename, member.file_size)
        if name.lower().endswith(".zip") and depth < _DEPTH and member.file_size <= _MAX_NESTED:
            try:
                yield from _archive(_Unpacked(reading), member.file_size, name + "/", depth + 1)
            except SourceError as error:
                yield Failure(uri=uri_of(name), reason=str(error))
        else:
            yield File(name, f"{member.CRC:08x}-{member.file_size:x}", reading)


def _check(members: list[zipfile.ZipInfo], size: int) -> None:
    """What the directory says must be possible: a bomb has more in it than its bytes can hold, or the same bytes many times."""
    if len(members) > _MAX_ENTRIES:
        raise SourceError(f"the archive has {len(members):,} entries; the limit is {_MAX_ENTRIES:,}")
    total = sum(member.file_size for member in members)
    if total > _MAX_TOTAL or (total > _RATIO_FROM and total > size * _MAX_RATIO):
        raise SourceError(f"the archive of {size:,} bytes unpacks to {total:,}: a zip bomb, or close to one")
    end = 0
    for member in sorted(members, key=lambda each: each.header_offset):
        if member.header_offset < end:
            raise SourceError("entries of the archive lie over each other: a zip bomb")
        end = member.header_offset + 30 + member.compress_size
    if end > size:
        raise SourceError("the archive says that it holds more bytes than it has")


def _wrong(member: zipfile.ZipInfo) -> str | None:
    name = member.filename
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or any(ord(char) < 32 for char in name) or name[1:2] == ":":
        return "the name leads out of the archive, or has control characters in it; it is not read"
    if member.flag_bits & 1:
        return "it is encrypted; unpack the archive and name the folder"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link; not followed"
    if member.file_size > _MAX_FILE and not name.lower().endswith(".zip"):
        return f"it has {member.file_size:,} bytes; the limit is {_MAX_FILE:,}"
    return None


def _member(opening: Callable[[], BinaryIO], name: str, size: int) -> BinaryIO:
    """A member's bytes, never more than the directory says."""
    try:
        with opening() as stream, zipfile.ZipFile(stream) as archive, archive.open(name) as member:
            data = member.read(size + 1)
    except _BROKEN as error:
        raise SourceError(f"it cannot be unpacked: {one_line(error) or type(error).__name__}") from error
    if len(data) != size:
        raise SourceError("it is not as long as the archive says")
    return io.BytesIO(data)


class _Unpacked:
    """An archive inside an archive, unpacked once, into a file that goes with the last document that needs it."""

    def __init__(self, opening: Callable[[], BinaryIO]) -> None:
        self._opening = opening
        self._path = ""
        self._lock = threading.Lock()

    def __call__(self) -> BinaryIO:
        with self._lock:
            if not self._path:
                with self._opening() as stream:
                    data = stream.read()
                handle, path = tempfile.mkstemp(prefix="ragkit-export-")
                weakref.finalize(self, Path(path).unlink, missing_ok=True)
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                self._path = path
        return io.FileIO(self._path)


def digest(*parts: str) -> str:
    """A token of several."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
