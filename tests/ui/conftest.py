"""Documents and a store for the interface."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragkit import Ragkit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Request

CHROMIUM = os.environ.get("RAGKIT_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 240_000

LIGHTHOUSE = (
    "The lighthouse on Gull Point was built in 1874 by Anna Lindqvist. Its lamp burned whale oil until 1921, when it was converted to "
    "electricity. Visitors may climb the 212 steps on Saturdays.\n"
)
BAKERY = "# The mill bakery\n\nThe bakery opens at six in the morning. Its rye bread is baked in a stone oven that dates from 1790.\n"
#: A title, a name and a sentence that try to be more than text.
TRAP_TITLE = "![x](http://127.0.0.1:9/leak) <b>Toll</b>"
TRAP_URI = "note:[toll](http://127.0.0.1:9/leak)<img src=http://127.0.0.1:9/leak>"
TRAP = (
    "The harbour toll for a fishing boat is nine crowns ![pixel](http://127.0.0.1:9/leak?toll) "
    "[pay](http://127.0.0.1:9/pay) <img src=http://127.0.0.1:9/leak> http://127.0.0.1:9/leak here.\n"
)
FERRY = (
    "The heron ferry crosses the lake every forty minutes.",
    "A single ticket for the heron ferry costs four crowns, and bicycles travel free.",
    "From December to February the ferry does not run, because the northern bay freezes.",
)


def ferry(path: Path) -> None:
    """A PDF of two pages; the ferry's sentences stand on the second."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(400, 560), invariant=1)
    canvas.setTitle("The heron ferry")
    canvas.drawString(40, 500, "This page holds the names of the captains since 1950.")
    canvas.showPage()
    for line, sentence in enumerate(FERRY):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(40, 300 - 14 * line, sentence)
    canvas.save()


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three documents and a file that is none."""
    folder = tmp_path_factory.mktemp("papers")
    (folder / "lighthouse.txt").write_text(LIGHTHOUSE, encoding="utf-8")
    (folder / "bakery.md").write_text(BAKERY, encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is a PDF")
    ferry(folder / "ferry.pdf")
    return folder


@pytest.fixture(scope="session")
def ingested(papers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of those documents and a text that is a trap; only copied."""
    store = tmp_path_factory.mktemp("ui") / "store"
    with Ragkit.open(store) as kit:
        kit.ingest(papers)
        kit.add_text(TRAP, uri=TRAP_URI, title=TRAP_TITLE)
    return store


@pytest.fixture
def store(ingested: Path, tmp_path: Path) -> Path:
    """A copy of the store for one test."""
    return Path(shutil.copytree(ingested, tmp_path / "store"))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[BrowserContext]:
    """Chromium with a profile of its own; a window of 1280 by 800."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=ARGUMENTS, viewport={"width": 1280, "height": 800}
        )
        context.set_default_timeout(PATIENCE_MS)
        yield context
        context.close()


@pytest.fixture
def asked(browser: BrowserContext) -> list[str]:
    """The addresses that any page asks for, from now on."""
    addresses: list[str] = []

    def note(request: Request) -> None:
        addresses.append(request.url)

    browser.on("request", note)
    return addresses
