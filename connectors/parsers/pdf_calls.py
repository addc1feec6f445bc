"""PDFium's calls for many characters at once: with nothing converted on the way, since a page asks hundreds of times."""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST = 16384


def address(thing: Any) -> int:
    """The address that a pointer of PDFium holds; 0 for none."""
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


@functools.cache
def _box_call() -> Callable[[Any, int, Any], int]:
    import pypdfium2.raw as raw

    return ctypes.PYFUNCTYPE(ctypes.c_int)(address(raw.FPDFText_GetLooseCharBox))


@functools.cache
def _thing_call() -> Callable[[Any, int], int | None]:
    import pypdfium2.raw as raw

    return ctypes.PYFUNCTYPE(ctypes.c_void_p)(address(raw.FPDFText_GetTextObject))


@functools.cache
def _object_calls() -> tuple[Callable[..., int | None], Callable[..., int], Callable[..., int]]:
    import pypdfium2.raw as raw

    number = ctypes.PYFUNCTYPE(ctypes.c_int)
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p)(address(raw.FPDFPage_GetObject))
    return get, number(address(raw.FPDFPageObj_GetType)), number(address(raw.FPDFPageObj_CountMarks))


@functools.cache
def _room() -> tuple[NDArray[np.float32], list[ctypes.c_void_p]]:
    """Room for boxes, and the address of each."""
    room = np.zeros((_MOST, 4), np.float32)
    return room, [ctypes.c_void_p(room.ctypes.data + 16 * row) for row in range(_MOST)]


def boxes(textpage: int, indices: Sequence[int]) -> NDArray[np.float32]:
    """``(len(indices), 4)``: left, top, right, bottom of the characters' boxes, in the page's own coordinates."""
    call, handle = _box_call(), ctypes.c_void_p(textpage)
    room, places = _room()
    found = np.empty((len(indices), 4), np.float32)
    for low in range(0, len(indices), _MOST):
        part = indices[low : low + _MOST]
        room[: len(part)] = 0
        deque(map(call, itertools.repeat(handle), part, places), 0)
        found[low : low + len(part)] = room[: len(part)]
    return found


def things(textpage: int, indices: Sequence[int]) -> list[int]:
    """The address of the object that sets each character; 0 where there is none."""
    return [thing or 0 for thing in map(_thing_call(), itertools.repeat(ctypes.c_void_p(textpage)), indices)]


def objects(page: int, count: int) -> list[tuple[int, int, int]]:
    """The page's own objects, in the order of painting: address, kind, and how many marks it has."""
    get, kind, marks = _object_calls()
    found = [thing or 0 for thing in map(get, itertools.repeat(ctypes.c_void_p(page)), range(count))]
    handles = list(map(ctypes.c_void_p, found))
    return list(zip(found, map(kind, handles), map(marks, handles), strict=True))
