"""What a page leads to. It is hostile: read in pieces, with limits."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from .addresses import Refused, parse

#: Bytes of a page in which links are looked for, how many there may be, and seconds that it may take.
_MAX_PAGE, _MAX_LINKS, _MAX_SECONDS = 8 << 20, 5_000, 5.0
_PIECE = 1 << 14
_MAX_URL = 2_000

_AGENTS = ("robots", "ragkit")
_HTML = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.I)


@dataclass(slots=True)
class Leads:
    """The canonical URLs that a page links to, in order, and what it asks of robots."""

    urls: list[str] = field(default_factory=list)
    noindex: bool = False
    nofollow: bool = False


def canonical(link: str, base: str) -> str | None:
    """``link`` as it stands in a page at ``base``, in its one form without a fragment; ``None`` when it is not fetched."""
    text = re.sub(r"[\t\r\n]", "", link.strip("\x00 \t\r\n\f")).replace(" ", "%20")
    if len(text) > _MAX_URL:
        return None
    try:
        url = parse(urljoin(base, text).partition("#")[0]).url
    except (Refused, ValueError):
        return None
    return url if len(url) <= _MAX_URL else None


def is_html(media_type: str, body: bytes) -> bool:
    """Whether links are looked for in ``body``."""
    return media_type in ("text/html", "application/xhtml+xml") or _HTML.match(body[:65536]) is not None


def leads(body: bytes, url: str, headers: Mapping[str, str]) -> Leads:
    """What an HTML page at ``url`` leads to; ``rel="nofollow"`` and robots' ``nofollow`` are honoured."""
    found = Leads()
    _obey(found, _header_rules(headers.get("x-robots-tag", "")))
    if not is_html(headers.get("content-type", "").partition(";")[0].strip().lower(), body):
        return found
    reader = _Reader(found, url)
    text = _decoded(body[:_MAX_PAGE], headers.get("content-type", ""))
    end = time.monotonic() + _MAX_SECONDS
    for at in range(0, len(text), _PIECE):
        reader.feed(text[at : at + _PIECE])
        # A tag that does not end is scanned anew with every piece; it is never closed, for that would take its square.
        if len(reader.rawdata) > _PIECE * 8 or len(found.urls) >= _MAX_LINKS or time.monotonic() > end:
            break
    found.urls = [] if found.nofollow else list(dict.fromkeys(found.urls[:_MAX_LINKS]))
    return found


def _decoded(body: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type) or _CHARSET.search(body[:4096].decode("ascii", "replace"))
    try:
        return body.decode(named.group(1) if named else "utf-8", "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


def _header_rules(value: str) -> str:
    """The rules in ``X-Robots-Tag`` headers that are for everyone or for ragkit: ``noindex, otherbot: nofollow``."""
    rules, agent = [], "robots"
    for part in value.lower().split(","):
        name, colon, rule = part.partition(":")
        if colon and name.strip() != "unavailable_after":
            agent, part = name.strip(), rule
        if agent in _AGENTS:
            rules.append(part)
    return ",".join(rules)


def _obey(found: Leads, rules: str) -> None:
    words = {word.strip() for word in rules.lower().split(",")}
    found.noindex |= bool(words & {"noindex", "none"})
    found.nofollow |= bool(words & {"nofollow", "none"})


class _Reader(HTMLParser):
    """Finds the links, the base and the robots rules of a page."""

    def __init__(self, found: Leads, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found = found
        self.base = url
        self.based = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A start tag."""
        values: dict[str, str] = {}
        for name, value in attrs:
            values.setdefault(name, value or "")
        if tag == "base" and "href" in values and not self.based:
            self.based = True
            self.base = canonical(values["href"], self.base) or self.base
        elif tag == "meta" and values.get("name", "").lower() in _AGENTS:
            _obey(self.found, values.get("content", ""))
        elif tag in ("a", "area", "frame", "iframe") and "nofollow" not in values.get("rel", "").lower().split():
            link = canonical(values.get("href" if tag in ("a", "area") else "src", "#"), self.base)
            if link is not None:
                self.found.urls.append(link)

    handle_startendtag = handle_starttag

    def parse_html_declaration(self, i: int) -> int:
        """A comment, or a declaration, of which the base class would take some for errors of its own."""
        if self.rawdata.startswith("<!--", i):
            return self.parse_comment(i)
        return self.rawdata.find(">", i) + 1 or -1
