"""Feeds: the entries of RSS and Atom, each a document."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .addresses import given
from .fetching import Fetcher, FetchError
from .naming import one_line, uri_of
from .pages import canonical

_URL = re.compile(r"feed\+(https?://[^\x00-\x20]+)\Z", re.I)
_SUFFIXES = (".rss", ".atom")
_MAX_ENTRIES, _MAX_ID = 10_000, 400


class Entry(NamedTuple):
    """An entry of a feed, as an HTML page."""

    page: bytes
    title: str
    metadata: Mapping[str, str]


class FeedConnector:
    """``feed+https://host/path``, or a file whose name ends in ``.rss`` or ``.atom``: one document an entry.

    A feed is a window on the newest entries: those that it has listed once and lists no more are kept, unless ``keep_old`` is
    false. The URI is the feed's, ``#`` and the entry's id. ``state`` keeps the entries' versions and what a conditional request
    needs.
    """

    priority = 20

    def __init__(
        self, source: str, *, keep_old: bool = True, max_bytes: int = 10_000_000, timeout_s: float = 60.0, allow_hosts: Sequence[str] = ()
    ) -> None:
        url = _URL.match(source)
        self.url = given(url[1]) if url else ""
        self.path = "" if url else os.path.realpath(os.path.expanduser(source))
        self.base = self.url or uri_of(self.path)
        self.keep_old, self.max_bytes = keep_old, max_bytes
        self.fetcher = Fetcher(allow_hosts=allow_hosts, max_bytes=max_bytes, timeout_s=timeout_s)
        self.state: dict[str, Any] = {}

    @classmethod
    def accepts(cls, source: str) -> bool:
        """``feed+http`` and ``feed+https`` URLs, and files of the two suffixes."""
        path = os.path.expanduser(source)
        return _URL.match(source) is not None or ("\0" not in source and path.lower().endswith(_SUFFIXES) and os.path.isfile(path))

    def items(self) -> Iterator[SourceItem | Failure]:
        """The entries in the order of the feed, then those that it no longer lists. A feed that cannot be read loses none."""
        known: dict[str, Any] = self.state.setdefault("entries", {})
        listed: dict[str, Entry] = {}
        try:
            body = self._read(self.state)
            listed = {} if body is None else self._entries(body)
        except SourceError as error:
            yield Failure(uri=self.base, reason=f"the feed cannot be read: {one_line(error)}")
        else:
            if body is not None and not self.keep_old:
                for key in known.keys() - listed.keys():
                    del known[key]
        for key, entry in listed.items():
            known[key] = [hashlib.sha256(entry.page).hexdigest()[:32], entry.title, dict(entry.metadata)]
            yield self._item(key, known[key], partial(io.BytesIO, entry.page))
        later = _Later(self)
        for key in [key for key in known if key not in listed]:
            yield self._item(key, known[key], partial(later.open, key))

    def _item(self, key: str, version: Sequence[Any], opener: Any) -> SourceItem:
        token, title, metadata = version
        return SourceItem(
            uri=f"{self.base}#{key}", token=token, open=opener, media_type="text/html", title=title or None, metadata=metadata
        )

    def _read(self, state: dict[str, Any]) -> bytes | None:
        """The feed, or ``None`` when it has not changed since ``state``, which is brought up to date."""
        if self.path:
            return self._file()
        told = {"If-None-Match": state.get("etag"), "If-Modified-Since": state.get("modified")}
        answer = self.fetcher.get(self.url, headers={name: value for name, value in told.items() if value})
        if answer.status == 304 and any(told.values()):
            return None
        if answer.status != 200:
            raise FetchError(f"the server answers {answer.status}")
        for name, header in (("etag", "etag"), ("modified", "last-modified")):
            state[name] = answer.headers.get(header, "")[:400]
        return answer.body

    def _file(self) -> bytes:
        try:
            with open(self.path, "rb") as file:
                data = file.read(self.max_bytes + 1)
        except OSError as error:
            raise SourceError(str(error.strerror or error).lower()) from error
        if len(data) > self.max_bytes:
            raise SourceError(f"it has more than {self.max_bytes:,} bytes, the limit (max_bytes)")
        return data

    def _entries(self, body: bytes) -> dict[str, Entry]:
        """The entries by the end of their URIs.

        Raises:
            SourceError: the bytes are no feed.
        """
        import feedparser

        if re.search(rb"<!ENTITY|<!\[CDATA\[<!DOCTYPE [^>]*\[", body, re.I):
            raise SourceError("it declares entities, which no feed needs")
        # Given as a stream: what is given as bytes might be taken for the name of a file.
        found = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        if not found.get("version") and not found.entries:
            raise SourceError("it is no RSS and no Atom feed")
        base = self.url or "http://localhost/"
        entries: dict[str, Entry] = {}
        for entry in found.entries[:_MAX_ENTRIES]:
            made = _entry(entry, base)
            entries.setdefault(_key(entry, made), made)
        return entries


class _Later:
    """Reads the feed again, once, when an entry that was not listed just now is needed all the same."""

    def __init__(self, feed: FeedConnector) -> None:
        self._feed = feed
        self._entries: dict[str, Entry] | None = None

    def open(self, key: str) -> BinaryIO:
        """The entry's page.

        Raises:
            SourceError: the feed no longer lists it.
        """
        if self._entries is None:
            body = self._feed._read({})
            self._entries = self._feed._entries(body or b"")
        if key not in self._entries:
            raise SourceError("the feed no longer lists this entry")
        return io.BytesIO(self._entries[key].page)


def _key(entry: dict[str, Any], made: Entry) -> str:
    """What tells an entry from the others for ever: its id, else its link, else a hash of what it says."""
    name = " ".join(str(entry.get("id") or entry.get("link") or "").split())
    if not name:
        name = "sha256-" + hashlib.sha256(made.page).hexdigest()[:32]
    elif len(name) > _MAX_ID:
        name = "sha256-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
    return "".join(char if char.isprintable() else quote(char) for char in uri_of(_text(name)))


def _entry(entry: dict[str, Any], base: str) -> Entry:
    title = " ".join(_visible(entry.get("title_detail") or {"value": entry.get("title", "")}).split())
    bodies = [part for part in entry.get("content") or [] if part.get("value")] or [entry.get("summary_detail") or {"value": ""}]
    content = "\n".join(_markup(part) for part in bodies)
    page = f"<html><head><title>{html.escape(title)}</title></head><body><h1>{html.escape(title)}</h1>\n{content}</body></html>"
    given = {
        "author": one_line(_text(entry.get("author", "")), 200),
        "date": _date(entry.get("published_parsed") or dict.get(entry, "updated_parsed")),
        "link": canonical(str(entry.get("link") or "#"), base) if entry.get("link") else "",
    }
    return Entry(_text(page).encode("utf-8"), _text(title)[:500], {name: value for name, value in given.items() if value})


def _markup(part: Mapping[str, Any]) -> str:
    value = str(part.get("value") or "")
    return f"<p>{html.escape(value)}</p>" if part.get("type") == "text/plain" else f"<div>{value}</div>"


def _visible(part: Mapping[str, Any]) -> str:
    """A title in plain text."""
    value = str(part.get("value") or "")
    return value if part.get("type") == "text/plain" else html.unescape(re.sub(r"<[^<>]*>", "", value))


def _text(value: str) -> str:
    """``value`` as valid Unicode."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _date(moment: time.struct_time | None) -> str:
    """A date of feedparser, which is in UTC, in ISO 8601."""
    try:
        return datetime(*moment[:6], tzinfo=UTC).isoformat() if moment else ""
    except ValueError:
        return ""
