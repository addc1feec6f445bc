"""Sitemaps (sitemaps.org): the pages that a site lists itself. Hostile: no entities, limits on everything."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from ragkit.records import Failure

from .fetching import FetchError, Response, TooLarge, inflated
from .naming import one_line
from .pages import canonical

#: Bytes of a sitemap, unpacked, and entries: the limits of the protocol.
MAX_SITEMAP, _MAX_ENTRIES = 52_428_800, 50_000
_MAX_SITEMAPS, _MAX_DEPTH = 200, 3


def listed(first: Iterable[str], get: Callable[[str], Response], same_site: Callable[[str], bool]) -> Iterator[list[str] | Failure]:
    """The canonical URLs that the sitemaps ``first``, and those that these name, list; a failure for each that is not read."""
    waiting = deque((url, 1) for url in first)
    seen = {url for url, _ in waiting}
    while waiting:
        url, level = waiting.popleft()
        try:
            answer = get(url)
            found = sitemap(answer.body)
        except FetchError as error:
            yield Failure(uri=url, reason=one_line(f"the sitemap cannot be read: {error}"))
            continue
        urls = [link for link in (canonical(link, answer.url) for link in found.urls) if link is not None]
        if not found.index:
            yield urls
            continue
        for nested in dict.fromkeys(urls):
            if nested in seen:
                continue
            if not same_site(nested):
                yield Failure(uri=nested, reason="a sitemap on another host is not read")
            elif level >= _MAX_DEPTH or len(seen) >= _MAX_SITEMAPS:
                yield Failure(uri=nested, reason=f"not read: sitemaps are read {_MAX_DEPTH} deep, and {_MAX_SITEMAPS} of them")
            else:
                waiting.append((nested, level + 1))
            seen.add(nested)


@dataclass(slots=True)
class Sitemap:
    """The URLs that a sitemap lists, as they stand in it; ``index`` when they are sitemaps themselves."""

    index: bool = False
    urls: list[str] = field(default_factory=list)


def sitemap(data: bytes) -> Sitemap:
    """What a sitemap lists, compressed or not.

    Raises:
        FetchError: it is none, or breaks a limit; one line.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data)
    found, text = Sitemap(), _Text()
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        local = name.rpartition(" ")[2].lower()
        if depth == 1:
            if local not in ("urlset", "sitemapindex"):
                raise FetchError(f"it is no sitemap: its first element is {local[:40]!r}")
            found.index = local == "sitemapindex"
        text.begin(local == "loc" and depth == 3)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if (url := text.end()) is not None and len(found.urls) < _MAX_ENTRIES:
            found.urls.append(url)

    def doctype(*args: object) -> None:
        raise FetchError("a sitemap with a document type is not read")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.add
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise FetchError(f"it is no sitemap: {error}") from error
    return found


class _Text:
    """Gathers the text of one element."""

    def __init__(self) -> None:
        self._parts: list[str] | None = None

    def begin(self, wanted: bool) -> None:
        self._parts = [] if wanted else None

    def add(self, data: str) -> None:
        if self._parts is not None and len(self._parts) < 1000:
            self._parts.append(data)

    def end(self) -> str | None:
        parts, self._parts = self._parts, None
        return "".join(parts).strip() if parts is not None else None


def _unpacked(data: bytes) -> bytes:
    pieces, total = [], 0
    try:
        for piece in inflated([data], MAX_SITEMAP):
            total += len(piece)
            if total > MAX_SITEMAP:
                raise TooLarge(f"the sitemap has more than {MAX_SITEMAP:,} bytes")
            pieces.append(piece)
    except zlib.error as error:
        raise FetchError("the sitemap's compression is broken") from error
    return b"".join(pieces)
