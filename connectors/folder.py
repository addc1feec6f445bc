"""Files and folders on this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from typing import BinaryIO

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .ignoring import Ignore, Rules
from .naming import uri_of

#: Device and inode of the folders that are being read, from the root down.
Seen = frozenset[tuple[int, int]]

_SPECIAL = ((stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a character device"), (stat.S_ISBLK, "a block device"))


class FolderConnector:
    """A file, or every file of a folder.

    ``recursive`` enters sub-folders; ``include`` and ``exclude`` are globs in the form of a ``.gitignore``
    (``*.md``, ``drafts/``). Hidden files, and what ``.gitignore`` or ``.ragkitignore`` name, are left out. Links are
    followed inside the root only. The URI is the absolute path; the token is made of the file's modification
    time, change time, size and inode.
    """

    priority = -100

    def __init__(self, source: str, *, recursive: bool = True, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self.root = os.path.realpath(os.path.expanduser(source))
        self.recursive = recursive
        self.ignore = Ignore(include, exclude)
        if not os.path.exists(self.root):
            raise SourceError(f"there is no file or folder {uri_of(self.root)!r}")

    @classmethod
    def accepts(cls, source: str) -> bool:
        """Any path that exists here."""
        return "\0" not in source and os.path.lexists(os.path.expanduser(source))

    def items(self) -> Iterator[SourceItem | Failure]:
        """The files in the order of their names, folder by folder; what cannot be used as a failure with its reason."""
        if os.path.isdir(self.root):
            yield from self._folder(self.root, "", (), frozenset())
        else:
            yield self._item(self.root, self.root)

    def _folder(self, path: str, relative: str, rules: Rules, above: Seen) -> Iterator[SourceItem | Failure]:
        try:
            info = os.stat(path)
            rules = self.ignore.enter(path, relative, rules)
            with os.scandir(path) as entries:
                ordered = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield _failure(path, f"the folder cannot be read: {_reason(error)}")
            return
        above |= {(info.st_dev, info.st_ino)}
        for entry in ordered:
            yield from self._entry(entry, relative, rules, above)

    def _entry(self, entry: os.DirEntry[str], parent: str, rules: Rules, above: Seen) -> Iterator[SourceItem | Failure]:
        if entry.name.startswith("."):
            return
        relative = f"{parent}{entry.name}"
        try:
            folder = entry.is_dir()
            if self.ignore.skips(relative, folder, rules):
                return
            reason = self._refused(entry, above) if entry.is_symlink() else None
        except OSError as error:
            reason = f"cannot be read: {_reason(error)}"
        if reason is not None:
            yield _failure(entry.path, reason)
        elif not folder:
            yield self._item(entry.path, entry.path)
        elif self.recursive:
            yield from self._folder(entry.path, relative + "/", rules, above)

    def _refused(self, entry: os.DirEntry[str], above: Seen) -> str | None:
        """Why a link is not followed; ``None`` when it may be."""
        target = os.path.realpath(entry.path)
        if target != self.root and not target.startswith(self.root.rstrip("/") + "/"):
            return f"a link that leaves the folder, to {uri_of(target)}; not followed"
        info = entry.stat()
        return "a link to a folder above itself; not followed" if (info.st_dev, info.st_ino) in above else None

    def _item(self, path: str, shown: str) -> SourceItem | Failure:
        try:
            info = os.stat(path)
        except OSError as error:
            return _failure(shown, f"cannot be read: {_reason(error)}")
        for test, name in _SPECIAL:
            if test(info.st_mode):
                return _failure(shown, f"{name}, not a file; it is never opened")
        token = f"{info.st_mtime_ns:x}-{info.st_ctime_ns:x}-{info.st_size:x}-{info.st_ino:x}"
        return SourceItem(uri=uri_of(shown), token=token, open=partial(_open, path), size=info.st_size)


def _open(path: str) -> BinaryIO:
    """Opened without waiting: should the path have become a FIFO since it was listed, reading it must not hang."""
    descriptor = os.open(os.fsencode(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceError(f"{uri_of(path)} is no longer a regular file")
    return os.fdopen(descriptor, "rb")


def _failure(path: str, reason: str) -> Failure:
    return Failure(uri=uri_of(path), reason=reason)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
