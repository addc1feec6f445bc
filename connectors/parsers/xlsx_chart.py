"""The charts of an Excel workbook, sheet by sheet, which openpyxl leaves out when it reads."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from .package import tree

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_WORKBOOK = "xl/workbook.xml"


def charts(data: bytes) -> list[tuple[str, bool, list[Any]]]:
    """For each sheet, those that are charts alone among them, in order: its name, whether it shows, the roots of its charts."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = set(package.namelist())
        if _WORKBOOK not in names:
            return []
        targets = dict(_related(package, names, _WORKBOOK, ""))
        found = []
        for sheet in tree(package.read(_WORKBOOK)).iterfind("{*}sheets/{*}sheet"):
            drawn = list(_drawn(package, names, targets.get(sheet.get(f"{_R}id"))))
            found.append((sheet.get("name", ""), sheet.get("state", "visible") == "visible", drawn))
        return found


def _drawn(package: zipfile.ZipFile, names: set[str], sheet: str | None) -> Iterator[Any]:
    for _, drawing in _related(package, names, sheet, "/drawing"):
        hidden = {chart.get(f"{_R}id") for frame in _hidden(tree(package.read(drawing))) for chart in frame.iter(f"{_C}chart")}
        for key, chart in _related(package, names, drawing, "/chart"):
            if key not in hidden:
                yield tree(package.read(chart))


def _hidden(drawing: Any) -> Iterator[Any]:
    """The frames of a drawing that are switched off."""
    for frame in drawing.iter("{*}graphicFrame"):
        told = frame.find("{*}nvGraphicFramePr/{*}cNvPr")
        if told is not None and told.get("hidden", "0") in ("1", "true"):
            yield frame


def _related(package: zipfile.ZipFile, names: set[str], member: str | None, kind: str) -> Iterator[tuple[str, str]]:
    """The members that ``member`` refers to by a relation of a kind, with the relations' ids."""
    folder, _, name = (member or "").rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    if relations in names:
        for relation in tree(package.read(relations)).iterfind("{*}Relationship"):
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
            if relation.get("Type", "").endswith(kind) and target in names:
                yield relation.get("Id", ""), target
