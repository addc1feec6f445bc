"""AsciiDoc (.adoc, .asciidoc), line by line."""

from __future__ import annotations

import re
from typing import ClassVar

from ragkit.records import BlockKind, Parsed

from .builder import Builder
from .source import decode

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(?P<text>\S.*)")
_ITEM = re.compile(r"[ \t]*(?P<mark>\*{1,5}|-|\.{1,5}|[0-9]{1,9}\.|<[0-9.]+>)[ \t]+(?P<text>\S.*)")
_TERM = re.compile(r"(?P<text>\S.*?)(?::{2,4}|;;)(?:[ \t]+(?P<more>.*))?")
_CAPTION = re.compile(r"\.(?P<text>[^\s.].*)")
_ATTRIBUTE = re.compile(r":(!?[\w-]+!?):(?:[ \t]+(.*))?")
_FENCES = {"----": "code", "....": "code", "```": "code", "====": "", "****": "", "____": "quote", "--": "", "////": "comment"}
_FENCE = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|/{4,}|--|```)[\w+-]*[ \t]*")
#: What is not shown: includes, conditions, anchors, block attributes, comments, pictures' paths, the joining plus.
_UNSEEN = re.compile(r"(?:include|ifdef|ifndef|ifeval|endif)::\S*\[.*\]|\[.*\]|//(?!/).*|\+|'''|<<<|toc::\[\]")
_IMAGE = re.compile(r"(?:image|video|audio)::?[^\s\[\]]*\[(?P<text>[^\],]*)[^\]]*\]")
#: Markup within a line; what is shown of it is in a group.
_INLINE = re.compile(
    r"(?:image|video|audio|icon):[^\s\[\]]*\[(?P<alt>[^\],\n]*)[^\]\n]*\]|(?:kbd|btn|menu|footnote|pass|stem):[^\s\[\]]*\[(?P<macro>[^\]\n]*)\]"
    r"|(?:link:|xref:|mailto:)[^\s\[\]]*\[(?P<link>[^\]\n]*)\]|https?://[^\s\[\]<>]+\[(?P<url>[^\]\n]*)\]"
    r"|<<[^,<>\n]*(?:,[ \t]*)?(?P<cross>[^<>\n]*)>>|\[\[[^\]\n]*\]\]|\(\(\([^()\n]*\)\)\)"
    r"|(?<!\w)(?P<mark>\*\*?|__?|``?|\#\#?)(?=\S)(?P<marked>[^\n]*?\S)(?P=mark)(?!\w)"
)


class AsciidocParser:
    """Headings, paragraphs, lists, tables, code; comments and includes stay out; anchors give the bytes."""

    media_types: ClassVar[tuple[str, ...]] = ("text/asciidoc", "text/x-asciidoc")
    suffixes: ClassVar[tuple[str, ...]] = (".adoc", ".asciidoc", ".asc")
    sample: ClassVar[bytes] = b"= A\n\nb *c*\n\n* d\n\n|===\n|e |f\n|===\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The readable text of ``data``.

        Raises:
            ParseError: nothing in it can be read.
        """
        source = decode(data, tags=True)
        reader = _Reader(Builder(source), source.text)
        at = 0
        for number, line in enumerate(source.text.split("\n"), 1):
            reader.out.place = f"line {number}"
            reader.line(line, at)
            at += len(line) + 1
        reader.flush()
        out = reader.out
        text = out.text()
        title = next((text[b.start : b.end] for b in out.blocks if b.kind == "heading" and b.level == 1), None)
        return Parsed(
            text=text,
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title,
            metadata={**reader.attributes, **source.metadata},
            warnings=source.warnings + tuple(out.warnings),
        )


class _Reader:
    def __init__(self, out: Builder, text: str) -> None:
        self.out = out
        self.text = text
        self.attributes: dict[str, str] = {}
        self.fences: list[tuple[str, str]] = []
        self.table = False
        self.kind: BlockKind = "paragraph"
        self.level = 0

    def line(self, line: str, at: int) -> None:
        """The next line, which begins at character ``at``."""
        bare = line.rstrip()
        inside = self.fences[-1] if self.fences else ("", "")
        if _FENCE.fullmatch(bare) and (inside[1] not in ("code", "comment") or bare == inside[0]) and not self.table:
            self._fence(bare)
        elif inside[1] == "comment":
            return
        elif inside[1] == "code":
            self.out.add(line + "\n", at, at + len(line) + 1 if at + len(line) < len(self.text) else -1)
        elif re.fullmatch(r"[|,:!]={3,}", bare):
            self.flush()
            self.table = not self.table
        elif not bare:
            if not self.table:
                self.flush()
        elif self.table:
            self._row(line, at)
        elif not _UNSEEN.fullmatch(bare):
            self._text_line(bare, at)

    def _fence(self, fence: str) -> None:
        self.flush()
        if self.fences and self.fences[-1][0] == fence:
            self.fences.pop()
            return
        kind = next((kind for mark, kind in _FENCES.items() if mark != "--" and fence.startswith(mark)), "")
        self.fences.append((fence if kind != "code" or not fence.startswith("```") else "```", kind))

    def flush(self) -> None:
        """Ends the block."""
        kind: BlockKind = self.kind
        if self.table:
            kind = "table"
        elif self.fences and self.fences[-1][1] == "code":
            kind = "code"
        elif kind == "paragraph" and any(what == "quote" for _, what in self.fences):
            kind = "quote"
        tight = kind == "list_item" and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
        place, self.out.place = self.out.place, None
        self.out.flush(kind, self.level if kind in ("heading", "list_item") else 0, tight=tight)
        self.out.place = place
        self.kind, self.level = "paragraph", 0

    def _text_line(self, line: str, at: int) -> None:
        if found := _ATTRIBUTE.fullmatch(line):
            if found.group(2) and found.group(1) in ("author", "revdate", "description", "keywords", "email"):
                self.attributes[found.group(1)] = found.group(2).strip()
            return
        if found := _HEADING.fullmatch(line):
            self._one("heading", len(found.group(1)), found, at, ends=True)
        elif found := _ITEM.fullmatch(line):
            mark = found["mark"]
            self._one("list_item", len(mark) if mark[0] in "*." else 1, found, at)
        elif (found := _IMAGE.fullmatch(line)) or (self.out.idle and (found := _CAPTION.fullmatch(line))):
            self._one("caption", 0, found, at, ends=True)
        elif self.out.idle and (found := _TERM.fullmatch(line)):
            self._one("list_item", 1, found, at)
            if found["more"]:
                self.out.add(": ")
                self._inline(at + found.start("more"), at + found.end("more"))
        else:
            if not self.out.idle:
                self.out.add("\n", at - 1, at)
            self._inline(at + len(line) - len(line.lstrip()), at + len(line))

    def _one(self, kind: BlockKind, level: int, found: re.Match[str], at: int, *, ends: bool = False) -> None:
        self.flush()
        self.kind, self.level = kind, level
        self._inline(at + found.start("text"), at + found.end("text"))
        if ends:
            self.flush()

    def _row(self, line: str, at: int) -> None:
        first = True
        for cell in re.finditer(r"(?:^|(?<=[ \t]))[0-9.+*<>^aehlmsv]*\||(?<=[^\\|])\|", line):
            end = re.compile(r"[ \t]+[0-9.+*<>^aehlmsv]*\||(?<=[^\\])\||\Z").search(line, cell.end())
            low, high = cell.end(), end.start() if end else len(line)
            low += len(line[low:high]) - len(line[low:high].lstrip())
            if not self.out.idle:
                self.out.add("\n" if first else " | ")
            first = False
            self._inline(at + low, at + max(low, high))
        if first:
            self.out.add(" ")
            self._inline(at, at + len(line.rstrip()))

    def _inline(self, low: int, high: int) -> None:
        """What a line shows: marks and addresses gone, the text within them kept at its place."""
        at = low
        for found in _INLINE.finditer(self.text, low, high):
            self.out.add(self.text[at : found.start()], at, found.start())
            shown = next((name for name in ("alt", "macro", "link", "url", "cross", "marked") if found[name]), None)
            if shown:
                self.out.add(found[shown], *found.span(shown))
            elif found.group().startswith("http"):
                self.out.add(found.group().removesuffix("[]"), found.start(), found.end() - 2)
            at = found.end()
        self.out.add(self.text[at:high], at, high)
