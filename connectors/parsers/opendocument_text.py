"""The running text of OpenDocument files: paragraphs, lists, tables, boxes, and what their styles hide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ragkit.errors import ParseError

from .builder import Builder
from .grid import lines
from .opendocument_style import DRAW, OFFICE, PRESENTATION, SVG, TABLE, TEXT, Styles
from .package import tree

#: Elements with nothing in them that stands in the text: comments, notes, deleted text, names of pictures, forms.
SKIPPED = frozenset(
    (
        *(f"{OFFICE}{name}" for name in ("annotation", "forms", "event-listeners")),
        *(f"{TEXT}{name}" for name in ("note", "tracked-changes", "ruby-text", "hidden-text", "sequence-decls")),
        *(f"{TEXT}{name}" for name in ("table-of-content-source", "alphabetical-index-source", "index-title-template")),
        *(f"{SVG}title", f"{SVG}desc", f"{DRAW}page-thumbnail", f"{DRAW}object", f"{PRESENTATION}notes"),
    )
)
_SIGNS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_BOXES = (f"{DRAW}frame", f"{DRAW}custom-shape", f"{DRAW}text-box", f"{DRAW}g", f"{DRAW}rect", f"{DRAW}ellipse")
_MAX_REPEAT = 100
#: Most characters that merged cells add to a table by being read in each of their rows.
_MAX_MERGED = 200_000
_DEPTH = 200


class Objects:
    """The documents that are embedded in one, by the members of its package; each chart is given once."""

    def __init__(self, members: Mapping[str, Callable[[], bytes]] = MappingProxyType({})) -> None:
        self._members = members
        self._given: set[str] = set()

    def chart(self, href: str) -> Any:
        """The chart that ``href`` leads to, or ``None``."""
        name = f"{href.removeprefix('./').rstrip('/')}/content.xml"
        if name not in self._members or name in self._given:
            return None
        self._given.add(name)
        try:
            return tree(self._members[name]()).find(f"{OFFICE}body/{OFFICE}chart/{_CHART}chart")
        except ParseError:
            return None  # what is embedded may be of any kind, and broken


class Reader:
    """Reads the text below ``root`` into ``out``. Paragraphs and tables are numbered in the order of the file, from 1;
    with a ``place`` (a slide) all but its tables have that."""

    def __init__(self, root: Any, styles: Styles, out: Builder, place: str = "", objects: Objects | None = None) -> None:
        self.styles, self.out, self.place, self.objects = styles, out, place, objects or Objects()
        self.title = False
        self.hidden = self.charts = 0
        self.notes = Counter[str]()
        self.paragraphs = {element: number for number, element in enumerate(root.iter(f"{TEXT}p", f"{TEXT}h"), start=1)}
        self.tables = {element: number for number, element in enumerate(root.iter(f"{TABLE}table"), start=1)}

    def finish(self) -> None:
        """Tells how much was hidden."""
        if self.hidden:
            told = f"{self.hidden} hidden characters left out"
            self.out.warnings.append(f"{self.place.partition(',')[0]}: {told}" if self.place else told)

    def children(self, element: Any, level: int = 0) -> None:
        """All that an element holds."""
        for child in element:
            self.element(child, level)

    def element(self, element: Any, level: int = 0) -> None:
        """A paragraph, a table, a list, or something that holds them."""
        tag = element.tag
        if tag == f"{DRAW}object":
            self._chart(self.objects.chart(element.get(_HREF, "")))
        if not isinstance(tag, str) or tag in SKIPPED:
            return
        if tag in (f"{TEXT}p", f"{TEXT}h"):
            self._paragraph(element, level)
        elif tag == f"{TABLE}table":
            self._table(element)
        elif element.get(f"{TEXT}display") == "none" or element.get(f"{TEXT}is-hidden") == "true":
            self.hidden += len("".join("".join(element.itertext()).split()))
        else:
            self.children(element, level + (tag == f"{TEXT}list"))

    def _paragraph(self, paragraph: Any, level: int) -> None:
        self.out.add(self.text(paragraph))
        kind, depth = self._kind(paragraph, level)
        tight = kind == "list_item" and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
        self.out.flush(kind, depth, tight=tight, place=self.place or f"paragraph {self.paragraphs[paragraph]}")
        for box in paragraph.iter(*_BOXES):
            if not any(above.tag in _BOXES or above.tag in SKIPPED for above in _up_to(box, paragraph)):
                self.children(box)
        self._notes(paragraph)

    def _notes(self, element: Any) -> None:
        """The notes that a paragraph or a table refers to, after it."""
        for note in element.iter(f"{TEXT}note"):
            if self.place or any(above.tag in SKIPPED or above.tag in _BOXES for above in _up_to(note, element)):
                continue
            kind = "endnote" if note.get(f"{TEXT}note-class") == "endnote" else "footnote"
            self.notes[kind] += 1
            for paragraph in note.iterfind(f"{TEXT}note-body//{TEXT}p"):
                self.out.add(self.text(paragraph))
                self.out.flush(place=f"{kind} {self.notes[kind]}")

    def _chart(self, chart: Any) -> None:
        """The titles of a chart and its axes, then its numbers as a table."""
        if chart is None:
            return
        self.charts += 1
        place = f"{self.place}, chart {self.charts}" if self.place else f"chart {self.charts}"
        self.out.add(", ".join(dict.fromkeys(filter(None, map(self.flat, chart.iter(f"{_CHART}title"))))))
        self.out.flush("caption", place=place)
        for table in chart.iterchildren(f"{TABLE}table"):
            lines(self.out, self._rows(table), f"{place}, row ")

    def _kind(self, paragraph: Any, level: int) -> tuple[Any, int]:
        if self.title:
            return "heading", 1
        if paragraph.tag == f"{TEXT}h":
            return "heading", min(6, max(1, int(paragraph.get(f"{TEXT}outline-level", "1"))))
        names = self.styles.names(paragraph.get(f"{TEXT}style-name"))
        if not self.place and ("title" in names or "subtitle" in names):
            return "heading", 1 if "title" in names else 2
        if level:
            return "list_item", level
        return ("caption", 0) if "caption" in names else ("quote", 0) if "quotations" in names else ("paragraph", 0)

    def _table(self, table: Any) -> None:
        where = f"{self.place}, " if self.place else ""
        lines(self.out, self._rows(table), f"{where}table {self.tables[table]}, row ")
        self._notes(table)

    def _rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of the rows; one that is merged over several is read in each of them."""
        merged: dict[int, tuple[int, str]] = {}
        left = _MAX_MERGED
        for row in table.iter(f"{TABLE}table-row"):
            if next(row.iterancestors(f"{TABLE}table")) is not table:
                continue
            cells: list[str] = []
            for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                times = min(_MAX_REPEAT, int(cell.get(f"{TABLE}number-columns-repeated", "1")))
                if cell.tag.endswith("covered-table-cell"):
                    for column in range(len(cells), len(cells) + times):
                        rows, said = merged.pop(column, (0, ""))
                        if rows > 1:
                            merged[column] = rows - 1, said
                        left -= len(said)
                        cells.append(said if left > 0 else "")
                    continue
                own, down = self.flat(cell), int(cell.get(f"{TABLE}number-rows-spanned", "1"))
                merged |= {len(cells): (down - 1, own)} if down > 1 else {}
                cells += [own] * times
            hidden = row.get(f"{TABLE}visibility", "visible") != "visible"
            self.hidden += hidden * sum(map(len, cells))
            for _ in range(min(_MAX_REPEAT, int(row.get(f"{TABLE}number-rows-repeated", "1")))):
                yield [] if hidden else cells

    def flat(self, element: Any) -> str:
        """All paragraphs below an element, on one line."""
        found = element.iter(f"{TEXT}p", f"{TEXT}h")
        shown = (p for p in found if not any(above.tag in SKIPPED for above in _up_to(p, element)))
        return " ".join(" ".join(self.text(p) for p in shown).split())

    def text(self, element: Any, depth: int = 0) -> str:
        """The text of a paragraph, without that of the boxes in it."""
        if self._hides(element):
            self.hidden += len("".join("".join(element.itertext()).split()))
            return ""
        parts = [_white(element.text)]
        for child in element:
            tag = child.tag
            if tag in _SIGNS:
                parts.append(_SIGNS[tag])
            elif tag == f"{TEXT}s":
                parts.append(" " * min(_MAX_REPEAT, int(child.get(f"{TEXT}c", "1"))))
            elif isinstance(tag, str) and tag not in SKIPPED and tag not in _BOXES and depth < _DEPTH:
                parts.append(self.text(child, depth + 1))
            parts.append(_white(child.tail))
        return "".join(parts)

    def _hides(self, element: Any) -> bool:
        """Slides have grounds of many kinds, so that white says nothing there."""
        name = element.get(f"{TEXT}style-name")
        return self.styles.hides(name) or (not self.place and self.styles.white(name) and not self.styles.grounded(element))


def _up_to(element: Any, top: Any) -> Iterator[Any]:
    for above in element.iterancestors():
        if above is top:
            return
        yield above


def _white(text: str | None) -> str:
    """Line ends and runs of spaces in the XML are single spaces; others are spelled as elements."""
    return "" if not text else (text[0].isspace() * " " + " ".join(text.split()) + text[-1].isspace() * " ") if text.strip() else " "
