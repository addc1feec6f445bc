"""Web pages: what a crawl asks for, what it keeps, and that pages cannot lead it astray."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from httpsites import Answer, Detour, Site, serving
from websites import HERE, HTML, crawl, index_of, page, pages, urlset

from ragkit.connectors import find_connector
from ragkit.connectors.fetching import USER_AGENT, Fetcher
from ragkit.connectors.politeness import Politeness
from ragkit.connectors.web import WebConnector
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem
from ragkit.testing import ConnectorConformance


@pytest.fixture
def site() -> Iterator[Site]:
    """A server without pages as yet."""
    with serving({}) as server:
        yield server


def test_one_page_by_default(site: Site) -> None:
    """Without options only the page itself is read; its item has the bytes, the URL and what the server says of it."""
    headers = {**HTML, "Last-Modified": "Tue, 05 Mar 2024 10:00:00 GMT", "Content-Language": "de"}
    site.routes = {"/a": (200, headers, page("/b")[2])}
    (item,) = WebConnector(f"{site.url}/a#part", allow_hosts=HERE, delay_s=0).items()
    assert isinstance(item, SourceItem)
    assert item.uri == f"{site.url}/a"
    assert item.metadata == {"url": item.uri, "last_modified": "2024-03-05T10:00:00+00:00", "content_language": "de"}
    assert item.open().read() == page("/b")[2]
    assert site.asked == ["/robots.txt", "/a"]
    assert {headers["User-Agent"] for headers in site.headers} == {USER_AGENT}


def test_depth_and_number(site: Site) -> None:
    """The crawl goes breadth first, as deep as it was told, asks for each page once, and tells when there are more than it may read."""
    site.routes = pages(index=page("/b", "/a#x", "/b"), a=page("/c", "/"), b=page("/a", "/d"), c=page("/e"), d=page(), e=page())
    assert crawl(site, depth=1) == (["/", "/b", "/a"], {})
    assert crawl(site, depth=2)[0] == ["/", "/b", "/a", "/d", "/c"]
    assert crawl(site, depth=9)[0] == ["/", "/b", "/a", "/d", "/c", "/e"]
    site.asked.clear()
    items, failures = crawl(site, depth=9, max_pages=3)
    assert items == ["/", "/b", "/a"]
    assert site.asked == ["/robots.txt", "/", "/b", "/a"]
    assert list(failures) == [""]
    assert "max_pages=3" in failures[""]


def test_only_the_same_site(site: Site) -> None:
    """Other hosts, other ports and other schemes are not followed, whatever the form of the link."""
    with serving(pages(index=page(), a=page())) as other:
        odd = "mailto:a@b file:///x http://[::1 javascript:void(0) http://metadata.google.internal/ # http://10.0.0.1/".split()
        here = [f"http://localhost:{site.port}/", f"http://x@127.0.0.1:{site.port}/", f"//127.0.0.1:{other.port}/a", other.url, ""]
        elsewhere = (*odd, *here)
        site.routes = pages(index=page(*elsewhere, "a"), a=page(), moved=(302, {"Location": f"{other.url}/a"}, b""))
        site.routes["/"] = page(*elsewhere, "a", "moved")
        assert crawl(site, depth=3) == (["/", "/a"], {})
        assert other.connections == 0
    assert "/moved" in site.asked


def test_other_sites_need_a_list(site: Site) -> None:
    """Hosts that were allowed by name may be crawled too, when it is asked for; without a list it is an error."""
    with serving(pages(x=page())) as other:
        site.routes = pages(index=page(f"http://localhost:{other.port}/x"))
        items, _ = crawl(site, depth=1, same_site=False, allow_hosts=["127.0.0.1", "localhost"])
        assert items == ["/", f"http://localhost:{other.port}/x"]
    with pytest.raises(SourceError, match="allow_hosts"):
        WebConnector("https://example.com/", same_site=False)
    with pytest.raises(SourceError, match="max_pages"):
        WebConnector("https://example.com/", max_pages=0)


INSIDE = (
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/x.png",
    "//[::1]:{port}/",
    "http://2130706433:{port}/",
    "http://169.254.169.254/",
)


def test_nothing_inside_is_reached(site: Site) -> None:
    """Links, images, frames, bases, sitemaps, redirects and robots of a page that lead to another server here do not reach it."""
    with serving({"/": (200, {}, b"secret")}) as inside:
        urls = [url.format(port=inside.port) for url in INSIDE]
        sources = "".join(
            f'<img src="{u}"><iframe src="{u}"></iframe><link rel="next" href="{u}"><script src="{u}"></script>' for u in urls
        )
        body = (
            sources
            + "".join(f'<a href="{u}">x</a><form action="{u}"></form>' for u in urls)
            + f'<meta http-equiv="refresh" content="0;url={urls[0]}">'
        )
        site.routes = pages(
            index=(200, HTML, (body + '<a href="/r">r</a><a href="/based">b</a>').encode()),
            r=(302, {"Location": urls[0]}, b""),
            based=page("x", head=f'<base href="{urls[0]}">'),
        )
        site.routes["/sitemap.xml"] = (200, {}, index_of(urls[0] + "sitemap.xml", urls[4], f"{site.url}/r"))
        crawl(site, depth=3)
        crawl(site, "/sitemap.xml", depth=3)
        assert inside.connections == 0
    before = site.connections
    items, failures = crawl(site, "/", depth=3, allow_hosts=["10.0.0.1"])
    assert (items, site.connections) == ([], before)
    assert "not a public address" in failures["/"]


def test_public_pages_do_not_lead_inside(site: Site) -> None:
    """A public site whose robots, pages and sitemaps redirect inside is told so; every connection went to the public address."""
    with serving({"/": (200, {}, b"secret"), "/robots.txt": (200, {}, b"")}) as inside:
        for path in ("/robots.txt", "/", "/sitemap.xml"):
            site.routes = {"/": page(), "/sitemap.xml": (200, {}, urlset("http://example.com/"))}
            site.routes[path] = (301, {"Location": f"{inside.url}/"}, b"")
            connector = WebConnector(f"http://example.com{'/sitemap.xml' if 'sitemap' in path else '/'}", depth=2, delay_s=0)
            detour = Detour(site.port)
            connector.fetcher = Fetcher(resolver=lambda host, port: ["93.184.215.14" if host == "example.com" else host], backend=detour)
            connector.polite = Politeness(connector.fetcher, 0)
            reasons = [item.reason for item in connector.items() if isinstance(item, Failure)]
            assert any(words in reasons[0] for words in ("sources.allow_hosts", "another host"))
            assert {address for address, _ in detour.went} == {"93.184.215.14"}
        assert inside.connections == 0


def test_below_the_start(site: Site) -> None:
    """``below`` stays in the folder of the start page, dots in a path included; globs decide what is asked for and what is kept."""
    paths = ("/docs/a.html", "/docs/sub/b.html", "/blog/c.html", "/docs/../blog/c.html", "/docs/%2e%2e/blog/c.html", "/docs/draft/d.html")
    site.routes = {path: page() for path in paths}
    site.routes["/docs/index.html"] = page(*paths)
    assert crawl(site, "/docs/index.html", depth=1)[0] == [
        "/docs/index.html",
        "/docs/a.html",
        "/docs/sub/b.html",
        "/blog/c.html",
        "/docs/draft/d.html",
    ]
    assert crawl(site, "/docs/index.html", depth=1, below=True, exclude=["draft/"])[0] == [
        "/docs/index.html",
        "/docs/a.html",
        "/docs/sub/b.html",
    ]
    assert crawl(site, "/docs/index.html", depth=1, include=["blog/"])[0] == ["/docs/index.html", "/blog/c.html"]


def test_links_have_one_form(site: Site) -> None:
    """Fragments, the default form of a host, dots, spaces and line ends in links make no second page; a base is honoured."""
    site.routes = pages(
        index=page("a", "./a", "/x/../a", "a#b", f"HTTP://127.0.0.1:{site.port}/a", "\n a\n ", "b c", "?q=1&amp;r=2"), a=page()
    )
    site.routes |= {"/b%20c": page(), "/?q=1&r=2": page("z", head='<base href="/deep/er/">'), "/deep/er/z": page()}
    assert crawl(site, depth=2)[0] == ["/", "/a", "/b%20c", "/?q=1&r=2", "/deep/er/z"]


def test_redirects(site: Site) -> None:
    """A page that moved has the URL of its new place, once; the start page may move to any host, and the crawl goes with it."""
    with serving(
        pages(
            start=page("/old", "/new", "/older"), new=page(), old=(301, {"Location": "/new"}, b""), older=(302, {"Location": "/old"}, b"")
        )
    ) as other:
        site.routes = pages(index=(301, {"Location": f"{other.url}/start"}, b""))
        items, failures = crawl(site, depth=2)
        assert items == [f"{other.url}/start", f"{other.url}/new"]
        assert failures == {}


def test_robots(site: Site) -> None:
    """``robots.txt`` is obeyed, asked for once, and for redirects too; a start page that it closes is a failure."""
    site.routes = pages(index=page("/open", "/shut/a", "/moved"), open=page(), moved=(302, {"Location": "/shut/a"}, b""))
    site.routes["/robots.txt"] = (
        200,
        {},
        b"User-agent: other\nDisallow: /\n\nUser-agent: ragkit\nDisallow: /shut/\nDisallow: /*a*a*a*a*a*a$\n",
    )
    site.routes["/shut/a"] = page()
    assert crawl(site, depth=1) == (["/", "/open"], {})
    assert site.asked == ["/robots.txt", "/", "/open", "/moved"]
    items, failures = crawl(site, "/shut/a")
    assert (items, list(failures)) == ([], ["/shut/a"])
    assert "robots.txt closes it" in failures["/shut/a"]


@pytest.mark.parametrize("answer", [(503, {}, b""), (429, {}, b""), (200, {}, b"x" * 600_000)])
def test_without_robots_nothing_is_asked(answer: Answer, site: Site) -> None:
    """When the rules cannot be had, no page is asked for, and none is taken for gone."""
    site.routes = {**pages(index=page()), "/robots.txt": answer}
    items, failures = crawl(site, depth=1)
    assert (items, site.asked) == ([], ["/robots.txt"])
    assert set(failures) == {"/", ""}
    assert "without its rules" in failures["/"]


def test_robots_tags(site: Site) -> None:
    """``noindex`` keeps a page out but follows its links; ``nofollow`` does the reverse; in pages, in headers and on links."""
    site.routes = pages(
        index=(
            200,
            HTML,
            page("/n", "/f", "/h", "/o")[2]
            + b'<a rel="x NoFollow" href="/never">n</a><!-- <a href="/comment"> --><script>"<a href=/s>"</script>',
        ),
        n=page("/from-n", head='<meta name="Robots" content="NOINDEX">'),
        f=page("/from-f", head='<meta name="ragkit" content="nofollow">'),
        h=(200, {**HTML, "X-Robots-Tag": "none"}, page("/from-h")[2]),
        o=(200, {**HTML, "X-Robots-Tag": "otherbot: none"}, page("/from-o", head='<meta name="googlebot" content="none">')[2]),
    )
    site.routes |= {f"/{name}": page() for name in ("from-n", "from-f", "from-h", "from-o", "never", "comment", "s")}
    assert crawl(site, depth=3) == (["/", "/f", "/o", "/from-n", "/from-o"], {})


def test_pauses(site: Site) -> None:
    """Between two requests to a host lies the pause that was asked for, or the longer one of its rules."""
    site.routes = pages(index=page("/a"), a=page())
    begin = time.monotonic()
    crawl(site, depth=1, delay_s=0.1)
    assert 0.2 <= time.monotonic() - begin < 1
    site.routes["/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 0.15\n")
    begin = time.monotonic()
    crawl(site, depth=1)
    assert 0.3 <= time.monotonic() - begin < 1


def test_what_is_no_text_is_not_asked_for(site: Site) -> None:
    """Links to pictures, films, archives and programs are not followed; what turns out to be a picture is not kept."""
    site.routes = pages(
        index=page("/a.PNG", "/b.zip", "/c.css?v=1", "/doc.pdf", "/pic"), pic=(200, {"Content-Type": "image/png"}, b"\x89PNG\r\n")
    )
    site.routes["/doc.pdf"] = (200, {"Content-Type": "text/html"}, b"%PDF-1.7")
    assert crawl(site, depth=1) == (["/", "/doc.pdf"], {})
    assert site.asked == ["/robots.txt", "/", "/doc.pdf", "/pic"]


def test_the_servers_word_is_a_hint(site: Site) -> None:
    """``Content-Type`` decides only between kinds of text that do not tell themselves."""
    site.routes = {
        "/fragment": (200, {"Content-Type": "text/html"}, b"<p>Words <b>here</b>."),
        "/readme": (200, {"Content-Type": "text/markdown"}, b"# Title\n\nWords."),
        "/lie": (200, {"Content-Type": "text/markdown"}, b"%PDF-1.7"),
        "/odd": (200, {"Content-Type": "application/x-odd"}, b"words"),
        "/none": (200, {}, b"words"),
    }
    types = {}
    for path in site.routes:
        (item,) = WebConnector(site.url + path, allow_hosts=HERE, delay_s=0).items()
        assert isinstance(item, SourceItem)
        types[path] = item.media_type
    assert types == {"/fragment": "text/html", "/readme": "text/markdown", "/lie": None, "/odd": None, "/none": None}


def test_failures_are_told(site: Site) -> None:
    """Errors of the server are failures of one line; pages that are gone are absent; a start page that is not there is told."""
    site.routes = pages(
        index=page("/500", "/403", "/404", "/410", "/loop", "/big", "/ok"), loop=(302, {"Location": "/loop"}, b""), ok=page()
    )
    site.routes |= {"/500": (500, {}, b""), "/403": (403, {}, b""), "/410": (410, {}, b""), "/big": (200, {}, b"x" * 5000)}
    items, failures = crawl(site, depth=1, max_bytes=4000)
    assert items == ["/", "/ok"]
    assert {path: bool(reason) and "\n" not in reason for path, reason in failures.items()} == dict.fromkeys(
        ("/500", "/403", "/loop", "/big"), True
    )
    assert crawl(site, "/404")[1] == {"/404": "the server answers 404: there is no such page"}


def test_a_host_that_is_down(site: Site) -> None:
    """A host that does not answer is one failure, not one for each page that was known."""
    site.routes = pages(index=page(*(f"/{n}" for n in range(50)))) | {f"/{n}": page() for n in range(50)}
    state: dict[str, Any] = {}
    assert len(crawl(site, depth=1, state=state)[0]) == 51
    site.shutdown()
    site.server_close()
    items, failures = crawl(site, depth=1, state=state)
    assert items == []
    assert len(failures) <= 6
    assert "" in failures


SLOW = [
    b"<a " * 700_000,
    b"<a href='" * 200_000,
    b"<!--" * 300_000,
    b"<" * 2_000_000,
    b"<a href=x>" * 300_000,
    b"<a\x00/" * 400_000,
    b"&" * 1_000_000,
    b"<![" * 500_000,
]


@pytest.mark.parametrize("body", SLOW)
def test_hostile_pages_take_little_time(body: bytes, site: Site) -> None:
    """A page that is made to be slow to read for links is given up in time."""
    site.routes = {"/": (200, HTML, body)}
    begin = time.monotonic()
    crawl(site, depth=1)
    assert time.monotonic() - begin < 8


def test_what_it_accepts() -> None:
    """It takes ``http`` and ``https`` URLs and nothing else."""
    assert isinstance(find_connector("https://example.com/x"), WebConnector)
    assert WebConnector.accepts("HTTP://example.com")
    assert not any(map(WebConnector.accepts, ("ftp://x", "file:///x", "feed+https://x", "/https://x", "https://x y", "https:x")))
    refused = ("http://user:hunter2@example.com/", "http://2130706433/", "http://exa mple.com/", "https://example.com/?token=hunter2")
    for source in (*refused, "https://example.com/?token=${TOKEN}"):
        with pytest.raises(SourceError) as caught:
            WebConnector(source)
        assert "hunter2" not in str(caught.value)


class TestWeb(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _pages(self, site: Site) -> None:
        site.routes = pages(index=page("/a", "/b", "/c%20é"), a=page(text="A"), b=(500, {}, b""))
        site.routes["/c%20%C3%A9"] = page()
        self.site = site

    def connector(self) -> type[WebConnector]:
        class Allowed(WebConnector):
            def __init__(self, source: str) -> None:
                super().__init__(source, depth=1, delay_s=0, allow_hosts=HERE)

        return Allowed

    def source(self) -> str:
        return self.site.url
