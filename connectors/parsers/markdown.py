"""Markdown, as a reader sees it: no markup, every run of text mapped to its bytes."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, ClassVar

from ragkit.errors import ParseError
from ragkit.records import BlockKind, Parsed

from .builder import Builder
from .markdown_html import Around
from .source import Source, decode

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(r"---[ \t]*\n((?:(?!(?:---|\.\.\.)[ \t]*(?:\n|\Z)).*\n){0,500}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_PAIR = re.compile(r"([A-Za-z][\w-]{0,63})[ \t]*:[ \t]+(\S.*)")
#: What closes a link or an image: its address is not text, and text must not be found in it.
_LINK_END = re.compile(r"[*_~`]*\](?:\((?:[^()\\\n]|\\.|\([^()\n]*\)){0,4000}\)|\[[^\]\n]{0,1000}\])?")


class MarkdownParser:
    """CommonMark with tables, by markdown-it-py; simple ``key: value`` front matter becomes metadata."""

    media_types: ClassVar[tuple[str, ...]] = ("text/markdown",)
    suffixes: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mdown")
    sample: ClassVar[bytes] = b"# A\n\nb *c* [d](e)\n\n- f\n\n|g|\n|-|\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The readable text of ``data``.

        Raises:
            ParseError: nothing in it can be read, or it is nested too deeply.
        """
        source = decode(data, tags=True)
        text, metadata = _front_matter(source.text)
        try:
            tokens = _grammar().parse(text)
        except RecursionError as error:
            raise ParseError("the Markdown is nested too deeply") from error
        reader = _Reader(source, text)
        for token in tokens:
            reader.token(token)
        out = reader.out
        if reader.hidden:
            out.warnings.append(f"{reader.hidden} hidden characters left out")
        canonical = out.text()
        first = next((canonical[b.start : b.end] for b in out.blocks if b.kind == "heading" and b.level == 1), None)
        title = metadata.pop("title", None) or first
        return Parsed(
            text=canonical,
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title,
            metadata={**metadata, **source.metadata},
            warnings=source.warnings + tuple(out.warnings),
        )


@functools.cache
def _grammar() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])


def _front_matter(text: str) -> tuple[str, dict[str, str]]:
    """``text`` with the front matter blanked out, line for line and character for character, and its plain pairs."""
    found = _FRONT.match(text)
    if found is None or not found.group(1).strip():
        return text, {}
    pairs = (_PAIR.fullmatch(line.rstrip()) for line in found.group(1).splitlines())
    metadata = {pair.group(1).lower(): pair.group(2).strip().strip("\"'") for pair in pairs if pair}
    return re.sub(r"[^\n]", " ", text[: found.end()]) + text[found.end() :], metadata


class _Reader:
    """Walks the tokens in the order of the source, a cursor behind it, so that every run is found where it stands."""

    def __init__(self, source: Source, text: str) -> None:
        self.out = Builder(source)
        self.text = text
        self.lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
        self.cursor = 0
        self.region = (0, len(text))
        self.lists: list[str] = []
        self.items: list[int] = []
        self.quotes = 0
        self.heading = 0
        self.cells = 0
        self.last: tuple[BlockKind, int] | None = None
        self.around = Around()
        self.hidden = 0

    def token(self, token: Token) -> None:
        if token.map:
            low, high = (self.lines[min(line, len(self.lines) - 1)] for line in token.map)
            self.region = (low, high)
            self.cursor = max(self.cursor, low)
        handler = getattr(self, f"_{token.type}", None)
        if handler is not None:
            handler(token)

    # --- blocks ---

    def _flush(self, kind: BlockKind = "paragraph", level: int = 0) -> None:
        tight = kind == "list_item" and self.last is not None and self.last[0] == "list_item"
        before = len(self.out.blocks)
        self.out.flush(kind, level, tight=tight)
        if len(self.out.blocks) > before:
            self.last = (kind, level)

    def _heading_open(self, token: Token) -> None:
        self.around.begin_block()
        self.heading = int(token.tag[1:])

    def _heading_close(self, token: Token) -> None:
        self._flush("heading", self.heading)

    def _paragraph_open(self, token: Token) -> None:
        self.around.begin_block()

    def _paragraph_close(self, token: Token) -> None:
        if self.items:
            self._flush("list_item", len(self.items))
        else:
            self._flush("quote" if self.quotes else "paragraph")

    def _blockquote_open(self, token: Token) -> None:
        self.quotes += 1

    def _blockquote_close(self, token: Token) -> None:
        self.quotes -= 1

    def _list_item_open(self, token: Token) -> None:
        self.items.append(self.region[0])
        self._find(token.info + token.markup)
        self.out.add(" ")

    def _list_item_close(self, token: Token) -> None:
        self.items.pop()

    def _fence(self, token: Token) -> None:
        self._code(token, skip=1)

    def _code_block(self, token: Token) -> None:
        self._code(token, skip=0)

    def _code(self, token: Token, skip: int) -> None:
        self._flush("list_item", len(self.items))
        if skip and token.map:
            self.cursor = max(self.cursor, self.lines[min(token.map[0] + 1, len(self.lines) - 1)])
        for line in token.content.splitlines(keepends=True):
            self._find(line.rstrip("\n"))
            self.out.add("\n")
        self._flush("code")

    def _html_block(self, token: Token) -> None:
        from .html import Extractor

        self._flush("list_item", len(self.items))
        low = self.text.find(token.content.split("\n", 1)[0], self.cursor, self.region[1])
        piece = self.text[max(low, self.cursor) : self.region[1]]
        Extractor(self.out, base=max(low, self.cursor), look=self.around.look).run(piece)
        self.around.see(piece)
        self.cursor = self.region[1]
        self.last = None

    # --- tables ---

    def _tr_open(self, token: Token) -> None:
        self.cells = 0
        if self.out.pending:
            self.out.add("\n")

    def _th_open(self, token: Token) -> None:
        if self.cells:
            self.out.add(" | ")
        self.cells += 1

    _td_open = _th_open

    def _table_open(self, token: Token) -> None:
        self._flush("list_item", len(self.items))

    def _table_close(self, token: Token) -> None:
        self._flush("table")

    # --- runs of text ---

    def _inline(self, token: Token) -> None:
        for child in token.children or ():
            self._child(child)

    def _child(self, child: Token) -> None:
        if child.type in ("text", "code_inline"):
            self._find(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            self.out.add(" " if child.type == "softbreak" else "\n")
        elif child.type == "image":
            for part in child.children or ():
                self._child(part)
            self._pass_link()
        elif child.type == "link_close" and child.markup != "autolink":
            self._pass_link()
        elif child.type == "html_inline":
            at = self.text.find(child.content, self.cursor, self.region[1])
            self.cursor = at + len(child.content) if at >= 0 else self.cursor
            if child.content.startswith("<!--"):
                self.out.left_out["comment"] += 1
            else:
                self.around.see(child.content)
            if child.content.lower().startswith("<br"):
                self.out.add("\n")

    def _pass_link(self) -> None:
        found = _LINK_END.match(self.text, self.cursor, self.region[1])
        self.cursor = found.end() if found else self.cursor

    def _find(self, content: str) -> None:
        """Adds ``content``, found after the cursor; where it is spelled otherwise (entities, escapes), word by word."""
        at = self.text.find(content, self.cursor, self.region[1]) if content else -1
        if at >= 0:
            self.cursor = at + len(content)
        if self.around.look.hides(plain_canvas=True):
            self.hidden += len("".join(content.split()))
            return
        if at >= 0:
            self.out.add(content, at, self.cursor)
            return
        for part in re.findall(r"\s+|\S+", content):
            at = -1 if part.isspace() else self.text.find(part, self.cursor, min(self.region[1], self.cursor + 200))
            if at >= 0:
                self.cursor = at + len(part)
                self.out.add(part, at, self.cursor)
            elif part.isspace():
                self.out.add(part)
            else:
                self.out.add(part, *self._block(len(part)))

    def _block(self, length: int) -> tuple[int, int]:
        """The whole block's range, for a run that stands somewhere in it; never as long as the run, which would claim an exact place."""
        low, high = self.region
        return (low, high) if high - low != length else (-1, -1)
