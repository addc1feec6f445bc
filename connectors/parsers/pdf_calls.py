"""PDFium's calls for many characters or objects at once: with nothing converted on the way, since a page asks thousands of times.

Objects are given by their addresses, as numbers."""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST = 16384


def address(thing: Any) -> int:
    """The address that a pointer of PDFium holds; 0 for none."""
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


@functools.cache
def _call(name: str, result: Any = ctypes.c_int) -> Callable[..., Any]:
    import pypdfium2.raw as raw

    return ctypes.PYFUNCTYPE(result)(address(getattr(raw, name)))


@functools.cache
def _room() -> tuple[NDArray[np.uint32], tuple[list[ctypes.c_void_p], ...]]:
    """Room for four numbers of each, and for each of the four where it goes."""
    room = np.zeros((_MOST, 4), np.uint32)
    return room, tuple([ctypes.c_void_p(room.ctypes.data + 16 * row + 4 * at) for row in range(_MOST)] for at in range(4))


def things(textpage: int, indices: Iterable[int]) -> list[int]:
    """The address of the object that sets each character; 0 where there is none."""
    return _addresses("FPDFText_GetTextObject", itertools.repeat(ctypes.c_void_p(textpage)), indices)


def boxes(textpage: int, indices: Sequence[int]) -> NDArray[np.float32]:
    """``(len(indices), 4)``: left, top, right, bottom of the characters' boxes, in the page's own coordinates."""
    where = itertools.repeat(ctypes.c_void_p(textpage))
    return _told("FPDFText_GetLooseCharBox", len(indices), (0,), where, iter(indices))[0].view(np.float32)


def objects(page: int, count: int) -> list[int]:
    """The page's own ``count`` objects, in the order of painting."""
    return _addresses("FPDFPage_GetObject", itertools.repeat(ctypes.c_void_p(page)), range(count))


def inside(form: int) -> list[int]:
    """The objects of a form."""
    count = ask("FPDFFormObj_CountObjects", [form])[0]
    return _addresses("FPDFFormObj_GetObject", itertools.repeat(ctypes.c_void_p(form)), range(count))


def ask(name: str, objects: Iterable[int]) -> list[int]:
    """What PDFium's function ``name`` says of each object: a number."""
    return list(map(_call(name), map(ctypes.c_void_p, objects)))


def bounds(objects: Sequence[int]) -> NDArray[np.float64]:
    """``(len(objects), 4)``: left, bottom, right, top of each; zeros where PDFium has none."""
    found, told = _told("FPDFPageObj_GetBounds", len(objects), range(4), map(ctypes.c_void_p, objects))
    return np.where(told[:, None], found.view(np.float32), 0).astype(np.float64)


def colours(objects: Sequence[int]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """``(len(objects), 4)``: the red, green, blue and alpha, 0 to 255, with which each is filled; and whether PDFium knows it."""
    return _told("FPDFPageObj_GetFillColor", len(objects), range(4), map(ctypes.c_void_p, objects))


def filled(paths: Sequence[int]) -> NDArray[np.bool_]:
    """Whether each path is filled."""
    modes, _ = _told("FPDFPath_GetDrawMode", len(paths), range(2), map(ctypes.c_void_p, paths))
    return modes[:, 0].astype(np.bool_)


def in_layers(objects: Sequence[int], counts: Sequence[int]) -> set[int]:
    """Those of the objects, which have so many marks, that one of their marks puts into a layer (optional content)."""
    found: set[int] = set()
    for index in range(max(counts, default=0)):
        having = [thing for thing, count in zip(objects, counts, strict=True) if count > index]
        marks = _addresses("FPDFPageObj_GetMark", map(ctypes.c_void_p, having), itertools.repeat(index))
        layers = _named_oc(list(set(marks)))
        found.update(thing for thing, mark in zip(having, marks, strict=True) if mark in layers)
    return found


def _named_oc(marks: list[int]) -> set[int]:
    """The marks whose name is OC. A name that is longer than the three characters (with its end) that it may take is not written."""
    _, columns = _room()
    call, size = _call("FPDFPageObjMark_GetName"), itertools.repeat(6)
    found: set[int] = set()
    for low in range(0, len(marks), _MOST):
        part = marks[low : low + _MOST]
        room, _ = _cleared(len(part))
        deque(map(call, map(ctypes.c_void_p, part), columns[0], size, columns[2]), 0)
        names = (room[: len(part), 0] == 0x0043_004F) & (room[: len(part), 1] & 0xFFFF == 0)
        found.update(itertools.compress(part, names.tolist()))
    return found


def _addresses(name: str, *arguments: Iterable[Any]) -> list[int]:
    return [found or 0 for found in map(_call(name, ctypes.c_void_p), *arguments)]


def _cleared(count: int) -> tuple[NDArray[np.uint32], tuple[list[ctypes.c_void_p], ...]]:
    room, columns = _room()
    room[:count] = 0
    return room, columns


def _told(name: str, count: int, numbers: Iterable[int], *arguments: Iterator[Any]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """What ``count`` calls write where the pointers to these of the four numbers lead, ``(count, 4)``, and whether each call succeeds."""
    call = _call(name)
    found, told = np.empty((count, 4), np.uint32), np.empty(count, np.bool_)
    for low in range(0, count, _MOST):
        part = min(count - low, _MOST)
        room, columns = _cleared(part)
        told[low : low + part] = list(map(call, *(itertools.islice(each, part) for each in arguments), *(columns[at] for at in numbers)))
        found[low : low + part] = room[:part]
    return found, told
