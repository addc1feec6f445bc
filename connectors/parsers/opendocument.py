"""OpenDocument texts (.odt), spreadsheets (.ods) and presentations (.odp), read from their ``content.xml``."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .detection import ODP, ODS, ODT
from .grid import counted
from .opendocument_sheet import sheets
from .opendocument_style import DRAW, OFFICE, PRESENTATION, SVG, TABLE, Styles
from .opendocument_text import Objects, Reader
from .package import check, named, reading, tree

_READ = ("content.xml", "styles.xml", "meta.xml")
_MANIFEST = "META-INF/manifest.xml"
_FRAME = ("header", "footer", "date-time", "page-number", "page")
_POINTS = {"cm": 28.35, "mm": 2.835, "in": 72.0, "pt": 1.0, "px": 0.75}


class _OpenDocument:
    part: ClassVar[str]

    @classmethod
    def warm_up(cls) -> None:
        """Loads what every document needs."""
        tree(b"<a/>")

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data`` that shows.

        Raises:
            ParseError: it is no OpenDocument file of this kind, or broken, or encrypted.
            LimitExceeded: it unpacks to more than is allowed.
        """
        check(data, _READ)
        out = Builder()
        with reading("the document"), zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
            if _MANIFEST in names and b"encryption-data" in package.read(_MANIFEST):
                raise ParseError("the document is encrypted")
            content, styles, meta = (tree(package.read(name)) if name in names else None for name in _READ)
            body = content.find(f"{OFFICE}body/{OFFICE}{self.part}") if content is not None else None
            if body is None:
                raise ParseError(f"the package has no {self.part} in its content.xml")
            self.read(body, Styles(content, styles), out, Objects({name: partial(package.read, name) for name in names}))
        return _parsed(out, named(meta) if meta is not None else {}, headed=self.part != "spreadsheet")

    def read(self, body: Any, styles: Styles, out: Builder, objects: Objects) -> None:
        """Adds what shows in ``body`` to ``out``."""
        raise NotImplementedError


def _parsed(out: Builder, properties: dict[str, str], *, headed: bool) -> Parsed:
    text = out.text()
    heading = next((text[b.start : b.end] for b in out.blocks if b.kind == "heading" and b.level == 1), None) if headed else None
    return Parsed(
        text=text,
        blocks=tuple(out.blocks),
        anchors=tuple(out.anchors),
        title=properties.pop("title", heading),
        metadata=properties,
        warnings=tuple(out.warnings),
    )


class OdtParser(_OpenDocument):
    """Headings, paragraphs, lists and tables in order; anchors say "paragraph 12", "table 2, row 3", "footnote 4"."""

    media_types: ClassVar[tuple[str, ...]] = (ODT,)
    suffixes: ClassVar[tuple[str, ...]] = (".odt", ".ott")
    part: ClassVar[str] = "text"

    def read(self, body: Any, styles: Styles, out: Builder, objects: Objects) -> None:
        reader = Reader(body, styles, out, objects=objects)
        reader.children(body)
        reader.finish()


class OdsParser(_OpenDocument):
    """A heading for each sheet, a table for each block of rows; anchors say "sheet Costs, B4"."""

    media_types: ClassVar[tuple[str, ...]] = (ODS,)
    suffixes: ClassVar[tuple[str, ...]] = (".ods", ".ots")
    part: ClassVar[str] = "spreadsheet"

    def read(self, body: Any, styles: Styles, out: Builder, objects: Objects) -> None:
        sheets(body, styles, out)


class OdpParser(_OpenDocument):
    """Slides in order: title, texts from top to bottom, tables, notes; anchors say "slide 3"."""

    media_types: ClassVar[tuple[str, ...]] = (ODP,)
    suffixes: ClassVar[tuple[str, ...]] = (".odp", ".otp")
    part: ClassVar[str] = "presentation"

    def read(self, body: Any, styles: Styles, out: Builder, objects: Objects) -> None:
        gone = 0
        for number, page in enumerate(body.iterchildren(f"{DRAW}page"), start=1):
            if styles.hidden_page(page.get(f"{DRAW}style-name")):
                gone += 1
                continue
            reader = Reader(page, styles, out, f"slide {number}", objects)
            shapes = [shape for shape in page if isinstance(shape.tag, str) and shape.tag != f"{PRESENTATION}notes"]
            for shape in sorted(shapes, key=_order):
                if shape.get(f"{PRESENTATION}class") not in _FRAME:
                    reader.title = shape.get(f"{PRESENTATION}class") == "title"
                    reader.element(shape)
            reader.title, reader.place = False, f"slide {number}, notes"
            for shape in page.iterfind(f"{PRESENTATION}notes/*"):
                if shape.get(f"{PRESENTATION}class") == "notes":
                    reader.element(shape)
            reader.finish()
        if gone:
            out.warnings.append(f"{counted(gone, 'hidden slide')} left out")


def _order(shape: Any) -> tuple[bool, int, float]:
    """The title, then from top to bottom; what starts within half a centimetre, from left to right."""
    return shape.get(f"{PRESENTATION}class") != "title", int(_points(shape, "y") // 14), _points(shape, "x")


def _points(shape: Any, name: str) -> float:
    length = shape.get(f"{SVG}{name}") or shape.get(f"{TABLE}end-{name}") or "0pt"
    try:
        return float(length[:-2]) * _POINTS.get(length[-2:], 1.0)
    except ValueError:
        return 0.0
