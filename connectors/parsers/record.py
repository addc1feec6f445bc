"""Records of a collection: ``{"_id", "title", "text"}``, one document each."""

from __future__ import annotations

import json
from typing import ClassVar

from ragkit.errors import ParseError
from ragkit.records import Block, Parsed

from .plain import paragraphs
from .source import decode


class RecordParser:
    """The title as a heading, a blank line, the text's paragraphs."""

    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.ragkit.record+json",)
    suffixes: ClassVar[tuple[str, ...]] = ()
    harmless = True

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The record's text.

        Raises:
            ParseError: it is no record.
        """
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"the record is no JSON: {type(error).__name__}") from error
        if not isinstance(value, dict):
            raise ParseError("the record is no JSON object")
        title, body = (_clean(value.get(key)) for key in ("title", "text"))
        title = " ".join(title.split())
        if not title and not body.strip():  # a blank document is part of many a collection: it is kept, and never found
            return Parsed(text="", blocks=(), warnings=("the record's title and text are empty",))
        text = f"{title}\n\n{body}" if title and body.strip() else title or body
        blocks = [Block(kind="heading", start=0, end=len(title), level=1)] if title else []
        blocks += [Block(kind="paragraph", start=s, end=e) for s, e in paragraphs(text) if not title or s > len(title)]
        return Parsed(text=text, blocks=tuple(blocks), title=title or None)


def _clean(value: object) -> str:
    """JSON may spell lone surrogates; they are no text and become a replacement character."""
    text = value if isinstance(value, str) else ""
    return decode(text.encode("utf-8", "replace")).text
