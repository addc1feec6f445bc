"""reStructuredText (.rst), by docutils with every way out of the document closed."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import BlockKind, Parsed

from .builder import Builder
from .source import Source, decode

_CLOSED = {
    "file_insertion_enabled": False, "raw_enabled": False, "_disable_config": True, "halt_level": 5, "report_level": 5,
    "warning_stream": "", "input_encoding": "unicode", "line_length_limit": 1_000_000, "syntax_highlight": "none", "traceback": True,
    "record_dependencies": None, "doctitle_xform": False,
}  # fmt: skip
_KINDS: dict[str, BlockKind] = {"literal_block": "code", "doctest_block": "code", "math_block": "code", "caption": "caption"}
_SKIPPED = frozenset(["comment", "system_message", "substitution_definition", "target", "raw", "pending", "meta"])
_BLOCKS = frozenset("title subtitle paragraph term rubric attribution line caption field_name author date version".split())
_NEAR = 5_000


class RstParser:
    """Sections, paragraphs, lists, tables, literal blocks; anchors say "line 12" and give the bytes of the words."""

    media_types: ClassVar[tuple[str, ...]] = ("text/x-rst", "text/prs.fallenstein.rst")
    suffixes: ClassVar[tuple[str, ...]] = (".rst", ".rest")
    sample: ClassVar[bytes] = b"A\n=\n\nb *c*\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The readable text of ``data``.

        Raises:
            ParseError: nothing in it can be read, or it is nested too deeply.
        """
        source = decode(data)
        reader = _Reader(source)
        try:
            reader.node(_tree(source.text))
        except RecursionError as error:
            raise ParseError("the reStructuredText is nested too deeply") from error
        out = reader.out
        text = out.text()
        title = next((text[b.start : b.end] for b in out.blocks if b.kind == "heading"), None)
        warnings = source.warnings + tuple(out.warnings)
        if reader.shut:
            warnings += (f"{reader.shut} directives that read other files or raw markup, or are unknown, left out",)
        return Parsed(
            text=text, blocks=tuple(out.blocks), anchors=tuple(out.anchors), title=title, metadata=source.metadata, warnings=warnings
        )


def _tree(text: str) -> Any:
    from docutils.core import publish_doctree
    from docutils.utils import SystemMessage

    try:
        return publish_doctree(text, settings_overrides=dict(_CLOSED))
    except (SystemMessage, ValueError, LookupError, AttributeError, TypeError) as error:
        raise ParseError(f"the reStructuredText is broken: {' '.join(str(error).split())[:200]}") from error


class _Reader:
    """Walks the tree in the order of the source, a cursor behind it, so that every run is found where it stands."""

    def __init__(self, source: Source) -> None:
        self.out = Builder(source)
        self.text = source.text
        self.cursor = 0
        self.line = (0, 1)  # a place in the text, and the line that it is on
        self.level = 0
        self.lists = 0
        self.quotes = 0
        self.table = False
        self.shut = 0

    def node(self, node: Any) -> None:
        """A node of the tree and all in it."""
        name = node.tagname
        if name == "#text":
            self._find(str(node))
            return
        if name in _SKIPPED:
            self._skip(node, name)
            return
        if node.line and name != "document":
            self.out.place = f"line {node.line}"
        change = {"section": "level", "list_item": "lists", "definition_list_item": "lists", "block_quote": "quotes"}.get(name)
        if change:
            setattr(self, change, getattr(self, change) + 1)
        if name == "table":
            self.table = True
        self._between(node, name)
        for child in node.children:
            self.node(child)
        self._after(name)
        if change:
            setattr(self, change, getattr(self, change) - 1)

    def _between(self, node: Any, name: str) -> None:
        if not self.table:
            return
        if name == "paragraph" and node.parent.children[0] is not node:
            self.out.add(" ")
        if name in ("row", "entry") and not self.out.idle:
            first = node.parent.children[0] is node
            if name == "row" or not first:
                place, self.out.place = self.out.place, None
                self.out.add("\n" if name == "row" else " | ")
                self.out.place = place

    def _after(self, name: str) -> None:
        if name == "table":
            self.table = False
            self.out.flush("table")
        elif self.table:
            return
        elif name in _KINDS:
            self.out.flush(_KINDS[name])
        elif name in _BLOCKS:
            if name in ("title", "rubric"):
                self.out.flush("heading", max(1, min(self.level, 6)))
            elif self.lists:
                tight = bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
                self.out.flush("list_item", self.lists, tight=tight)
            else:
                self.out.flush("quote" if self.quotes else "paragraph")

    def _skip(self, node: Any, name: str) -> None:
        """What does not show; the cursor goes past it, so that none of its words is taken for another's."""
        self.shut += name == "system_message" and "directive" in node.astext()
        for part in [line for line in node.astext().split("\n") if line.strip()] if name != "target" else ():
            at = self.text.find(part.strip(), self.cursor, self.cursor + _NEAR)
            self.cursor = at + len(part.strip()) if at >= 0 else self.cursor
        link = re.compile(r"\s*<[^<>\n]{0,2000}>`_").match(self.text, self.cursor) if name == "target" else None
        self.cursor = link.end() if link else self.cursor

    def _find(self, content: str) -> None:
        """Adds ``content``, word by word, each found after the cursor; what is spelled otherwise has its line alone."""
        for part in re.findall(r"\s+|\S+", content.replace("\0", "")):
            if part.isspace():
                self.out.add(" " if self.table else part)
                continue
            at = self.text.find(part, self.cursor, self.cursor + _NEAR)
            if at >= 0:
                self.cursor = at + len(part)
                self.line = at, self.line[1] + self.text.count("\n", self.line[0], at)
                self.out.place = f"line {self.line[1]}"  # a title's node has that of the line below it
                self.out.add(part, at, self.cursor)
            else:
                self.out.add(part)
