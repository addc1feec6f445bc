"""Files in remote storage: object stores, WebDAV, FTP, through fsspec's file systems."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, BinaryIO

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .ignoring import Ignore
from .naming import one_line, uri_of
from .storage import Telling, connect, kind_of, place_of

#: What tells one version of a file from another, as the libraries name it. Sizes alone do not.
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "generation", "VersionId", "version_id")
_DATES = ("LastModified", "last_modified", "updated", "mtime", "modified", "modify")
_MAX_DEPTH = 64
_FRESH_S = 3.0
_PIECE = 1 << 20


class RemoteConnector:
    """``s3://bucket/prefix``, ``gs://…``, ``az://…``, ``webdav+https://host/path``, ``ftp://…``, ``memory://…``: a file or a folder.

    ``recursive`` enters folders below, ``include`` and ``exclude`` are globs in the form of a ``.gitignore``; names that begin
    with a dot are left out. ``max_files`` bounds a listing. ``endpoint_url``, ``region``, ``profile``, ``project``,
    ``account_name``, ``anon`` and ``requester_pays`` go to the library that reads the kind, which takes credentials from the
    environment. The token is made of what the storage tells of a version: ETag, hash, date, size.
    """

    priority = 10

    def __init__(
        self,
        source: str,
        *,
        recursive: bool = True,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        max_files: int = 1_000_000,
        endpoint_url: str = "",
        region: str = "",
        profile: str = "",
        project: str = "",
        account_name: str = "",
        anon: bool = False,
        requester_pays: bool = False,
    ) -> None:
        self.place = place_of(source)
        self.recursive = recursive
        self.ignore = Ignore(include, exclude)
        self.max_files = max_files
        options = {"endpoint_url": endpoint_url, "region": region, "profile": profile, "project": project}
        self.options = {**options, "account_name": account_name, "anon": anon, "requester_pays": requester_pays}
        self.files = connect(self.place, self.options)
        self._lock = threading.Lock()

    @classmethod
    def accepts(cls, source: str) -> bool:
        """A URL of a known kind of storage."""
        return kind_of(source) is not None and "::" not in source and not re.search(r"[\x00-\x1f\x7f]", source)

    def items(self) -> Iterator[SourceItem | Failure]:
        """The files in the order of their names, folder by folder; one failure when the source itself cannot be listed."""
        path, listed = self.place.path, 0
        try:
            with self._telling(path, "cannot be listed"):
                info = self.files.info(path)
        except SourceError as error:
            yield Failure(uri=self._uri(path), reason=str(error))
            return
        if info["type"] == "file":
            yield self._item(path, info)
            return
        for item in self._folder(path, "", 0):
            listed += isinstance(item, SourceItem)
            if listed > self.max_files:
                yield Failure(uri=self._uri(path), reason=f"there are more than max_files={self.max_files:,}; the others are not listed")
                return
            yield item

    @cached_property
    def root(self) -> str:
        """The folder that is listed, as its file system names it."""
        return _bare(self.place.path)

    def _folder(self, path: str, relative: str, depth: int) -> Iterator[SourceItem | Failure]:
        try:
            with self._lock, self._telling(path, "cannot be listed"):
                entries = {str(entry["name"]): entry for entry in self.files.ls(path, detail=True)}
        except SourceError as error:
            yield Failure(uri=self._uri(path), reason=str(error))
            return
        for raw, entry in sorted(entries.items(), key=lambda pair: _bare(pair[0])):
            yield from self._entry(raw, entry, path, relative, depth)

    def _entry(self, raw: str, entry: Mapping[str, Any], parent: str, relative: str, depth: int) -> Iterator[SourceItem | Failure]:
        above = _bare(parent)
        name = _bare(raw).removeprefix(f"{above}/" if above else "")
        if not name or _bare(raw) == above or name.startswith("."):
            return
        if "/" in name or (above and not _bare(raw).startswith(f"{above}/")):
            yield Failure(uri=self._uri(parent) + "/?", reason=f"the storage lists {one_line(raw, 200)!r} in a folder that it is not in")
            return
        folder, below = entry["type"] == "directory", f"{relative}{name}"
        if self.ignore.skips(below, folder, ()):
            return
        if not folder:
            if not raw.endswith("/"):
                yield self._item(raw, entry)
        elif depth >= _MAX_DEPTH:
            yield Failure(uri=self._uri(raw), reason=f"folders are read {_MAX_DEPTH} deep")
        elif self.recursive:
            yield from self._folder(raw, below + "/", depth + 1)

    def _item(self, path: str, info: Mapping[str, Any]) -> SourceItem | Failure:
        uri = self._uri(path)
        try:
            token = self._token(path, info)
        except SourceError as error:
            return Failure(uri=uri, reason=str(error))
        size = info.get("size")
        metadata = {"path": uri_of(_bare(path).removeprefix(self.root).strip("/")) or uri.rsplit("/", 1)[-1]}
        return SourceItem(
            uri=uri, token=token, open=partial(self._open, path), size=size if isinstance(size, int) else None, metadata=metadata
        )

    def _token(self, path: str, info: Mapping[str, Any]) -> str:
        told = {name: str(info[name]) for name in (*_VERSIONS, *_DATES) if info.get(name)}
        if not told:
            told = {"modified": self._modified(path, info)}
        elif self.place.kind.coarse and _fresh(info.get("modified") or info.get("modify")):
            told["content"] = self._hash(path)  # it may be written again within the same second
        return hashlib.sha256(json.dumps([told, info.get("size")], sort_keys=True).encode()).hexdigest()[:32]

    def _modified(self, path: str, info: Mapping[str, Any]) -> str:
        """When the file was written, asked for by itself; where the storage does not know, a hash of all of it."""
        try:
            return str(self.files.modified(path))
        except (NotImplementedError, OSError, ValueError, KeyError):
            return self._hash(path)

    def _hash(self, path: str) -> str:
        digest = hashlib.sha256()
        with self._open(path) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def _open(self, path: str) -> BinaryIO:
        if self.place.kind.single:
            with self._lock, self._telling(path, "cannot be read"), self.files.open(path, "rb") as stream:
                return io.BytesIO(stream.read())
        with self._telling(path, "cannot be opened"):
            stream = self.files.open(path, "rb")
        return io.BufferedReader(Careful(stream, self._telling(path, "cannot be read")), _PIECE)

    def _telling(self, path: str, what: str) -> Telling:
        return Telling(self.place, what)

    def _uri(self, path: str) -> str:
        return uri_of(self.place.root + _bare(path))


def _fresh(date: Any) -> bool:
    """Whether a file was written just now, by ``date`` (a time, or FTP's digits)."""
    if isinstance(date, str) and re.fullmatch(r"[0-9]{14}(\.[0-9]*)?", date):
        date = datetime.strptime(date[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return isinstance(date, datetime) and abs((datetime.now(UTC) - date.astimezone(UTC)).total_seconds()) < _FRESH_S


def _bare(path: str) -> str:
    return path.strip("/")


class Careful(io.RawIOBase):
    """A stream whose library's errors become :class:`SourceError`."""

    def __init__(self, inner: Any, telling: Telling) -> None:
        self._inner, self._telling = inner, telling

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes into ``buffer``."""
        with self._telling:
            data: bytes = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Closes the library's stream as well."""
        if not self.closed:
            with self._telling:
                self._inner.close()
        super().close()
