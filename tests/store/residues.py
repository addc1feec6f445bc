"""Looks for what should be gone: every byte of every file, whatever form the bytes have."""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ragkit.testing import SyntheticEmbedder
from ragkit.text.words import terms

_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")
_LATIN, _GREEK = "bcdfghjklmnpqrtvwxz0123456789", "αβγδεζηθικλμνξοπρστυφχψω"


def marker(chance: random.Random) -> str:
    """A word that nothing else holds, and that no stemmer changes: Latin and digits, or Greek, which JSON may escape."""
    letters = chance.choice((_LATIN, _GREEK))
    return ("q7" if letters is _LATIN else "ωψ") + "".join(chance.choices(letters, k=14)) + letters[-1]


def forms(word: str) -> dict[str, bytes]:
    """The bytes that ``word`` may be in a file as: text in three encodings, escaped JSON, index terms."""
    escaped = json.dumps(word)[1:-1]
    found = {
        "utf-8": word.encode(),
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "json": escaped.encode(),
        "json, upper case": re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m.group()[2:].upper(), escaped).encode(),
    }
    return {**found, **{f"term {i}": term.encode() for i, term in enumerate(terms(word))}}


def vector_forms(embedder: SyntheticEmbedder, texts: Iterable[str]) -> dict[str, bytes]:
    """The bytes that the texts' vectors are stored as, their first and their last 16 numbers."""
    found = {}
    for i, row in enumerate(embedder.embed(list(texts))):
        half = row.astype(np.float16).tobytes()
        found |= {f"vector {i} head": half[:32], f"vector {i} tail": half[-32:], f"vector {i} in float32": row.tobytes()[:32]}
    return found


def scan(folders: Iterable[Path], wanted: dict[str, bytes]) -> list[tuple[str, str]]:
    """``(file, form)`` of everything wanted that stands in a file below ``folders``, in its name, or in what zlib makes of it."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        content = path.read_bytes() if path.is_file() else b""
        views = [str(path).encode(), content, *_inflated(content)]
        found += [(path.name, name) for name, form in wanted.items() if any(form in view for view in views)]
    return found


def _inflated(content: bytes) -> Iterator[bytes]:
    for start in _ZLIB.finditer(content):
        try:
            yield zlib.decompressobj().decompress(content[start.start() :])
        except zlib.error:
            continue
