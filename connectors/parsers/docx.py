"""Word documents (.docx), by python-docx."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Anchor, Parsed

from .builder import Builder
from .detection import DOCX
from .docx_parts import Parts, rows
from .grid import lines
from .omml import FORMULA, latex
from .package import check, reading
from .pptx_chart import points, titles

if TYPE_CHECKING:
    _Element = Any  # lxml brings no types

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
#: Elements with nothing in them that a reader sees: deleted text, field codes, the second version of a drawing, notes' marks.
_SKIPPED = frozenset(
    [
        f"{_W}del",
        f"{_W}moveFrom",
        f"{_W}instrText",
        f"{_W}delText",
        f"{_W}rPr",
        f"{_W}pPr",
        f"{_W}sectPr",
        f"{_MC}Fallback",
        f"{_W}txbxContent",
    ]
)
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}ptab": "\t"}
_HEADING = re.compile(r"heading\s*([1-9])", re.IGNORECASE)


class DocxParser:
    """Paragraphs, headings, list items and tables in order; anchors say "paragraph 12" or "table 2, row 3"."""

    media_types: ClassVar[tuple[str, ...]] = (DOCX,)
    suffixes: ClassVar[tuple[str, ...]] = (".docx",)

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every document needs."""
        import docx

        empty = io.BytesIO()
        docx.Document().save(empty)
        cls().parse(empty.getvalue())

    @reading("the Word document")
    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data`` as Word shows it.

        Raises:
            ParseError: it is no Word document, or broken.
            LimitExceeded: it unpacks to more than is allowed.
        """
        check(data)
        document = _opened(data)
        reader = _Reader({style.style_id: style.name or "" for style in document.styles}, document.part)
        for element in document.element.body:
            reader.element(element)
        out = reader.out
        if reader.hidden:
            out.warnings.append(f"{reader.hidden} hidden characters left out")
        out.left_out.update({"deleted revision": reader.deleted} if reader.deleted else {})
        out.left_out.update({"comment": comments} if (comments := _comments(document)) else {})
        text = out.text()
        title = " ".join((document.core_properties.title or "").split())
        heading = next((text[b.start : b.end] for b in out.blocks if b.kind == "heading" and b.level == 1), None)
        return Parsed(
            text=text,
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title or heading,
            metadata={"author": document.core_properties.author} if document.core_properties.author else {},
            warnings=tuple(out.warnings),
        )


def _opened(data: bytes) -> Any:
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        return docx.Document(io.BytesIO(data))
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError, AttributeError, OSError) as error:
        raise ParseError(f"the Word document is broken: {type(error).__name__}: {error}") from error


def _comments(document: Any) -> int:
    """How many comments the document has, in the part that holds them."""
    parts = (relation.target_part for relation in document.part.rels.values() if not relation.is_external)
    return sum(part.blob.count(b"<w:comment ") for part in parts if str(part.partname).endswith("/comments.xml"))


class _Reader:
    def __init__(self, styles: dict[str, str], part: Any) -> None:
        self.out = Builder()
        self.styles = styles
        self.parts = Parts(part, self.out.warnings)
        self.paragraphs = 0
        self.tables = 0
        self.hidden = self.deleted = 0

    def element(self, element: _Element, depth: int = 0) -> None:
        """A paragraph, a table, or something that holds them."""
        if depth > 50:
            return
        if element.tag == f"{_W}p":
            self._paragraph(element)
        elif element.tag == f"{_W}tbl":
            self._table(element)
        elif isinstance(element.tag, str) and element.tag not in _SKIPPED:
            for child in element:
                self.element(child, depth + 1)

    def _paragraph(self, paragraph: _Element) -> None:
        self.paragraphs += 1
        self.out.add(self._text(paragraph))
        kind, level = self._kind(paragraph)
        tight = kind == "list_item" and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
        self.out.flush(kind, level, tight=tight, place=f"paragraph {self.paragraphs}")
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not any(above.tag == f"{_MC}Fallback" for above in box.iterancestors()):
                for child in box:
                    self.element(child, 1)
        self._beside(paragraph)

    def _beside(self, element: _Element) -> None:
        """Charts and notes after the paragraph or the table that shows them, or refers to them."""
        for place, chart in self.parts.charts(element, _SKIPPED):
            self.out.add(titles(chart))
            self.out.flush("caption", place=place)
            lines(self.out, points(chart), f"{place}, row ")
        for place, note in self.parts.notes(element, _SKIPPED):
            for paragraph in note.iter(f"{_W}p"):
                self.out.add(self._text(paragraph))
                self.out.flush(place=place)

    def _kind(self, paragraph: _Element) -> tuple[Any, int]:
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return "paragraph", 0
        style = properties.find(f"{_W}pStyle")
        name = self.styles.get(style.get(f"{_W}val", ""), style.get(f"{_W}val", "")) if style is not None else ""
        if found := _HEADING.match(name):
            return "heading", min(6, int(found.group(1)))
        if name.lower() in ("title", "subtitle"):
            return "heading", 1 if name.lower() == "title" else 2
        numbering = properties.find(f"{_W}numPr")
        if numbering is not None or name.lower().startswith("list"):
            level = numbering.find(f"{_W}ilvl") if numbering is not None else None
            return "list_item", 1 + int(level.get(f"{_W}val", "0")) if level is not None else 1
        lower = name.lower()
        return ("caption", 0) if lower == "caption" else ("quote", 0) if "quote" in lower else ("paragraph", 0)

    def _table(self, table: _Element) -> None:
        self.tables += 1
        places: list[tuple[int, int, str]] = []
        length = 0
        for number, cells in enumerate(rows(table, self._cell), start=1):
            line = " | ".join(cells).rstrip(" |")
            if line.strip(" |"):
                self.out.add("\n" if places else "")
                length += bool(places)
                added = self.out.add(line.strip())
                places.append((length, length + added, f"table {self.tables}, row {number}"))
                length += added
        self.out.flush("table")
        start = self.out.blocks[-1].start if places else 0
        self.out.anchors += [Anchor(start=start + low, end=start + high, place=place) for low, high, place in places if low < high]
        self._beside(table)

    def _cell(self, cell: _Element) -> str:
        return " ".join(self._text(paragraph) for paragraph in cell.iter(f"{_W}p"))

    def _text(self, element: _Element) -> str:
        """The text of a paragraph, walked without recursion: documents may be nested as deep as they like."""
        parts: list[str] = []
        stack: list[Iterator[_Element]] = [iter(element)]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
            elif child.tag == FORMULA:
                parts.append(latex(child, self._text_of_run))
            elif child.tag in (f"{_W}t", f"{_M}t"):
                parts.append(child.text or "")
            elif child.tag in _SIGNS:
                parts.append(_SIGNS[child.tag])
            elif child.tag in (f"{_W}del", f"{_W}moveFrom"):
                self.deleted += 1
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                if child.tag == f"{_W}r" and _hidden(child):
                    self.hidden += sum(len(text.text or "") for text in child.iter(f"{_W}t"))
                else:
                    stack.append(iter(child))
        return "".join(parts)

    def _text_of_run(self, run: _Element) -> str:
        """The text of a run in a formula, if it shows."""
        if not _hidden(run):
            return self._text(run)
        self.hidden += sum(len(text.text or "") for text in run.iter(f"{_M}t", f"{_W}t"))
        return ""


def _hidden(run: _Element) -> bool:
    """Whether a run of text is set so that nobody sees it: marked hidden, white on no ground, or smaller than a point."""
    properties = run.find(f"{_W}rPr")
    if properties is None:
        return False
    values = {child.tag: child.get(f"{_W}val") for child in properties if isinstance(child.tag, str)}
    if values.get(f"{_W}vanish", "0") not in ("0", "false") or values.get(f"{_W}specVanish", "0") not in ("0", "false"):
        return True
    size = values.get(f"{_W}sz") or "20"
    if size.isdigit() and int(size) <= 2:
        return True
    white = (values.get(f"{_W}color") or "").lower() in ("ffffff", "fefefe")
    return white and not _grounded(run, properties)


def _grounded(run: _Element, properties: _Element) -> bool:
    """White text shows on a shading, a highlight, a filled cell or a drawn shape."""
    if properties.find(f"{_W}shd") is not None or properties.find(f"{_W}highlight") is not None:
        return True
    for above in run.iterancestors():
        if above.tag == f"{_W}txbxContent" or above.find(f"{_W}pPr/{_W}shd") is not None or above.find(f"{_W}tcPr/{_W}shd") is not None:
            return True
        if above.tag == f"{_W}tbl" and above.find(f"{_W}tblPr/{_W}tblStyle") is not None:
            return True
    return False
