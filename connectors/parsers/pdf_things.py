"""What a PDF page paints, and in which order: its text objects, rules, covers and layers, each asked of PDFium in bulk."""

from __future__ import annotations

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
    """What is painted on the page itself and is no text: addresses ``(n,)``, kinds ``(n,)``, the place in the order of painting
    ``(n,)``, and left, bottom, right, top ``(n, 4)``."""

    addresses: calls.Addresses
    kinds: NDArray[np.int32]
    order: NDArray[np.int64]
    bounds: NDArray[np.float64]


class PageThings:
    """The objects of one page, each looked at when it is first asked for."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.page = page

    @cached_property
    def _every(self) -> tuple[calls.Addresses, NDArray[np.int32], NDArray[np.int64]]:
        """All objects, those in forms after those of the page: addresses, kinds, places in the order of painting."""
        raw = self.raw
        things = calls.objects(calls.address(self.page.raw), raw.FPDFPage_CountObjects(self.page.raw))
        levels = [(things, calls.ask("FPDFPageObj_GetType", things), np.arange(len(things)))]
        for _ in range(_DEEPEST):
            things, kinds, order = levels[-1]
            forms = np.flatnonzero(kinds == raw.FPDF_PAGEOBJ_FORM).tolist()
            if not forms:
                break
            parts = [calls.inside(int(things[at])) for at in forms]
            things = np.concatenate(parts)
            order = np.repeat(order[forms], [len(part) for part in parts])
            levels.append((things, calls.ask("FPDFPageObj_GetType", things), order))
        addresses, every_kind, orders = (np.concatenate(column) for column in zip(*levels, strict=True))
        return addresses, every_kind, orders

    @cached_property
    def others(self) -> Others:
        """What is no text."""
        addresses, kinds, order = (column[: self.raw.FPDFPage_CountObjects(self.page.raw)] for column in self._every)
        which = kinds != self.raw.FPDF_PAGEOBJ_TEXT
        return Others(addresses[which], kinds[which], order[which], calls.bounds(addresses[which]))

    @cached_property
    def texts(self) -> tuple[calls.Addresses, NDArray[np.int64]]:
        """The addresses of all text objects, rising, and their places in the order of painting."""
        addresses, _, order = (column[self._every[1] == self.raw.FPDF_PAGEOBJ_TEXT] for column in self._every)
        rising = np.argsort(addresses, kind="stable")
        return addresses[rising], order[rising]

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
        at = at[calls.ask("FPDFPageObj_HasTransparency", others.addresses[at]) == 0]
        return np.column_stack([others.order[at], others.bounds[at]])

    @cached_property
    def layered(self) -> calls.Addresses:
        """The text objects that belong to a layer (optional content)."""
        addresses, kinds, order = self._every
        layers = calls.in_layers(addresses)
        if not len(layers):
            return layers
        found = np.isin(addresses, layers)
        forms = order[found & (kinds == self.raw.FPDF_PAGEOBJ_FORM)]
        layered: calls.Addresses = addresses[(kinds == self.raw.FPDF_PAGEOBJ_TEXT) & (found | np.isin(order, forms))]
        return layered

    @cached_property
    def _rectangles(self) -> NDArray[np.bool_]:
        found = np.zeros(len(self.others.addresses), np.bool_)
        segments = calls.ask("FPDFPath_CountSegments", self.others.addresses[self._paths])
        found[self._paths] = (segments == 4) | (segments == 5)
        return found

    @cached_property
    def _paths(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.others.kinds == self.raw.FPDF_PAGEOBJ_PATH)

    @cached_property
    def _fills(self) -> tuple[NDArray[np.bool_], NDArray[np.uint32], NDArray[np.bool_]]:
        """Of each of the others whether it is a filled path; its colour; whether that is known."""
        addresses = self.others.addresses[self._paths]
        count = len(self.others.addresses)
        filled, colours, told = np.zeros(count, np.bool_), np.zeros((count, 4), np.uint32), np.zeros(count, np.bool_)
        filled[self._paths] = calls.filled(addresses)
        colours[self._paths], told[self._paths] = calls.colours(addresses)
        return filled, colours, told
