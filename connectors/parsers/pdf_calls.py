"""PDFium's calls for many characters or objects at once. Objects are given by their addresses."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import pdf_native as native

Addresses = NDArray[np.int64]


def address(thing: Any) -> int:
    """The address that a pointer of PDFium holds; 0 for none."""
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


@functools.cache
def _function(name: str) -> int:
    import pypdfium2.raw as raw

    return address(getattr(raw, name))


def things(textpage: int, indices: ArrayLike) -> Addresses:
    """The object that sets each character; 0 where there is none."""
    return _each("FPDFText_GetTextObject", textpage, indices)


def boxes(textpage: int, indices: ArrayLike) -> NDArray[np.float32]:
    """``(len(indices), 4)``: left, top, right, bottom of the characters' boxes, in the page's own coordinates."""
    indices = np.asarray(indices, np.int64)
    room, places = _room(len(indices))
    _each("FPDFText_GetLooseCharBox", textpage, indices, places)
    return room.view(np.float32)


def objects(page: int, count: int) -> Addresses:
    """The page's own ``count`` objects, in the order of painting."""
    return _each("FPDFPage_GetObject", page, np.arange(count))


def inside(form: int) -> Addresses:
    """The objects of a form."""
    return _each("FPDFFormObj_GetObject", form, np.arange(ask("FPDFFormObj_CountObjects", [form])[0]))


def ask(name: str, objects: ArrayLike) -> NDArray[np.int32]:
    """What PDFium's function ``name`` says of each object: a number."""
    return _each(name, objects).astype(np.int32)  # the upper half of a register holds anything


def bounds(objects: ArrayLike) -> NDArray[np.float64]:
    """``(len(objects), 4)``: left, bottom, right, top of each; zeros where PDFium has none."""
    found, told = _told("FPDFPageObj_GetBounds", objects, 4)
    return np.where(told[:, None], found.view(np.float32), 0).astype(np.float64)


def colours(objects: ArrayLike) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """``(len(objects), 4)``: the red, green, blue and alpha, 0 to 255, with which each is filled; and whether PDFium knows it."""
    return _told("FPDFPageObj_GetFillColor", objects, 4)


def filled(paths: ArrayLike) -> NDArray[np.bool_]:
    """Whether each path is filled."""
    modes, _ = _told("FPDFPath_GetDrawMode", paths, 2)
    return modes[:, 0].astype(np.bool_)


def in_layers(objects: Addresses) -> Addresses:
    """Those of the objects that one of their marks puts into a layer (optional content)."""
    room = np.zeros(2, np.int64)
    names = ("FPDFPageObj_CountMarks", "FPDFPageObj_GetMark", "FPDFPageObjMark_GetName")
    found: Addresses = objects[native.in_layers(*map(_function, names), objects, room, room.ctypes.data)]
    return found


def _told(name: str, objects: ArrayLike, numbers: int) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """What a function writes of each object where its first, second … of so many pointers leads, and whether it succeeds."""
    objects = np.asarray(objects, np.int64)
    room, places = _room(len(objects))
    return room, _each(name, objects, *(places + 4 * at for at in range(numbers))).astype(np.int32) != 0


def _room(count: int) -> tuple[NDArray[np.uint32], Addresses]:
    """Room for four numbers of each, and the address of each row."""
    room = np.zeros((count, 4), np.uint32)
    return room, room.ctypes.data + 16 * np.arange(count)


def _each(name: str, *arguments: ArrayLike | Sequence[int]) -> NDArray[np.int64]:
    """What PDFium's function says, called for each of the arguments; a single number stands for as many of itself."""
    sizes = [np.size(argument) for argument in arguments]
    rows = np.zeros((max(sizes) if all(sizes) else 0, native.ARGUMENTS), np.int64)
    for at, argument in enumerate(arguments):
        rows[:, at] = argument
    found = np.empty(len(rows), np.int64)
    native.invoke_each(_function(name), rows, found)
    return found
