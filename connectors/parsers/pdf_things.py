"""What a PDF page paints, and in which order: its text objects, rules, covers and layers, each asked of PDFium in bulk."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import pdf_calls as calls

if TYPE_CHECKING:
    import pypdfium2

#: From here on, of 255, all three colours make what a reader takes for white.
WHITE = 248
_DEEPEST = 8


class Others(NamedTuple):
    """What is painted on the page itself and is no text: addresses, kinds ``(n,)``, the place in the order of painting ``(n,)``, and
    left, bottom, right, top ``(n, 4)``."""

    addresses: list[int]
    kinds: NDArray[np.int64]
    order: NDArray[np.int64]
    bounds: NDArray[np.float64]


class PageThings:
    """The objects of one page, each looked at when it is first asked for."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.page = page
        self._texts: dict[int, int] = {}
        self._marks: dict[int, int] = {}

    @cached_property
    def others(self) -> Others:
        """What is no text."""
        raw = self.raw
        things = calls.objects(calls.address(self.page.raw), raw.FPDFPage_CountObjects(self.page.raw))
        kinds = self._note(things, range(len(things)))
        order = np.flatnonzero(kinds != raw.FPDF_PAGEOBJ_TEXT)
        addresses = [things[at] for at in order.tolist()]
        kinds = kinds[order]
        for at in np.flatnonzero(kinds == raw.FPDF_PAGEOBJ_FORM).tolist():
            self._look_inside(addresses[at], int(order[at]), 0)
        return Others(addresses, kinds, order, calls.bounds(addresses))

    @property
    def texts(self) -> dict[int, int]:
        """The place of each text object in the order of painting."""
        self.others  # noqa: B018  # it notes them
        return self._texts

    def _note(self, things: list[int], order: range | list[int]) -> NDArray[np.int64]:
        kinds = np.array(calls.ask("FPDFPageObj_GetType", things), np.int64)
        marks = calls.ask("FPDFPageObj_CountMarks", things)
        self._marks.update(itertools.compress(zip(things, marks, strict=True), marks))
        self._texts.update(itertools.compress(zip(things, order, strict=True), (kinds == self.raw.FPDF_PAGEOBJ_TEXT).tolist()))
        return kinds

    def _look_inside(self, form: int, at: int, depth: int) -> None:
        things = calls.inside(form)
        kinds = self._note(things, [at] * len(things))
        for index in np.flatnonzero(kinds == self.raw.FPDF_PAGEOBJ_FORM).tolist() if depth < _DEEPEST else ():
            self._look_inside(things[index], at, depth + 1)

    @cached_property
    def rules(self) -> NDArray[np.float64]:
        """``(n, 4)``: the straight rules on the page, thin paths and the sides of rectangles that are drawn (left, bottom, right, top)."""
        others = self.others
        paths = others.kinds == self.raw.FPDF_PAGEOBJ_PATH
        left, bottom, right, top = others.bounds.T
        thin = paths & ((right - left <= 3) | (top - bottom <= 3))
        upright = right - left <= top - bottom
        x, y = (left + right) / 2, (bottom + top) / 2
        found = np.where(upright[:, None], np.stack([x, bottom, x, top], 1), np.stack([left, y, right, y], 1))[thin]
        boxes = others.bounds[self._rectangles & ~thin]
        sides = [boxes[:, columns] for columns in ([0, 1, 0, 3], [2, 1, 2, 3], [0, 1, 2, 1], [0, 3, 2, 3])]
        return np.concatenate([found, *sides])

    @cached_property
    def grounds(self) -> NDArray[np.float64]:
        """``(n, 4)``: the places that something other than white text may have painted: there white text can be read."""
        filled, colours, told = self._fills
        dark = filled & (~told | ((colours[:, 3] > 8) & (colours[:, :3].min(axis=1) < WHITE)))
        found: NDArray[np.float64] = self.others.bounds[dark | (self.others.kinds != self.raw.FPDF_PAGEOBJ_PATH)]
        return found

    @cached_property
    def covers(self) -> NDArray[np.float64]:
        """``(n, 5)``: opaque pictures and filled rectangles: the place in the order of painting, left, bottom, right, top."""
        others = self.others
        filled, colours, told = self._fills
        opaque = self._rectangles & filled & told & (colours[:, 3] == 255)
        at = np.flatnonzero(opaque | (others.kinds == self.raw.FPDF_PAGEOBJ_IMAGE))
        clear = np.array(calls.ask("FPDFPageObj_HasTransparency", [others.addresses[index] for index in at.tolist()]), np.bool_)
        at = at[~clear]
        return np.column_stack([others.order[at], others.bounds[at]])

    @cached_property
    def layered(self) -> frozenset[int]:
        """The text objects that belong to a layer (optional content)."""
        forms = self.others.kinds == self.raw.FPDF_PAGEOBJ_FORM
        if not self._marks:
            return frozenset()
        found = calls.in_layers(list(self._marks), list(self._marks.values()))
        names = zip(self.others.addresses, self.others.order.tolist(), forms.tolist(), strict=True)
        orders = {order for thing, order, form in names if form and thing in found}
        return frozenset(thing for thing, at in self._texts.items() if thing in found or at in orders)

    @cached_property
    def _rectangles(self) -> NDArray[np.bool_]:
        return np.isin(self._of_paths("FPDFPath_CountSegments"), (4, 5))

    def _of_paths(self, name: str) -> NDArray[np.int64]:
        found = np.zeros(len(self.others.addresses), np.int64)
        found[self._paths] = calls.ask(name, [self.others.addresses[at] for at in self._paths.tolist()])
        return found

    @cached_property
    def _paths(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.others.kinds == self.raw.FPDF_PAGEOBJ_PATH)

    @cached_property
    def _fills(self) -> tuple[NDArray[np.bool_], NDArray[np.uint32], NDArray[np.bool_]]:
        """Of each of the others whether it is a filled path; its colour; whether that is known."""
        addresses = [self.others.addresses[at] for at in self._paths.tolist()]
        count = len(self.others.addresses)
        filled, colours, told = np.zeros(count, np.bool_), np.zeros((count, 4), np.uint32), np.zeros(count, np.bool_)
        filled[self._paths] = calls.filled(addresses)
        colours[self._paths], told[self._paths] = calls.colours(addresses)
        return filled, colours, told
