"""The styles of OpenDocument files, as far as they tell what a text is and whether it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_URN = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, STYLE = (f"{_URN}{name}:1.0}}" for name in ("office", "text", "table", "style"))
DRAW, PRESENTATION = (f"{_URN}{name}:1.0}}" for name in ("drawing", "presentation"))
SVG, FO = (f"{_URN}{name}-compatible:1.0}}" for name in ("svg", "xsl-fo"))


class Styles:
    """The styles of a document by name, with what they inherit from."""

    def __init__(self, *parts: Any) -> None:
        self._by_name: dict[str, Any] = {}
        for part in parts:
            for style in part.iter(f"{STYLE}style") if part is not None else ():
                self._by_name.setdefault(style.get(f"{STYLE}name", ""), style)
        self._hidden: dict[str, bool] = {}

    def chain(self, name: str | None) -> Iterator[Any]:
        """The style and those above it."""
        for _ in range(20):
            style = self._by_name.get(name or "")
            if style is None:
                return
            yield style
            name = style.get(f"{STYLE}parent-style-name")

    def names(self, name: str | None) -> list[str]:
        """In lower case, the names of the style and of those above it, as the user sees them."""
        return [(s.get(f"{STYLE}display-name") or s.get(f"{STYLE}name") or "").lower() for s in self.chain(name)]

    def hides(self, name: str | None) -> bool:
        """Whether text in this style shows nothing: hidden, or of a point or less."""
        if name and name not in self._hidden:
            self._hidden[name] = _unseen([found for style in self.chain(name) for found in style.iterchildren()])
        return bool(name) and self._hidden[name or ""]

    def white(self, name: str | None) -> bool:
        """Whether text in this style is white, and the style sets no ground."""
        found = [child for style in self.chain(name) for child in style.iterchildren()]
        return _first(found, f"{FO}color").lower() in ("#ffffff", "#fefefe") and not self._grounded(found)

    def grounded(self, element: Any) -> bool:
        """Whether something above an element may paint a ground: a table, a box, a paragraph or section with a colour."""
        for above in element.iterancestors():
            name = above.get(f"{TEXT}style-name")
            if above.tag.startswith((TABLE, DRAW)) or self._grounded([c for style in self.chain(name) for c in style.iterchildren()]):
                return True
        return False

    @staticmethod
    def _grounded(properties: list[Any]) -> bool:
        return _first(properties, f"{FO}background-color") not in ("", "transparent", "#ffffff")

    def hidden_page(self, name: str | None) -> bool:
        """Whether slides of this style are hidden."""
        found = (style.find(f"{STYLE}drawing-page-properties") for style in self.chain(name))
        return any(one is not None and one.get(f"{PRESENTATION}visibility") == "hidden" for one in found)

    def hidden_table(self, name: str | None) -> bool:
        """Whether sheets of this style are hidden."""
        found = (style.find(f"{STYLE}table-properties") for style in self.chain(name))
        return any(one is not None and one.get(f"{TABLE}display") == "false" for one in found)


def _first(properties: list[Any], name: str) -> str:
    return next((found.get(name) for found in properties if found.get(name)), "")


def _unseen(properties: list[Any]) -> bool:
    size = _first(properties, f"{FO}font-size")
    return _first(properties, f"{TEXT}display") == "none" or (size.endswith("pt") and size[:-2] in ("0", "0.5", "1"))
