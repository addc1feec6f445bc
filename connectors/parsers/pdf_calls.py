"""PDFium's calls for many characters or objects at once. Objects are given by their addresses."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import pdf_native as native

Addresses = NDArray[np.int64]


def address(thing: Any) -> int:
    """The address that a pointer of PDFium holds; 0 for none."""
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


@functools.cache
def _function(name: str) -> int:
    import pypdfium2.raw as raw

    return address(getattr(raw, name))


def things(textpage: int, indices: NDArray[np.int64]) -> Addresses:
    """The object that sets each character; 0 where there is none."""
    return native.members(_function("FPDFText_GetTextObject"), textpage, indices)


def boxes(textpage: int, indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """``(len(indices), 4)``: left, top, right, bottom of the characters' boxes, in the page's own coordinates."""
    return native.rectangles(_function("FPDFText_GetLooseCharBox"), textpage, indices).astype(np.float64)


def objects(page: int, count: int) -> Addresses:
    """The page's own ``count`` objects, in the order of painting."""
    return native.members(_function("FPDFPage_GetObject"), page, np.arange(count))


def inside(form: int) -> Addresses:
    """The objects of a form."""
    count = int(ask("FPDFFormObj_CountObjects", np.array([form]))[0])
    return native.members(_function("FPDFFormObj_GetObject"), form, np.arange(count))


def ask(name: str, objects: Addresses) -> NDArray[np.int32]:
    """What PDFium's function ``name`` says of each object: a number."""
    return native.ask(_function(name), objects).astype(np.int32)


def bounds(objects: Addresses) -> NDArray[np.float64]:
    """``(len(objects), 4)``: left, bottom, right, top of each; zeros where PDFium has none."""
    found, told = native.told(_function("FPDFPageObj_GetBounds"), objects)
    found[~told] = 0
    return found.view(np.float32).astype(np.float64)


def colours(objects: Addresses) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """``(len(objects), 4)``: the red, green, blue and alpha, 0 to 255, with which each is filled; and whether PDFium knows it."""
    return native.told(_function("FPDFPageObj_GetFillColor"), objects)


def ways(texts: Addresses, white: int) -> NDArray[np.bool_]:
    """``(3, len(texts))``: whether the text objects are set as invisible, as transparent, in colours that are all from ``white`` on."""
    return native.ways(_function("FPDFTextObj_GetTextRenderMode"), _function("FPDFPageObj_GetFillColor"), white, texts)


def filled(paths: Addresses) -> NDArray[np.bool_]:
    """Whether each path is filled."""
    modes, _ = native.told(_function("FPDFPath_GetDrawMode"), paths)
    return modes[:, 0].astype(np.bool_)


def in_layers(objects: Addresses) -> Addresses:
    """Those of the objects that one of their marks puts into a layer (optional content)."""
    count, mark, name = map(_function, ("FPDFPageObj_CountMarks", "FPDFPageObj_GetMark", "FPDFPageObjMark_GetName"))
    return objects[native.in_layers(count, mark, name, objects)]
