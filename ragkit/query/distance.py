"""How many typing errors lie between words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def distances(word: str, others: Sequence[str]) -> NDArray[np.int64]:
    """``(len(others),)``: Damerau's edit distance (1964), no part edited twice, from ``word`` to each: letters left out, put in,
    taken for another, or two neighbours exchanged.

    >>> distances("harbur", ["harbour", "habrur", "lighthouse"]).tolist()
    [1, 1, 8]
    """
    if not others:
        return np.zeros(0, np.int64)
    sizes = np.array([len(other) for other in others])
    longest = int(max(1, sizes.max()))
    letters = np.array(others, dtype=f"<U{longest}").view(np.uint32).reshape(len(others), longest)
    earlier = before = np.tile(np.arange(longest + 1), (len(others), 1))
    codes = [ord(letter) for letter in word]
    for row, code in enumerate(codes, 1):
        now = np.empty_like(before)
        now[:, 0] = row
        for column in range(1, longest + 1):
            best = np.minimum(before[:, column], now[:, column - 1]) + 1
            best = np.minimum(best, before[:, column - 1] + (letters[:, column - 1] != code))
            if row > 1 and column > 1:
                exchanged = (letters[:, column - 2] == code) & (letters[:, column - 1] == codes[row - 2])
                best = np.where(exchanged, np.minimum(best, earlier[:, column - 2] + 1), best)
            now[:, column] = best
        earlier, before = before, now
    found: NDArray[np.int64] = before[np.arange(len(others)), sizes]
    return found
