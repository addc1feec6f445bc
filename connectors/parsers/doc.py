"""Word documents of before 2007 (.doc): text, headings and tables from the binary format.

Source: Microsoft, "[MS-DOC]: Word (.doc) Binary File Format", sections 2.4 (algorithms), 2.5 (the FIB), 2.9.2xx (PAPX and CHPX).
No permissively licensed library reads it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar, NamedTuple

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .doc_runs import Runs, character_runs, modifiers, paragraph_runs
from .ole import opened

#: Offsets in the FIB of position and length of a structure in the table stream.
_CLX, _CHPX, _PAPX, _STYLES = 0x01A2, 0x00FA, 0x0102, 0x00A2
#: How many styles a style may be based on, one on another.
_MAX_BASES = 12
#: Property modifiers (sprms) that take characters out of sight: hidden, deleted, white, RGB colour, size in half-points.
_VANISH, _DELETED, _WHITE, _COLOUR, _SIZE = 0x083C, 0x0800, 0x2A42, 0x6870, 0x4A43
_HIDING = frozenset([_VANISH, _DELETED, _WHITE, _COLOUR, _SIZE])
#: Modifiers of paragraphs: in a table, the end of a row, the list that it is in; and those of either that paint a ground.
_IN_TABLE, _ROW_ENDS, _LIST = 0x2416, 0x2417, 0x460B
_GROUNDS = frozenset([0x4866, 0xCA71, 0x442D, 0xC64D, 0x2A0C, _IN_TABLE])
_CELL, _FIELD, _RESULT, _END = "\x07", "\x13", "\x14", "\x15"
_CHARACTERS = {"\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": "", "\xa0": " ", "\x01": "", "\x02": "", "\x05": "", "\x08": ""}


class _Piece(NamedTuple):
    """Characters ``[start, end)`` of the document, which lie in the file from ``at`` on, ``width`` bytes each."""

    start: int
    end: int
    at: int
    width: int


class DocParser:
    """Paragraphs, headings and tables of the main text; anchors say "paragraph 12" or "table 2, row 3". Hidden, deleted, white and
    tiny characters stay out. Headers, footnotes and comments are not read."""

    media_types: ClassVar[tuple[str, ...]] = ("application/msword",)
    suffixes: ClassVar[tuple[str, ...]] = (".doc", ".dot")

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``.

        Raises:
            ParseError: it is no such document, encrypted, or broken.
        """
        with opened(data, "Word document") as container:
            main = container.stream("WordDocument")
            if len(main) < 0x200 or main[:2] != b"\xec\xa5":
                raise ParseError("no Word document of 1997 to 2003; open it in Word and save it as .docx")
            flags = struct.unpack_from("<H", main, 0x0A)[0]
            if flags & 0x0100:
                raise ParseError("the document is encrypted with a password; save it without")
            table = container.stream("1Table" if flags & 0x0200 else "0Table")
            properties = container.properties()
            out = Builder()
            _Reader(main, table, out).read()
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=properties.pop("title", None),
            metadata=properties,
            warnings=tuple(out.warnings),
        )


class _Reader:
    def __init__(self, main: bytes, table: bytes, out: Builder) -> None:
        self.main, self.table, self.out = main, table, out
        self.paragraph_runs = Runs(paragraph_runs(main, self._structure(_PAPX)))
        self.character_runs = Runs(character_runs(main, self._structure(_CHPX)))
        self.levels = list(self._levels())
        self.hidden = self.paragraphs = self.tables = self.rows = 0
        self.seen: dict[bytes, dict[int, bytes]] = {}
        self.cell: list[str] = []
        self.row: list[str] = []

    def read(self) -> None:
        """The main text, paragraph by paragraph."""
        line: list[str] = []
        results: list[bool] = []  # of each field that is open, whether its result is being read
        codes = 0  # how many of them are not so far
        for character, at in self._characters():
            if character == _FIELD:
                results.append(False)
                codes += 1
            elif character == _RESULT and results:
                codes -= not results[-1]
                results[-1] = True
            elif character == _END and results:
                codes -= not results.pop()
            elif character in (_CELL, "\r"):
                self._end(_joined(line), character, at)
                line = []
            elif not codes:
                if self._unseen(at):
                    self.hidden += not character.isspace()
                else:
                    line.append(_CHARACTERS.get(character, character))
        self._end(_joined(line), "\r", -1)
        self._end_table()
        if self.hidden:
            self.out.warnings.append(f"{self.hidden} hidden characters left out")

    def _end(self, text: str, mark: str, at: int) -> None:
        """A paragraph, a cell or a row has ended."""
        properties = self.paragraph_runs.at(at)
        told = dict(modifiers(properties[2:]))
        if mark == _CELL and _ROW_ENDS in told:
            self._end_row()
        elif mark == _CELL:
            self.row.append(" ".join([*self.cell, text]).strip())
            self.cell = []
        elif _IN_TABLE in told:
            self.cell.append(text)
        else:
            self._end_table()
            if text:
                style = struct.unpack_from("<H", properties)[0] if len(properties) >= 2 else 0
                level = self.levels[style] if style < len(self.levels) else 0
                self._paragraph(text, level, listed=told.get(_LIST, b"\0\0") != b"\0\0")

    def _end_row(self) -> None:
        """Rows of one table stand on lines of their own, cells between bars."""
        row, self.row, self.cell = self.row, [], []
        if not row:
            return
        self.tables += self.rows == 0
        self.rows += 1
        if not any(cell.strip() for cell in row):
            return
        if not self.out.idle:
            self.out.add("\n")
        self.out.add(" | ".join(" ".join(cell.split()) for cell in row), place=f"table {self.tables}, row {self.rows}")

    def _end_table(self) -> None:
        self._end_row()
        self.rows = 0
        self.out.flush("table")

    def _paragraph(self, text: str, level: int, *, listed: bool) -> None:
        self.paragraphs += 1
        self.out.add(text)
        place = f"paragraph {self.paragraphs}"
        if level:
            self.out.flush("heading", min(level, 6), place=place)
        else:
            tight = listed and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
            self.out.flush("list_item" if listed else "paragraph", tight=tight, place=place)

    def _unseen(self, at: int) -> bool:
        properties = self.character_runs.at(at)
        if not properties:
            return False
        if properties not in self.seen:
            self.seen[properties] = dict(modifiers(properties))
        told = self.seen[properties]
        if not _HIDING & told.keys():
            return False
        if any(told.get(name, b"\0")[:1] in (b"\x01", b"\x81") for name in (_VANISH, _DELETED)):
            return True
        if int.from_bytes(told.get(_SIZE, b"\x14"), "little") <= 2:
            return True
        white = told.get(_WHITE) == b"\x08" or told.get(_COLOUR, b"")[:3] == b"\xff\xff\xff"
        return white and not _GROUNDS & (told.keys() | dict(modifiers(self.paragraph_runs.at(at)[2:])).keys())

    def _characters(self) -> Iterator[tuple[str, int]]:
        """The characters of the main text, each with its place in the file."""
        wanted = struct.unpack_from("<I", self.main, 0x4C)[0]
        if wanted > len(self.main):  # pieces that share their bytes would make a long text of a short file
            raise ParseError("the Word document is broken: it says that it has more characters than bytes")
        for piece in self._pieces():
            if piece.start >= wanted:
                break
            raw = self.main[piece.at : piece.at + (min(piece.end, wanted) - piece.start) * piece.width]
            wide = (chr(unit) for (unit,) in struct.iter_unpack("<H", raw[: len(raw) // 2 * 2]))
            text = raw.decode("cp1252", "replace") if piece.width == 1 else wide
            for number, character in enumerate(text):
                yield character, piece.at + number * piece.width

    def _pieces(self) -> Iterator[_Piece]:
        """The piece table: which characters of the document lie where ("[MS-DOC]", 2.4.1)."""
        clx, at = self._structure(_CLX), 0
        while clx[at : at + 1] == b"\x01":
            at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
        if clx[at : at + 1] != b"\x02":
            raise ParseError("the Word document is broken: it has no piece table")
        plc = clx[at + 5 :]
        count = (len(plc) - 4) // 12
        bounds = struct.unpack_from(f"<{count + 1}I", plc)
        for number, (start, end) in enumerate(pairwise(bounds)):
            place = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)[0]
            narrow = bool(place & 0x40000000)
            place &= 0x3FFFFFFF
            if start >= end:
                raise ParseError("the Word document is broken: its pieces are out of order")
            yield _Piece(start, end, place // 2 if narrow else place, 1 if narrow else 2)

    def _levels(self) -> Iterator[int]:
        """For each style the level of the heading that it is, or is based on; 0 for others ("[MS-DOC]", 2.9.271)."""
        sheet = self._structure(_STYLES)
        if len(sheet) < 4:
            return
        at, count = 2 + struct.unpack_from("<H", sheet)[0], struct.unpack_from("<H", sheet, 2)[0]
        kinds: list[tuple[int, int]] = []
        for _ in range(count):
            length = struct.unpack_from("<H", sheet, at)[0] if at + 2 <= len(sheet) else 0
            kind, base = struct.unpack_from("<HH", sheet, at + 2) if length >= 4 and at + 6 <= len(sheet) else (0, 0xFFFF)
            kinds.append((kind & 0xFFF, base >> 4))
            at += 2 + length + length % 2
        for style in range(len(kinds)):
            for _ in range(_MAX_BASES):
                if style < len(kinds) and not 1 <= kinds[style][0] <= 9:
                    style = kinds[style][1]
            yield kinds[style][0] if style < len(kinds) and 1 <= kinds[style][0] <= 9 else 0

    def _structure(self, which: int) -> bytes:
        at, length = struct.unpack_from("<II", self.main, which)
        return self.table[at : at + length]


def _joined(units: list[str]) -> str:
    """Text from UTF-16 code units."""
    text = "".join(units).strip()
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
