"""XML of any vocabulary (.xml, .nxml, feeds), by lxml: no entities, no document types' contents, no network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .html import HtmlParser
from .source import decode

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]{0,500}\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding=[\"']([\w.:-]{1,40})[\"']")
_ENTITIES = re.compile(r"<!\s*ENTITY", re.IGNORECASE)
#: An element's text that is itself HTML, as in feeds.
_MARKUP = re.compile(r"<(?:p|br|a|div|b|i|img|ul|li|h[1-6]|strong|em|span)\b[^<>]*>", re.IGNORECASE)
_HEADINGS = frozenset("title article-title heading head h1 h2 h3 h4 h5 h6 chapter-title".split())
_SECTIONS = frozenset("sec section chapter part appendix sect1 sect2 sect3 sect4 simplesect entry item".split())
_TABLES = frozenset("table informaltable tgroup".split())
_KINDS = {"list-item": "list_item", "li": "list_item", "listitem": "list_item", "caption": "caption", "figcaption": "caption"}
_KINDS |= {"code": "code", "pre": "code", "programlisting": "code", "preformat": "code", "screen": "code"}
_KINDS |= {"disp-quote": "quote", "blockquote": "quote", "quote": "quote"}
#: Elements of scientific articles (JATS) whose parts are printed on one line, and what is printed between them.
_JOINED = {"contrib-group": ", ", "contrib": " ", "name": " ", "person-group": ", ", "element-citation": ". ", "nlm-citation": ". "}
_JOINED |= {"aff": ", ", "pub-date": " ", "date": " "}
#: Parts of them that are numbers of notes, or are not printed.
_MARKS = frozenset(["xref", "contrib-id"])
#: What ends the paragraph that it stands in.
_BLOCKS = frozenset([*_SECTIONS, *_TABLES, *_KINDS, "p", "para", "div", "list", "ul", "ol", "fig", "table-wrap", "title", "body"])


class XmlParser:
    """The text of every element in order, tables in rows; anchors name the element: "/article/body/sec[2]/p[1]"."""

    media_types: ClassVar[tuple[str, ...]] = ("application/xml", "text/xml", "application/rss+xml", "application/atom+xml")
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".nxml", ".rss", ".atom")
    sample: ClassVar[bytes] = b"<a><title>b</title><p>c <i>d</i></p></a>"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``.

        Raises:
            ParseError: it is no well-formed XML, declares entities, or holds no text.
        """
        declared = _ENCODING.search(data[:300])
        source = decode(data, hint=declared.group(1).decode() if declared else None)
        root = _root(source.text)
        reader = _Reader()
        reader.element(root, f"/{_local(root)}", 1)
        out = reader.out
        text = out.text()
        title = next((text[b.start : b.end] for b in out.blocks if b.kind == "heading"), None)
        return Parsed(text=text, blocks=tuple(out.blocks), anchors=tuple(out.anchors), title=title, metadata={"root": _local(root)},
                      warnings=source.warnings + tuple(out.warnings))  # fmt: skip


def _root(text: str) -> Any:
    """The root element, read from clean text, so that no odd encoding hides what is in it."""
    from lxml import etree

    if _ENTITIES.search(text):
        raise ParseError("the XML declares entities, which are never resolved")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True,
        remove_pis=True, strip_cdata=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(_DECLARATION.sub("", text, count=1).lstrip().encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"the XML is broken: {' '.join(str(error).split())[:200]}") from error
    if root is None:
        raise ParseError("the XML has no root element")
    return root


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Any, path: str) -> Iterator[tuple[Any, str]]:
    """The child elements with their paths; a number where several have the same name."""
    inner = [child for child in element if isinstance(child.tag, str)]
    count, seen = Counter(map(_local, inner)), Counter[str]()
    for child in inner:
        name = _local(child)
        seen[name] += 1
        yield child, f"{path}/{name}[{seen[name]}]" if count[name] > 1 else f"{path}/{name}"


def _joined(element: Any, path: str) -> list[tuple[str, str]]:
    """The parts of an element of an article with their paths, and what is printed between them; nothing where it holds more."""
    inner = list(_children(element, path))
    if (element.text or "").strip() or any((child.tail or "").strip() or _local(child) in _BLOCKS for child, _ in inner):
        return []
    if _local(element) == "name" and element.getparent() is not None and _local(element.getparent()) == "contrib":
        inner.sort(key=lambda part: _local(part[0]) not in ("prefix", "given-names"))  # authors by their first names, others as cited
    found: list[tuple[str, str]] = []
    for child, where in inner:
        words = " ".join("".join(child.itertext()).split())
        parts = _joined(child, where) if _local(child) in _JOINED and len(child) else []
        if words and _local(child) not in _MARKS:
            found += [(_JOINED[_local(element)], "")] if found else []
            found += parts or [(words, where)]
    return found


class _Reader:
    def __init__(self) -> None:
        self.out = Builder()

    def element(self, element: Any, path: str, level: int, kind: str = "") -> None:
        """The text of an element: one block, or those of the elements in it."""
        name = _local(element)
        kind = _KINDS.get(name, kind)
        if name in _TABLES and any(_local(row) in ("tr", "row") for row in element.iter("{*}tr", "{*}row")):
            self._rows(element, path)
            self._flush("table", 0)
            return
        inner = list(_children(element, path))
        if name in _JOINED and inner and (joined := _joined(element, path)):
            self.out.place = None
            for text, where in joined:
                self.out.add(text, place=where or None)
            self._flush(kind)
            return
        loose = (element.text or "").strip() or any((child.tail or "").strip() for child, _ in inner)
        if not inner or (loose and not any(_local(child) in _BLOCKS for child, _ in inner)):
            self._leaf(element, path, level, name, kind)
            return
        self._add(element.text, path)
        for child, where in inner:
            if not loose or _local(child) in _BLOCKS:
                self._flush(kind)
                self.element(child, where, level + (_local(child) in _SECTIONS), kind)
            else:
                self._add("".join(child.itertext()), where)
            self._add(child.tail, path)
        self._flush(kind)

    def _leaf(self, element: Any, path: str, level: int, name: str, kind: str) -> None:
        text = "".join(element.itertext())
        if not len(element) and _MARKUP.search(text):
            try:
                self.out.embed(HtmlParser().parse(f"<html><body>{text}".encode("utf-8", "replace")), path)
            except ParseError:
                return  # markup without text, such as a picture alone
            return
        if kind == "code":
            self.out.place = path
            self.out.add(text.strip("\n"))
        else:
            self._add(text, path)
        self._flush("heading" if name in _HEADINGS else kind, min(level, 6) if name in _HEADINGS else int(kind == "list_item"))

    def _add(self, text: str | None, path: str) -> None:
        words = " ".join((text or "").split())
        if not words:
            return
        self.out.place = None
        if not self.out.idle and (text or "")[0] not in ".,;:!?)":
            self.out.add(" ")
        self.out.place = path
        self.out.add(words)
        self.out.place = None

    def _flush(self, kind: str = "", level: int = 0) -> None:
        self.out.place = None
        tight = kind == "list_item" and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
        self.out.flush(kind or "paragraph", level, tight=tight)  # type: ignore[arg-type]

    def _rows(self, element: Any, path: str) -> None:
        for child, where in _children(element, path):
            if _local(child) not in ("tr", "row"):
                self._rows(child, where)
                continue
            self.out.place = None
            if not self.out.idle:
                self.out.add("\n")
            for number, (cell, at) in enumerate(_children(child, where)):
                self.out.place = None
                if number:
                    self.out.add(" | ")
                self.out.place = at
                self.out.add(" ".join("".join(cell.itertext()).split()))
            self.out.place = None
