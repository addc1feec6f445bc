"""From one listing of a site to the next: sitemaps, conditional requests, and what is kept when a site fails."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
from httpsites import Answer, Handler, Route, Site, serving
from syncing import counts, store
from websites import HERE, HTML, crawl, index_of, page, pages, urlset

from ragkit.connectors.web import WebConnector
from ragkit.records import SourceItem


@pytest.fixture
def site() -> Iterator[Site]:
    """A server without pages as yet."""
    with serving({}) as server:
        yield server


def test_sitemaps(site: Site) -> None:
    """The pages of a sitemap, of a packed one and of an index of several are read, in their order; ``sitemap`` finds it."""
    site.routes = {f"/{name}": page("/linked") for name in "abc"} | {"/linked": page()}
    site.routes |= {
        "/sitemap.xml": (200, {}, index_of(f"{site.url}/maps/one-sitemap.xml", f"{site.url}/two.gz", f"{site.url}/sitemap.xml")),
        "/maps/one-sitemap.xml": (200, {}, urlset(f"{site.url}/a", f"{site.url}/b?x=1&amp;y=2", "http://elsewhere.example/", "ftp://x/")),
        "/two.gz": (200, {}, gzip.compress(urlset(f"{site.url}/c", f"{site.url}/a"))),
        "/b?x=1&y=2": page(),
    }
    expected = ["/a", "/b?x=1&y=2", "/c"]
    assert crawl(site, "/sitemap.xml") == (expected, {})
    assert crawl(site, "/", sitemap=True) == (expected, {})
    assert crawl(site, "/sitemap.xml", depth=1)[0] == [*expected, "/linked"]
    assert crawl(site, "/sitemap.xml", exclude=["/b"], include=["a", "b"])[0] == ["/a"]
    site.routes["/robots.txt"] = (200, {}, f"Sitemap: {site.url}/two.gz\nSitemap: http://10.0.0.1/sitemap.xml".encode())
    assert crawl(site, "/", sitemap=True) == (["/c", "/a"], {})


BAD_SITEMAPS = [
    b"", b"no xml", b"<html></html>", urlset("x")[:-20], gzip.compress(b"x" * 60_000_000), gzip.compress(urlset("x"))[:-5],
    b'<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
    b'<!DOCTYPE u SYSTEM "http://127.0.0.1:1/x.dtd"><urlset></urlset>', "<urlset/>".encode("utf-16")[:7],
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_SITEMAPS)
def test_bad_sitemaps(body: bytes, site: Site) -> None:
    """A sitemap that is none, or a bomb, is a failure of one line, and no page is taken for gone."""
    site.routes = {"/sitemap.xml": (200, {}, body)}
    items, failures = crawl(site, "/sitemap.xml")
    assert (items, set(failures)) == ([], {"/sitemap.xml", ""})
    assert "\n" not in failures["/sitemap.xml"]


def test_sitemaps_do_not_lead_inside(site: Site) -> None:
    """A sitemap's sitemaps on other hosts are not asked for, and those too deep are not read."""
    with serving({"/sitemap.xml": (200, {}, urlset())}) as inside:
        deep = {f"/{n}.xml": (200, {}, index_of(f"{site.url}/{n + 1}.xml")) for n in range(9)}
        site.routes = {
            **deep,
            "/sitemap.xml": (200, {}, index_of(f"{inside.url}/sitemap.xml", "http://169.254.169.254/x.xml", f"{site.url}/0.xml")),
        }
        _, failures = crawl(site, "/sitemap.xml")
        assert inside.connections == 0
    assert {f"{inside.url}/sitemap.xml", "http://169.254.169.254/x.xml", "/2.xml"} < set(failures)
    assert "/2.xml" not in site.asked


# --- from one listing to the next ---------------------------------------------------------------------------


def versioned(content: dict[str, str], path: str, *links: str) -> Route:
    """A page with an ETag, which answers 304 to those who have it."""

    def answer(handler: Handler) -> Answer:
        _, headers, body = page(*links, text=content[path])
        tag = f'"{content[path]}"'
        if handler.headers.get("If-None-Match") == tag:
            return 304, {"ETag": tag}, b""
        return 200, {**headers, "ETag": tag, "Last-Modified": formatdate(time.time(), usegmt=True)}, body

    return answer


def connector_of(site: Site, state: dict[str, Any]) -> WebConnector:
    connector = WebConnector(site.url, depth=2, delay_s=0, allow_hosts=HERE)
    connector.state = json.loads(json.dumps(state))
    return connector


def test_changes_are_seen_through_a_store(site: Site) -> None:
    """Added, changed and removed pages are found; what has not changed is not sent again; what fails for now is kept."""
    content = {"/": "one", "/a": "alpha", "/b": "beta", "/c": "gamma"}
    routes = {
        "/": versioned(content, "/", "/a", "/b"),
        "/a": versioned(content, "/a", "/c"),
        "/b": versioned(content, "/b"),
        "/c": versioned(content, "/c"),
    }
    site.routes = dict(routes)
    with store() as kit:

        def again() -> tuple[int, int, int, int]:
            return counts(kit.sync())

        assert counts(kit.ingest(site.url, options={"depth": 2, "delay_s": 0})) == (4, 0, 0, 0)
        site.statuses.clear()
        assert again() == (0, 0, 4, 0)
        assert site.statuses == [404, 304, 304, 304, 304]
        content["/c"] = "delta"
        assert again() == (0, 1, 3, 0)
        site.routes["/a"] = (503, {}, b"")  # the page through which /c is found
        assert again() == (0, 0, 3, 0)
        site.routes = {path: (500, {}, b"") for path in routes}
        assert again() == (0, 0, 0, 0)
        site.routes["/robots.txt"] = (500, {}, b"")
        assert again() == (0, 0, 0, 0)
        site.routes = dict(routes)
        assert again() == (0, 0, 4, 0)
        del site.routes["/c"]
        assert again() == (0, 0, 3, 1)
        site.routes["/b"] = versioned(content, "/b", "/d")
        site.routes["/d"] = page(text="new")
        content["/b"] = "with a link"
        assert again() == (1, 1, 2, 0)
        assert {document.uri.removeprefix(site.url) for document in kit.documents()} == {"/", "/a", "/b", "/d"}


def test_without_a_state_nothing_is_lost(site: Site) -> None:
    """When nothing is remembered and a page fails, what it may have led to is kept."""
    site.routes = pages(index=page("/a"), a=page("/b"), b=page(text="B"))

    class Forgetful(WebConnector):
        """Remembers nothing."""

        state = property(lambda self: {}, lambda self, value: None)  # type: ignore[assignment]

    connector = Forgetful(site.url, depth=2, delay_s=0, allow_hosts=HERE)
    connector.source = site.url  # type: ignore[attr-defined]
    with store() as kit:
        assert counts(kit.ingest(connector)) == (3, 0, 0, 0)
        site.routes["/a"] = (503, {}, b"")
        assert counts(kit.sync(connector)) == (0, 0, 1, 0)
        site.routes["/"] = (503, {}, b"")
        assert counts(kit.sync(connector)) == (0, 0, 0, 0)
        site.routes = pages(index=page("/a"), a=page())
        assert counts(kit.sync(connector)) == (0, 1, 1, 1)


def test_an_unchanged_page_opens(site: Site) -> None:
    """A page that has not changed can be read all the same, and has the same token and metadata as before."""
    site.routes = {"/": versioned({"/": "one"}, "/")}
    first = connector_of(site, {})
    (before,) = first.items()
    (after,) = connector_of(site, first.state).items()
    assert isinstance(before, SourceItem)
    assert isinstance(after, SourceItem)
    assert (before.token, before.metadata) == (after.token, after.metadata)
    assert before.open().read() == after.open().read()


def test_memory_stays_flat(site: Site) -> None:
    """Pages are kept on disk until they are read: 60 of a mebibyte each do not add up in memory."""
    body = page(*(f"/{n}" for n in range(60)))[2]
    site.routes = {"/": (200, HTML, body)} | {
        f"/{n}": (200, {"Content-Type": "text/plain"}, bytes([65 + n % 26]) * (1 << 20)) for n in range(60)
    }
    held = sum(len(route[2]) for route in site.routes.values() if isinstance(route, tuple))
    tracemalloc.start()
    try:
        found = list(WebConnector(site.url, depth=1, delay_s=0, allow_hosts=HERE).items())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 61
    assert held > 60 << 20
    assert peak < 16 << 20
