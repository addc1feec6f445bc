"""A crawl: which pages are asked for, what is made of the answers, and what is remembered of them."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ragkit.errors import SourceError, UnsupportedFormat
from ragkit.records import Failure, SourceItem

from .addresses import Policy, parse
from .fetching import Fetcher, FetchError, Refused, Response
from .ignoring import Ignore
from .naming import one_line
from .pages import canonical, leads
from .parsers.detection import detect
from .politeness import Disallowed, Politeness
from .remembering import Memory
from .sitemaps import MAX_SITEMAP, listed
from .spooling import Spool

#: So many pages in a row without any answer end a crawl: the host is down.
_MAX_SILENCE = 5
_NO_TEXT = re.compile(
    r"\.(?:7z|aac|avi|avif|bmp|bz2|css|deb|dmg|eot|exe|flac|gif|gz|ico|img|iso|jar|jpe?g|js|m4a|mjs|mkv|mov|mp3|mp4|mpe?g|msi|ogg|otf|png|rar|rpm"
    r"|svg|tar|tgz|tiff?|ttf|wasm|wav|webm|webp|woff2?|xz|zip|zst)\Z",
    re.I,
)
_PICTURES = ("image/", "audio/", "video/", "font/")
#: Kinds that a server may tell of text that does not tell its kind itself.
_HINTS = {"text/html": "text/html", "application/xhtml+xml": "text/html", "text/markdown": "text/markdown", "text/csv": "text/csv"}
_WHY = {
    401: ": it asks for a password, and ragkit gives none",
    403: ": it does not allow this page",
    404: ": there is no such page",
    410: ": the page is gone",
    429: ": it is asked too often; give a greater delay_s",
}

Openers = Callable[[], BinaryIO]


class _Elsewhere(FetchError):
    """A redirect that leaves what is crawled."""


class Scope:
    """Which URLs belong to a crawl."""

    def __init__(self, start: str, *, depth: int, below: bool, ignore: Ignore, others: Policy | None) -> None:
        self.depth = depth
        self._below, self._ignore, self._others = below, ignore, others
        self.come_home(start)

    def come_home(self, url: str) -> None:
        """Takes ``url``, to which the start page may have redirected, as the place around which to crawl."""
        parts = urlsplit(url)
        self.origin, self._folder = f"{parts.scheme}://{parts.netloc}", parts.path[: parts.path.rfind("/") + 1]

    def same_site(self, url: str) -> bool:
        """The host and port of the start page (over either scheme, where the port is the scheme's own), or a host named beside it."""
        return urlsplit(url).netloc == urlsplit(self.origin).netloc or (self._others is not None and self._others.named(parse(url).host))

    def follows(self, url: str, depth: int) -> bool:
        """Whether a link that stands ``depth`` links from the start is asked for, as far as its URL tells."""
        path = urlsplit(url).path
        if not self.same_site(url) or (self._below and not path.startswith(self._folder)):
            return False
        if _NO_TEXT.search(path) or self._ignore.excludes(_name(path)):
            return False
        return depth < self.depth or self.keeps(url)

    def keeps(self, url: str) -> bool:
        """Whether the page at ``url`` becomes a document."""
        return not self._ignore.skips(_name(urlsplit(url).path), False, ())


def _name(path: str) -> str:
    return path.strip("/") or "index"


class Crawl:
    """One listing. What is left undone is told in the end, so that no document is taken for gone that was only not looked for.

    ``memory`` is what the last listing remembered, and becomes what this one remembers.
    """

    def __init__(self, fetcher: Fetcher, polite: Politeness, scope: Scope, memory: Memory, *, max_pages: int) -> None:
        self.fetcher, self.polite, self.scope = fetcher, polite, scope
        self.memory, self.known, self.max_pages = memory, memory.known, max_pages
        self.spool = Spool()
        self.queue: deque[tuple[str, int]] = deque()
        self.found: set[str] = set()
        self.yielded: set[str] = set()
        self.asked = self.silent = 0
        self.incomplete = ""
        self.start = ""

    def run(self, start: str, sitemaps: Iterable[str] | None) -> Iterator[SourceItem | Failure]:
        """The pages that are found from ``start``, or from the sitemaps where there are some given."""
        if sitemaps is None:
            self.start = start
            self._put(start, 0)
        else:
            first = [url for url in (canonical(link, start) for link in sitemaps) if url is not None and self.scope.same_site(url)]
            for some in listed(dict.fromkeys(first), self._get_sitemap, self.scope.same_site):
                if isinstance(some, Failure):
                    self.incomplete = self.incomplete or "a sitemap could not be read"
                    yield some
                else:
                    self._add(some, 0)
        while self.queue and not self._over():
            self.asked += 1
            yield from self._page(*self.queue.popleft())
        yield from self._end(start)

    def _end(self, start: str) -> Iterator[Failure]:
        if not self.incomplete:
            self.memory.keep(self.found)
            return
        urls = [start, self.scope.origin, *self.found, *(page["url"] for page in self.known.values())]
        for origin in sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls}):
            yield Failure(uri=origin, reason=f"not every page was looked for, so that none is taken for gone: {self.incomplete}")

    def _over(self) -> bool:
        if self.silent >= _MAX_SILENCE:
            self.incomplete = "the host does not answer"
        elif self.asked >= self.max_pages:
            self.incomplete = f"there are more than max_pages={self.max_pages}"
        else:
            return False
        return True

    def _add(self, urls: Iterable[str], depth: int) -> None:
        for url in urls:
            if url not in self.found and self.scope.follows(url, depth):
                self._put(url, depth)

    def _put(self, url: str, depth: int) -> None:
        self.found.add(url)
        self.queue.append((url, depth))

    def _page(self, url: str, depth: int) -> Iterator[SourceItem | Failure]:
        known = self.known.get(url)
        conditions = {}
        if known and (depth >= self.scope.depth or known.get("links") is not None):
            conditions = {
                name: known[key] for name, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified")) if known.get(key)
            }
        try:
            answer = self._get(url, conditions)
        except (_Elsewhere, Disallowed) as error:
            self.memory.drop(url)
            if url == self.start:
                yield Failure(uri=url, reason=one_line(error))
            return
        except FetchError as error:
            self.silent += not isinstance(error, Refused)
            yield from self._failed(url, depth, one_line(error))
            return
        self.silent = 0
        if answer.status == 304 and known and conditions:
            yield from self._unchanged(url, depth, known)
        elif 200 <= answer.status < 300:
            yield from self._fetched(url, depth, answer)
        elif answer.status in (404, 410) and (known or url != self.start):
            self.memory.drop(url)
        else:
            yield from self._failed(url, depth, f"the server answers {answer.status}{_WHY.get(answer.status, '')}")

    def _get(self, url: str, conditions: dict[str, str]) -> Response:
        def hop(to: str) -> None:
            if url != self.start and not self.scope.follows(to, -1):
                raise _Elsewhere(f"it redirects to {one_line(to, 200)}, which is not crawled")
            self.polite.admit(to)

        self.polite.admit(url)
        return self.fetcher.get(url, headers=conditions, hop=hop)

    def _get_sitemap(self, url: str) -> Response:
        def hop(to: str) -> None:
            if not self.scope.same_site(to):
                raise _Elsewhere(f"it redirects to {one_line(to, 200)}, another host")
            self.polite.admit(to)

        self.polite.admit(url)
        answer = self.fetcher.get(url, max_bytes=MAX_SITEMAP, hop=hop)
        if answer.status != 200:
            raise FetchError(f"the server answers {answer.status}")
        return answer

    def _failed(self, url: str, depth: int, reason: str) -> Iterator[Failure]:
        """The page's document is kept, and so are those that were found through it."""
        known = self.known.get(url)
        if known:
            self._add(known.get("links") or (), depth + 1)
        elif not self.known and depth < self.scope.depth:
            self.incomplete = self.incomplete or "a page failed, and what it links to is not known"
        yield Failure(uri=known["url"] if known else url, reason=reason)

    def _unchanged(self, url: str, depth: int, known: dict[str, Any]) -> Iterator[SourceItem]:
        self.found.add(known["url"])
        if depth < self.scope.depth:
            self._add(known["links"], depth + 1)
        if known["keep"]:
            yield from self._item(url, known, partial(self._again, url), None)

    def _again(self, url: str) -> BinaryIO:
        """A page that had not changed when it was listed, and is needed all the same."""
        answer = self._get(url, {})
        if answer.status >= 300:
            raise SourceError(f"the server answers {answer.status}")
        return self.spool.add(answer.body)()

    def _fetched(self, url: str, depth: int, answer: Response) -> Iterator[SourceItem]:
        if url == self.start:
            self.scope.come_home(answer.url)
        self.found.add(answer.url)
        found = leads(answer.body, answer.url, answer.headers)
        links = [link for link in found.urls if self.scope.same_site(link)] if depth < self.scope.depth else None
        token = hashlib.sha256(answer.body).hexdigest()[:32]
        before = self.known.get(url, {})
        page = {
            "url": answer.url,
            "token": token,
            # Some servers tell the time of the request: the date is that with which these bytes first came.
            "date": before.get("date", "") if before.get("token") == token else _iso(answer.headers.get("last-modified", "")),
            "etag": answer.headers.get("etag", "")[:400],
            "modified": answer.headers.get("last-modified", "")[:100],
            "language": one_line(answer.headers.get("content-language", ""), 40),
            "type": _hint(answer),
            "keep": not found.noindex and (depth == 0 or not answer.media_type.startswith(_PICTURES)),
            "links": links,
        }
        page = {key: value for key, value in page.items() if value != ""}
        self.memory.put(url, page)
        self._add(links or (), depth + 1)
        if page["keep"]:
            yield from self._item(url, page, self.spool.add(answer.body), len(answer.body))

    def _item(self, url: str, page: dict[str, Any], opener: Openers, size: int | None) -> Iterator[SourceItem]:
        uri = page["url"]
        if uri in self.yielded or (url != self.start and not self.scope.keeps(uri)):
            return
        self.yielded.add(uri)
        given = {"url": uri, "last_modified": page.get("date"), "content_language": page.get("language")}
        metadata = {name: value for name, value in given.items() if value}
        yield SourceItem(uri=uri, token=page["token"], open=opener, size=size, media_type=page.get("type"), metadata=metadata)


def _hint(answer: Response) -> str:
    """The media type that the server tells, where the bytes themselves do not."""
    try:
        found = detect(answer.body, urlsplit(answer.url).path)
    except UnsupportedFormat:
        return ""
    return _HINTS.get(answer.media_type, "") if found == "text/plain" else ""


def _iso(date: str) -> str:
    """An HTTP date in ISO 8601; empty where there is none."""
    try:
        return parsedate_to_datetime(date).isoformat()
    except (TypeError, ValueError, IndexError):
        return ""
