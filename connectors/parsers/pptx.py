"""PowerPoint presentations (.pptx), by python-pptx."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, ClassVar

from ragkit.records import Parsed

from .builder import Builder
from .detection import PPTX
from .grid import counted, lines
from .package import check, core, reading
from .pptx_chart import points

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
#: Placeholders whose paragraphs are bullets unless they say otherwise, and those that frame every slide alike.
_BULLETS = ("BODY", "OBJECT", "VERTICAL_BODY", "VERTICAL_OBJECT")
_FRAME = ("DATE", "FOOTER", "SLIDE_NUMBER", "HEADER")
_TITLES = ("TITLE", "CENTER_TITLE", "VERTICAL_TITLE")
_DEPTH = 30
#: Most characters that merged cells add to a table by being read in each of their rows.
_MAX_MERGED = 200_000


class PptxParser:
    """Slides in order: title, texts from top to bottom, tables, charts' numbers, notes; anchors say "slide 3"."""

    media_types: ClassVar[tuple[str, ...]] = (PPTX, "application/vnd.ms-powerpoint.presentation.macroEnabled.12")
    suffixes: ClassVar[tuple[str, ...]] = (".pptx", ".pptm", ".ppsx")

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every presentation needs."""
        import pptx

        empty, deck = io.BytesIO(), pptx.Presentation()
        deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "a"
        deck.save(empty)
        cls().parse(empty.getvalue())

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``'s slides that are shown.

        Raises:
            ParseError: it is no presentation, or broken.
            LimitExceeded: it unpacks to more than is allowed.
        """
        import pptx
        from pptx.exc import PythonPptxError

        check(data)
        reader = _Reader()
        with reading("the presentation"):
            try:
                reader.deck(pptx.Presentation(io.BytesIO(data)))
            except PythonPptxError as error:
                raise ValueError(str(error)) from error
            properties = core(data)
        out = reader.out
        text = out.text()
        heading = next((text[b.start : b.end] for b in out.blocks if b.kind == "heading"), None)
        title = properties.pop("title", "")
        return Parsed(
            text=text,
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title if title and title.lower() != "powerpoint presentation" else heading,
            metadata=properties,
            warnings=tuple(out.warnings),
        )


class _Reader:
    def __init__(self) -> None:
        self.out = Builder()
        self.place = ""
        self.tables = self.charts = self.hidden = 0
        self.size = (0, 0)

    def deck(self, deck: Any) -> None:
        """All slides; their numbers count the hidden ones too, as PowerPoint does."""
        self.size = (deck.slide_width or 0, deck.slide_height or 0)
        gone = 0
        for number, slide in enumerate(deck.slides, start=1):
            if slide._element.get("show", "1") in ("0", "false"):
                gone += 1
                continue
            _unwrap(slide._element)
            self.place, self.tables, self.charts = f"slide {number}", 0, 0
            for shape in self._ordered(slide.shapes):
                if self._outside(shape):
                    self.hidden += sum(len(text.text or "") for text in shape._element.iter(f"{_A}t"))
                else:
                    self._shape(shape)
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                self.place += ", notes"
                self._paragraphs(slide.notes_slide.notes_text_frame.paragraphs, bullets=False)
        if gone:
            self.out.warnings.append(f"{counted(gone, 'hidden slide')} left out")
        if self.hidden:
            self.out.warnings.append(f"{self.hidden} hidden characters left out")

    def _ordered(self, shapes: Any) -> list[Any]:
        """The title, then from top to bottom; what starts at about the same height, from left to right."""
        band = max(1, self.size[1] // 25)
        return sorted(shapes, key=lambda shape: (_kind(shape) not in _TITLES, (shape.top or 0) // band, shape.left or 0))

    def _outside(self, shape: Any) -> bool:
        if None in (shape.left, shape.top, shape.width, shape.height) or not all(self.size):
            return False
        right, bottom = shape.left + shape.width, shape.top + shape.height
        return bool(right < 0 or bottom < 0 or shape.left > self.size[0] or shape.top > self.size[1])

    def _shape(self, shape: Any, depth: int = 0) -> None:
        kind = _kind(shape)
        if kind in _FRAME or depth > _DEPTH:
            return
        if shape._element._nvXxPr.cNvPr.get("hidden", "0") in ("1", "true"):
            self.hidden += sum(len(text.text or "") for text in shape._element.iter(f"{_A}t"))
        elif hasattr(shape, "shapes"):
            for inner in self._ordered(shape.shapes):
                self._shape(inner, depth + 1)
        elif getattr(shape, "has_table", False):
            self._table(shape.table)
        elif getattr(shape, "has_chart", False):
            self._chart(shape.chart)
        elif shape.has_text_frame and kind in _TITLES:
            self.out.add(" ".join(" ".join(self._text(p) for p in shape.text_frame.paragraphs).split()))
            self.out.flush("heading", 1, place=self.place)
        elif shape.has_text_frame:
            self._paragraphs(shape.text_frame.paragraphs, bullets=kind in _BULLETS and len(shape.text_frame.paragraphs) > 1)

    def _paragraphs(self, paragraphs: Any, *, bullets: bool) -> None:
        tight = False
        for paragraph in paragraphs:
            self.out.add(self._text(paragraph))
            if not self.out.pending:
                self.out.flush()
                continue
            bulleted = _bulleted(paragraph, bullets)
            level = paragraph.level + 1 if bulleted else 0
            self.out.flush("list_item" if bulleted else "paragraph", level, tight=tight and bulleted, place=self.place)
            tight = bulleted

    def _text(self, paragraph: Any) -> str:
        parts = []
        for child in paragraph._p:
            if child.tag == f"{_A}br":
                parts.append("\n")
            elif child.tag in (f"{_A}r", f"{_A}fld"):
                text = child.findtext(f"{_A}t") or ""
                if _unseen(child.find(f"{_A}rPr")):
                    self.hidden += len(text)
                else:
                    parts.append(text)
        return "".join(parts)

    def _table(self, table: Any) -> None:
        self.tables += 1
        lines(self.out, self._rows(table), f"{self.place}, table {self.tables}, row ")

    def _rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of the rows; one that is merged over several is read in each of them."""
        merged: dict[int, tuple[int, str]] = {}
        left = _MAX_MERGED
        for row in table.rows:
            cells: list[str] = []
            for column, cell in enumerate(row.cells):
                rows, said = merged.pop(column, (0, ""))
                if not cell.is_spanned or not rows:
                    said = " ".join(" ".join(self._text(p) for p in cell.text_frame.paragraphs).split())
                    rows = cell.span_height if cell.is_merge_origin else 0
                else:
                    left -= len(said)
                if rows > 1:
                    merged[column] = rows - 1, said
                cells.append(said if left > 0 else "")
            yield cells

    def _chart(self, chart: Any) -> None:
        """A chart's numbers as a table, its title above."""
        self.charts += 1
        place = f"{self.place}, chart {self.charts}"
        if chart.has_title and chart.chart_title.has_text_frame:
            self.out.add(" ".join(chart.chart_title.text_frame.text.split()))
            self.out.flush("caption", place=place)
        lines(self.out, points(chart._chartSpace), f"{place}, row ")


def _unwrap(slide: Any) -> None:
    """Shapes of a newer kind stand beside a stand-in for older programs; the library knows neither unless they stand free."""
    for both in list(slide.iter(f"{_MC}AlternateContent")):
        if both.getparent() is not None and both.getparent().tag.endswith(("}spTree", "}grpSp")):
            for shape in [shape for choice in both.findall(f"{_MC}Choice")[:1] for shape in choice]:
                both.addprevious(shape)
            both.getparent().remove(both)


def _kind(shape: Any) -> str:
    return shape.placeholder_format.type.name if shape.is_placeholder and shape.placeholder_format.type is not None else ""


def _bulleted(paragraph: Any, usual: bool) -> bool:
    properties = paragraph._p.find(f"{_A}pPr")
    marks = {child.tag.removeprefix(_A) for child in properties} if properties is not None else set()
    return "buNone" not in marks and (usual or bool(marks & {"buChar", "buAutoNum", "buBlip"}))


def _unseen(properties: Any) -> bool:
    """Smaller than about a point, or wholly transparent."""
    if properties is None:
        return False
    size = properties.get("sz", "1800")
    return (size.isdigit() and int(size) <= 100) or any(alpha.get("val") in ("0", "0%") for alpha in properties.iter(f"{_A}alpha"))
