"""A third party's plug-in, as small as one can be: a connector for ``shout:WORDS`` and a parser for ``.shout`` files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Anchor, Block, Failure, Parsed, SourceItem

MAGIC = b"SHOUT "


class ShoutConnector:
    """Each word after ``shout:`` is an item."""

    def __init__(self, source: str, **options: Any) -> None:
        self.words = source.removeprefix("shout:").split(",")
        self.state: dict[str, Any] = {}

    @classmethod
    def accepts(cls, source: str) -> bool:
        return source.startswith("shout:")

    def items(self) -> Iterator[SourceItem | Failure]:
        self.state["heard"] = self.words
        for word in self.words:
            data = MAGIC + word.encode()
            yield SourceItem(uri=f"shout:{word}", token=word, open=partial(io.BytesIO, data), media_type="text/x-shout")


class ShoutParser:
    """The words after the magic, in capitals."""

    media_types: ClassVar[tuple[str, ...]] = ("text/x-shout",)
    suffixes: ClassVar[tuple[str, ...]] = (".shout",)

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        if data == MAGIC + b"raise":
            raise LookupError("a fault\nof the plug-in")
        if data == MAGIC + b"lie":
            return Parsed(text="text", blocks=(Block(kind="paragraph", start=2, end=9),))
        if not data.startswith(MAGIC):
            raise ParseError("it does not begin with SHOUT")
        text = data[len(MAGIC) :].decode().upper()
        anchor = Anchor(start=0, end=len(text), byte_start=len(MAGIC), byte_end=len(data))
        return Parsed(text=text, blocks=(Block(kind="paragraph", start=0, end=len(text)),), anchors=(anchor,))
