"""PowerPoint presentations of before 2007 (.ppt): the texts of the slides from the binary format.

Source: Microsoft, "[MS-PPT]: PowerPoint (.ppt) Binary File Format", sections 2.1 (the streams), 2.3 (how records refer to one
another), 2.9 (texts). No permissively licensed library reads it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import BlockKind, Parsed

from .builder import Builder
from .ole import opened

_DOCUMENT, _SLIDE, _LIST, _PERSISTED, _SLIDE_INFO = 1000, 1006, 4080, 1011, 1017
_EDIT, _DIRECTORY = 4085, 6002
_HEADER, _UNICODE, _BYTES, _REFERENCE, _TEXTBOX = 3999, 4000, 4008, 3998, 0xF00D
#: Groups of shapes, where a shape stands in its group, its further properties; the one that makes a table of a group.
_GROUP, _ANCHOR, _OPTIONS, _TABLE = 0xF003, 0xF00F, 0xF122, 0x039F
_TITLES = (0, 6)
_MAX_DEPTH, _MAX_EDITS = 64, 10_000
_ENCRYPTED = 0xF3D1C4DF


class Record(NamedTuple):
    """A record of the stream: its kind, what distinguishes it, and where its content lies."""

    kind: int
    instance: int
    container: bool
    start: int
    end: int


class PptParser:
    """The texts of the slides that are shown, titles as headings; anchors say "slide 3". Notes and masters are not read."""

    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.ms-powerpoint",)
    suffixes: ClassVar[tuple[str, ...]] = (".ppt", ".pps", ".pot")

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``.

        Raises:
            ParseError: it is no such presentation, encrypted, or broken.
        """
        with opened(data, "presentation") as container:
            stream, user = container.stream("PowerPoint Document"), container.stream("Current User")
            if not stream or len(user) < 20:
                raise ParseError("no PowerPoint presentation of 1997 to 2003; open it in PowerPoint and save it as .pptx")
            if struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED:
                raise ParseError("the presentation is encrypted with a password; save it without")
            properties = container.properties()
            out = Builder()
            _Reader(stream, struct.unpack_from("<I", user, 16)[0], out).read()
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=properties.pop("title", None),
            metadata=properties,
            warnings=tuple(out.warnings),
        )


class _Reader:
    def __init__(self, stream: bytes, last_edit: int, out: Builder) -> None:
        self.stream, self.out = stream, out
        self.left = 4 * len(stream) + 65_536  # bytes that may be read yet; records that overlap would have them read without end
        self.places, self.document = self._directory(last_edit)

    def read(self) -> None:
        """The slides in their order."""
        hidden = 0
        for number, (slide, outline) in enumerate(self._slides(), start=1):
            if self._is_hidden(slide):
                hidden += 1
                continue
            for kind, text in self._texts(slide, outline):
                for line in text.replace("\x0b", "\n").split("\r"):
                    self.out.add(line.strip())
                    self.out.flush(kind, int(kind == "heading"), place=f"slide {number}")
        if hidden:
            self.out.warnings.append(f"{hidden} hidden slides left out")

    def _slides(self) -> Iterator[tuple[Record, list[tuple[int, str]]]]:
        """Each slide's record, with the texts that its placeholders refer to."""
        document = self._record(self.document)
        for listed in self._children(document):
            if listed.kind != _LIST or listed.instance != 0:
                continue
            reference, outline = None, list[tuple[int, str]]()
            for child in self._children(listed):
                if child.kind == _PERSISTED:
                    if reference is not None:
                        yield self._record(self.places[reference]), outline
                    reference, outline = struct.unpack_from("<I", self.stream, child.start)[0], []
                elif child.kind == _HEADER:
                    outline.append((struct.unpack_from("<I", self.stream, child.start)[0], ""))
                elif child.kind in (_UNICODE, _BYTES) and outline:
                    outline[-1] = (outline[-1][0], self._text(child))
            if reference is not None:
                yield self._record(self.places[reference]), outline

    def _texts(self, parent: Record, outline: list[tuple[int, str]], depth: int = 0) -> Iterator[tuple[BlockKind, str]]:
        """What it is, and the text, of each text box and table; what no box shows stays out."""
        for child in self._children(parent):
            if child.kind == _TEXTBOX:
                kind, text = self._box(child, outline)
                if text.strip():
                    yield "heading" if kind in _TITLES else "paragraph", text
            elif child.kind == _GROUP and self._is_table(child):
                yield "table", self._table(child, outline)
            elif child.container and depth < _MAX_DEPTH:
                yield from self._texts(child, outline, depth + 1)

    def _box(self, box: Record, outline: list[tuple[int, str]]) -> tuple[int, str]:
        """The kind and the text of a text box."""
        kind, text = -1, ""
        for child in self._children(box):
            if child.kind == _HEADER:
                kind = struct.unpack_from("<I", self.stream, child.start)[0]
            elif child.kind in (_UNICODE, _BYTES):
                text = self._text(child)
            elif child.kind == _REFERENCE:
                index = struct.unpack_from("<I", self.stream, child.start)[0]
                kind, text = outline[index] if index < len(outline) else (-1, "")
                self._spend(len(text))
        return kind, text

    def _is_table(self, group: Record) -> bool:
        """Whether the group's own shape, its first child, has the property that says so."""
        own = next(self._children(group), None)
        for table in self._children(own) if own else ():
            if table.kind == _OPTIONS:
                count = min(table.instance, (table.end - table.start) // 6)
                found = (struct.unpack_from("<HI", self.stream, table.start + 6 * number) for number in range(count))
                return any(name & 0x3FFF == _TABLE and value & 1 for name, value in found)
        return False

    def _table(self, group: Record, outline: list[tuple[int, str]]) -> str:
        """A line a row, from top to bottom; cells from left to right, between bars."""
        rows: dict[int, list[tuple[int, str]]] = {}
        for shape in self._children(group):
            parts = {part.kind: part for part in self._children(shape)}
            if _ANCHOR in parts and _TEXTBOX in parts:
                left, top = struct.unpack_from("<ii", self.stream, parts[_ANCHOR].start)
                rows.setdefault(top, []).append((left, " ".join(self._box(parts[_TEXTBOX], outline)[1].split())))
        lines = ([cell for _, cell in sorted(cells)] for _, cells in sorted(rows.items()))
        return "\n".join(" | ".join(line) for line in lines if any(line))

    def _is_hidden(self, slide: Record) -> bool:
        info = next((child for child in self._children(slide) if child.kind == _SLIDE_INFO), None)
        return info is not None and info.end - info.start >= 12 and bool(struct.unpack_from("<H", self.stream, info.start + 10)[0] & 4)

    def _text(self, record: Record) -> str:
        self._spend(record.end - record.start)
        raw = self.stream[record.start : record.end]
        return raw.decode("utf-16-le", "replace") if record.kind == _UNICODE else raw.decode("latin-1")

    def _directory(self, edit: int) -> tuple[dict[int, int], int]:
        """Where each persistent object lies, by the newest edit that says so, and the document among them ("[MS-PPT]", 2.1.2)."""
        places: dict[int, int] = {}
        document = None
        for _ in range(_MAX_EDITS):
            record = self._record(edit)
            if record.kind != _EDIT:
                raise ParseError("the presentation is broken: its list of edits cannot be read")
            before, directory, root = struct.unpack_from("<III", self.stream, record.start + 8)
            document = root if document is None else document
            table = self._record(directory)
            at = table.start
            while table.kind == _DIRECTORY and at + 4 <= table.end:
                self._spend(4)
                first, count = struct.unpack_from("<I", self.stream, at)[0] & 0xFFFFF, struct.unpack_from("<I", self.stream, at)[0] >> 20
                self._spend(4 * count)
                for number, place in enumerate(struct.unpack_from(f"<{count}I", self.stream, at + 4)):
                    places.setdefault(first + number, place)
                at += 4 + 4 * count
            if not before or before >= edit:
                break
            edit = before
        return places, places[document or 0]

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitExceeded("the presentation's records overlap, and would be read again and again")

    def _record(self, at: int) -> Record:
        self._spend(8)
        version, kind, length = struct.unpack_from("<HHI", self.stream, at)
        return Record(kind, version >> 4, version & 0xF == 0xF, at + 8, min(at + 8 + length, len(self.stream)))

    def _children(self, parent: Record) -> Iterator[Record]:
        at = parent.start
        while at + 8 <= parent.end:
            child = self._record(at)
            yield child
            at = child.end
