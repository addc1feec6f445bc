"""E-books (.epub): the chapters in the order of the spine, each read as the HTML that it is."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import unquote

from ragkit.errors import ParseError
from ragkit.records import BlockKind, Parsed

from .builder import Builder
from .detection import EPUB
from .html import Extractor, declared
from .package import check, reading, tree

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
#: The XML declaration, comments and a document type with declarations of its own, which HTML does not know.
_PROLOGUE = re.compile(r"\A\s*(?:<\?xml[^>]{0,200}\?>)?\s*(?:<!--.{0,2000}?-->\s*)*(?:<!DOCTYPE[^>\[]{0,500}(?:\[.*?\]\s*)?>)?", re.DOTALL)
_DC = "{http://purl.org/dc/elements/1.1/}"
_PROPERTIES = {"creator": "author", "language": "language", "publisher": "publisher", "date": "published"}


class EpubParser:
    """A book's visible text; anchors say "chapter OEBPS/ch1.xhtml, paragraph 4", where all blocks are counted, headings too."""

    media_types: ClassVar[tuple[str, ...]] = (EPUB,)
    suffixes: ClassVar[tuple[str, ...]] = (".epub",)

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every book needs."""
        tree(b"<a/>")

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``'s chapters.

        Raises:
            ParseError: it is no book, or broken, or encrypted.
            LimitExceeded: it unpacks to more than is allowed.
        """
        check(data, ())  # chapters may name a document type; nothing here expands what it declares
        out = _Places()
        with reading("the book"), zipfile.ZipFile(io.BytesIO(data)) as package:
            title, properties = _read(package, out)
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title or None,
            metadata=properties,
            warnings=tuple(out.warnings),
        )


class _Places(Builder):
    """Gives every block the place that it has in its chapter."""

    def __init__(self) -> None:
        super().__init__()
        self.chapter = ""
        self._first = 0

    def begin(self, chapter: str) -> None:
        """A new chapter, in which blocks are counted from 1."""
        self.chapter, self._first = chapter, len(self.blocks)

    def flush(self, kind: BlockKind = "paragraph", level: int = 0, *, tight: bool = False, place: str | None = None) -> None:
        number = len(self.blocks) - self._first + 1
        super().flush(kind, level, tight=tight and number > 1, place=place or f"chapter {self.chapter}, paragraph {number}")


class _Chapter(Extractor):
    """XHTML, unlike HTML, has elements that end where they begin, whatever their name, and CDATA sections of text."""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.stack and self.stack[-1].tag == tag:
            self.handle_endtag(tag)

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self._text(data.removeprefix("CDATA["), -1, -1)


def _read(package: zipfile.ZipFile, out: _Places) -> tuple[str, dict[str, str]]:
    names = set(package.namelist())
    if _CONTAINER not in names:
        raise ParseError("the package has no META-INF/container.xml: no e-book")
    root = tree(package.read(_CONTAINER)).find(".//{*}rootfile")
    path = unquote(root.get("full-path", "")) if root is not None else ""
    if path not in names:
        raise ParseError(f"the book names no package file that is there: {path[:80]!r}")
    book = tree(package.read(path))
    locked = _locked(package) if _ENCRYPTION in names else set()
    missing = hidden = 0
    for chapter in _spine(book, posixpath.dirname(path)):
        if chapter in locked:
            raise ParseError("the book is encrypted (DRM)")
        if chapter not in names:
            missing += 1
            continue
        hidden += _chapter(package.read(chapter), chapter, out)
    told = ((missing, "chapter is missing", "chapters are missing"), (hidden, "hidden character left out", "hidden characters left out"))
    out.warnings += [f"{number} {one if number == 1 else many}" for number, one, many in told if number]
    return _properties(book)


def _chapter(data: bytes, name: str, out: _Places) -> int:
    """Adds a chapter; how many characters of it are hidden."""
    text = _PROLOGUE.sub("", declared(data).text)
    out.begin(name)
    before = len(out.warnings)
    chapter = _Chapter(out)
    chapter.run(text)
    del out.warnings[before:]
    return chapter.hidden


def _spine(book: Any, folder: str) -> Iterator[str]:
    """The members that hold the chapters, each once; tables of contents are left to the chapters' own headings."""
    items = {item.get("id"): item for item in book.iterfind(".//{*}manifest/{*}item")}
    seen = set()
    for reference in book.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS or "nav" in item.get("properties", "").split():
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "").partition("#")[0])))
        if name not in seen:
            seen.add(name)
            yield name


def _locked(package: zipfile.ZipFile) -> set[str]:
    """Members that are encrypted; fonts often are, for their makers' sake."""
    return {unquote(found.get("URI", "")) for found in tree(package.read(_ENCRYPTION)).iter("{*}CipherReference")}


def _properties(book: Any) -> tuple[str, dict[str, str]]:
    found: dict[str, list[str]] = {}
    for element in book.iter(f"{_DC}*"):
        text = " ".join((element.text or "").split())[:1000]
        if text:
            found.setdefault(element.tag.removeprefix(_DC), []).append(text)
    creators = found.get("creator", [])[:20]
    metadata = {_PROPERTIES[name]: values[0] for name, values in found.items() if name in _PROPERTIES}
    return found.get("title", [""])[0], {**metadata, **({"author": ", ".join(creators)} if creators else {})}
