"""Zip archives as sources, here or in remote storage: ``zip://inner/folder::s3://bucket/archive.zip``."""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
import threading
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .ignoring import Ignore
from .naming import one_line, uri_of
from .remote import Careful, RemoteConnector
from .storage import Telling, place_of

_SOURCE = re.compile(r"zip://([^\x00-\x1f\x7f]*?)::([^\x00-\x1f\x7f]+)\Z", re.I)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Bytes of a directory of an archive, and of one of its entries on average; how much larger than packed a member may be.
_MAX_DIRECTORY, _ENTRY, _MAX_RATIO, _SMALL = 64 << 20, 256, 200, 10 << 20
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")


class ArchiveConnector:
    """``zip://INNER::FILE``: the files of a zip archive, below the folder INNER, which may be empty.

    FILE is a path on this machine or a URL of remote storage. ``include`` and ``exclude`` are globs; ``max_files`` and
    ``max_bytes`` bound how many files there may be and what they may unpack to in all. Names that leave the archive, links and
    encrypted files are failures. URIs are ``FILE!/NAME``. The token is made of a file's checksum, size and date.
    """

    priority = 20

    def __init__(
        self,
        source: str,
        *,
        recursive: bool = True,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        max_files: int = 100_000,
        max_bytes: int = 20_000_000_000,
        endpoint_url: str = "",
        anon: bool = False,
    ) -> None:
        found = _SOURCE.match(source)
        if found is None or "::" in found[2]:
            raise SourceError("an archive is named as zip://FOLDER::FILE, where FILE is a path or a URL of remote storage")
        self.inner = "".join(f"{part}/" for part in found[1].split("/") if part)
        self.recursive, self.ignore = recursive, Ignore(include, exclude)
        self.max_files, self.max_bytes = max_files, max_bytes
        path = os.path.realpath(os.path.expanduser(found[2].removeprefix("file://")))
        if RemoteConnector.accepts(found[2]):
            remote = RemoteConnector(found[2], endpoint_url=endpoint_url, anon=anon)
            self.file, self._opener = remote._uri(remote.place.path), partial(remote.files.open, remote.place.path, "rb")
            self._place = remote.place
        elif "://" in found[2].removeprefix("file://") or not os.path.isfile(path):
            raise SourceError(f"there is no file {one_line(found[2], 200)!r}, and it names no remote storage")
        else:
            self.file, self._opener, self._place = path, partial(open, path, "rb"), place_of("memory://local")
        self.shown = uri_of(self.file)

    @classmethod
    def accepts(cls, source: str) -> bool:
        """``zip://…::…``."""
        return _SOURCE.match(source) is not None

    def items(self) -> Iterator[SourceItem | Failure]:
        """The files in the order of their names; one failure when the archive itself is not read."""
        try:
            archive = _Archive(self._opener, Telling(self._place, "cannot be read"), self.max_files)
            if sum(member.file_size for member in archive.members) > self.max_bytes:
                raise SourceError(f"it unpacks to more than max_bytes={self.max_bytes:,}")
        except SourceError as error:
            yield Failure(uri=f"{self.shown}!", reason=f"the archive is not read: {error}")
            return
        yield from self._members(archive)

    def _members(self, archive: _Archive) -> Iterator[SourceItem | Failure]:
        members = sorted(archive.members, key=lambda member: member.filename)
        seen: set[str] = set()
        for member in members:
            relative = member.filename.removeprefix(self.inner)
            if member.is_dir() or not member.filename.startswith(self.inner) or (not self.recursive and "/" in relative):
                continue
            hidden = any(part.startswith(".") and not part.startswith("..") for part in relative.split("/"))
            if member.filename in seen or hidden or self.ignore.skips(relative, False, ()):
                continue
            seen.add(member.filename)
            yield self._item(archive, member)

    def _item(self, archive: _Archive, member: zipfile.ZipInfo) -> SourceItem | Failure:
        uri = f"{self.shown}!/{uri_of(member.filename)}"
        if (reason := _refused(member)) is not None:
            return Failure(uri=uri, reason=reason)
        version = (member.CRC, member.file_size, member.compress_size, member.date_time)
        return SourceItem(
            uri=uri,
            token=hashlib.sha256(repr(version).encode()).hexdigest()[:32],
            open=partial(archive.open, member),
            size=member.file_size,
            metadata={"path": uri_of(member.filename)},
        )


def _refused(member: zipfile.ZipInfo) -> str | None:
    """Why a member is not read."""
    name = member.filename
    if name.startswith("/") or "\\" in member.orig_filename or "\0" in member.orig_filename or ".." in name.split("/") or name[1:2] == ":":
        return "its name leaves the archive; it is not read"
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link or something else that is no file; it is not read"
    if member.flag_bits & 1:
        return "it is encrypted; save it without a password"
    if member.compress_type not in _METHODS:
        return "its compression is not read; pack it by deflate"
    if member.file_size > max(_SMALL, _MAX_RATIO * member.compress_size):
        return f"it unpacks to more than {_MAX_RATIO} times its size, as a zip bomb does; it is not read"
    return None


class _Archive:
    """An archive that stays open while there are items of it."""

    def __init__(self, opener: Any, telling: Telling, max_files: int) -> None:
        self._telling = telling
        self._lock = threading.Lock()
        with telling:
            stream = opener()
            weakref.finalize(self, stream.close)
            _check_directory(stream, max_files)
            self._zip = zipfile.ZipFile(stream)
            weakref.finalize(self, self._zip.close)
        self.members = self._zip.infolist()
        if len(self.members) > max_files:
            raise SourceError(f"it has more than max_files={max_files:,} files in it")

    def open(self, member: zipfile.ZipInfo) -> BinaryIO:
        """The member's bytes, read as they are asked for; no more than it says it has."""
        with self._lock, self._telling:
            stream = self._zip.open(member)
        return io.BufferedReader(_Held(stream, self._telling, self))


class _Held(Careful):
    """Keeps its archive open."""

    def __init__(self, inner: Any, telling: Telling, archive: _Archive) -> None:
        super().__init__(inner, telling)
        self.archive = archive


def _check_directory(stream: BinaryIO, max_files: int) -> None:
    """Looks how large the archive's directory says it is, before it is read as a whole."""
    length = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, length - 65_557 - 76))
    tail = stream.read()
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + _END.size:
        raise SourceError("it is no zip archive")
    _, _, _, _, files, size, _, _ = _END.unpack_from(tail, at)
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\6\7" and tail[at - 76 : at - 72] == b"PK\6\6":
        fields = _END64.unpack_from(tail, at - 76)
        files, size = max(files, fields[7]) if files != 0xFFFF else fields[7], max(size if size != 0xFFFFFFFF else 0, fields[8])
    if files > max_files or size > length or size > min(_MAX_DIRECTORY, (1 << 20) + max_files * _ENTRY):
        raise SourceError(f"it has more than max_files={max_files:,} files in it, or says so")
    stream.seek(0)
