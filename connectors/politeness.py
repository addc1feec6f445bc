"""How a crawl behaves: ``robots.txt`` (RFC 9309), and a pause between two requests to one host."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from protego import Protego

from .fetching import Fetcher, FetchError, Refused, TooLarge

#: The name by which ``robots.txt`` may address ragkit.
AGENT = "ragkit"
#: A longer pause than this, in seconds, is not kept: a site could hold up an ingestion for days.
_LONGEST_PAUSE = 60.0
_MAX_RULES = 512 << 10


class Disallowed(FetchError):
    """A URL that ``robots.txt`` closes to ragkit."""


class Politeness:
    """Knows each host's rules, and waits."""

    def __init__(self, fetcher: Fetcher, delay_s: float) -> None:
        self._fetcher = fetcher
        self._delay_s = delay_s
        self._rules: dict[str, Protego | FetchError] = {}
        self._last: dict[str, float] = {}

    def admit(self, url: str) -> None:
        """Waits until ``url`` may be asked for.

        Raises:
            Disallowed: the host's ``robots.txt`` closes it.
        FetchError: that file cannot be had.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        rules = self._rules_of(origin)
        if isinstance(rules, FetchError):
            raise type(rules)(str(rules))
        if not rules.can_fetch(url, AGENT):
            raise Disallowed(f"{origin}/robots.txt closes it")
        self._wait(origin, min(max(self._delay_s, float(rules.crawl_delay(AGENT) or 0)), _LONGEST_PAUSE))

    def sitemaps(self, url: str) -> list[str]:
        """The sitemaps that the ``robots.txt`` of the host of ``url`` names."""
        parts = urlsplit(url)
        rules = self._rules_of(f"{parts.scheme}://{parts.netloc}")
        return [] if isinstance(rules, FetchError) else list(rules.sitemaps)[:100]

    def _rules_of(self, origin: str) -> Protego | FetchError:
        """The rules, or why there are none and the host is closed: an error of the server, or no answer."""
        if origin not in self._rules:
            self._rules[origin] = self._fetch(f"{origin}/robots.txt")
            self._last[origin] = time.monotonic()
        return self._rules[origin]

    def _fetch(self, url: str) -> Protego | FetchError:
        try:
            answer = self._fetcher.get(url, max_bytes=_MAX_RULES)
        except TooLarge:
            return FetchError(f"{url} has more than {_MAX_RULES:,} bytes; without its rules the host is not asked")
        except Refused as error:
            return error
        except FetchError as error:
            return FetchError(f"{url} cannot be had, and without its rules the host is not asked: {error}")
        if answer.status >= 500 or answer.status == 429:
            return FetchError(f"{url} answers {answer.status}; without its rules the host is not asked")
        return Protego.parse(answer.body.decode("utf-8", "replace") if answer.status < 300 else "")

    def _wait(self, origin: str, pause: float) -> None:
        now = time.monotonic()
        due = self._last.get(origin, now - pause) + pause
        if due > now:
            time.sleep(due - now)
        self._last[origin] = time.monotonic()
