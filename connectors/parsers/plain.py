"""Plain text in any encoding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ragkit.errors import ParseError
from ragkit.records import Anchor, Block, Parsed

from .source import decode


class PlainParser:
    """Text as it is: the paragraphs between blank lines are the blocks, the anchors are exact byte ranges."""

    media_types: ClassVar[tuple[str, ...]] = ("text/plain", "text/*")
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text", ".log", ".yaml", ".toml")
    harmless = True
    sample: ClassVar[bytes] = b"a \xe9t\xe9\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``.

        Raises:
            ParseError: there is no text in it.
        """
        source = decode(data)
        blocks = tuple(Block(kind="paragraph", start=start, end=end) for start, end in paragraphs(source.text))
        if not blocks:
            raise ParseError("the file is empty" if not data else "the file holds white space only")
        anchors = tuple(
            Anchor(start=run.start, end=run.end, byte_start=run.first, byte_end=run.last)
            for block in blocks
            for run in source.pieces(block.start, block.end)
        )
        return Parsed(text=source.text, blocks=blocks, anchors=anchors, metadata=source.metadata, warnings=source.warnings)


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The spans between blank lines, without the white space around them.

    >>> list(paragraphs("one\\ntwo\\n \\n  three\\n"))
    [(0, 7), (12, 17)]
    """
    start, end, at = -1, -1, 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            first = at + len(line) - len(line.lstrip())
            start, end = (first if start < 0 else start), first + len(stripped)
        elif start >= 0:
            yield start, end
            start = -1
        at += len(line) + 1
    if start >= 0:
        yield start, end
