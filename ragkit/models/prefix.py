"""What a model has already read: the keys and values of prompts' beginnings, kept between prompts.

A prompt is always read in the same blocks, counted from its first token, and kept by whole blocks. So a token's keys and values
are computed in the same arithmetic whether or not they were kept: what a model was asked before changes no bit of what it says
next. (llama.cpp's own reuse cuts anywhere, and the last bits of a number depend on how many tokens are computed together.)
"""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

Block = tuple[int, ...]

#: Tokens that are read, and kept, together. Less keeps more of a prompt, more suits a larger model better.
BLOCK = 32
#: Bytes of keys and values that are put aside for prompts that begin otherwise.
ASIDE_BYTES = 256_000_000


class Prefix:
    """The blocks that a ``llama_cpp.Llama`` holds, and those put aside for each other head (the system text) of a prompt."""

    def __init__(self, llama: Any) -> None:
        self._llama = llama
        self._head: Sequence[int] = ()
        self._kept: list[Block] = []
        self._aside: OrderedDict[tuple[int, ...], tuple[list[Block], bytes]] = OrderedDict()

    def read(self, head: Sequence[int], rest: Sequence[int]) -> int:
        """Have the model read ``head`` and ``rest``, ready to go on; how many of their tokens it needed not read again."""
        if tuple(head) != self._head:
            self._change(tuple(head))
        blocks = cut(head) + cut(rest)
        equal = next((i for i, (a, b) in enumerate(zip(self._kept, blocks, strict=False)) if a != b), min(len(self._kept), len(blocks)))
        kept = self._shorten(min(equal, len(blocks) - 1))  # the last block has to be read: what comes next follows from it
        self._llama.n_tokens = kept
        self._llama.input_ids[:kept] = (*head, *rest)[:kept]  # what was taken back from aside is not what stood here last
        for block in blocks[len(self._kept) :]:
            self._llama.eval(block)
            self._kept.append(block)
        return kept

    def _shorten(self, blocks: int) -> int:
        """Forget all but the first ``blocks``; the tokens that are left. A model that cannot forget a part forgets all."""
        import llama_cpp

        tokens = sum(map(len, self._kept[:blocks]))
        memory = llama_cpp.llama_get_memory(self._llama.ctx)
        whole = llama_cpp.llama_memory_seq_pos_min(memory, 0) <= 0  # a sliding window drops the oldest tokens
        if not (tokens and whole and llama_cpp.llama_memory_seq_rm(memory, -1, tokens, -1)):
            llama_cpp.llama_memory_clear(memory, True)
            tokens = blocks = 0
        del self._kept[blocks:]
        return tokens

    def _change(self, head: tuple[int, ...]) -> None:
        """Put what is held aside, and take back what was put aside for ``head``."""
        import llama_cpp

        if self._shorten(len(self._kept)):
            data = (ctypes.c_uint8 * llama_cpp.llama_state_seq_get_size(self._llama.ctx, 0))()
            if llama_cpp.llama_state_seq_get_data(self._llama.ctx, data, len(data), 0) == len(data):
                self._aside[tuple(self._head)] = self._kept, bytes(data)
        while sum(len(data) for _, data in self._aside.values()) > ASIDE_BYTES:
            self._aside.popitem(last=False)
        self._head, (self._kept, found) = head, self._aside.pop(head, ([], b""))
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._llama.ctx), True)
        if found:
            data = (ctypes.c_uint8 * len(found)).from_buffer_copy(found)
            if llama_cpp.llama_state_seq_set_data(self._llama.ctx, data, len(found), 0) != len(found):
                self._kept = []
                llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._llama.ctx), True)


def cut(tokens: Sequence[int]) -> list[Block]:
    """``tokens`` in blocks; the last may be shorter."""
    return [tuple(tokens[start : start + BLOCK]) for start in range(0, len(tokens), BLOCK)]
