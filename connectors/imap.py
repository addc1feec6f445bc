"""A folder of an IMAP server, read-only."""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .mail_parts import MAX_MESSAGE, Attached, attachments, headers_of, items
from .naming import one_line, uri_of
from .secrets import expand, refuse_secret

T = TypeVar("T")

_AT_ONCE = 100
_TIMEOUT_S = 60.0
_FIELDS = "FROM TO DATE SUBJECT MESSAGE-ID REFERENCES IN-REPLY-TO CONTENT-TYPE"
#: Messages whose attachments are remembered between two listings; those of others are looked up again.
_REMEMBERED = 20_000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ImapConnector:
    """Each message of ``imaps://user:${NAME}@host/FOLDER`` as a document, and each attachment as one of its own.

    The folder is opened with EXAMINE and read with PEEK: no flag changes. The token is UIDVALIDITY and UID, so a message is fetched
    once. ``imap://`` goes to this machine alone, unless ``plain`` is true.
    """

    priority = 20

    def __init__(self, source: str, *, plain: bool = False) -> None:
        refuse_secret(source)
        parts = urlsplit(source)
        self.host, self.user, self.password = parts.hostname or "", unquote(parts.username or ""), unquote(parts.password or "")
        self.folder = unquote(parts.path.strip("/")) or "INBOX"
        self.tls, self.state = parts.scheme == "imaps", dict[str, Any]()
        try:
            self.port = parts.port or (993 if self.tls else 143)
        except ValueError as error:
            raise SourceError("the address of the mailbox has no proper port; write imaps://user:${NAME}@host/FOLDER") from error
        if not self.host or not self.user or not self.password:
            raise SourceError("a mailbox needs a host, a user and the variable of a password: imaps://user:${NAME}@host/FOLDER")
        if not self.tls and self.host not in _LOOPBACK and not plain:
            raise SourceError("imap:// sends the password in plain text; write imaps://, or give the option plain=true")
        if re.search(r"[\x00-\x1f\x7f]", self.folder + self.user):
            raise SourceError("the folder's or the user's name has control characters in it")
        port = f":{parts.port}" if parts.port else ""
        self.base = uri_of(f"{parts.scheme}://{quote(self.user, safe='${}@')}@{self.host}{port}/{quote(self.folder, safe='/ ')}")
        self._connections: list[imaplib.IMAP4] = []
        self._lock = threading.RLock()
        weakref.finalize(self, _close, self._connections)

    @classmethod
    def accepts(cls, source: str) -> bool:
        """``imap://`` and ``imaps://``."""
        return source.startswith(("imap://", "imaps://")) and "\0" not in source

    def items(self) -> Iterator[SourceItem | Failure]:
        """The messages in the order of their UIDs."""
        validity, uids = self._again(self._uids)
        if self.state.get("validity") != validity:
            self.state.clear()
            self.state["validity"] = validity
        before, self.state["attached"] = self.state.get("attached", {}), {}
        for some in _batched(uids):
            heads = self._again(partial(self._heads, some))
            for uid in some:
                if uid in heads:
                    yield from self._message(uid, f"{validity}-{uid}", heads[uid], before)
        with self._lock:
            _close(self._connections)

    def _message(self, uid: int, token: str, head: bytes, before: dict[str, list[str]]) -> Iterator[SourceItem | Failure]:
        uri, read = f"{self.base}#{uid}", partial(self._read, uid)
        try:
            attached = self._attached(uid, head, before)
        except SourceError as error:
            yield Failure(uri=uri, reason=str(error))
            return
        yield from items(uri, token, headers_of(head), attached, read)

    def _attached(self, uid: int, head: bytes, before: dict[str, list[str]]) -> list[Attached]:
        """Only a message of several parts has attachments; it is fetched to see which, once."""
        if not re.search(rb"^content-type:\s*(?=\S)(?!text/)", head, re.IGNORECASE | re.MULTILINE):
            return []
        names = before.get(str(uid))
        if names is None:
            names = [each.name for each in attachments(self._read(uid))]
        if len(self.state["attached"]) < _REMEMBERED:
            self.state["attached"][str(uid)] = names
        return [Attached(number, name) for number, name in enumerate(names, start=1)]

    def _read(self, uid: int) -> bytes:
        """A message.

        Raises:
            SourceError: it is gone, or too large.
        """
        found = self._again(partial(self._whole, uid))
        if found is None:
            raise SourceError("the message is gone; sync again")
        if len(found) > MAX_MESSAGE:
            raise SourceError(f"the message has more than {MAX_MESSAGE:,} bytes; it is not read")
        return found

    def _uids(self, connection: imaplib.IMAP4) -> tuple[str, list[int]]:
        validity = connection.response("UIDVALIDITY")[1][0] or b"0"
        found = _checked(connection.uid("SEARCH", "ALL"))
        return self.state.get("validity", "") if validity == b"0" else validity.decode(), sorted(map(int, (found[0] or b"").split()))

    def _heads(self, uids: tuple[int, ...], connection: imaplib.IMAP4) -> dict[int, bytes]:
        return _fetched(_checked(connection.uid("FETCH", ",".join(map(str, uids)), f"(UID BODY.PEEK[HEADER.FIELDS ({_FIELDS})])")))

    def _whole(self, uid: int, connection: imaplib.IMAP4) -> bytes | None:
        return _fetched(_checked(connection.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{MAX_MESSAGE + 1}>)"))).get(uid)

    def _again(self, ask: Callable[[imaplib.IMAP4], T]) -> T:
        """Asks the server; a connection that has been lost meanwhile is made anew, once."""
        with self._lock:
            for attempt in (1, 2):
                try:
                    if not self._connections:
                        self._connections.append(self._connect())
                    return ask(self._connections[0])
                except (imaplib.IMAP4.error, OSError, ValueError) as error:
                    fresh = isinstance(error, SourceError) or not isinstance(error, imaplib.IMAP4.abort | OSError)
                    _close(self._connections)
                    if fresh or attempt == 2:
                        reason = one_line(error).replace(expand(self.password), "***") if not isinstance(error, SourceError) else str(error)
                        raise SourceError(reason if reason.startswith(self.base) else f"{self.base}: {reason}") from None
        raise SourceError(f"{self.base}: no answer")

    def _connect(self) -> imaplib.IMAP4:
        user, password = expand(self.user), expand(self.password)
        if self.tls:
            connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                self.host, self.port, ssl_context=ssl.create_default_context(), timeout=_TIMEOUT_S
            )
        else:
            connection = imaplib.IMAP4(self.host, self.port, timeout=_TIMEOUT_S)
        try:
            connection.login(user, password)
            _checked(connection.select(_quoted(self.folder), readonly=True))
        except (imaplib.IMAP4.error, OSError, ValueError):
            connection.shutdown()
            raise
        return connection


def _batched(uids: list[int]) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(uids), _AT_ONCE):
        yield tuple(uids[start : start + _AT_ONCE])


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        said = b" ".join(part for part in answer[1] if isinstance(part, bytes)).decode("utf-8", "replace")
        raise SourceError(f"the server says: {one_line(said)}")
    return answer[1]


def _fetched(parts: list[Any]) -> dict[int, bytes]:
    """The literal of each message by its UID, which may stand before or behind it."""
    found: dict[int, bytes] = {}
    for part, after in zip(parts, [*parts[1:], b""], strict=True):
        if isinstance(part, tuple):
            uid = re.search(rb"\bUID (\d+)", part[0]) or re.search(rb"\bUID (\d+)", after if isinstance(after, bytes) else b"")
            if uid:
                found[int(uid[1])] = part[1]
    return found


def _quoted(folder: str) -> str:
    """A folder's name in IMAP's own UTF-7, quoted (RFC 3501, 5.1.3)."""
    def shifted(match: re.Match[str]) -> str:
        return "&" + base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    encoded = re.sub(r"[^\x20-\x7e]+", shifted, folder.replace("&", "&-"))
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _close(connections: list[imaplib.IMAP4]) -> None:
    while connections:
        connection = connections.pop()
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            connection.logout()
        with contextlib.suppress(OSError):
            connection.shutdown()
