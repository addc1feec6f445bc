"""Files that were uploaded: kept in the store's ``uploads`` folder under names that cannot leave it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from uuid import uuid4

FOLDER = "uploads"
_LONGEST = 120
_UNSAFE = re.compile(r"[^\w .,()+-]")


class Uploaded(Protocol):
    """A file as the browser sent it: the name is the sender's, and so is not to be trusted."""

    @property
    def name(self) -> str: ...

    def getbuffer(self) -> memoryview: ...


def safe_name(name: str) -> str:
    """The last part of ``name`` with letters, digits and a few signs alone: no separator, no leading dot, at most 120 bytes.

    >>> safe_name("../../etc/passwd")
    'passwd'
    >>> safe_name("C:\\\\papers\\\\<b>.pdf")
    '_b_.pdf'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = " ".join(_UNSAFE.sub("_", last).split()).lstrip(". ").rstrip(". ") or "file"
    stem, suffix = os.path.splitext(clean)
    suffix = suffix if len(suffix.encode()) <= 16 else ""
    stem = clean[: len(clean) - len(suffix)] if suffix else clean
    return stem.encode()[: _LONGEST - len(suffix.encode())].decode("utf-8", "ignore") + suffix


def save(store: Path, files: Iterable[Uploaded]) -> list[Path]:
    """Write ``files``; where they are. A file takes the place of the one of its name, two of one batch are kept apart.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    saved: list[Path] = []
    for file in files:
        path = _free(folder / safe_name(file.name), saved)
        part = folder / f".{uuid4().hex}.part"
        try:
            part.write_bytes(file.getbuffer())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        saved.append(path)
    return saved


def forget(store: Path, uri: str) -> bool:
    """Remove the file of a deleted document when it was uploaded; otherwise the next upload would bring it back."""
    path = Path(uri)
    if path.parent != Path(os.path.realpath(store / FOLDER)) or not path.is_file():
        return False
    path.unlink()
    return True


def count(store: Path) -> int:
    """How many uploaded files there are."""
    folder = store / FOLDER
    return sum(1 for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else 0


def _free(path: Path, taken: list[Path]) -> Path:
    number = 2
    free = path
    while free in taken:
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return free
