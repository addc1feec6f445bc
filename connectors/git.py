"""Files of a git repository at one of its commits, here or over HTTPS, without a checkout."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .git_history import FILE, Commit, History, Node
from .git_objects import Objects
from .git_remote import fetch, pick
from .ignoring import Ignore
from .naming import uri_of
from .secrets import refuse_secret

_HISTORY_S = 120.0


class GitConnector:
    """The files of a commit: ``git+https://host/name.git``, ``git+file:///path`` or ``git+/path``, a bare repository or one with a
    working tree (which is not looked at). ``ref`` is a branch, a tag or a commit, and may stand behind an ``@`` as well.

    Hidden files, links, submodules and what ``include`` and ``exclude`` leave out do not come. Of ``history`` commits it is known which
    of them last touched a file. A remote repository is fetched into ``cache``, a folder, or a temporary one; ``max_bytes`` is the most
    that is fetched. The URI is the source, ``#`` and the path; the token is the hash of the content.
    """

    priority = 20

    def __init__(
        self,
        source: str,
        *,
        ref: str | None = None,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        max_bytes: int = 1 << 30,
        history: int = 2000,
        cache: str | None = None,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        refuse_secret(source.removeprefix("git+"))
        self.address, named = _split(source.removeprefix("git+"))
        self.ref = ref or named
        self.ignore, self.max_bytes, self.history, self.allow_hosts = Ignore(include, exclude), max_bytes, history, allow_hosts
        self.remote = "://" in self.address
        bare = self.address if not self.remote else "{0.scheme}://{1}{0.path}".format(urlsplit(self.address), _host(self.address))
        self.base = uri_of(f"git+{bare}{'@' + named if named else ''}")
        self._cache = cache
        self._folder: str | None = None if self.remote else _local(self.address)

    @classmethod
    def accepts(cls, source: str) -> bool:
        """Whatever begins with ``git+``."""
        return source.startswith("git+") and "\0" not in source

    def items(self) -> Iterator[SourceItem | Failure]:
        """The files in the order of their paths; what has a name that no file may have as a failure."""
        ref, objects, sha = self._commit()
        history = History(objects)
        try:
            tip = history.commit(sha)
            files = {path: node for path, node in history.files(tip.tree).items() if node.kind == FILE and not self._skips(path)}
            touched = history.last_touched(tip, set(files), commits=self.history, seconds=_HISTORY_S)
        finally:
            objects.close()
        for path, node in files.items():
            uri = f"{self.base}#{uri_of(os.fsdecode(path))}"
            reason = _wrong(path)
            yield Failure(uri=uri, reason=reason) if reason else self._item(uri, ref, path, node, touched.get(path))

    def _skips(self, path: bytes) -> bool:
        parts = os.fsdecode(path).split("/")
        if any(part.startswith(".") and part.strip(".") for part in parts):
            return True
        if _wrong(path):
            return False
        folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(self.ignore.skips(folder, True, ()) for folder in folders) or self.ignore.skips("/".join(parts), False, ())

    def _commit(self) -> tuple[str, Objects, bytes]:
        """The name of the ref, and the commit in the repository that holds it."""
        if not self.remote:
            objects = Objects(str(self._folder))
            head = os.fsdecode(objects.ref("HEAD"))
            refs = objects.refs()
            branch = head.removeprefix("ref: ").strip() if head.startswith("ref: ") else ""
            refs["HEAD"] = refs.get(branch, b"") if branch else os.fsencode(head)
            if len(refs["HEAD"]) not in (0, 40):
                raise SourceError(f"{self.base}: only repositories with SHA-1 are read")
            try:
                name, sha = pick(refs, self.ref, branch)
            except SourceError as error:
                raise SourceError(f"{self.base}: {error}") from None
            return name, objects, sha
        if self._folder is None:
            self._folder = self._own_folder()
        name, sha = fetch(
            self.address, self._folder, ref=self.ref, max_bytes=self.max_bytes, history=self.history, allow_hosts=self.allow_hosts
        )
        return name, Objects(self._folder), sha

    def _item(self, uri: str, ref: str, path: bytes, node: Node, commit: Commit | None) -> SourceItem:
        metadata = {"ref": uri_of(ref), "path": uri_of(os.fsdecode(path))}
        if commit is not None:
            metadata |= {"commit": commit.sha.decode(), "author": uri_of(commit.author)} | ({"date": commit.date} if commit.date else {})
        return SourceItem(uri=uri, token=node.sha.decode(), open=partial(self._open, node.sha), metadata=metadata)

    def _open(self, sha: bytes) -> BinaryIO:
        """Each time with files of its own: several documents may be read at once."""
        objects = Objects(str(self._folder))
        try:
            return io.BytesIO(objects.get(sha, b"blob"))
        finally:
            objects.close()

    def _own_folder(self) -> str:
        if self._cache is not None:
            return os.path.join(os.path.expanduser(self._cache), hashlib.sha256(f"{self.base}@{self.ref}".encode()).hexdigest()[:32])
        folder = tempfile.mkdtemp(prefix="ragkit-git-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder


def _wrong(path: bytes) -> str | None:
    """What is wrong with the name of a file."""
    parts = path.split(b"/")
    if any(part in (b"", b".", b"..") for part in parts) or b"\\" in path:
        return "the path has an empty name, '.', '..' or a backslash in it, which no checkout has; it is not read"
    if any(byte < 32 or byte == 127 for byte in path):
        return "the name has control characters in it; it is not read"
    return None


def _split(address: str) -> tuple[str, str | None]:
    """The repository, and the ref that stands behind an ``@``.

    Raises:
        SourceError: it is of a kind that is not read.
    """
    if address.startswith("file://"):
        parts = urlsplit(address)
        if parts.netloc not in ("", "localhost"):
            raise SourceError("git+file:// takes a path of this machine, with three slashes: git+file:///home/me/project")
        address = unquote(parts.path)
    elif not address.startswith(("https://", "http://", "/", "./", "../", "~")):
        raise SourceError("a git source is git+https://host/name.git, git+file:///path or git+/path; ssh and helpers are not used")
    if address.startswith(("https://", "http://")):
        scheme, _, rest = address.partition("://")
        host, slash, path = rest.partition("/")
        path, at, named = path.partition("@")
        if any(sign in path for sign in "?#"):
            raise SourceError("the address of a git repository has no '?' and no '#'")
        return f"{scheme}://{host}{slash}{path}", named if at and named else None
    path = os.path.abspath(os.path.expanduser(address))
    before, at, named = path.rpartition("@")
    return (path, None) if os.path.exists(path) or not at or "/" in (before[-1:], named[:1]) else (before, named)


def _host(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2]


def _local(path: str) -> str:
    """The folder with the objects.

    Raises:
        SourceError: there is none, or it lies elsewhere.
    """
    inner = os.path.join(path, ".git")
    if os.path.lexists(inner):
        if not os.path.isdir(inner) or os.path.realpath(inner) != os.path.join(os.path.realpath(path), ".git"):
            raise SourceError(f"{uri_of(inner)} leads to another folder; name the repository that it belongs to")
        path = inner
    if not os.path.isdir(os.path.join(path, "objects")) or not os.path.lexists(os.path.join(path, "HEAD")):
        raise SourceError(f"there is no git repository {uri_of(path)!r}")
    return path
