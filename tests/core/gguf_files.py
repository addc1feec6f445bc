"""GGUF files for tests: small ones written whole, and a real one with another chat template."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ragkit.models.gguf import _Head

_ALIGNED = 32
_STRING, _FLOAT, _INT = 8, 6, 4


def write(file: Path, values: Mapping[str, str | float | int], tensors: Mapping[str, np.ndarray] | None = None) -> Path:
    """A GGUF file of version 3; an array's last axis is the tensor's first dimension."""
    tensors = tensors or {}
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(values))
    head += b"".join(_text(key) + _value(value) for key, value in values.items())
    data = b""
    for name, array in tensors.items():
        head += _text(name) + struct.pack("<I", array.ndim) + struct.pack(f"<{array.ndim}Q", *reversed(array.shape))
        head += struct.pack("<IQ", 0, len(data))
        data += _padded(array.astype("<f4").tobytes())
    file.write_bytes(_padded(head) + data)
    return file


def lora(file: Path, *, seed: int = 0, architecture: str = "llama", width: int = 576, size: float = 0.5) -> Path:
    """A random adapter of rank 2 for the queries of SmolLM2's first ten layers."""
    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(10):
        name = f"blk.{layer}.attn_q.weight"
        tensors[f"{name}.lora_a"] = random.normal(size=(2, width)) * size
        tensors[f"{name}.lora_b"] = random.normal(size=(width, 2)) * size
    values = {"general.type": "adapter", "general.architecture": architecture, "adapter.type": "lora", "adapter.lora.alpha": 2.0}
    return write(file, values, tensors)


def with_template(source: Path, file: Path, template: str) -> Path:
    """A copy of the model ``source`` with another chat template."""
    with open(source, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        head = _Head(data)
        head.values()
        for _ in range(struct.unpack_from("<Q", data, 8)[0]):
            head._text()
            head._forward(8 * head._number("I") + 12)
        begins = -(-head._at // _ALIGNED) * _ALIGNED
        before, mark, rest = data[: head._at].partition(_text("tokenizer.chat_template"))
        (length,) = struct.unpack_from("<Q", rest, 4)
        with open(file, "wb") as copy:
            copy.write(_padded(before + mark + _value(template) + rest[12 + length :]))
            copy.write(memoryview(data)[begins:])
    return file


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value: str | float) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    return struct.pack("<If", _FLOAT, value) if isinstance(value, float) else struct.pack("<II", _INT, value)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNED)
