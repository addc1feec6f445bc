"""Loops over the characters, objects, words and rules of a PDF's page, compiled by numba once a machine: a page has thousands of them,
and in Python each would cost more than all that PDFium does for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

#: The most arguments of a function.
_ARGUMENTS = 5
#: A type is at most as high, in points.
_HIGHEST = 200.0
#: PDFium's ways of setting text.
_FILL, _INVISIBLE, _CLIP = 0, 3, 7
#: Of 255; below, nothing is seen.
_LEAST_ALPHA = 8
#: A mark's name that is OC and its end, in the two halves of a 64-bit number.
_OC = 0x0043_004F

Boxes = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., object])


def _compiled(signature: str) -> Callable[[F], F]:
    """Compiled for these types as it is imported, so that no child with limits does so."""
    return cast("Callable[[F], F]", numba.njit(signature, cache=True))


def _invocation(_: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Calls the function at ``address``. Whole numbers and pointers go in registers of 64 bits on every 64-bit system that numba
    knows, so those that a function does not take are not looked at."""
    signature = types.int64(*[types.int64] * (1 + _ARGUMENTS))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        word = ir.IntType(64)
        function = ir.FunctionType(word, [word] * _ARGUMENTS).as_pointer()
        return builder.call(builder.inttoptr(arguments[0], function), arguments[1:])

    return signature, generate


_invoke: Any = intrinsic(_invocation)


@_compiled("i8[::1](i8, i8[::1])")
def ask(function: int, objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(n,)``: what the function at this address says of each object; its upper half may be anything where that is 32 bits."""
    found = np.empty(len(objects), np.int64)
    for at in range(len(objects)):
        found[at] = _invoke(function, objects[at], 0, 0, 0, 0)
    return found


@_compiled("i8[::1](i8, i8, i8[::1])")
def members(function: int, whole: int, indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(n,)``: what the function says of ``whole`` and each index."""
    found = np.empty(len(indices), np.int64)
    for at in range(len(indices)):
        found[at] = _invoke(function, whole, indices[at], 0, 0, 0)
    return found


@_compiled("f4[:, ::1](i8, i8, i8[::1])")
def rectangles(function: int, whole: int, indices: NDArray[np.int64]) -> NDArray[np.float32]:
    """``(n, 4)``: the rectangle that the function writes for ``whole`` and each index."""
    found = np.zeros((len(indices), 4), np.float32)
    for at in range(len(indices)):
        _invoke(function, whole, indices[at], found.ctypes.data + 16 * at, 0, 0)
    return found


@_compiled("Tuple((u4[:, ::1], b1[::1]))(i8, i8[::1])")
def told(function: int, objects: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """``(n, 4)``: the up to four numbers that the function writes of each object, and whether it succeeds."""
    room, fine = np.zeros((len(objects), 4), np.uint32), np.empty(len(objects), np.bool_)
    for at in range(len(objects)):
        place = room.ctypes.data + 16 * at
        fine[at] = (_invoke(function, objects[at], place, place + 4, place + 8, place + 12) & 0xFFFFFFFF) != 0
    return room, fine


@_compiled("b1[:, ::1](i8, i8, i8, i8[::1])")
def ways(mode: int, colour: int, white: int, texts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """``(3, n)``: whether each text object is set as invisible, as transparent, in colours from ``white`` on. ``mode`` and ``colour`` are
    the addresses of PDFium's functions, asked once for an object that comes several times in a row."""
    found, room = np.zeros((3, len(texts)), np.bool_), np.zeros(4, np.uint32)
    place = room.ctypes.data
    for at in range(len(texts)):
        if at and texts[at] == texts[at - 1]:
            for way in range(3):
                found[way, at] = found[way, at - 1]
            continue
        how = _invoke(mode, texts[at], 0, 0, 0, 0) & 0xFFFFFFFF
        found[0, at] = how in (_INVISIBLE, _CLIP)
        if how == _FILL and _invoke(colour, texts[at], place, place + 4, place + 8, place + 12) & 0xFFFFFFFF:
            found[1, at] = room[3] < _LEAST_ALPHA
            found[2, at] = not found[1, at] and min(room[0], room[1], room[2]) >= white
    return found


@_compiled("b1[::1](i8, i8, i8, i8[::1])")
def in_layers(count: int, mark: int, name: int, objects: NDArray[np.int64]) -> NDArray[np.bool_]:
    """``(n,)``: whether one of the marks of each object is named OC (optional content). ``count``, ``mark`` and ``name`` are the
    addresses of PDFium's functions. A name that is longer than the three characters (with its end) that it may take is not written."""
    found, room = np.zeros(len(objects), np.bool_), np.zeros(2, np.int64)
    place = room.ctypes.data
    before, layer = 0, False
    for row in range(len(objects)):
        for at in range(_invoke(count, objects[row], 0, 0, 0, 0) & 0x7FFFFFFF):
            this = _invoke(mark, objects[row], at, 0, 0, 0)
            if this != before:
                room[:] = 0
                _invoke(name, this, place, 6, place + 8, 0)
                before, layer = this, room[0] & 0xFFFFFFFFFFFF == _OC
            found[row] |= layer
    return found


@_compiled("b1[::1](i8[::1], f8[:, ::1], f8[:, ::1])")
def covered(orders: NDArray[np.int64], boxes: Boxes, covers: Boxes) -> NDArray[np.bool_]:
    """``(n,)``: whether the middle of each box (left, top, right, bottom), painted in its place of the order, is in a cover (place in the
    order, in which they rise, left, bottom, right, top) that is painted later."""
    found = np.zeros(len(boxes), np.bool_)
    for at in range(len(boxes)):
        x, y = (boxes[at, 0] + boxes[at, 2]) / 2, (boxes[at, 1] + boxes[at, 3]) / 2
        for number in range(len(covers) - 1, -1, -1):
            if covers[number, 0] <= orders[at]:
                break
            if covers[number, 1] <= x <= covers[number, 3] and covers[number, 2] <= y <= covers[number, 4]:
                found[at] = True
                break
    return found


@_compiled("Tuple((i8[::1], i8[::1], i8[::1], b1[::1]))(u2[::1], u1[::1])")
def words(
    codes: NDArray[np.uint16], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The first and the last character of each word; the first word of each line, and whether something other than a newline ends that.
    ``kinds``: for each code whether it stands in a word (0), between words (1), or ends a line (2)."""
    starts, lasts = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
    firsts, soft = np.empty(len(codes), np.int64), np.empty(len(codes), np.bool_)
    count = lines = 0
    inside, ended = False, True
    for at in range(len(codes)):
        kind = kinds[codes[at]]
        if kind == 0:
            if not inside:
                starts[count] = at
                count += 1
                if ended:
                    firsts[lines], soft[lines] = count - 1, False
                    lines += 1
            lasts[count - 1] = at
            ended = False
        elif kind == 2 and not ended:
            soft[lines - 1], ended = codes[at] != 10, True
        inside = kind == 0
    return starts[:count].copy(), lasts[:count].copy(), firsts[:lines].copy(), soft[:lines].copy()


@_compiled("f8[:, ::1](f8[:, ::1], i8[::1])")
def measured(boxes: Boxes, starts: NDArray[np.int64]) -> Boxes:
    """``(lines, 6)``: of each line of words, which begin at ``starts``, the median height, left, top, right, bottom, and the widest
    distance between two words."""
    found = np.zeros((len(starts), 6))
    for line in range(len(starts)):
        low = starts[line]
        high = starts[line + 1] if line + 1 < len(starts) else len(boxes)
        row = found[line]
        for side in range(4):
            row[1 + side] = boxes[low, side]
        for at in range(low + 1, high):
            row[1], row[2] = min(row[1], boxes[at, 0]), min(row[2], boxes[at, 1])
            row[3], row[4] = max(row[3], boxes[at, 2]), max(row[4], boxes[at, 3])
            row[5] = max(row[5], abs(boxes[at, 0] - boxes[at - 1, 2]))
        heights = np.empty(high - low)
        for at in range(low, high):
            heights[at - low] = min(boxes[at, 3] - boxes[at, 1], _HIGHEST)
        heights.sort()
        row[0] = (heights[(high - low - 1) // 2] + heights[(high - low) // 2]) / 2
    return found


@_compiled("i8(i8[::1], i8)")
def _first(found: NDArray[np.int64], at: int) -> int:
    """The first of the group of ``at``, in a forest where each points to one before it; shortens the way there."""
    while found[at] != at:
        found[at] = found[found[at]]
        at = found[at]
    return at


@_compiled("i8[::1](f8[:, ::1], i8[::1], f8)")
def groups(rules: Boxes, order: NDArray[np.int64], near: float) -> NDArray[np.int64]:
    """``(n,)``: for each rule (x0, y0, x1, y1) the first of those that it hangs together with, over rules that come as ``near``.
    In ``order``, y0 rises."""
    found = np.arange(len(rules))
    for at in range(len(order)):
        a = rules[order[at]]
        for after in range(at + 1, len(order)):
            b = rules[order[after]]
            if b[1] - near > a[3] + near:
                break
            if a[0] - near <= b[2] + near and b[0] - near <= a[2] + near:
                one, other = _first(found, order[at]), _first(found, order[after])
                found[max(one, other)] = min(one, other)
    for at in range(len(found)):
        found[at] = _first(found, at)
    return found
