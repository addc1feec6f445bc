"""Which of a PDF page's text objects a reader sees, and why not."""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import pdf_calls as calls
from .pdf_native import covered
from .pdf_things import WHITE, PageThings

if TYPE_CHECKING:
    import pypdfium2

#: The place in the order of painting of what is not known to be painted.
_NEVER = 1 << 60
#: Greys, of 256, that nobody tells apart.
_FAINT = 6
#: Ways of hiding that a scanner's software uses for the text that it read from the picture.
_SCANNED = ("invisible", "covered")

Bounds = tuple[float, float, float, float]


class Visibility:
    """Answers for one page. ``scan``: a picture covers most of it, so hidden text is what a scanner's software read."""

    def __init__(self, page: pypdfium2.PdfPage, frame: Bounds) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.page = page
        self.frame = frame
        self.things = PageThings(page)
        self.scan_used = False
        self._known: dict[int, str] = {0: ""}
        self._later: dict[int, NDArray[np.float64]] = {}

    def hiding(self, things: calls.Addresses, *places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """``(n,)``: whether something other than a cover may hide each of the text objects; 0 is none. White ones are not hidden where
        a ground lies below the middles of their boxes in all of ``places`` (``(n, 4)`` each: left, top, right, bottom)."""
        ways = calls.ways(things, WHITE)
        if places and ways[2].any():
            grounds = np.insert(self.things.grounds, 0, _NEVER, axis=1)
            ways[2] &= ~np.logical_and.reduce([covered(np.zeros(len(things), np.int64), boxes, grounds) for boxes in places])
        hidden: NDArray[np.bool_] = np.any(ways, axis=0)
        return hidden | np.isin(things, self.things.layered) if len(self.things.layered) else hidden

    def orders(self, things: calls.Addresses) -> NDArray[np.int64]:
        """``(n,)``: the place of each text object in the order of painting."""
        addresses, order = self.things.texts
        if not len(addresses):
            return np.full(len(things), _NEVER)
        at = np.minimum(np.searchsorted(addresses, things), len(addresses) - 1)
        return np.where(addresses[at] == things, order[at], _NEVER)

    def under_cover(self, orders: NDArray[np.int64], places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """``(n,)``: which of the boxes ``places`` (``(n, 4)``: left, top, right, bottom), painted in these places of the order, have their
        middle below something opaque that is painted later."""
        covers = self.things.covers
        found: NDArray[np.bool_] = covered(orders, places, covers[covers[:, 0] > orders.min(initial=_NEVER)])
        return found

    def why_hidden(self, thing: int, box: Bounds) -> str:
        """How the object at ``thing`` hides a character in ``box`` (left, bottom, right, top); "" when it does not."""
        why = self._known.get(thing)
        if why is None:
            ways = zip(("invisible", "transparent", "white"), calls.ways(np.array([thing]), WHITE)[:, 0].tolist(), strict=True)
            why = self._known[thing] = next((way for way, hides in ways if hides), "")
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if why == "white" and _holding(self.things.grounds, x, y).any():
            why = ""
        if not why and self._covered(thing, x, y) and not self._inked(box):
            why = "covered"
        if not why and (self.things.layered == thing).any() and not self._inked(box):
            why = "in a layer that is off"
        if why in _SCANNED and self.scan:
            self.scan_used = True
            return ""
        return why

    def _covered(self, thing: int, x: float, y: float) -> bool:
        if thing not in self._later:
            covers = self.things.covers
            self._later[thing] = covers[covers[:, 0] > self.orders(np.array([thing]))[0], 1:]
        return bool(_holding(self._later[thing], x, y).any())

    def _inked(self, box: Bounds) -> bool:
        """Whether the page is painted otherwise in ``box`` without its text: then text can be seen there."""
        left, bottom, right, top = self.frame
        rows, columns = self._difference.shape
        x0, x1 = (int((v - left) / max(right - left, 1e-6) * columns) for v in (box[0], box[2]))
        y0, y1 = (int((top - v) / max(top - bottom, 1e-6) * rows) for v in (box[3], box[1]))
        return bool(self._difference[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1].any())

    @cached_property
    def _difference(self) -> NDArray[np.bool_]:
        """Where the painted page, unturned and of at most two million points or so, differs from the one without its text."""
        raw = self.raw
        shown = self._painted()
        things = [ctypes.cast(thing, raw.FPDF_PAGEOBJECT) for thing in self.things.texts[0].tolist()]
        for thing in things:
            raw.FPDFPageObj_SetIsActive(thing, False)
        bare = self._painted()
        for thing in things:
            raw.FPDFPageObj_SetIsActive(thing, True)
        found: NDArray[np.bool_] = np.abs(shown - bare) > _FAINT
        return found

    def _painted(self) -> NDArray[np.int16]:
        left, bottom, right, top = self.frame
        scale = min(1.0, 1400 / max(right - left, top - bottom, 1.0))
        back = (360 - self.page.get_rotation()) % 360
        bitmap = self.page.render(scale=scale, grayscale=True, rotation=back, may_draw_forms=False, draw_annots=False)
        pixels: NDArray[np.int16] = bitmap.to_numpy().reshape(bitmap.height, bitmap.width, -1)[:, :, 0].astype(np.int16)
        bitmap.close()
        return pixels

    @cached_property
    def scan(self) -> bool:
        """Whether a picture covers most of the page."""
        left, bottom, right, top = self.frame
        whole = max((right - left) * (top - bottom), 1.0)
        images = (thing.get_bounds() for thing in self.page.get_objects(max_depth=3) if thing.type == self.raw.FPDF_PAGEOBJ_IMAGE)
        return any((x1 - x0) * (y1 - y0) >= 0.5 * whole for x0, y0, x1, y1 in images)


def _holding(bounds: NDArray[np.float64], x: float, y: float) -> NDArray[np.bool_]:
    left, bottom, right, top = bounds.T
    found: NDArray[np.bool_] = (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
    return found
