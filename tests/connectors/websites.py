"""Pages, sitemaps and crawls of sites on this machine."""

from __future__ import annotations

from typing import Any

from httpsites import Answer, Route, Site

from ragkit.connectors.web import WebConnector
from ragkit.records import Failure, SourceItem

HERE = ["127.0.0.1"]
HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(*links: str, text: str = "Some words.", head: str = "") -> Answer:
    """A page that holds ``links``."""
    body = f"<html><head><title>T</title>{head}</head><body><p>{text}</p>"
    return 200, HTML, (body + "".join(f'<a href="{link}">link</a>' for link in links)).encode()


def pages(**routes: Route) -> dict[str, Route]:
    """Routes by name; ``index`` is ``/``."""
    return {"/" if name == "index" else f"/{name}": route for name, route in routes.items()}


def crawl(site: Site, path: str = "/", *, state: dict[str, Any] | None = None, **options: Any) -> tuple[list[str], dict[str, str]]:
    """The paths of the items, and the reasons of the failures by path."""
    connector = WebConnector(site.url + path, **{"allow_hosts": HERE, "delay_s": 0, **options})
    if state is not None:
        connector.state = state
    found = list(connector.items())
    for item in found:
        if isinstance(item, SourceItem):
            with item.open() as stream:
                assert stream.read() is not None
    items = [item.uri.removeprefix(site.url) for item in found if isinstance(item, SourceItem)]
    return items, {item.uri.removeprefix(site.url): item.reason for item in found if isinstance(item, Failure)}


NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls: str) -> bytes:
    listed = "".join(f"<url><loc> {url} </loc><lastmod>2024</lastmod></url>" for url in urls)
    return f"<?xml version='1.0'?><urlset {NS}>{listed}</urlset>".encode()


def index_of(*urls: str) -> bytes:
    return f"<sitemapindex {NS}>{''.join(f'<sitemap><loc><![CDATA[{u}]]></loc></sitemap>' for u in urls)}</sitemapindex>".encode()
