"""Which of a PDF page's text objects a reader sees, and why not."""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .pdf_calls import address, objects

if TYPE_CHECKING:
    import pypdfium2

_WHITE = 248
_DEEPEST = 8
#: The place in the order of painting of what is not known to be painted.
_NEVER = 1 << 60
#: Greys, of 256, that nobody tells apart.
_FAINT = 6
#: Ways of hiding that a scanner's software uses for the text that it read from the picture.
_SCANNED = ("invisible", "covered")

Bounds = tuple[float, float, float, float]


class Thing(NamedTuple):
    """Something painted on the page: which kind, as the ``at``-th, and where (left, bottom, right, top)."""

    raw: Any
    kind: int
    at: int
    bounds: Bounds


class Visibility:
    """Answers for one page. ``scan``: a picture covers most of it, so hidden text is what a scanner's software read."""

    def __init__(self, page: pypdfium2.PdfPage, frame: Bounds) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.page = page
        self.frame = frame
        self.scan_used = False
        self._known: dict[int, str] = {}
        self._marked = 0
        self._parts = tuple(ctypes.c_uint() for _ in range(4))
        self._pointers = tuple(map(ctypes.byref, self._parts))

    def plain(self, thing: int) -> bool:
        """Whether nothing but a cover could hide what the object at ``thing`` sets."""
        if thing not in self._known:
            self._known[thing] = self._own(ctypes.cast(thing, self.raw.FPDF_PAGEOBJECT))
        return not self._known[thing] and thing not in self._layered

    def under_cover(self, owners: list[int], places: NDArray[np.float32]) -> NDArray[np.bool_]:
        """``(n,)``: which of the boxes ``places`` (``(n, 4)``: left, top, right, bottom), set by the objects ``owners``, lie below
        something opaque that is painted later."""
        found = np.zeros(len(owners), np.bool_)
        if not self._covers:
            return found
        order = np.array([self._texts.get(thing, _NEVER) for thing in owners])
        x, y = (places[:, 0] + places[:, 2]) / 2, (places[:, 1] + places[:, 3]) / 2
        for at, left, bottom, right, top in self._cover_table.T[self._cover_table[0] > order.min()].tolist():
            found |= (order < at) & (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
        return found

    def why_hidden(self, thing: int, box: Bounds) -> str:
        """How the object at ``thing`` hides a character in ``box`` (left, bottom, right, top); "" when it does not."""
        why = self._known.get(thing)
        if why is None:
            why = self._known[thing] = self._own(ctypes.cast(thing, self.raw.FPDF_PAGEOBJECT))
        if why == "white":
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            why = "" if any(_holds(bounds, x, y) for bounds in self._grounds) else why
        if not why and self._covers and self._covered(thing, box):
            why = "covered"
        if not why and thing in self._layered and not self._inked(box):
            why = "in a layer that is off"
        if why in _SCANNED and self.scan:
            self.scan_used = True
            return ""
        return why

    def _own(self, thing: Any) -> str:
        raw = self.raw
        mode = raw.FPDFTextObj_GetTextRenderMode(thing)
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            return "invisible"
        colour = self._colour(thing)
        if mode != raw.FPDF_TEXTRENDERMODE_FILL or colour is None:
            return ""
        if colour[3] < 8:
            return "transparent"
        return "white" if min(colour[:3]) >= _WHITE else ""

    def _colour(self, thing: Any) -> tuple[int, int, int, int] | None:
        if not self.raw.FPDFPageObj_GetFillColor(thing, *self._pointers):
            return None
        red, green, blue, alpha = self._parts
        return red.value, green.value, blue.value, alpha.value

    # --- what else is on the page ---

    @cached_property
    def _texts(self) -> dict[int, int]:
        """The place of each text object in the order of painting."""
        return self._objects[1]

    @cached_property
    def things(self) -> list[Thing]:
        """What is painted on the page itself and is no text."""
        return self._objects[0]

    @cached_property
    def _objects(self) -> tuple[list[Thing], dict[int, int]]:
        raw, page = self.raw, self.page.raw
        things: list[Thing] = []
        texts: dict[int, int] = {}
        for at, (place, kind, marks) in enumerate(objects(address(page), raw.FPDFPage_CountObjects(page))):
            if kind == raw.FPDF_PAGEOBJ_TEXT:
                texts[place] = at
                self._marked += marks > 0
                continue
            thing = ctypes.cast(place, raw.FPDF_PAGEOBJECT)
            self._marked += marks > 0
            things.append(Thing(thing, kind, at, self._bounds(thing)))
            if kind == raw.FPDF_PAGEOBJ_FORM:
                self._inside(thing, at, texts, 0)
        return things, texts

    def _inside(self, form: Any, at: int, texts: dict[int, int], depth: int) -> None:
        raw = self.raw
        for index in range(raw.FPDFFormObj_CountObjects(form)):
            thing = raw.FPDFFormObj_GetObject(form, index)
            kind = raw.FPDFPageObj_GetType(thing)
            if kind == raw.FPDF_PAGEOBJ_TEXT:
                texts[address(thing)] = at
                self._marked += raw.FPDFPageObj_CountMarks(thing) > 0
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                self._inside(thing, at, texts, depth + 1)

    def _bounds(self, thing: Any) -> Bounds:
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not self.raw.FPDFPageObj_GetBounds(thing, *map(ctypes.byref, (left, bottom, right, top))):
            return (0.0, 0.0, 0.0, 0.0)
        return left.value, bottom.value, right.value, top.value

    def rules(self) -> list[Bounds]:
        """The straight rules on the page: thin paths, and the sides of rectangles that are drawn (left, bottom, right, top)."""
        found: list[Bounds] = []
        for thing in self.things:
            if thing.kind != self.raw.FPDF_PAGEOBJ_PATH:
                continue
            left, bottom, right, top = thing.bounds
            if right - left <= 3 or top - bottom <= 3:
                x, y = (left + right) / 2, (bottom + top) / 2
                found.append((x, bottom, x, top) if right - left <= top - bottom else (left, y, right, y))
            elif self.raw.FPDFPath_CountSegments(thing.raw) in (4, 5):
                found += [(left, bottom, left, top), (right, bottom, right, top), (left, bottom, right, bottom), (left, top, right, top)]
        return found

    @cached_property
    def _grounds(self) -> list[Bounds]:
        """The places that something other than white text may have painted: there white text can be read."""
        return [thing.bounds for thing in self.things if thing.kind != self.raw.FPDF_PAGEOBJ_PATH or self._filled(thing.raw, dark=True)]

    @cached_property
    def _covers(self) -> list[Thing]:
        """Opaque pictures and filled rectangles."""
        raw = self.raw
        images = (raw.FPDF_PAGEOBJ_IMAGE,)
        return [
            thing
            for thing in self.things
            if (thing.kind in images or (thing.kind == raw.FPDF_PAGEOBJ_PATH and self._rectangle(thing.raw)))
            and not raw.FPDFPageObj_HasTransparency(thing.raw)
        ]

    def _rectangle(self, path: Any) -> bool:
        return self.raw.FPDFPath_CountSegments(path) in (4, 5) and self._filled(path, dark=False)

    def _filled(self, path: Any, *, dark: bool) -> bool:
        raw = self.raw
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(path, ctypes.byref(mode), ctypes.byref(stroke))
        if mode.value == raw.FPDF_FILLMODE_NONE:
            return False
        colour = self._colour(path)
        if dark:
            return colour is None or (colour[3] > 8 and min(colour[:3]) < _WHITE)
        return colour is not None and colour[3] == 255

    def _covered(self, thing: int, box: Bounds) -> bool:
        at = self._texts.get(thing)
        if at is None:
            return False
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        order, left, bottom, right, top = self._cover_table
        over = (order > at) & (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
        return bool(over.any()) and not self._inked(box)

    @cached_property
    def _cover_table(self) -> NDArray[np.float64]:
        return np.array([(cover.at, *cover.bounds) for cover in self._covers], np.float64).T

    @cached_property
    def _layered(self) -> frozenset[int]:
        """The text objects that belong to a layer (optional content)."""
        raw = self.raw
        if not self._texts or not self._marked:
            return frozenset()
        forms = {thing.at for thing in self.things if thing.kind == raw.FPDF_PAGEOBJ_FORM and self._in_layer(thing.raw)}
        return frozenset(
            thing for thing, at in self._texts.items() if at in forms or self._in_layer(ctypes.cast(thing, raw.FPDF_PAGEOBJECT))
        )

    def _in_layer(self, thing: Any) -> bool:
        raw = self.raw
        for index in range(raw.FPDFPageObj_CountMarks(thing)):
            name, length = (raw.FPDF_WCHAR * 32)(), ctypes.c_ulong()
            mark = raw.FPDFPageObj_GetMark(thing, index)
            told = raw.FPDFPageObjMark_GetName(mark, name, ctypes.sizeof(name), ctypes.byref(length))
            if told and bytes(name)[: max(0, length.value - 2)].decode("utf-16-le", "replace") == "OC":
                return True
        return False

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
        things = [ctypes.cast(thing, raw.FPDF_PAGEOBJECT) for thing in self._texts]
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


def _holds(bounds: Bounds, x: float, y: float) -> bool:
    return bounds[0] <= x <= bounds[2] and bounds[1] <= y <= bounds[3]
