"""Changes a document at random: bytes, blocks, tokens, numbers, lengths, and what is inside a zip package."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import NamedTuple

from tests.fuzz import structured

#: No document is made longer than this, in bytes.
MOST = 1 << 18
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (b"0", b"1", b"-1", b"2", b"255", b"65536", b"2147483647", b"4294967296", b"9" * 30, b"0.5", b"1e9", b"00", b"")
_LENGTHS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


class Material(NamedTuple):
    """Documents of one kind, and the tokens that such documents are made of."""

    documents: Sequence[bytes]
    tokens: Sequence[bytes]


def mutate(rng: Random, material: Material) -> bytes:
    """A document of ``material``, changed one to eight times; the same for the same state of ``rng``."""
    data = rng.choice(material.documents)
    if data.startswith(b"PK") and rng.random() < 0.8:
        return _package(rng, data, material)[:MOST]
    return _changed(rng, data, material)


def _changed(rng: Random, data: bytes, material: Material) -> bytes:
    if rng.random() < 0.6 and (found := structured.changed(rng, data, material.tokens)) is not None:
        return found[:MOST]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 8))):
        data = rng.choice(_CHANGES)(rng, data, material)[:MOST]
    return data


def _place(rng: Random, data: bytes, longest: int = 64) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randint(1, longest))


def _flip(rng: Random, data: bytes, _: Material) -> bytes:
    changed = bytearray(data)
    for _n in range(rng.randint(1, 4) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _byte(rng: Random, data: bytes, _: Material) -> bytes:
    start, _end = _place(rng, data)
    return data[:start] + rng.choice((b"\0", b"\xff", b"\x80", b"\n", b" ", rng.randbytes(1))) + data[start + 1 :]


def _insert(rng: Random, data: bytes, material: Material) -> bytes:
    start, _end = _place(rng, data)
    return data[:start] + rng.choice(material.tokens) + data[start:]


def _replace(rng: Random, data: bytes, material: Material) -> bytes:
    start, end = _place(rng, data, 16)
    return data[:start] + rng.choice(material.tokens) + data[end:]


def _delete(rng: Random, data: bytes, _: Material) -> bytes:
    start, end = _place(rng, data)
    return data[:start] + data[end:]


def _copy(rng: Random, data: bytes, _: Material) -> bytes:
    start, end = _place(rng, data, max(64, len(data) // 3))
    to, _end = _place(rng, data)
    return data[:to] + data[start:end] + data[to + (end - start if rng.random() < 0.5 else 0) :]


def _repeat(rng: Random, data: bytes, _: Material) -> bytes:
    start, end = _place(rng, data)
    return data[:end] + data[start:end] * rng.choice((2, 10, 100, 1000)) + data[end:]


def _truncate(rng: Random, data: bytes, _: Material) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _splice(rng: Random, data: bytes, material: Material) -> bytes:
    other = rng.choice(material.documents)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _number(rng: Random, data: bytes, _: Material) -> bytes:
    found = [match.span() for match in _NUMBER.finditer(data[:20_000])]
    start, end = rng.choice(found) if found else _place(rng, data, 1)
    return data[:start] + rng.choice(_NUMBERS) + data[end:]


def _length(rng: Random, data: bytes, _: Material) -> bytes:
    width = rng.choice((1, 2, 4, 8))
    start, _end = _place(rng, data)
    value = rng.choice((*_LENGTHS, len(data), len(data) - start)) & ((1 << 8 * width) - 1)
    return data[:start] + value.to_bytes(width, "big" if rng.random() < 0.5 else "little") + data[start + width :]


Change = Callable[[Random, bytes, Material], bytes]
_CHANGES: tuple[Change, ...] = (
    _flip, _byte, _insert, _insert, _replace, _replace, _delete, _copy, _copy, _repeat, _truncate, _splice, _number, _number, _length,
)  # fmt: skip


@lru_cache(64)
def _members(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """The members of a package that can be read; none of one that is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return tuple((info.filename, package.read(info)) for info in package.infolist() if info.file_size < MOST)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        return ()


def _package(rng: Random, data: bytes, material: Material) -> bytes:
    """The package with one to three members changed, left out, doubled or put in another's place."""
    members = list(_members(data))
    if not members:
        return _changed(rng, data, material)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(members))
        (name, content), how = members[at], rng.random()
        if how < 0.8:
            members[at] = (name, _changed(rng, content, Material((content, rng.choice(members)[1]), material.tokens)))
        elif how < 0.87 and len(members) > 1:
            del members[at]
        elif how < 0.94:
            members[at] = (name, rng.choice(members)[1])
        else:
            members.append((name + rng.choice(("", "x", "/", "/../a")), content))
    return _zipped(members)


def _zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:  # stored: what is tried is the reader of the members, thousands of times
        for name, content in dict(members).items():
            package.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def member_texts(documents: Sequence[bytes]) -> list[bytes]:
    """The members of those documents that are packages: tokens are taken from them."""
    return [content for data in documents if data.startswith(b"PK") for _, content in _members(data)]
