"""HTML, as a reader sees it in a browser without running it, every run of text mapped to its bytes.

Built on :class:`html.parser.HTMLParser`: it tells exact positions in the source and has no limit of depth.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import ClassVar, NamedTuple

from ragkit.records import BlockKind, Parsed

from . import visibility
from .builder import Builder
from .sheet import Sheet
from .source import Source, decode


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID = _names("area base br col embed hr img input link meta param source track wbr")
#: What a browser never shows as text, with all it holds.
_NEVER = _names("script style template noscript svg canvas audio video iframe object datalist noembed noframes rp")
_HEAD = _names("head title meta link base script style noscript template")
_BLOCK = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre search section select summary table tbody "
    "td tfoot th thead tr ul"
)
_BOILERPLATE = _names("nav footer aside header")
_HEADINGS = _names("h1 h2 h3 h4 h5 h6")
_LISTS = _names("ul ol menu dir")
#: A start tag (the key) ends these open elements, unless one of the second set stands between.
_TABLE = frozenset(["table"])
_CLOSES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset(["li"]), _LISTS),
    "dt": (frozenset(["dt", "dd"]), frozenset(["dl"])),
    "dd": (frozenset(["dt", "dd"]), frozenset(["dl"])),
    "option": (frozenset(["option"]), frozenset(["select"])),
    "tr": (frozenset(["tr", "td", "th"]), _TABLE),
    "td": (frozenset(["td", "th"]), _TABLE | {"tr"}),
    "th": (frozenset(["td", "th"]), _TABLE | {"tr"}),
    "tbody": (frozenset(["tr", "td", "th", "thead", "tbody", "caption"]), _TABLE),
    "tfoot": (frozenset(["tr", "td", "th", "thead", "tbody", "caption"]), _TABLE),
}
_P_ENDS = _BLOCK - _names("body caption dd dt html legend li option optgroup select tbody td tfoot th thead tr")
_SCOPE = frozenset(["table", "td", "th", "caption"])


class Open(NamedTuple):
    """An element that is open: its tag, whether it and what it holds is shown, and its colours as far as known."""

    tag: str
    shown: bool
    look: visibility.Look


class HtmlParser:
    """HTML's visible text: headings, paragraphs, list items, code, tables with one row a line."""

    media_types: ClassVar[tuple[str, ...]] = ("text/html", "application/xhtml+xml")
    suffixes: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")
    sample: ClassVar[bytes] = b"<title>a</title><p style='color:red'>b &amp; c<table><tr><td>d</table>"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The visible text of ``data``.

        Raises:
            ParseError: nothing in it can be seen.
        """
        source = declared(data)
        builder = Builder(source)
        extractor = Extractor(builder, content_only=re.search(r"<(?:main|article)\b", source.text, re.IGNORECASE) is not None)
        extractor.run(source.text)
        text = builder.text()
        title = " ".join("".join(extractor.title).split())
        return Parsed(
            text=text,
            blocks=tuple(builder.blocks),
            anchors=tuple(builder.anchors),
            title=title or next((text[b.start : b.end] for b in builder.blocks if b.kind == "heading"), None),
            metadata=source.metadata,
            warnings=source.warnings + tuple(builder.warnings),
        )


def declared(data: bytes) -> Source:
    """``data`` decoded; where it is neither marked nor UTF-8, by the encoding that a ``meta`` element declares."""
    found = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_-]{2,40})", data[:4096], re.IGNORECASE)
    return decode(data, hint=found.group(1).decode() if found else None, tags=True)


class Extractor(HTMLParser):
    """Feeds a :class:`Builder` with what is visible in some HTML, which starts ``base`` characters into the source."""

    def __init__(self, out: Builder, *, base: int = 0, content_only: bool = False, look: visibility.Look = visibility.PLAIN) -> None:
        super().__init__(convert_charrefs=False)
        self.outside = Open("", True, look)
        self.out = out
        self.base = base
        self.content_only = content_only
        self.sheet = Sheet("")
        self.title: list[str] = []
        self.stack: list[Open] = []
        self.open: defaultdict[str, int] = defaultdict(int)
        self.hidden = 0
        self.layout: list[bool] = []
        self.numbers: list[int | None] = []
        self.cells = 0
        self.space = True
        self.whole = ""
        self.lines: list[int] = []

    def run(self, text: str) -> None:
        """Reads all of ``text``."""
        self.whole, self.sheet = text, Sheet(text)
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        comment = text.find("<!--", text.rfind("-->") + 1)
        shown = len(text) if comment < 0 else comment  # a comment that never ends reaches to the end
        tags = text.rfind(">", 0, shown) + 1
        self.feed(text[:tags])
        self.close()
        self._tail(text[tags:shown], self.base + tags)
        self._flush()
        if comment >= 0:
            self.handle_comment(text[comment + 4 :])
        if self.hidden:
            self.out.warnings.append(f"{self.hidden} hidden characters left out")

    def _tail(self, text: str, at: int) -> None:
        """What follows the last tag: text, up to a tag that never ends. Read here, as the base class would take quadratic time."""
        cut = re.search("<[a-zA-Z/!?]", text)
        for part in re.finditer(r"&#?\w+;?|[^&]+|&", text[: cut.start()] if cut else text):
            self._text(html.unescape(part.group()), at + part.start(), at + part.end())

    def _at(self) -> int:
        line, column = self.getpos()
        return self.base + self.lines[line - 1] + column

    # --- elements ---

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.stack and tag not in _HEAD and self.open["head"]:
            self._close("head")
        self._implied(tag)
        if tag in _BLOCK:
            self._boundary(tag)
        if tag == "br":
            self._break()
        if tag in _VOID:
            return
        above = self.stack[-1] if self.stack else self.outside
        values = dict(attrs)
        if tag in ("html", "body"):
            values.pop("aria-hidden", None)  # so is a page while a window before it is open
        look = visibility.inherit(above.look, values, self.sheet.declarations(tag, values))
        self.out.left_out.update(["template"] * (tag == "template"))
        shown = above.shown and tag not in _NEVER and not self._aside(tag, values) and tag != "head"
        if tag in ("table", "tr", "td", "th"):
            self._table_start(tag, shown and not look.hidden)
        self.stack.append(Open(tag, shown, look))
        self.open[tag] += 1
        if tag in _LISTS:
            self.numbers.append(_start(values) if tag == "ol" else None)
        elif tag == "li" and shown and not look.hidden and self.numbers and self.numbers[-1] is not None and not self.layout:
            self.out.add(f"{self.numbers[-1]}. ")  # a reader sees the number; it stands nowhere in the source
            self.numbers[-1] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # browsers do not heed the slash, except in svg, which is not shown at all

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":
            self._break()
        elif self.open[tag]:
            self._close(tag)
        elif tag == "p":
            self._flush()

    def _implied(self, tag: str) -> None:
        if tag in _P_ENDS and self.open["p"]:
            self._close("p", _SCOPE)
        if tag in _HEADINGS and self.stack and self.stack[-1].tag in _HEADINGS:
            self._pop_to(len(self.stack) - 1)
        ends, barriers = _CLOSES.get(tag, (frozenset(), frozenset()))
        if not any(self.open[name] for name in ends):
            return
        depth = None
        for index in range(len(self.stack) - 1, -1, -1):
            name = self.stack[index].tag
            if name in barriers:
                break
            depth = index if name in ends else depth
        if depth is not None:
            self._pop_to(depth)

    def _close(self, tag: str, barriers: frozenset[str] = frozenset()) -> None:
        if not barriers and tag not in _SCOPE and tag not in ("tr", "tbody", "thead", "tfoot", "body", "html"):
            barriers = _SCOPE
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index].tag == tag:
                self._pop_to(index)
                return
            if self.stack[index].tag in barriers:
                return

    def _pop_to(self, depth: int) -> None:
        while len(self.stack) > depth:
            tag = self.stack[-1].tag
            if tag in _BLOCK:
                self._boundary(tag)
            self.open[tag] -= 1
            self.stack.pop()
            if tag in _LISTS and self.numbers:
                self.numbers.pop()
            if tag == "table" and self.layout:
                self._flush_table()
                self.layout.pop()

    def _aside(self, tag: str, values: dict[str, str | None]) -> bool:
        """What frames the content of a page that marks its content, and a dialog that is not open."""
        if tag == "dialog":
            return "open" not in values
        if not self.content_only or tag not in _BOILERPLATE:
            return False
        return tag != "header" or not (self.open["main"] or self.open["article"])

    # --- tables: one block each, a line a row; one that only lays out a page is passed through ---

    def _table_start(self, tag: str, shown: bool) -> None:
        if tag == "table":
            if self.layout:
                self._lay_out()
            self._flush()
            self.layout.append(False)
            self.cells = 0
        elif not self.layout or self.layout[-1] or not shown:
            return
        elif tag == "tr":
            self.cells = 0
            if self.out.pending:
                self.out.add("\n")
                self.space = True
        else:
            if self.cells:
                self.out.add(" | ")
                self.space = True
            self.cells += 1

    def _lay_out(self) -> None:
        if self.layout and not self.layout[-1]:
            self._flush()
            self.layout[-1] = True

    def _flush_table(self) -> None:
        self.out.flush("paragraph" if self.layout[-1] else "table")
        self.space = True

    # --- blocks ---

    def _boundary(self, tag: str) -> None:
        if self.layout and not self.layout[-1] and self.open["table"]:
            if tag in _HEADINGS:
                self._lay_out()
            elif tag == "caption":
                self.out.flush("caption")
            elif tag not in ("table", "tr", "td", "th", "tbody", "thead", "tfoot") and not self.space:
                self.out.add(" ")
            self.space = True
            return
        self._flush()

    def _flush(self) -> None:
        self.space = True
        if self.out.idle:
            return
        kind, level = self._kind()
        tight = kind == "list_item" and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
        self.out.flush(kind, level, tight=tight)

    def _kind(self) -> tuple[BlockKind, int]:
        lists = self.open["ul"] + self.open["ol"] + self.open["menu"] + self.open["dir"]
        for level in range(1, 7):
            if self.open[f"h{level}"]:
                return "heading", level
        if self.open["pre"]:
            return "code", 0
        if self.open["li"]:
            return "list_item", max(1, lists)
        if self.open["figcaption"] or self.open["caption"]:
            return "caption", 0
        return ("quote", 0) if self.open["blockquote"] else ("paragraph", 0)

    def _break(self) -> None:
        if not self.space or self.open["pre"]:
            self.out.add(" " if self.layout and not self.layout[-1] else "\n")
            self.space = True
        elif not self.layout or self.layout[-1]:
            self.out.end_line()

    # --- text ---

    def handle_data(self, data: str) -> None:
        at = self._at()
        self._text(data, at, at + len(data))

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name}")

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name}")

    def _reference(self, spelled: str) -> None:
        at = self._at()
        end = at + len(spelled)
        if self.whole.startswith(";", end - self.base):
            spelled, end = spelled + ";", end + 1
        self._text(html.unescape(spelled), at, end)

    def handle_comment(self, data: str) -> None:
        """Counted where it holds words; what old browsers take for conditions is none."""
        if not data.lstrip().startswith(("[if", "[endif", "<![endif")) and any(map(str.isalnum, data)):
            self.out.left_out["comment"] += 1

    def unknown_decl(self, data: str) -> None:
        """A CDATA section, which a browser takes for a comment."""

    def _text(self, text: str, start: int, end: int) -> None:
        if self.open["title"] and not self.open["svg"] and not self.open["body"]:
            self.title.append(text)
            return
        if self.open["head"] and text.strip() and self.stack and self.stack[-1].tag == "head":
            self._close("head")
        top = self.stack[-1] if self.stack else self.outside
        if not top.shown:
            return
        if top.look.hides(self.sheet.plain):
            self.hidden += len("".join(text.split())) if any(map(str.isalnum, text)) else 0
        elif self.open["pre"] or self.open["textarea"]:
            self.out.add(text, start, end)
            self.space = text.endswith("\n")
        elif self._between_cells():
            return
        else:
            self._collapsed(text, start, end)

    def _between_cells(self) -> bool:
        return bool(self.layout) and not self.layout[-1] and self.stack[-1].tag in ("table", "tr", "tbody", "thead", "tfoot")

    def _collapsed(self, text: str, start: int, end: int) -> None:
        """Every run of white space as one space, none at the beginning of a line."""
        same = end - start == len(text)
        for match in re.finditer(r"[ \t\n\r\f]+|[^ \t\n\r\f]+(?: [^ \t\n\r\f]+)*", text):
            part = match.group()
            blank = part[0] in " \t\n\r\f"
            if blank and self.space:
                continue
            low, high = (start + match.start(), start + match.end()) if same else (start, end)
            self.out.add(" " if blank else part, low, high)
            self.space = blank


def _start(attributes: Mapping[str, str | None]) -> int:
    """The number of an ordered list's first item."""
    start = (attributes.get("start") or "1").strip()
    return int(start) if re.fullmatch(r"-?[0-9]{1,9}", start) else 1
