"""Mailboxes on this machine: mbox files and Maildir folders."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .mail_parts import MAX_MESSAGE, attachments, headers_of, items, key
from .naming import one_line, uri_of

_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_LINE = 1 << 20


class MailConnector:
    """Each message of a ``.mbox`` file or a Maildir folder as a document, and each attachment as one of its own.

    The URI is the mailbox's path, ``#`` and the message's id (in a Maildir its file's name without the flags); of an attachment that,
    ``/attachment-1/`` and its name. The token is a hash of the message. ``recursive`` reads a Maildir's sub-folders as well.
    """

    priority = 10

    def __init__(self, source: str, *, recursive: bool = True) -> None:
        self.path = os.path.realpath(os.path.expanduser(source))
        self.recursive = recursive
        if not os.path.exists(self.path):
            raise SourceError(f"there is no mailbox {uri_of(self.path)!r}")

    @classmethod
    def accepts(cls, source: str) -> bool:
        """A file ``*.mbox``, or a folder with cur, new and tmp in it."""
        path = os.path.expanduser(source)
        if "\0" in path:
            return False
        return (path.lower().endswith(".mbox") and os.path.isfile(path)) or _is_maildir(path)

    def items(self) -> Iterator[SourceItem | Failure]:
        """The messages in the order of the file, or of their files' names."""
        try:
            if os.path.isdir(self.path):
                yield from self._maildir(self.path)
            else:
                yield from self._mbox()
        except OSError as error:
            raise SourceError(f"cannot read {uri_of(self.path)}: {one_line(error.strerror or error)}") from error

    def _mbox(self) -> Iterator[SourceItem | Failure]:
        seen: Counter[str] = Counter()
        for start, end in _messages(self.path):
            read = partial(_read, self.path, start, end)
            data = read()
            metadata = headers_of(data)
            name = key(metadata.get("message_id") or f"sha256-{hashlib.sha256(data).hexdigest()[:16]}")
            seen[name] += 1
            yield from _message(f"{uri_of(self.path)}#{name}" + (f"~{seen[name]}" if seen[name] > 1 else ""), data, read)

    def _maildir(self, folder: str) -> Iterator[SourceItem | Failure]:
        found = [(name, os.path.join(folder, part, name)) for part in ("cur", "new") for name in os.listdir(os.path.join(folder, part))]
        for name, path in sorted(found):
            if name.startswith(".") or not os.path.isfile(path) or os.path.islink(path):
                continue
            uri = f"{uri_of(folder)}#{key(os.fsencode(name.partition(':')[0]).decode('utf-8', 'replace'))}"
            read = partial(_read, path, 0, None)
            try:
                data = read()
            except OSError as error:
                yield Failure(uri=uri, reason=f"cannot be read: {one_line(error.strerror or error)}")
                continue
            yield from _message(uri, data, partial(_reread, folder, name))
        for name in sorted(os.listdir(folder)) if self.recursive else []:
            inner = os.path.join(folder, name)
            if name not in ("cur", "new", "tmp") and not os.path.islink(inner) and _is_maildir(inner):
                yield from self._maildir(inner)


def _message(uri: str, data: bytes, read: Callable[[], bytes]) -> Iterator[SourceItem | Failure]:
    token = hashlib.sha256(data).hexdigest()[:32]
    try:
        if len(data) > MAX_MESSAGE:
            raise SourceError(f"the message has more than {MAX_MESSAGE:,} bytes; it is not read")
        attached = attachments(data)
    except SourceError as error:
        yield Failure(uri=uri, reason=str(error))
        return
    yield from items(uri, token, headers_of(data), attached, partial(_same, read, token))


def _same(read: Callable[[], bytes], token: str) -> bytes:
    """The message that was listed, not what may have come to stand in its place."""
    data = read()
    if hashlib.sha256(data).hexdigest()[:32] != token:
        raise SourceError("the mailbox has changed since it was listed; sync again")
    return data


def _read(path: str, start: int, end: int | None) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read(min(MAX_MESSAGE + 1, (end - start) if end is not None else MAX_MESSAGE + 1))
    return data if end is None else _ESCAPED.sub(rb"\1", data)


def _reread(folder: str, name: str) -> bytes:
    """A message of a Maildir, whose flags may have changed the name of its file meanwhile."""
    stem = name.partition(":")[0]
    for part in ("cur", "new"):
        for each in os.listdir(os.path.join(folder, part)):
            if each.partition(":")[0] == stem:
                return _read(os.path.join(folder, part, each), 0, None)
    raise SourceError("the message is gone; sync again")


def _messages(path: str) -> Iterator[tuple[int, int]]:
    """Where each message begins and ends: a line that begins with "From " after an empty one divides them."""
    start, at, blank = -1, 0, True
    with open(path, "rb") as file:
        while line := file.readline(_LINE):
            if blank and line.startswith(b"From "):
                if start >= 0:
                    yield start, at
                start = at + len(line)
            blank = line in (b"\n", b"\r\n")
            at += len(line)
    if start >= 0:
        yield start, at


def _is_maildir(path: str) -> bool:
    return all(os.path.isdir(os.path.join(path, part)) for part in ("cur", "new", "tmp"))
