"""Token vectors in one bit a dimension: what late interaction reads in place of running the model over a passage again.

A vector is rotated by a fixed orthogonal matrix, and of the result the signs are kept, with one factor. The inner product with a query's
token is estimated from them without bias, with an error of about 1/sqrt(dimension) (Gao & Long 2024, RaBitQ, section 3): the query stays
as it is. The rotation is the same for every store, so segments are merged without looking at a vector again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.index.lexical import Mask

#: Rounds of mixing, and the key of the random signs and orders: another one makes all codes worthless.
_ROUNDS, _KEY = 3, 0x7261676B
#: Tokens whose codes are read at once.
_AT_ONCE = 65536


@lru_cache(4)
def rotation(dimension: int) -> NDArray[np.float32]:
    """``(dimension, bits)`` float32 with orthonormal rows; ``bits`` is ``dimension`` rounded up to whole bytes.

    Random signs, a random order and Hadamard matrices of the largest power of two that divides ``bits``, in turn (Ailon & Chazelle 2009).
    """
    bits = -(-dimension // 8) * 8
    block = bits & -bits
    hadamard = np.ones((1, 1))
    while len(hadamard) < block:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    mixed = np.eye(bits)
    raw = np.random.Philox(key=_KEY)  # a bit generator's raw numbers are the same in every version of numpy
    for _ in range(_ROUNDS):
        signs = 1.0 - 2.0 * (raw.random_raw(bits) & np.uint64(1))
        mixed = (mixed * signs)[:, np.argsort(raw.random_raw(bits), kind="stable")]
        mixed = (mixed.reshape(bits, -1, block) @ hadamard / np.sqrt(block)).reshape(bits, bits)
    return mixed[:dimension].astype(np.float32)


@dataclass(frozen=True, slots=True)
class TokenCodes:
    """The tokens of some passages: passage ``i`` has the tokens from ``ends[i - 1]`` to ``ends[i]``; none: it has no codes.

    ``ends`` is ``(passages,)`` int64, ``signs`` ``(tokens, bits / 8)`` uint8, ``factors`` ``(tokens,)`` float16.
    """

    ends: NDArray[np.int64]
    signs: NDArray[np.uint8]
    factors: NDArray[np.float16]

    @classmethod
    def encode(cls, passages: Sequence[NDArray[Any]], dimension: int) -> TokenCodes:
        """The codes of each passage's token vectors, ``(tokens, dimension)`` with rows of length 1."""
        ends = np.cumsum([len(vectors) for vectors in passages], dtype=np.int64)
        every = np.concatenate([np.zeros((0, dimension), np.float32), *passages]).astype(np.float32, copy=False)
        turned = every @ rotation(dimension)
        total = np.abs(turned).sum(axis=1)
        return cls(ends, np.packbits(turned > 0, axis=1), (1 / np.maximum(total, 1e-6)).astype(np.float16))

    @classmethod
    def joined(cls, parts: Sequence[TokenCodes]) -> TokenCodes:
        """The passages of several, one after the other."""
        bases = np.cumsum([0, *(len(part.factors) for part in parts[:-1])])
        return cls(
            np.concatenate([part.ends + base for part, base in zip(parts, bases, strict=True)]),
            np.concatenate([part.signs for part in parts]),
            np.concatenate([part.factors for part in parts]),
        )

    @classmethod
    def none(cls, passages: int, dimension: int) -> TokenCodes:
        """Passages that have no codes."""
        return cls(np.zeros(passages, np.int64), np.zeros((0, -(-dimension // 8)), np.uint8), np.zeros(0, np.float16))

    def taken(self, rows: NDArray[np.int64]) -> TokenCodes:
        """The passages ``rows``, in that order."""
        starts = np.concatenate([np.zeros(1, np.int64), self.ends])[rows]
        counts = self.ends[rows] - starts
        ends = np.cumsum(counts, dtype=np.int64)
        tokens = np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)
        return TokenCodes(ends, self.signs[tokens], self.factors[tokens])

    def of(self, mask: Mask) -> TokenCodes:
        """The passages of a mask."""
        return self.taken(np.flatnonzero(mask))

    @property
    def there(self) -> Mask:
        """``(passages,)``: which have codes."""
        there: Mask = np.diff(self.ends, prepend=0) > 0
        return there

    def best(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(passages, query tokens)`` float32: for each token of ``query`` ``(query tokens, dimension)`` its best cosine in each passage,
        as estimated; 0 in a passage that has no codes."""
        turned = (query.astype(np.float32, copy=False) @ rotation(query.shape[1])).T
        found = np.empty((len(self.factors), len(query)), np.float32)
        base = turned.sum(axis=0)
        for at in range(0, len(found), _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            bits = np.unpackbits(self.signs[some], axis=1).astype(np.float32)
            found[some] = (2 * (bits @ turned) - base) * self.factors[some, None].astype(np.float32)
        best = np.zeros((len(self.ends), len(query)), np.float32)
        there = self.there
        if there.any():
            starts = np.concatenate([np.zeros(1, np.int64), self.ends[:-1]])[there]
            best[there] = np.maximum.reduceat(found, starts, axis=0)
        return best

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is written to a file."""
        return {"ends": self.ends, "signs": self.signs, "factors": self.factors}
