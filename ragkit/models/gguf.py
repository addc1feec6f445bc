"""What the head of a GGUF file says, read without llama.cpp: single values, and short lists of numbers."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

from ragkit.errors import ModelError

#: type number -> struct's letter
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _LIST = 8, 9
#: Lists that are longer, and lists of texts (a tokenizer's words), are passed over.
_LONGEST_LIST = 4096
_VERSIONS = (2, 3)


def metadata(file: Path) -> dict[str, Any]:
    """The keys and values in the head of ``file``.

    Raises:
        ModelError: it cannot be read, or is no GGUF file of version 2 or 3.
    """
    try:
        with open(file, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Head(data).values()
    except (struct.error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise ModelError(f"{file} is no GGUF file, or a damaged one; fetch it again") from error
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error}") from error


class _Head:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def values(self) -> dict[str, Any]:
        magic, version, _tensors, count = struct.unpack_from("<4sIQQ", self._data)
        if magic != b"GGUF" or version not in _VERSIONS:
            raise ValueError("not GGUF")
        self._at = 24
        found = {}
        for _ in range(count):
            key = self._text()
            found[key] = self._value(self._number("I"))
        return {key: value for key, value in found.items() if value is not None}

    def _number(self, letter: str) -> Any:
        (value,) = struct.unpack_from(f"<{letter}", self._data, self._at)
        self._at += struct.calcsize(f"<{letter}")
        return value

    def _text(self) -> str:
        length = self._number("Q")
        self._forward(length)
        return self._data[self._at - length : self._at].decode("utf-8", "replace")

    def _forward(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("cut off")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        return self._list() if kind == _LIST else self._number(_NUMBERS[kind])

    def _list(self) -> list[Any] | None:
        """``None`` for what is passed over."""
        kind, count = self._number("I"), self._number("Q")
        if kind == _STRING:
            for _ in range(count):
                length = self._number("Q")
                self._forward(length)
            return None
        letter = _NUMBERS[kind]  # lists of lists do not occur
        if count > _LONGEST_LIST:
            self._forward(count * struct.calcsize(f"<{letter}"))
            return None
        return [self._number(letter) for _ in range(count)]
