"""The pages of the guide, taken apart: fenced blocks, headings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, the line (from 1) of its first line, and where the fences begin and end."""

    language: str
    text: str
    line: int
    start: int
    end: int


def pages() -> list[Path]:
    """Every page, by name."""
    return sorted(DOCS.glob("*.md"))


def blocks(page: str, language: str | None = None) -> list[Block]:
    """The fenced blocks of a page's text, in order; of one language, where it is given."""
    found = [
        Block(match[2], match[3], page[: match.start(3)].count("\n") + 1, match.start(), match.end()) for match in _FENCE.finditer(page)
    ]
    return [block for block in found if language in (None, block.language)]


def prose(page: str) -> str:
    """A page's text without its fenced blocks."""
    return _FENCE.sub("", page)


def anchors(page: str) -> set[str]:
    """What a link to a heading of the page may name, in the form that forges use."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page))}


def links(page: str) -> list[str]:
    """The targets of the page's links."""
    return _LINK.findall(prose(page))


def expected(page: str) -> list[tuple[Block, str | None]]:
    """Each Python block with what it prints: the ``text`` block that follows it directly, if one does."""
    every = blocks(page)
    found: list[tuple[Block, str | None]] = []
    for block, following in zip(every, [*every[1:], None], strict=True):
        if block.language == "python":
            directly = following is not None and following.language == "text" and not page[block.end : following.start].strip()
            found.append((block, following.text if directly and following is not None else None))
    return found


def program(page: str, mark: str) -> str:
    """The page's Python blocks as one module, every line at its own number; ``mark`` is printed before each block."""
    lines = [""] * (page.count("\n") + 2)
    for block in blocks(page, "python"):
        lines[block.line - 2] = f"print({mark!r}, end='')"  # the line of the fence
        for number, line in enumerate(block.text.splitlines(), block.line - 1):
            lines[number] = line
    return "\n".join(lines) + "\n"
