"""What a crawl remembers of the last listing, in a form that is small: a URL is written once, links are its number."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any


class Memory:
    """The pages of ``state`` (JSON values), brought up to date as the crawl goes; ``known`` is how they were before."""

    def __init__(self, state: dict[str, Any]) -> None:
        urls: list[str] = state.get("urls") or []
        self.known: dict[str, dict[str, Any]] = {
            url: {**page, "links": None if page["links"] is None else [urls[number] for number in page["links"]]}
            for url, page in (state.get("pages") or {}).items()
        }
        self._state = state
        self._begin(self.known)

    def _begin(self, pages: Mapping[str, Mapping[str, Any]]) -> None:
        self._numbers: dict[str, int] = {}
        self._urls: list[str] = []
        self._pages: dict[str, Any] = {}
        self._state |= {"urls": self._urls, "pages": self._pages}
        for url, page in pages.items():
            self.put(url, page)

    def put(self, url: str, page: Mapping[str, Any]) -> None:
        """Remembers ``page``; its ``links`` are URLs, or ``None`` where they were not looked for."""
        links = page["links"]
        self._pages[url] = {**page, "links": None if links is None else [self._number(link) for link in links]}

    def _number(self, url: str) -> int:
        number = self._numbers.setdefault(url, len(self._urls))
        if number == len(self._urls):
            self._urls.append(url)
        return number

    def drop(self, url: str) -> None:
        """Forgets a page."""
        self._pages.pop(url, None)

    def keep(self, found: Set[str]) -> None:
        """Forgets all pages but those in ``found``, and the URLs that only the others linked to."""
        urls = self._urls
        pages = {url: page for url, page in self._pages.items() if url in found}
        self._begin({url: {**page, "links": page["links"] and [urls[n] for n in page["links"]]} for url, page in pages.items()})
