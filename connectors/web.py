"""Web pages: one, those of a sitemap, or those that a crawl finds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .addresses import Policy, given
from .crawling import Crawl, Scope
from .fetching import Fetcher
from .ignoring import Ignore
from .politeness import Politeness
from .remembering import Memory

_SITEMAP = re.compile(r"https?://[^?]*/[^/?]*sitemap[^/?]*\.xml(?:\.gz)?(?:\?|\Z)", re.I)


class WebConnector:
    """``https://host/path``: a page, a sitemap's pages, or a crawl.

    ``depth`` is how many links deep the crawl goes (0: this page only), ``max_pages`` how many pages are asked for at most.
    ``below`` keeps it in the folder of the start page; ``exclude`` are globs on the path that are not asked for, ``include``
    those that are kept. It stays on the host of the start page; without ``same_site`` it also goes to the hosts that
    ``allow_hosts`` names. ``sitemap`` reads the sitemap of the site. ``delay_s`` is the pause between two requests.
    ``max_bytes`` and ``timeout_s`` are for one page. ``state`` keeps what conditional requests need, and the links of pages,
    for those that have not changed.
    """

    priority = -50

    def __init__(
        self,
        source: str,
        *,
        depth: int = 0,
        max_pages: int = 1000,
        below: bool = False,
        same_site: bool = True,
        sitemap: bool = False,
        delay_s: float = 0.5,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        max_bytes: int = 50_000_000,
        timeout_s: float = 60.0,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        self.start = given(source)
        if not same_site and not allow_hosts:
            raise SourceError("same_site=false needs the setting sources.allow_hosts: the other hosts that the crawl may go to")
        if depth < 0 or max_pages < 1 or delay_s < 0 or max_bytes < 1 or timeout_s <= 0:
            raise SourceError("depth and delay_s are 0 or more; max_pages, max_bytes and timeout_s more than 0")
        others = None if same_site else Policy(allow_hosts)
        self.scope = Scope(self.start, depth=depth, below=below, ignore=Ignore(include, exclude), others=others)
        self.max_pages = max_pages
        self.is_sitemap = _SITEMAP.match(self.start) is not None
        self.by_sitemap = sitemap or self.is_sitemap
        self.fetcher = Fetcher(allow_hosts=allow_hosts, max_bytes=max_bytes, timeout_s=timeout_s)
        self.polite = Politeness(self.fetcher, delay_s)
        self.state: dict[str, Any] = {}

    @classmethod
    def accepts(cls, source: str) -> bool:
        """Any ``http`` or ``https`` URL."""
        return re.match(r"https?://[^\x00-\x20]+\Z", source, re.I) is not None

    def items(self) -> Iterator[SourceItem | Failure]:
        """The pages in the order in which they are found, breadth first."""
        self.scope.come_home(self.start)
        crawl = Crawl(self.fetcher, self.polite, self.scope, Memory(self.state), max_pages=self.max_pages)
        if not self.by_sitemap:
            first = None
        elif self.is_sitemap:
            first = [self.start]
        else:
            first = self.polite.sitemaps(self.start) or [f"{self.scope.origin}/sitemap.xml"]
        yield from crawl.run(self.start, first)
