"""Calls of C functions one after the other, compiled by numba once a machine: a page of a PDF asks thousands of times, and each of
the calls that Python makes costs more than what it asks for."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

#: The most arguments of a function.
ARGUMENTS = 5


@intrinsic
def _invoke(_: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Calls the function at ``address``. Whole numbers and pointers go in registers of 64 bits on every 64-bit system that numba
    knows, so those that a function does not take are not looked at."""
    signature = types.int64(*[types.int64] * (1 + ARGUMENTS))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        word = ir.IntType(64)
        function = ir.FunctionType(word, [word] * ARGUMENTS).as_pointer()
        return builder.call(builder.inttoptr(arguments[0], function), arguments[1:])

    return signature, generate


@numba.njit(cache=True)
def invoke_each(address: int, arguments: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Calls the function at ``address`` with each row of ``arguments``, ``(n, 5)``; what it returns goes to ``found``, ``(n,)``."""
    for row in range(len(arguments)):
        given = arguments[row]
        found[row] = _invoke(address, given[0], given[1], given[2], given[3], given[4])  # type: ignore[call-arg]
