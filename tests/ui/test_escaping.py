"""Text from outside stays text, whichever reader meets it."""

from __future__ import annotations

import html
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ragkit.ui.escaping import escape

#: Texts that try to become something else: each would fetch an address, or show a link or an element, if it were let.
STRINGS: list[str] = json.loads(Path(__file__).with_name("exfiltration.json").read_text("utf-8"))


class Reader(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps the element with its attributes."""
        self.found.append(f"{tag} {dict(attrs)}")

    def handle_data(self, data: str) -> None:
        """Keeps the text."""
        self.text += data


def read(page: str) -> Reader:
    """What an HTML parser makes of ``page``."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_there_are_at_least_forty() -> None:
    """The list holds forty different attempts."""
    assert len(set(STRINGS)) >= 40


@pytest.mark.parametrize("text", STRINGS)
def test_html_makes_nothing_of_it(text: str) -> None:
    """Between tags the escaped text is that text and no element; in an attribute it ends nothing and adds nothing."""
    page = read(f"<div>{escape(text)}</div>")
    assert (page.found, page.text) == (["div {}"], text)
    assert read(f'<p title="{escape(text)}">').found == ["p " + str({"title": text})]


@pytest.mark.parametrize("text", STRINGS)
def test_markdown_makes_nothing_of_it(text: str) -> None:
    """A Markdown reader makes paragraphs of the escaped text and nothing else."""
    page = read(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(escape(text)))
    assert {element for element in page.found if element not in ("p {}", "br {}")} == set()


def test_a_whole_page_of_them_is_one_element() -> None:
    """All together, too, they are text."""
    together = "\n".join(STRINGS)
    assert read(f"<mark>{escape(together)}</mark>").found == ["mark {}"]


def test_what_hides_or_reorders_text_is_replaced() -> None:
    """Control characters, direction overrides and tag characters show as the replacement character."""
    assert escape("a\x1b[0m\u202eb\U000e0041c\ud7ff") == "a\ufffd&#91;0m\ufffdb\ufffdc\ud7ff"


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs")).filter(lambda c: not "\U000e0000" <= c <= "\U000e007f")))
def test_any_text_comes_back(text: str) -> None:
    """Whatever the text, but for what hides or reorders it, a browser shows exactly it."""
    assert html.unescape(escape(text)) == text
