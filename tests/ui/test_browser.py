"""The interface in a real browser: the server as ``ragkit ui`` starts it, and headless Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

PATIENCE_MS = 240_000
#: Texts that try to be more than text; the same that the escaping tests read.
STRINGS: list[str] = json.loads(Path(__file__).with_name("exfiltration.json").read_text("utf-8"))

pytestmark = [
    pytest.mark.slow,
    # Playwright's own loop leaves its transport to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def serving(store: Path, log: Path) -> Iterator[str]:
    """``ragkit ui`` on a free port of loopback; its address."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAGKIT_", "STREAMLIT_", "COV_"))}
    command = [sys.executable, "-m", "ragkit", "ui", "--store", str(store), "--port", str(port), "--no-browser"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=log.parent)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once ``address`` answers."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(URLError, OSError), urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError("the server did not start:\n" + log.read_text("utf-8", "replace"))


@pytest.fixture
def address(store: Path, tmp_path: Path) -> Iterator[str]:
    """The interface on the store."""
    with serving(store, tmp_path / "server.log") as found:
        yield found


def foreign(asked: list[str], address: str) -> list[str]:
    """What was asked of anybody but the server."""
    return [url for url in asked if not url.startswith((address, "data:", "blob:", "about:"))]


def ask(page: Page, question: str) -> None:
    """Asks in the mode `quote`."""
    page.get_by_text("quote", exact=True).click()
    page.get_by_role("textbox", name="Ask a question").fill(question)
    page.keyboard.press("Enter")


def choose(page: Page, name: str) -> None:
    """Picks the document whose URI holds ``name`` for deletion; its line in the list is text alone."""
    idle = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")  # a list that is still being drawn closes
    idle.wait_for()
    box = page.get_by_role("combobox", name="Delete documents")
    box.click()
    box.fill(name)
    option = page.get_by_role("option").filter(has_text=name)
    option.wait_for()
    assert option.locator("a, img").count() == 0
    option.click()
    page.keyboard.press("Escape")
    idle.wait_for()


def test_ask_and_follow_a_citation(address: str, browser: BrowserContext, asked: list[str], tmp_path: Path) -> None:
    """The answer appears with [1]; selecting it shows the marked passage and, for a PDF, its page. Nobody else is asked for anything."""
    page = browser.new_page()
    page.goto(address)
    ask(page, "What does a single ticket for the heron ferry cost?")
    page.get_by_text("A single ticket for the heron ferry costs four crowns").first.wait_for()
    first = page.get_by_role("button", name="[1]")
    first.click()
    mark = page.locator("mark")
    mark.wait_for()
    assert "costs four crowns" in mark.inner_text()
    assert mark.evaluate("e => { const r = e.getBoundingClientRect(); return r.top > 0 && r.bottom < innerHeight }")
    picture = page.get_by_role("img", name="Page 2 of the document")
    picture.wait_for()
    page.wait_for_function("() => [...document.querySelectorAll('img')].every(i => i.complete && i.naturalWidth > 300)")
    page.screenshot(path=str(tmp_path / "ask.png"))
    assert (tmp_path / "ask.png").stat().st_size > 10_000
    assert first.evaluate("e => getComputedStyle(e).display").startswith("inline")
    assert foreign(asked, address) == []


def test_an_answer_of_the_model(address: str, browser: BrowserContext) -> None:
    """In the mode `compose` the real generator works while the page waits; what is shown has a label and a citation."""
    page = browser.new_page()
    page.goto(address)
    page.get_by_text("compose", exact=True).click()
    page.get_by_role("textbox", name="Ask a question").fill("When was the lighthouse on Gull Point built?")
    page.keyboard.press("Enter")
    page.locator(".rk-doing").first.wait_for()
    page.locator(".rk-timings").wait_for()
    assert page.locator(".rk-label").count() >= 1
    assert page.get_by_role("button", name="[1]").count() >= 1


def test_upload_and_delete(address: str, browser: BrowserContext, tmp_path: Path) -> None:
    """A file is added through the page, counted, and deleted after a confirmation."""
    otter = tmp_path / "otter.txt"
    otter.write_text("The otter pool is fed at noon by Maja Berg.", encoding="utf-8")
    page = browser.new_page()
    page.goto(f"{address}/documents")
    count = page.locator(".rk-pairs dd").first
    count.wait_for()
    assert count.inner_text() == "4"
    page.locator("input[type=file]").set_input_files(str(otter))
    page.get_by_role("button", name="Add to the store").click()
    page.get_by_text("1 added").wait_for()
    page.wait_for_function("() => document.querySelector('.rk-pairs dd').innerText === '5'")
    choose(page, "otter.txt")
    page.get_by_role("button", name="Delete 1 document").click()
    page.wait_for_function("() => document.querySelector('.rk-pairs dd').innerText === '4'")


def test_nothing_in_a_document_reaches_out(store: Path, browser: BrowserContext, asked: list[str], tmp_path: Path) -> None:
    """Titles, names and passages full of images, links and elements: on every page no link, no image, no request, no dialogue."""
    from ragkit import Ragkit

    with Ragkit.open(store) as kit:
        for number, text in enumerate(STRINGS):
            kit.add_text(f"Paragraph {number} of the harbour rules. {text}", uri=f"rule:{number}:{text}", title=f"{number} {text}"[:300])
    dialogues: list[str] = []
    with serving(store, tmp_path / "server.log") as address:
        page = browser.new_page()
        page.on("dialog", lambda dialogue: dialogues.append(dialogue.message))
        page.goto(address)
        ask(page, "What is the harbour toll for a fishing boat? " + STRINGS[0] + " " + STRINGS[6])
        page.get_by_role("button", name="[1]").click()
        page.locator("mark").wait_for()
        links = "a[href*='leak'], a[href*='example'], a[href^='javascript'], a[href^='data']"
        elements = "img:not([alt^=Page]), iframe, object, embed, form[action], picture, video"
        bad = f"[data-testid=stMain] :is({links}, {elements}), .stHtml :is(a, img, svg, script)"
        assert page.locator(bad).count() == 0
        page.goto(f"{address}/documents")
        for number in (0, 6, 20):
            choose(page, f"rule:{number}:")
        page.get_by_role("button", name="Delete 3 documents").wait_for()
        assert page.locator(bad).count() == 0
        page.goto(f"{address}/inspect")
        from playwright.sync_api import TimeoutError as NotYet

        query, found = page.get_by_label("Query"), page.locator("mark").first
        for patience in (30_000, PATIENCE_MS):  # what is entered before the page has come to life is lost
            query.fill("harbour rules paragraph")
            query.press("Enter")
            with contextlib.suppress(NotYet):
                found.wait_for(timeout=patience)
                break
        found.wait_for(timeout=1000)
        assert page.locator(bad).count() == 0
        page.wait_for_timeout(1000)
        assert foreign(asked, address) == []
    assert dialogues == []
