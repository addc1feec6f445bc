"""What a Word document keeps outside its body, and a reader sees in it: footnotes, endnotes, charts; and how its tables are laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ragkit.errors import ParseError

from .package import tree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
#: Most columns that a cell is believed to span, and most characters that merged cells add to a table by being read in each row.
_MAX_SPAN, _MAX_REPEATED = 64, 200_000


class Parts:
    """Notes and charts by their references, each given once, with the number that it has for a reader."""

    def __init__(self, part: Any, warnings: list[str]) -> None:
        self._related = {name: relation for name, relation in part.rels.items() if not relation.is_external}
        self._warnings = warnings
        self._notes: dict[str, dict[str, Any]] = {}
        self._counts: dict[str, int] = {}
        self._given: set[tuple[str, str]] = set()

    def notes(self, element: Any, skipped: frozenset[str]) -> Iterator[tuple[str, Any]]:
        """The place ("footnote 2") and the element of each note that ``element`` refers to, in order."""
        for reference in element.iter(f"{_W}footnoteReference", f"{_W}endnoteReference"):
            kind, key = reference.tag.removeprefix(_W).removesuffix("Reference"), reference.get(f"{_W}id", "")
            if (kind, key) in self._given or any(above.tag in skipped for above in reference.iterancestors()):
                continue
            if kind not in self._notes:
                self._notes[kind] = self._read(kind)
            if key in self._notes[kind]:
                self._given.add((kind, key))
                self._counts[kind] = self._counts.get(kind, 0) + 1
                yield f"{kind} {self._counts[kind]}", self._notes[kind][key]

    def charts(self, element: Any, skipped: frozenset[str]) -> Iterator[tuple[str, Any]]:
        """The place ("chart 1") and the root of each chart in ``element``."""
        for reference in element.iter(f"{_C}chart"):
            key = reference.get(f"{_R}id", "")
            shows = not any(above.tag in skipped or _is_hidden(above) for above in reference.iterancestors())
            if key in self._related and ("chart", key) not in self._given and shows:
                self._given.add(("chart", key))
                root = self._tree(self._related[key].target_part, "chart")
                if root is not None:
                    self._counts["chart"] = self._counts.get("chart", 0) + 1
                    yield f"chart {self._counts['chart']}", root

    def _read(self, kind: str) -> dict[str, Any]:
        part = next((one.target_part for one in self._related.values() if one.reltype.endswith(f"/{kind}s")), None)
        root = self._tree(part, f"{kind}s") if part is not None else None
        return {} if root is None else {note.get(f"{_W}id", ""): note for note in root.iterchildren(f"{_W}{kind}")}

    def _tree(self, part: Any, what: str) -> Any:
        try:
            return tree(part.blob)
        except ParseError as error:
            self._warnings.append(f"the {what} cannot be read: {error}")
            return None


def rows(table: Any, text: Callable[[Any], str]) -> Iterator[list[str]]:
    """The cells of each row, as ``text`` gives them, each in its column. A cell that is merged over rows is read in each of them."""
    above: dict[int, str] = {}
    left = _MAX_REPEATED
    for row in table.iterchildren(f"{_W}tr"):
        line = [""] * _number(row.find(f"{_W}trPr/{_W}gridBefore"), 0)
        for cell in _cells(row):
            merged, column = cell.find(f"{_W}tcPr/{_W}vMerge"), len(line)
            if merged is not None and merged.get(f"{_W}val", "continue") != "restart":
                said = above.get(column, "") if left > 0 else ""
                left -= len(said)
            else:
                said = " ".join(text(cell).split())
                above[column] = said if merged is not None else ""
            line += [said, *[""] * (_number(cell.find(f"{_W}tcPr/{_W}gridSpan"), 1) - 1)]
        yield line


def _is_hidden(frame: Any) -> bool:
    """Whether a drawing is switched off."""
    told = frame.find(f"{_WP}docPr")
    return told is not None and told.get("hidden", "0") in ("1", "true")


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == f"{_W}tc":
            yield child
        elif child.tag == f"{_W}sdt":
            yield from child.iter(f"{_W}tc")


def _number(element: Any, usual: int) -> int:
    told = element.get(f"{_W}val", "") if element is not None else ""
    return min(_MAX_SPAN, int(told)) if told.isdecimal() else usual
