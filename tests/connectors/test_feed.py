"""Feeds: an entry is a document, and one that has left the window is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpsites import Answer, Detour, Handler, Site, serving
from syncing import counts, store

from ragkit.connectors import find_connector
from ragkit.connectors.feed import FeedConnector
from ragkit.connectors.fetching import Fetcher
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem
from ragkit.testing import ConnectorConformance

HERE = ["127.0.0.1"]
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><id>urn:f</id>
<entry><id>tag:x,2024:1</id><title type="html">One &amp;lt;&lt;b&gt;bold&lt;/b&gt;</title>
<link href="/posts/1"/><author><name>Anna é</name></author>
<published>2024-03-05T10:00:00+02:00</published>
<content type="html">&lt;p&gt;The &lt;i&gt;ferry&lt;/i&gt; leaves at nine.&lt;/p&gt;</content></entry>
<entry><id>tag:x,2024:2</id><title>Two</title><summary>Plain &lt;text&gt; here.</summary><updated>2024-03-06T00:00:00Z</updated></entry>
<entry><title>No id</title>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Inner <b>words</b></p></div></content></entry>
</feed>""".encode()


def rss(*entries: tuple[str, str], extra: str = "") -> bytes:
    """A feed of entries, each an id and a text."""
    items = "".join(f"<item><guid>{key}</guid><title>{key}</title><description>{text}</description></item>" for key, text in entries)
    return f"<?xml version='1.0'?>{extra}<rss version='2.0'><channel><title>F</title>{items}</channel></rss>".encode()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({"/feed": (200, {}, ATOM)}) as server:
        yield server


def read(connector: FeedConnector) -> tuple[dict[str, SourceItem], list[str]]:
    found = list(connector.items())
    items = {item.uri.partition("#")[2]: item for item in found if isinstance(item, SourceItem)}
    return items, [item.reason for item in found if isinstance(item, Failure)]


def test_entries_are_documents(site: Site, tmp_path: Path) -> None:
    """Title, text, author, date and link of an entry are read, from an address and from a file; its URI ends in its id."""
    (tmp_path / "a.atom").write_bytes(ATOM)
    for source, base in ((f"feed+{site.url}/feed", f"{site.url}/feed"), (str(tmp_path / "a.atom"), str(tmp_path / "a.atom"))):
        items, failures = read(FeedConnector(source, allow_hosts=HERE))
        assert failures == []
        assert list(items)[:2] == ["tag:x,2024:1", "tag:x,2024:2"]
        first, second, third = items.values()
        assert first.uri == f"{base}#tag:x,2024:1"
        assert first.title == "One <bold"
        assert {name: value for name, value in first.metadata.items() if name != "link"} == {
            "author": "Anna é",
            "date": "2024-03-05T08:00:00+00:00",
        }
        assert first.metadata["link"].endswith("/posts/1")
        assert b"<p>The <i>ferry</i> leaves at nine.</p>" in first.open().read()
        assert b"Plain &lt;text&gt; here." in second.open().read()
        assert b"<b>words</b>" in third.open().read()
        assert third.uri.partition("#")[2].startswith("sha256-")


def test_a_store_follows_a_feed(site: Site) -> None:
    """New and changed entries are taken in, those that have left the window are kept, and the text is as a reader sees it."""
    source = f"feed+{site.url}/feed"
    with store() as kit:
        assert counts(kit.ingest(source)) == (3, 0, 0, 0)
        assert kit.document(f"{site.url}/feed#tag:x,2024:1").parsed.text == "One <bold\n\nThe ferry leaves at nine."
        site.routes["/feed"] = (200, {}, rss(("a", "alpha"), ("b", "beta")))
        assert counts(kit.sync()) == (2, 0, 3, 0)
        site.routes["/feed"] = (200, {}, rss(("c", "gamma"), ("b", "BETA")))
        assert counts(kit.sync()) == (1, 1, 4, 0)
        for broken in ((500, {}, b""), (200, {}, b"<html>no feed</html>"), (404, {}, b"")):
            site.routes["/feed"] = broken  # type: ignore[assignment]
            report = kit.sync()
            assert (counts(report), len(report.failed)) == ((0, 0, 6, 0), 1)
        assert len(kit.documents()) == 6


def test_old_entries_may_go(site: Site) -> None:
    """With ``keep_old`` false the store holds what the feed lists; a feed that cannot be read removes nothing."""
    with store() as kit:
        site.routes["/feed"] = (200, {}, rss(("a", "alpha"), ("b", "beta")))
        assert counts(kit.ingest(f"feed+{site.url}/feed", options={"keep_old": False})) == (2, 0, 0, 0)
        site.routes["/feed"] = (200, {}, b"")
        assert counts(kit.sync()) == (0, 0, 2, 0)
        site.routes["/feed"] = (200, {}, rss(("b", "beta")))
        assert counts(kit.sync()) == (0, 0, 1, 1)


def test_conditional_requests(site: Site) -> None:
    """A feed that has not changed is not sent again; its entries have the same tokens, and open by a new request."""

    def answer(handler: Handler) -> Answer:
        if handler.headers.get("If-None-Match") == '"1"':
            return 304, {}, b""
        return 200, {"ETag": '"1"'}, ATOM

    site.routes["/feed"] = answer
    first = FeedConnector(f"feed+{site.url}/feed", allow_hosts=HERE)
    before, _ = read(first)
    second = FeedConnector(f"feed+{site.url}/feed", allow_hosts=HERE)
    second.state = json.loads(json.dumps(first.state))
    after, _ = read(second)
    assert site.statuses == [200, 304]
    assert [(i.uri, i.token, i.metadata, i.title) for i in before.values()] == [
        (i.uri, i.token, i.metadata, i.title) for i in after.values()
    ]
    assert [item.open().read() for item in after.values()] == [item.open().read() for item in before.values()]
    assert site.statuses == [200, 304, 200]


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
HOSTILE = [
    b"", b"no feed at all", b"<html><body>page</body></html>", rss(("a", "&b;"), extra=BOMB), b"/etc/passwd", b"http://127.0.0.1:1/",
    rss(("a", "&x;"), extra='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), rss(("x" * 11_000_000, "y")), b"\x00\xff" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_feed(body: bytes, site: Site) -> None:
    """What is no feed, or declares entities, or is too large, is one failure of one line; nothing else is opened."""
    site.routes["/feed"] = (200, {}, body)
    items, failures = read(FeedConnector(f"feed+{site.url}/feed", allow_hosts=HERE))
    assert (items, len(failures)) == ({}, 1)
    assert "\n" not in failures[0]
    assert site.asked == ["/feed"]


SLOW = [
    b"<rss version='2.0'><channel>" + piece * (1_000_000 // len(piece))
    for piece in (b"<", b"<item>", b"<item><a ", b"&#", b"<![CDATA[", b"<!--", b"<item><description>&lt;p ", b"</", b"<a:b xmlns:a='")
]


@pytest.mark.parametrize("body", SLOW)
def test_hostile_feeds_take_little_time(body: bytes, site: Site) -> None:
    """A feed that is broken on purpose is read, or given up, in time."""
    site.routes["/feed"] = (200, {}, body)
    begin = time.process_time()
    read(FeedConnector(f"feed+{site.url}/feed", allow_hosts=HERE))
    assert time.process_time() - begin < 30


def test_broken_entries(site: Site) -> None:
    """Two entries of one id are one; ids and titles of any kind, dates that are none, and links inside do no harm."""
    entries = [("same", "one"), ("same", "two"), ("a" * 1000, "long"), ("two\nlines %41 \u202e", "x"), ("", "no id")]
    feed = rss(*entries).replace(
        b"</channel>", b"<item><guid>d</guid><pubDate>99 Foo 2024</pubDate><link>file:///etc/passwd</link></item></channel>"
    )
    site.routes["/feed"] = (200, {}, feed)
    items, failures = read(FeedConnector(f"feed+{site.url}/feed", allow_hosts=HERE))
    assert failures == []
    assert len(items) == 5
    assert all(item.uri.isprintable() for item in items.values())
    assert items["d"].metadata == {}
    assert items["two lines %2541 %E2%80%AE"].title


def test_a_feed_does_not_lead_inside(site: Site) -> None:
    """A feed inside, or one that redirects inside, is not fetched."""
    _, failures = read(FeedConnector(f"feed+{site.url}/feed"))
    assert "sources.allow_hosts" in failures[0]
    with serving({"/": (302, {"Location": f"{site.url}/feed"}, b"")}) as outside:
        connector = FeedConnector("feed+http://example.com/")
        detour = Detour(outside.port)
        connector.fetcher = Fetcher(resolver=lambda host, port: ["93.184.215.14" if host == "example.com" else host], backend=detour)
        _, failures = read(connector)
        assert "sources.allow_hosts" in failures[0]
        assert [address for address, _ in detour.went] == ["93.184.215.14"]
    assert site.connections == 0


def test_what_it_accepts(tmp_path: Path) -> None:
    """It takes addresses with ``feed+`` and files of its suffixes that are there."""
    (tmp_path / "a.RSS").write_bytes(rss(("a", "alpha")))
    assert isinstance(find_connector("feed+https://example.com/x"), FeedConnector)
    assert isinstance(find_connector(str(tmp_path / "a.RSS")), FeedConnector)
    assert not any(
        map(FeedConnector.accepts, ("https://example.com/feed", "feed+ftp://x", str(tmp_path / "b.rss"), str(tmp_path), "feed+"))
    )
    for source in ("feed+http://user:hunter2@example.com/", "feed+http://0x7f000001/"):
        with pytest.raises(SourceError) as caught:
            FeedConnector(source)
        assert "hunter2" not in str(caught.value)


class TestFeed(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _site(self, site: Site) -> None:
        self.site = site

    def connector(self) -> type[FeedConnector]:
        class Allowed(FeedConnector):
            def __init__(self, source: str, **options: Any) -> None:
                super().__init__(source, allow_hosts=HERE)

        return Allowed

    def source(self) -> str:
        return f"feed+{self.site.url}/feed"
